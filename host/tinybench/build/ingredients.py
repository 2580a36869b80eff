"""All that a firmware is made of, each part as a digest; together they give the build id."""

from __future__ import annotations

import hashlib
import json
import subprocess
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from types import MappingProxyType

import tinybench
from tinybench import resources
from tinybench.boards import Board
from tinybench.build.driver import find_compiler
from tinybench.render.instrument import Instrument
from tinybench.render.project import engine_of, firmware_files

PLAIN = MappingProxyType({"weights": "plain"})
_CODE = ("compiler", "model", "render", "tflm")  # the rooms whose code decides what is generated


@dataclass(frozen=True)
class Ingredients:
    """What a build depends on.

    Attributes:
        board, engine: names.
        parts: digest or version by name: "model", "board file", "labels", "firmware sources",
            "templates", "tinybench" (its own code), "compiler" (gcc), "instrument"; "weights" or,
            for tflm, "kernels", "arena" and "tflm_sources".
    """

    board: str
    engine: str
    parts: Mapping[str, str]

    @property
    def build_id(self) -> str:
        """32 hex digits over all of it."""
        return _digest([json.dumps([self.board, self.engine, dict(self.parts)]).encode()])[:32]

    def differing(self, other: Ingredients) -> tuple[str, ...]:
        """Names of the parts in which two builds differ."""
        names = dict.fromkeys([*self.parts, *other.parts])
        own = [name for name in ("board", "engine") if getattr(self, name) != getattr(other, name)]
        return (*own, *(n for n in names if self.parts.get(n) != other.parts.get(n)))


def gather_ingredients(
    model_sha256: str,
    board: Board,
    *,
    engine: str,
    labels: Sequence[str] | None,
    options: Mapping[str, str] = PLAIN,
    instrument: Instrument = Instrument.NONE,
) -> Ingredients:
    """Looks at everything that a build would use now.

    Args:
        model_sha256: of the model file.
        board: its facts count, wherever its file lies.
        engine: "aot" or "tflm".
        labels: class names; None and an empty list are the same.
        options: of the program, see Program.options and Interpreted.options.
        instrument: what the firmware does besides.

    Raises:
        ConfigError: an engine or a port that does not exist.
        ToolMissing: no compiler.
    """
    return Ingredients(
        board=board.name,
        engine=engine,
        parts={
            "model": model_sha256,
            **options,
            "instrument": instrument.value,
            "board file": board.facts_sha256,
            "labels": _digest([json.dumps(list(labels or ())).encode()]),
            "firmware sources": _digest_files(firmware_files(board, engine_of(engine, instrument))),
            "templates": _digest_files(resources.templates().glob("*.j2")),
            "tinybench": _own_code(),
            "compiler": _compiler_of(board),
        },
    )


@cache
def _own_code() -> str:
    package = Path(tinybench.__file__).parent
    code = [path for room in _CODE for path in sorted((package / room).rglob("*.py"))]
    return f"{tinybench.__version__} {_digest(p.read_bytes() for p in code)[:16]}"


def _compiler_of(board: Board) -> str:
    """What compiles; a real board's comes with its platform, whose version is exact."""
    if board.kind == "hardware":
        return board.build.platform
    return _compiler_version(find_compiler(board))


@cache
def _compiler_version(gcc: Path) -> str:
    done = subprocess.run([gcc, "--version"], capture_output=True, text=True, check=False)
    return (done.stdout.splitlines() or ["unknown"])[0]


def _digest_files(paths: Iterable[Path]) -> str:
    return _digest(part for p in sorted(paths) for part in (p.name.encode(), p.read_bytes()))


def _digest(parts: Iterable[bytes]) -> str:
    """SHA-256 over parts, each preceded by its length."""
    total = hashlib.sha256()
    for part in parts:
        total.update(len(part).to_bytes(8, "little") + part)
    return total.hexdigest()
