"""`pio run -t upload` on a built project."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from tinybench.build.platformio import environment
from tinybench.errors import BuildError
from tinybench.flash.esptool import Said
from tinybench.guard import guarded


def upload(project: Path, board_name: str, port: str, baud: int, log: Path) -> Said:
    """Has PlatformIO write what it has built.

    Args:
        project: a rendered project that was built.
        board_name: the environment.
        port: a device or a pyserial URL.
        baud: bit/s; the project reads it from ESPBAUD.
        log: gets what PlatformIO says, behind what is there.

    Raises:
        BuildError: it cannot be started, or the log cannot be written.
    """
    # -P: no module in the project's folder comes before PlatformIO's own
    command = [sys.executable, "-P", "-m", "platformio", "run", "-e", board_name]
    command += ["-t", "upload", "--upload-port", port]
    try:
        log.parent.mkdir(parents=True, exist_ok=True)
        start = log.stat().st_size if log.exists() else 0
        with log.open("ab") as output:
            status = _run(command, project, output.fileno(), baud)
        return Said(status, log.read_bytes()[start:].decode(errors="replace"))
    except OSError as error:
        raise BuildError("run PlatformIO", str(error), f"see {log}") from error


def _run(command: list[str], project: Path, output: int, baud: int) -> int:
    process = subprocess.Popen(
        guarded(command, with_children=True),  # SCons and esptool
        cwd=project,
        env={**environment(None), "ESPBAUD": str(baud), "NO_COLOR": "1", "PYTHONUNBUFFERED": "1"},
        stdin=subprocess.DEVNULL,
        stdout=output,
        stderr=output,
        start_new_session=True,  # Ctrl-C is ours to hear
    )
    try:
        return process.wait()
    except BaseException:
        process.terminate()  # the guard ends the whole group
        process.wait()
        raise
