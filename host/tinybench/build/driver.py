"""Builds a rendered project and reads what came out."""

from __future__ import annotations

import json
import shutil
from dataclasses import dataclass
from pathlib import Path

from filelock import FileLock

from tinybench.boards import Board
from tinybench.build.diagnose import explain_failure, tool_missing
from tinybench.build.elf import Sizes, read_sizes
from tinybench.build.place import BUILD_DIR, plain_place
from tinybench.build.platformio import run_platformio
from tinybench.errors import BuildError
from tinybench.render.project import IDENTITY_FILE, Identity


@dataclass(frozen=True)
class Artifact:
    """A built firmware.

    Attributes:
        elf: the linked program.
        sizes: what it takes.
        build_id: 32 hex digits, as the device's hello must say.
        board, engine: names.
        model_sha256: of the model file.
        log: all that PlatformIO printed.
    """

    elf: Path
    sizes: Sizes
    build_id: str
    board: str
    engine: str
    model_sha256: str
    log: Path


def build_project(project: Path, board: Board, *, log: Path) -> Artifact:
    """Builds a project that render_project() wrote; one build of it at a time.

    Args:
        project: its folder.
        board: the one it was rendered for.
        log: gets all that PlatformIO prints; kept whatever happens.

    Raises:
        ToolMissing: no compiler, none with a C library for the board, or for a real board no
            platform and no network.
        DoesNotFit: flash or RAM overflows; by how much.
        BuildError: anything else; the first errors with file and line.
    """
    identity = _read_identity(project, board)
    if board.kind == "virtual":
        find_compiler(board)
    project = project.resolve()
    with FileLock(project / ".lock"):
        elf = project / BUILD_DIR / board.name / "firmware.elf"
        elf.unlink(missing_ok=True)  # what is there afterwards is what this run made
        with plain_place(project, blanks=board.kind == "virtual") as place:
            status = run_platformio(place, board, log.resolve())
        if status != 0 or not elf.is_file():
            raise explain_failure(log, board, project)
        return Artifact(
            elf=elf,
            sizes=read_sizes(elf),
            build_id=identity.build_id,
            board=board.name,
            engine=identity.engine,
            model_sha256=identity.model_sha256,
            log=log,
        )


def find_compiler(board: Board) -> Path:
    """The board's C compiler.

    Raises:
        ToolMissing: with the command that installs it.
    """
    return [_find(board.build.toolchain + name, board) for name in ("g++", "gcc")][-1]


def _find(program: str, board: Board) -> Path:
    found = shutil.which(program)
    if found is None:
        raise tool_missing("the compiler", f"no {program} on PATH", board.build.packages)
    return Path(found)


def _read_identity(project: Path, board: Board) -> Identity:
    path = project / IDENTITY_FILE
    try:
        identity = Identity(**json.loads(path.read_text(encoding="utf-8")))
    except (OSError, ValueError, TypeError) as error:
        raise BuildError(
            "find a rendered project", f"{path}: {error}", "tinybench build"
        ) from error
    if identity.board != board.name:
        raise BuildError(
            f"a project for {board.name}",
            f"{project} is for {identity.board}",
            f"tinybench build --board {board.name}",
        )
    return identity
