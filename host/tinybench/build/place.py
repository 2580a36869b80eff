"""A folder whose path PlatformIO, SCons, a shell and a compiler all read as it is written.

SCons hands its commands to a shell in which only blanks are quoted, and PlatformIO's settings give
a meaning to "$" and others. So in a folder named "R&D" or "John's" the build fails, or worse, runs
part of the path as a command.
"""

from __future__ import annotations

import re
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tinybench.errors import BuildError
from tinybench.render.project import CORE_DIR

BUILD_DIR = Path(".pio", "build")
_ODD = re.compile(r"[^A-Za-z0-9 _./+-]")
_ODD_FOR_CMAKE = re.compile(r"[^A-Za-z0-9_./+-]")  # ESP-IDF's build has no blanks either
_KEPT = ("firmware.elf", "firmware.bin", "bootloader.bin", "partitions.bin")


def is_plain(path: Path, *, blanks: bool = True) -> bool:
    """Whether everything that builds reads a path as it is written; ``blanks`` are plain."""
    return not (_ODD if blanks else _ODD_FOR_CMAKE).search(str(path))


@contextmanager
def plain_place(project: Path, *, blanks: bool = True) -> Iterator[Path]:
    """The project's own folder; where its path is not plain, a copy that lasts for one build.

    What was built in the copy lies in the project's folder afterwards. A firmware does not depend
    on where it is built, so it is the same.

    Args:
        project: absolute path of a rendered project.
        blanks: they are plain.

    Raises:
        BuildError: there is no room for the copy, or the system's folder of temporary files has no
            plain path either.
    """
    pattern = _ODD if blanks else _ODD_FOR_CMAKE
    if is_plain(project, blanks=blanks):
        yield project
        return
    try:
        with tempfile.TemporaryDirectory(prefix="tinybench-") as folder:
            copy = Path(folder).resolve() / "project"
            _check_plain(copy, pattern)
            ignored = shutil.ignore_patterns(BUILD_DIR.parts[0], CORE_DIR, ".lock")
            shutil.copytree(project, copy, ignore=ignored)
            yield copy
            _bring_back(copy / BUILD_DIR, project / BUILD_DIR)
    except OSError as error:
        raise BuildError(
            f"build {project} in a temporary copy",
            str(error),
            "in a folder whose path has only letters, digits, - _ . and / no copy is needed",
        ) from error


def _check_plain(copy: Path, pattern: re.Pattern[str]) -> None:
    odd = pattern.search(str(copy))
    if odd is not None:
        raise BuildError(
            "a folder to build in whose path has only letters, digits, blanks and _ . / + -",
            f"{odd.group()!r} in {str(copy.parent)!r}",
            "set TMPDIR to such a folder, or move the project to one",
        )


def _bring_back(built: Path, target: Path) -> None:
    for made in (path for name in _KEPT for path in built.glob(f"*/{name}")):
        kept = target / made.parent.name / made.name
        kept.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(made, kept)
