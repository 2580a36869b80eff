"""`tinybench pipeline`: steps after one another, and the ledger of what each bought."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from tinybench.cli.console import news, print_json, print_table, reports_errors, show
from tinybench.cli.options import AsJson

if TYPE_CHECKING:
    from tinybench.workflow.ledger import Row


@reports_errors
def pipeline(
    file: Annotated[Path, typer.Argument(help="Pipeline file, .toml.")],
    out: Annotated[
        Path | None,
        typer.Option(
            "-o", "--out", help="Folder for ledger.json and ledger.svg. [default: beside the file]"
        ),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Run the steps of a file; show what each bought.

    A step is made once of the same things; a stopped pipeline goes on where it was.
    """
    import json

    from tinybench.cli.training import TrainingProgress
    from tinybench.pipeline import load_pipeline
    from tinybench.workflow.ledger import draw_ledger, ledger_json
    from tinybench.workflow.pipeline import run_pipeline

    order = load_pipeline(file)
    folder = out or file.with_suffix("").with_name(f"{file.stem}-ledger")
    folder.mkdir(parents=True, exist_ok=True)
    with TrainingProgress() as progress:
        rows = run_pipeline(order, news=progress)
    ledger = ledger_json(rows)
    (folder / "ledger.json").write_text(json.dumps(ledger, indent=2))
    draw_ledger(rows, folder / "ledger.svg")
    if as_json:
        print_json(ledger)
        return
    show_ledger(rows)
    news(f"ledger: {folder / 'ledger.json'}, picture: {folder / 'ledger.svg'}")


def show_ledger(rows: Sequence[Row]) -> None:
    """A row per step; below it, what each bought in words."""
    columns = (
        *("step", "from", "parameters", "nonzero", ".tflite, B", "gzip, B", "Huffman, B"),
        *(
            "flash, B",
            "coded, B",
            "arena, B",
            "an inference",
            "coded",
            "float",
            "int8",
            "as desktop",
        ),
    )
    print_table(columns, [_cells(row) for row in rows], right=range(2, len(columns)))
    show("")
    for row in rows:
        for line in row.verdict:
            show(f"{row.step}: {line}")
    units = {f"{way['unit']}, {way['method']}" for r in rows for way in r.device if way["ticks"]}
    show("")
    show(f"an inference: {'; '.join(sorted(units)) or 'not measured'}")
    show("float, int8: top-1 on the test part, 95 % interval (Wilson); coded: in Huffman code")


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
