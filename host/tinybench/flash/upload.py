"""`pio run -t upload` on a built project."""

from __future__ import annotations

import sys
from pathlib import Path

from tinybench.build.platformio import environment
from tinybench.errors import BuildError
from tinybench.flash.program import Said, run_program


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
    env = {**environment(None), "ESPBAUD": str(baud), "NO_COLOR": "1", "PYTHONUNBUFFERED": "1"}
    try:  # with children: SCons and esptool
        return run_program(command, log, env, cwd=project, with_children=True)
    except OSError as error:
        raise BuildError("run PlatformIO", str(error), f"see {log}") from error
