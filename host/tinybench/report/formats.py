"""A run as Markdown and as JUnit XML."""

from __future__ import annotations

import xml.etree.ElementTree as ET

from tinybench.report import gates
from tinybench.report.figures import cell, rows, verdict
from tinybench.report.load import Run


def as_markdown(run: Run) -> str:
    """A table for a pull request or a step's summary."""
    result = run.result
    lines = [
        f"### {result['model']['name']} on {result['board']['name']}: {verdict(result)}",
        "",
        f"{result['board']['kind']} board, engine {result['engine']['name']}, "
        f"{result['samples']['measured']:,} of {result['samples']['planned']:,} samples",
        "",
        "| | device | desktop | how |",
        "|---|---:|---:|---|",
    ]
    lines += [f"| {r.what.strip()} | {r.device} | {r.desktop} | {cell(r.how)} |" for r in rows(run)]
    lines += ["", *(f"- {_mark(gate['passed'])} {gates.say(gate)}" for gate in result["gates"])]
    return "\n".join(lines).rstrip() + "\n"


def _mark(passed: bool) -> str:
    return "kept:" if passed else "**not kept:**"


def as_junit(run: Run) -> str:
    """A test case for the run, one for the bytes, one per gate; figures as properties."""
    result = run.result
    name = f"{result['model']['name']} on {result['board']['name']}"
    suite = ET.Element("testsuite", name=f"tinybench {name}", timestamp=result["started"])
    properties = ET.SubElement(suite, "properties")
    for row in rows(run):
        value = f"{row.device} ({row.how})" if row.how else row.device
        ET.SubElement(properties, "property", name=row.what.strip(), value=value)
    reason = result.get("status_reason", "")
    cases = [("run", "" if result["status"] == "complete" else f"{result['status']}: {reason}")]
    agreement = result["agreement"]
    equal = agreement["outputs_byte_equal"]
    if equal is not None:
        wrong = agreement["n"] - equal
        cases.append(("bytes", f"{wrong} of {agreement['n']} samples differ" if wrong else ""))
    cases += [(g["gate"], "" if g["passed"] else gates.say(g)) for g in result["gates"]]
    for case, failure in cases:
        element = ET.SubElement(suite, "testcase", classname=f"tinybench.{name}", name=case)
        if failure:
            ET.SubElement(element, "failure", message=failure)
    suite.set("tests", str(len(cases)))
    suite.set("failures", str(sum(bool(failure) for _, failure in cases)))
    ET.indent(suite)
    return ET.tostring(suite, encoding="unicode", xml_declaration=True) + "\n"
