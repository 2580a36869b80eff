"""A virtual board's flash: which ELF the board starts with, until the next flash.

ROOT/BOARD.json                what is flashed; replaced as a whole
ROOT/BOARD-SHA256.elf          the ELF that it names
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path

from filelock import FileLock

from tinybench.boards import Board
from tinybench.build.cache import Build
from tinybench.build.ingredients import Ingredients
from tinybench.errors import StaleBuild
from tinybench.render.files import write_if_changed


@dataclass(frozen=True)
class Flashed:
    """What a virtual board holds.

    Attributes:
        elf: absolute path.
        build_id, board, engine, model_sha256: as of the build.
        parts: what it was made of, as in Ingredients.
        elf_sha256: of the ELF that was flashed.
    """

    elf: Path
    build_id: str
    board: str
    engine: str
    model_sha256: str
    elf_sha256: str
    parts: Mapping[str, str]

    @property
    def ingredients(self) -> Ingredients:
        """All that it was made of."""
        return Ingredients(self.board, self.engine, self.parts)


def flash_slot(build: Build, root: Path) -> Flashed:
    """Puts a build into its board's slot.

    Args:
        build: for a virtual board.
        root: the folder of slots, e.g. .tinybench/flashed.

    Raises:
        BuildError: no room or no permission to write.
    """
    artifact = build.artifact
    elf = root.resolve() / f"{artifact.board}-{build.elf_sha256[:16]}.elf"
    flashed = Flashed(
        elf=elf,
        build_id=artifact.build_id,
        board=artifact.board,
        engine=artifact.engine,
        model_sha256=artifact.model_sha256,
        elf_sha256=build.elf_sha256,
        parts=dict(build.ingredients.parts),
    )
    root.mkdir(parents=True, exist_ok=True)
    with FileLock(root / f".{artifact.board}.lock"):
        write_if_changed(elf, artifact.elf.read_bytes())
        elf.chmod(0o755)  # a native board's is a program
        record = asdict(flashed) | {"elf": elf.name}
        text = json.dumps(record, indent=1) + "\n"
        write_if_changed(root / f"{artifact.board}.json", text.encode())
        for old in root.glob(f"{artifact.board}-{'[0-9a-f]' * 16}.elf"):
            if old.name != elf.name:
                old.unlink(missing_ok=True)
    return flashed


def forget_slot(board: Board, root: Path) -> None:
    """What a board holds is not known from now on.

    Raises:
        OSError: it cannot be removed.
    """
    (root / f"{board.name}.json").unlink(missing_ok=True)


def read_slot(board: Board, root: Path) -> Flashed:
    """What the board holds.

    Raises:
        StaleBuild: nothing was flashed, the slot is damaged, or its ELF was altered.
    """
    path = root / f"{board.name}.json"
    try:
        record = json.loads(path.read_text(encoding="utf-8"))
        flashed = Flashed(**(record | {"elf": (root / record["elf"]).resolve()}))
    except FileNotFoundError as error:
        raise StaleBuild(
            f"find firmware on {board.name}", "nothing is flashed", "tinybench flash"
        ) from error
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise StaleBuild(f"read {path}", str(error), "tinybench flash") from error
    _check_elf(flashed)
    return flashed


def elf_sha256(elf: Path) -> str:
    """The hash of an ELF as it is now, hex.

    Raises:
        OSError: it cannot be read.
    """
    return hashlib.sha256(elf.read_bytes()).hexdigest()


def _check_elf(flashed: Flashed) -> None:
    wanted, todo = f"find {flashed.board}'s firmware", "tinybench flash"
    try:
        seen = elf_sha256(flashed.elf)
    except FileNotFoundError as error:
        raise StaleBuild(wanted, f"no {flashed.elf}", todo) from error
    except OSError as error:
        raise StaleBuild(wanted, f"{flashed.elf}: {error.strerror}", todo) from error
    if seen != flashed.elf_sha256:
        raise StaleBuild(
            wanted,
            f"{flashed.elf.name} was altered since it was flashed: sha256 {seen}, "
            f"flashed {flashed.elf_sha256}",
            todo,
        )


def check_slot(flashed: Flashed, wanted: Ingredients) -> None:
    """Refuses firmware that is made of something else than what is asked for.

    Raises:
        StaleBuild: naming the ingredients that differ.
    """
    changed = flashed.ingredients.differing(wanted)
    if changed:
        raise StaleBuild(
            f"find firmware on {wanted.board} that is made of what is asked for",
            f"what is flashed differs in: {', '.join(changed)}",
            "tinybench flash",
        )
