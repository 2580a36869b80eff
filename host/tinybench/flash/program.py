"""Runs a program that flashes, beside ours so that it can be ended, and reads what it says."""

from __future__ import annotations

import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from tinybench.guard import guarded


@dataclass(frozen=True)
class Said:
    """How a program ended.

    Attributes:
        status: its exit status; 0 is success.
        text: all that it said.
    """

    status: int
    text: str


def run_program(
    command: Sequence[str],
    log: Path,
    env: Mapping[str, str],
    *,
    cwd: Path | None = None,
    with_children: bool = False,
) -> Said:
    """Runs a program to its end.

    Args:
        command: the program and its arguments.
        log: gets what it says, behind what is there.
        env: its whole environment.
        cwd: where it runs.
        with_children: it starts others, which end with it.

    Raises:
        OSError: it cannot be started, or the log cannot be written.
    """
    log.parent.mkdir(parents=True, exist_ok=True)
    start = log.stat().st_size if log.exists() else 0
    with log.open("ab") as output:
        process = subprocess.Popen(
            guarded(command, with_children=with_children),
            cwd=cwd,
            env=env,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            start_new_session=True,  # Ctrl-C is ours to hear
        )
        try:
            status = process.wait()
        except BaseException:
            process.terminate()  # its guard ends it, and what it started
            process.wait()
            raise
    return Said(status, log.read_bytes()[start:].decode(errors="replace"))
