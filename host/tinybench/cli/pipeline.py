"""`tinybench pipeline`: steps after one another, and the ledger of what each bought."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from tinybench.cli.console import news, print_json, print_table, reports_errors, show
from tinybench.cli.options import AsJson
from tinybench.whole import write_whole

if TYPE_CHECKING:
    from tinybench.workflow.ledger import Row


_COLUMNS = (
    *("step", "from", "parameters", "nonzero", ".tflite, B", "gzip, B", "Huffman, B", "flash, B"),
    *("coded, B", "arena, B", "an inference", "coded", "float", "int8", "as desktop"),
)


@reports_errors
def pipeline(
    file: Annotated[Path, typer.Argument(help="Pipeline file, .toml.")],
    out: Annotated[
        Path | None,
        typer.Option(
            "-o",
            "--out",
            help="Folder for the ledger: .json, .md, .svg. [default: beside the file]",
        ),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Run the steps of a file; show what each bought.

    A step is made once of the same things; a stopped pipeline goes on where it was, and
    ledger.json and ledger.md have the steps that are done.
    """
    import json

    from tinybench.cli.training import TrainingProgress
    from tinybench.pipeline import load_pipeline
    from tinybench.workflow.ledger import draw_ledger, ledger_json
    from tinybench.workflow.pipeline import run_pipeline

    order = load_pipeline(file)
    folder = out or file.with_suffix("").with_name(f"{file.stem}-ledger")
    folder.mkdir(parents=True, exist_ok=True)

    def keep(rows: Sequence[Row]) -> None:
        texts = {"json": json.dumps(ledger_json(rows), indent=2), "md": ledger_markdown(rows)}
        for ending, text in texts.items():
            write_whole(folder / f"ledger.{ending}", text.encode())

    try:
        with TrainingProgress() as progress:
            rows = run_pipeline(order, news=progress, keep=keep)
    finally:
        with suppress(OSError):  # what is in it stays
            folder.rmdir()
    draw_ledger(rows, folder / "ledger.svg")
    if as_json:
        print_json(ledger_json(rows))
        return
    show_ledger(rows)
    news(f"ledger: {folder / 'ledger.json'}, picture: {folder / 'ledger.svg'}")


def show_ledger(rows: Sequence[Row]) -> None:
    """A row per step; below it, what each bought in words."""
    print_table(_COLUMNS, [_cells(row) for row in rows], right=range(2, len(_COLUMNS)))
    show("")
    for line in _verdicts(rows):
        show(line)
    show("")
    for line in _legend(rows):
        show(line)


def ledger_markdown(rows: Sequence[Row]) -> str:
    """The same in Markdown."""
    table = [_COLUMNS, ("---", "---", *("---:",) * (len(_COLUMNS) - 2)), *map(_cells, rows)]
    lines = [f"| {' | '.join(cells)} |" for cells in table]
    verdicts = [f"- {line}" for line in _verdicts(rows)]
    return "\n".join([*lines, "", *verdicts, "", "; ".join(_legend(rows)), ""])


def _verdicts(rows: Sequence[Row]) -> list[str]:
    return [f"{row.step}: {line}" for row in rows for line in row.verdict]


def _legend(rows: Sequence[Row]) -> list[str]:
    units = {f"{way['unit']}, {way['method']}" for r in rows for way in r.device if way["ticks"]}
    return [
        f"an inference: {'; '.join(sorted(units)) or 'not measured'}",
        "float, int8: top-1 on the test part, 95 % interval (Wilson); coded: in Huffman code",
    ]


def _cells(row: Row) -> list[str]:
    figures, plain, coded = row.figures, row.on("plain"), row.on("huffman")
    return [
        row.step,
        row.source,
        _number(figures, "parameters"),
        f"{100 * figures['nonzero_share']:.0f} %",
        *(_number(figures, key) for key in ("tflite_bytes", "gzip_bytes", "huffman_bytes")),
        _number(plain, "flash_bytes"),
        _number(coded, "flash_bytes"),
        _number(plain, "arena_bytes"),
        _number(plain, "ticks"),
        _number(coded, "ticks"),
        _share(figures.get("float_top1")),
        _share(figures.get("int8_top1")),
        "-" if plain is None else f"{plain['argmax_equal']} of {plain['n']}",
    ]


def _number(of: Mapping[str, Any] | None, key: str) -> str:
    value = None if of is None else of.get(key)
    return "-" if value is None else f"{value:,}"


def _share(value: Mapping[str, Any] | None) -> str:
    if value is None:
        return "-"
    return f"{value['value']:.3f} ({value['low']:.3f}..{value['high']:.3f})"
