"""Runs PlatformIO on a rendered project; of virtual boards, in a core directory of its own.

PlatformIO keeps state below its core directory, among it links to local platforms by name: in a
shared one, a second project would be built with the first project's platform. A directory per
project has neither that trap nor any race between two builds.

Real boards are built in the user's own core directory: its platforms take gigabytes.
"""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
from contextlib import suppress
from importlib.metadata import version
from pathlib import Path

import platformdirs

from tinybench.boards import Board
from tinybench.errors import BuildError
from tinybench.guard import guarded
from tinybench.render.files import write_if_changed
from tinybench.render.project import CORE_DIR

_SCONS = '''\
"""Stands in for PlatformIO's tool-scons: the SCons of this Python environment."""
try:
    import SCons.Script.Main
except ImportError:
    raise SystemExit("Error: SCons is missing from this Python; pip install SCons==4.11.1")
SCons.Script.Main.main()
'''
_SETTINGS = {
    "PLATFORMIO_SETTING_ENABLE_TELEMETRY": "false",
    "PLATFORMIO_DISABLE_UPGRADE_CHECK": "true",
    "PLATFORMIO_NO_ANSI": "true",
    "PLATFORMIO_DISABLE_PROGRESSBAR": "true",
    "LC_ALL": "C",  # the compiler's words are parsed
}


def run_platformio(project: Path, board: Board, log: Path) -> int:
    """Builds one environment and returns PlatformIO's exit status; all it prints is in ``log``.

    Args:
        project: a rendered project.
        board: the one that the project was rendered for.
        log: written anew, its folder made if need be.

    Raises:
        BuildError: no room or no permission to write.
    """
    if board.kind == "virtual":
        prepare_core_dir(project / CORE_DIR)
        # A link to the platform may be that of a folder which this one was copied from.
        shutil.rmtree(project / CORE_DIR / "platforms", ignore_errors=True)
    # -P: no module in the project's folder comes before PlatformIO's own
    command = [sys.executable, "-P", "-m", "platformio", "run", "-e", board.name]
    try:
        log.parent.mkdir(parents=True, exist_ok=True)
        with log.open("wb") as output:
            process = subprocess.Popen(
                guarded(command, with_children=True),  # SCons and the compilers
                cwd=project,
                env=environment(project if board.kind == "virtual" else None),
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
            return _wait(process)
    except OSError as error:
        raise BuildError("run PlatformIO", f"{error}", f"see {log}") from error


def _wait(process: subprocess.Popen[bytes]) -> int:
    """The exit status; whatever interrupts the wait ends SCons and the compilers too."""
    try:
        return process.wait()
    except BaseException:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()
        raise


def prepare_core_dir(core_dir: Path) -> None:
    """Gives PlatformIO the SCons package that it would download: this environment's SCons."""
    scons = version("SCons")
    major, minor, patch = (int(part) for part in scons.split(".")[:3])
    # PlatformIO numbers SCons 4.11.1 as 4.41101.0 and checks name, owner and version
    package = {
        "name": "tool-scons",
        "version": f"{major}.{major}{minor:02d}{patch:02d}.0",
        "description": f"SCons {scons} of the Python that runs PlatformIO",
    }
    spec = {"owner": "platformio", "id": None, "name": "tool-scons", "requirements": None}
    metadata = {
        "type": "tool",
        "name": package["name"],
        "version": package["version"],
        "spec": {**spec, "uri": None},
    }
    folder = core_dir / "packages" / "tool-scons"
    write_if_changed(folder / "scons.py", _SCONS.encode())
    write_if_changed(folder / "package.json", json.dumps(package).encode())
    write_if_changed(folder / ".piopm", json.dumps(metadata).encode())


def environment(project: Path | None) -> dict[str, str]:
    """Our environment without the user's PlatformIO settings.

    Args:
        project: one with a core directory of its own; None: the user's is used.
    """
    kept = {key: value for key, value in os.environ.items() if not key.startswith("PLATFORMIO_")}
    own = (project / CORE_DIR).resolve() if project else core_dir()
    shelf = Path(platformdirs.user_cache_dir("tinybench")) / "objects"
    ours = {"PLATFORMIO_CORE_DIR": str(own), "TINYBENCH_OBJECTS": str(shelf)}
    return {**kept, **_SETTINGS, **ours}


def core_dir() -> Path:
    """The user's core directory, as PlatformIO finds it."""
    return Path(os.environ.get("PLATFORMIO_CORE_DIR") or Path.home() / ".platformio")


def installed_platform(spec: str) -> Path | None:
    """The folder of a platform in the user's core directory; None where it is not there.

    Args:
        spec: "owner/name@1.2.3", as in a board's file.
    """
    name, _, version_wanted = spec.rpartition("/")[2].partition("@")
    for manifest in sorted((core_dir() / "platforms").glob(f"{name}*/platform.json")):
        with suppress(OSError, ValueError):
            if json.loads(manifest.read_text(encoding="utf-8"))["version"] == version_wanted:
                return manifest.parent
    return None
