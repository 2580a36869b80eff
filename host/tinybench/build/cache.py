"""Builds kept by what they are made of: made once, found again, never passed off as another.

ROOT/BOARD-ENGINE[.INSTRUMENT]-BUILD_ID/
    project/     the PlatformIO project
    build.log    what PlatformIO printed
    build.json   ingredients and facts; written last, so its presence says "complete"
"""

from __future__ import annotations

import hashlib
import json
import shutil
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from filelock import FileLock, Timeout

from tinybench.boards import Board
from tinybench.build.driver import Artifact, build_project
from tinybench.build.elf import Sizes
from tinybench.build.ingredients import Ingredients, gather_ingredients
from tinybench.errors import FULL, StaleBuild, UsageError, system_error
from tinybench.render.files import write_if_changed
from tinybench.render.instrument import Instrument
from tinybench.render.project import render_project

if TYPE_CHECKING:
    from tinybench.compiler.program import Program
    from tinybench.tflm.program import Interpreted

SCHEMA = "tinybench.build/1"
_KEPT = 8  # newest builds per board, engine and instrument


@dataclass(frozen=True)
class Build:
    """A complete build in its folder.

    Attributes:
        folder: keyed by the ingredients.
        ingredients: what it was made of.
        artifact: what came out.
        elf_sha256: of the ELF when it was built.
        fresh: built just now, not found.
    """

    folder: Path
    ingredients: Ingredients
    artifact: Artifact
    elf_sha256: str
    fresh: bool = False


def make_build(
    program: Program | Interpreted,
    board: Board,
    *,
    engine: str,
    labels: Sequence[str] | None,
    root: Path,
    instrument: Instrument = Instrument.NONE,
) -> Build:
    """Renders and builds, unless exactly this was built before.

    Args:
        program: the compiled model, or for the engine tflm the interpreted one.
        board: the board to build for.
        engine: "aot" or "tflm".
        labels: class names in the order of the output, or None.
        root: the folder of builds, e.g. .tinybench/build.
        instrument: what the firmware does besides.

    Raises:
        UsageError: the folder cannot be made.
        ToolMissing, DoesNotFit, BuildError: as build_project().
    """
    wanted = gather_ingredients(
        program.graph.sha256,
        board,
        engine=engine,
        labels=labels,
        options=program.options,
        instrument=instrument,
    )
    folder = _folder(root, wanted)
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        told = system_error(f"build below {root.absolute()}", error)
        todo = "work in a folder that you may write, or name one with --project"
        raise UsageError(
            told.wanted, told.seen, told.todo if error.errno in FULL else todo
        ) from error
    with FileLock(folder / ".lock"):
        found = _read_build(folder)
        if found is not None and found.ingredients == wanted:
            return found
        (folder / "build.json").unlink(missing_ok=True)
        project = render_project(
            program,
            board,
            engine=engine,
            labels=labels,
            build_id=wanted.build_id,
            out=folder / "project",
            instrument=instrument,
        )
        artifact = build_project(project, board, log=folder / "build.log")
        made = _write_build(Build(folder, wanted, artifact, _sha256(artifact.elf), fresh=True))
    _forget_old(root, wanted)
    return made


def find_build(wanted: Ingredients, root: Path) -> Build:
    """The build of exactly these ingredients.

    Raises:
        StaleBuild: there is none; which ingredient of the last build for the board differs.
    """
    found = _read_build(_folder(root, wanted))
    if found is not None and found.ingredients == wanted:
        return found
    asked = f"find a build for {wanted.board} (engine {wanted.engine}) of what is asked for"
    last = _last_build(root, wanted)
    if last is None:
        raise StaleBuild(asked, f"none in {root}", "tinybench build")
    changed = ", ".join(last.ingredients.differing(wanted)) or "its ELF, altered since"
    raise StaleBuild(asked, f"the last one differs in: {changed}", "tinybench build")


def _folder(root: Path, of: Ingredients) -> Path:
    return root / f"{_shelf(of)}-{of.build_id[:12]}"


def _shelf(of: Ingredients) -> str:
    """Builds of a kind: those with an instrument do not push out, nor stand for, the others."""
    instrument = of.parts.get("instrument")
    return f"{of.board}-{of.engine}" + (f".{instrument}" if instrument else "")


def _last_build(root: Path, like: Ingredients) -> Build | None:
    builds = (_read_build(folder, check_elf=False) for folder in _newest_first(root, like))
    return next((build for build in builds if build is not None), None)


def _forget_old(root: Path, like: Ingredients) -> None:
    """Removes all but the newest builds for a board; one that is being made is left alone."""
    for folder in _newest_first(root, like)[_KEPT:]:
        with suppress(Timeout, OSError), FileLock(folder / ".lock", timeout=0):
            (folder / "build.json").unlink()
            shutil.rmtree(folder / "project", ignore_errors=True)


def _newest_first(root: Path, like: Ingredients) -> list[Path]:
    """Folders of complete builds of the same kind."""
    found = []
    for record in root.glob(f"{_shelf(like)}-*/build.json"):
        with suppress(OSError):  # another process may be forgetting it
            found.append((record.stat().st_mtime_ns, record.parent))
    return [folder for _, folder in sorted(found, reverse=True)]


def _write_build(build: Build) -> Build:
    record = {
        "schema": SCHEMA,
        "build_id": build.ingredients.build_id,
        "board": build.ingredients.board,
        "engine": build.ingredients.engine,
        "ingredients": dict(build.ingredients.parts),
        "elf": str(build.artifact.elf.relative_to(build.folder.resolve())),
        "elf_sha256": build.elf_sha256,
        "sizes": asdict(build.artifact.sizes),
    }
    text = json.dumps(record, indent=1) + "\n"
    write_if_changed(build.folder / "build.json", text.encode())
    return build


def _read_build(folder: Path, *, check_elf: bool = True) -> Build | None:
    """A folder's build; None where it is missing, incomplete, damaged or altered."""
    try:
        record = json.loads((folder / "build.json").read_text(encoding="utf-8"))
        build = _parse_record(record, folder)
        intact = not check_elf or _sha256(build.artifact.elf) == build.elf_sha256
    except (OSError, ValueError, KeyError, TypeError):
        return None
    return build if record["schema"] == SCHEMA and intact else None


def _parse_record(record: dict[str, Any], folder: Path) -> Build:
    ingredients = Ingredients(record["board"], record["engine"], record["ingredients"])
    largest = tuple((name, size) for name, size in record["sizes"]["largest"])
    artifact = Artifact(
        elf=(folder / record["elf"]).resolve(),
        sizes=Sizes(**record["sizes"] | {"largest": largest}),
        build_id=record["build_id"],
        board=record["board"],
        engine=record["engine"],
        model_sha256=record["ingredients"]["model"],
        log=folder / "build.log",
    )
    return Build(folder, ingredients, artifact, record["elf_sha256"])


def _sha256(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()
