"""`tinybench cable`: a device behind a bad cable, for whoever connects."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import Annotated

import typer

from tinybench.cli.console import news, print_table, reports_errors, show
from tinybench.cli.options import HERE, Board, Folder, Port


@reports_errors
def cable(
    spec: Annotated[
        str,
        typer.Argument(
            metavar="KEY=NUMBER,...",
            help="How bad: seed, baud, max_baud, latency (ms); chance per bit: ber; per byte: "
            "drop, duplicate, reorder, truncate, stall, text, reset; most resets: resets.",
        ),
    ] = "",
    board: Board = None,
    port: Port = None,
    listen: Annotated[
        str,
        typer.Option("--listen", metavar="HOST:PORT", help="Where to wait; port 0: a free one."),
    ] = "127.0.0.1:0",
    pty: Annotated[
        bool, typer.Option("--pty", help="Be a serial port of this computer instead.")
    ] = False,
    folder: Folder = HERE,
    as_json: Annotated[
        bool, typer.Option("--json", help="Two lines of JSON: the URL, and at the end the counts.")
    ] = False,
) -> None:
    """Put a bad cable between a board and its host.

    Ctrl-C ends it and shows what it did.
    """
    from tinybench.workflow.cable import open_cable

    with open_cable(spec, folder=folder, board=board, port=port, listen=listen, pty=pty) as proxy:
        proxy.on_change = news
        words, url = proxy.cable.spec.words(), proxy.outlet.url
        news(f"cable {words}")
        show(json.dumps({"url": url, "cable": words}) if as_json else url)
        try:
            proxy.run()
        except KeyboardInterrupt:
            pass
        finally:
            counts = proxy.cable.counts()
    if as_json:
        show(json.dumps(asdict(counts)))
        return
    news(f"{counts.bytes_to_device:,} bytes to the device, {counts.bytes_to_host:,} back")
    if counts.faults:
        rows = [(kind, f"{count:,}") for kind, count in counts.faults.items()]
        print_table(("fault", "put in"), rows, right=(1,))
