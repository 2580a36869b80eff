"""A run as HTML, Markdown and JUnit: the same figures, whatever the run is like."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import xml.etree.ElementTree as ET
from dataclasses import replace
from html import unescape
from pathlib import Path
from typing import Any

import pytest

from support.run_folders import write_run
from tinybench.bench.records import SampleRecord
from tinybench.errors import UsageError
from tinybench.report.figures import class_names, confusions, rows, verdict, worst
from tinybench.report.load import load_run
from tinybench.workflow.report import make_report, write_report

FORMATS = ("html", "md", "json", "junit", "csv")
COUNT = 24
BAD_GATE = {"gate": "min_accuracy", "wanted": 0.9, "seen": 0.5, "unit": "share", "passed": False}


def in_folders(record: SampleRecord) -> SampleRecord:
    """Named as images in a folder per class; every third one is taken for the next class."""
    label = record.index % 4
    top1 = label if record.index % 3 else (label + 1) % 4
    name = ("<b>ird", "b & c", "d", "e")[label]
    return replace(record, name=f"{name}/{record.index}.png", device_top1=top1)


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_run(tmp_path_factory.mktemp("reports") / "run", COUNT, bend=in_folders)


def test_confusions_are_counted_and_named(run: Path) -> None:
    records = load_run(run).records
    assert class_names(records) == {0: "<b>ird", 1: "b & c", 2: "d", 3: "e"}
    pairs = confusions(records)
    assert sum(pair.count for pair in pairs) == COUNT // 3
    assert {(pair.label, pair.answer) for pair in pairs} <= {
        ("<b>ird", "b & c"),
        ("b & c", "d"),
        ("d", "e"),
        ("e", "<b>ird"),
    }
    assert len(worst(records, 5)) == 5
    assert all(r.device_top1 != r.label for r in worst(records, 100))


def test_the_page_holds_every_figure_and_needs_nothing_else(run: Path) -> None:
    page = make_report(run, "html")
    text = unescape(re.sub(r"<[^>]*>", "", page))
    for row in rows(load_run(run)):
        for part in (row.what.strip(), row.device, row.desktop, row.how):
            assert part in text
    assert "<b>ird" not in page, "names are escaped"
    assert not re.findall(r'(?:src|href)="(?!data:|#)', page), "nothing is loaded"
    assert not re.findall(r"url\((?!#)", page)
    assert len(page) < 5_000_000


def test_what_went_wrong_comes_first(tmp_path: Path) -> None:
    def unlike(record: SampleRecord) -> SampleRecord:
        return replace(record, outputs_equal=record.index != 5)

    changes: dict[str, Any] = {
        "agreement": {"outputs_byte_equal": COUNT - 1},
        "gates": [BAD_GATE],
    }
    run = write_run(tmp_path / "run", COUNT, bend=unlike, **changes)
    said = "1 of 24 samples differ from TFLM; gates not kept: min_accuracy"
    assert verdict(load_run(run).result) == said
    assert f'<p id="verdict" class="verdict">{said}</p>' in make_report(run, "html")
    assert worst(load_run(run).records, 1)[0].index == 5
    assert make_report(run, "md").startswith(f"### m.tflite on virt-c3: {said}\n")
    suite = ET.fromstring(make_report(run, "junit"))
    assert (suite.get("tests"), suite.get("failures")) == ("3", "2")
    failures = {case.get("name"): case.find("failure") for case in suite.iter("testcase")}
    assert failures["run"] is None
    assert failures["min_accuracy"] is not None
    assert failures["min_accuracy"].get("message") == (
        "min_accuracy: wanted >= 0.9 share, seen 0.5 share"
    )


def test_a_run_that_measured_nothing_has_a_report(tmp_path: Path) -> None:
    reason = {"status": "failed", "status_reason": "it trapped"}
    run = write_run(tmp_path / "run", 1, **reason)
    for form in FORMATS:
        assert make_report(run, form)
    assert "failed: it trapped" in make_report(run, "html")
    suite = ET.fromstring(make_report(run, "junit"))
    assert suite.get("failures") == "1"


def test_json_and_csv_are_the_runs_own(run: Path) -> None:
    assert json.loads(make_report(run, "json")) == load_run(run).result
    assert make_report(run, "csv") == (run / "samples.csv").read_text()


def test_mistakes_are_told_of(run: Path, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="html, md, json, junit, csv"):
        make_report(run, "pdf")
    with pytest.raises(UsageError, match="a run folder"):
        make_report(tmp_path / "nowhere", "html")
    with pytest.raises(UsageError, match="write "):
        write_report(tmp_path / "nowhere" / "report.html", "")


def test_a_browser_shows_the_figures(run: Path, tmp_path: Path) -> None:
    browser = shutil.which("chromium") or shutil.which("google-chrome")
    if browser is None:
        pytest.skip("neither chromium nor google-chrome is installed")
    page = tmp_path / "report.html"
    write_report(page, make_report(run, "html"))
    command = [browser, "--headless", "--no-sandbox", "--disable-gpu", "--dump-dom"]
    profile = f"--user-data-dir={tmp_path / 'profile'}"
    done = subprocess.run(
        [*command, profile, page.as_uri()], capture_output=True, text=True, timeout=120, check=False
    )
    assert done.returncode == 0, done.stderr
    table = re.search(r'<table id="figures">.*?</table>', done.stdout, re.DOTALL)
    assert table is not None
    shown = {
        unescape(what): unescape(device)
        for what, device in re.findall(
            r'<tr><th scope="row">(.*?)</th><td class="n">(.*?)</td>', table[0]
        )
    }
    assert shown == {row.what: row.device for row in rows(load_run(run))}
