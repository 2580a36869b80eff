"""Asks which of several boards is meant."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING

import typer

from tinybench.cli.console import news

if TYPE_CHECKING:
    from tinybench.flash.ports import Port
    from tinybench.workflow.plugged import Choose


def asker() -> Choose | None:
    """Who is asked which port it is; nobody where there is no terminal."""
    return _ask if sys.stdin.isatty() and sys.stderr.isatty() else None


def _ask(ports: Sequence[Port]) -> Port:
    from tinybench.flash.ports import describe_port

    news("several boards could be it:")
    for number, port in enumerate(ports, 1):
        news(f"  {number}  {describe_port(port)}")
    while True:
        number = int(typer.prompt("which one", type=int, default=1, err=True))
        if 1 <= number <= len(ports):
            return ports[number - 1]
        news(f"a number from 1 to {len(ports)}")
