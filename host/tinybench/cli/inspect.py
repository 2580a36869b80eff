"""`tinybench inspect`: what is in a model and whether it can run."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from tinybench.cli.console import (
    news,
    print_json,
    print_pairs,
    print_table,
    reports_errors,
    show,
)
from tinybench.cli.options import HERE, AsJson, Board, Folder, Model, Weights, project_from
from tinybench.errors import DoesNotFit, UnsupportedModel


@reports_errors
def inspect(
    model: Model = None,
    board: Board = None,
    weights: Weights = None,
    memory: Annotated[
        bool, typer.Option("--memory", help="Show the arena over time, call by call.")
    ] = False,
    picture: Annotated[
        Path | None, typer.Option("--picture", help="Draw the arena over time into this .svg.")
    ] = None,
    folder: Folder = HERE,
    as_json: AsJson = False,
) -> None:
    """Show what is in a model and whether it fits.

    Ops, MACs, tensors, arena, what is unsupported and why.
    Exit code 1 where it does not fit the board, 2 where an op is unsupported.
    """
    from tinybench.workflow import inspect_model

    project = project_from(folder, model, board, weights=weights)
    facts = inspect_model(project, picture)
    if as_json:
        print_json(facts)
    else:
        _show(facts, memory)
    if facts["unsupported"]:
        raise typer.Exit(UnsupportedModel.exit_code)
    if facts["fits"] is not None and not facts["fits"]["fits"]:
        raise typer.Exit(DoesNotFit.exit_code)


def _show(facts: dict[str, Any], memory: bool) -> None:
    rows = [
        (
            str(op["index"]),
            op["name"],
            _shapes(op["outputs"]),
            f"{op['macs']:,}" if op["macs"] else "",
            f"{op['parameter_bytes']:,}" if op["parameter_bytes"] else "",
            op["state"],
        )
        for op in facts["ops"]
    ]
    columns = ("", "op", "makes", "MACs", "params, B", "becomes")
    print_table(columns, rows, right=(0, 3, 4))
    show("")
    if facts["arena"] is not None and memory:
        _show_memory(facts["arena"])
    if facts["coding"]:
        _show_coding(facts["coding"])
    print_pairs(_summary(facts))
    for note in facts["notes"]:
        news(f"note: {note}")
    if facts["todo"]:
        news(f"next: {facts['todo']}")


def _shapes(shapes: list[list[int]]) -> str:
    return ", ".join("x".join(str(d) for d in shape) for shape in shapes)


def _show_memory(arena: dict[str, Any]) -> None:
    peak = max(step["live_bytes"] for step in arena["over_time"])
    rows = []
    for step in arena["over_time"]:
        live, ops = step["live_bytes"], step["ops"]
        bar = "█" * round(_BAR * live / arena["bytes"])
        name = str(ops[0]) if len(ops) == 1 else f"{ops[0]}-{ops[-1]}"
        rows.append((name, f"{live:,}", f"{bar} peak" if live == peak else bar))
    print_table(("ops", "live, B", "of the arena"), rows, right=(0, 1))
    show("")


_BAR = 50  # characters of a full arena


def _show_coding(coding: dict[str, Any]) -> None:
    rows = [
        (
            str(c["op"]),
            f"{c['plain_bytes']:,}",
            f"{c['coded_bytes']:,}",
            f"{c['entropy_bits']:.2f}",
            f"{c['saved_bytes']:,}" if c["saved_bytes"] else "",
            f"{c['scratch_bytes']:,}" if c["scratch_bytes"] else "",
            str(c["pieces"] or ""),
            c["reason"] and f"plain: {c['reason']}",
        )
        for c in coding["filters"]
    ]
    columns = ("op", "filter, B", "in code, B", "entropy, bits", "saves, B", "scratch, B", "pieces")
    print_table((*columns, ""), rows, right=(0, 1, 2, 3, 4, 5, 6))
    show("")
    print_pairs(
        [
            ("code saves", f"{coding['saved_bytes']:,} B of flash"),
            ("and costs", f"about {coding['decoder_bytes']:,} B of flash for its decoder"),
            ("", f"{coding['arena_bytes_more']:,} B of arena"),
            ("", f"{coding['instructions_more']:,} instructions, {coding['instructions_method']}"),
        ]
    )


def _summary(facts: dict[str, Any]) -> list[tuple[str, str]]:
    model, arena, fits = facts["model"], facts["arena"], facts["fits"]
    rows = [("file", f"{model['file_bytes']:,} B, sha256 {model['sha256']}")]
    for kind in ("inputs", "outputs"):
        for t in model[kind]:
            quant = f", scale {t['scale']:.6g}, zero point {t['zero_point']}" if t["scale"] else ""
            rows.append((kind[:-1], f"{t['dtype']} {_shapes([t['shape']])}{quant}"))
    if arena is not None:
        rows += [
            ("MACs", f"{facts['macs']:,}"),
            ("constants", f"{facts['weights_bytes']:,} B"),
            ("streamed", f"{facts['streamed_bytes']:,} B of them from flash per inference"),
            ("arena", f"{arena['bytes']:,} B planned, {_bound(arena)}"),
            ("", "\n".join(arena["peak"])),
        ]
    if fits is not None:
        verdict = "yes" if fits["fits"] else f"no: {fits['reason']}"
        rows.append((f"fits {fits['board']}", f"{verdict}; {fits['method']}"))
    return rows + [("unsupported", _spell(p)) for p in facts["unsupported"]]


def _bound(arena: dict[str, Any]) -> str:
    bound, gap = arena["bound_bytes"], arena["gap_bytes"]
    if not arena["proven_optimal"]:
        return f"at least {bound:,} B are needed: a gap of {gap / bound:.1%}"
    if arena["live_bytes"] < bound:
        return f"proven the least for these calls ({arena['live_bytes']:,} B live at once)"
    return "the least for these calls: so much is live at once"


def _spell(problem: dict[str, Any]) -> str:
    index, name = problem["op_index"], problem["op_name"]
    where = f"op {index} {name}" if index >= 0 else name.lower()
    return f"{where}: {problem['reason']}"
