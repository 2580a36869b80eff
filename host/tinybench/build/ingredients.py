"""All that a firmware is made of, each part as a digest; together they give the build id."""

from __future__ import annotations

import hashlib
import json
import subprocess
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from functools import cache
from pathlib import Path

import tinybench
from tinybench import resources
from tinybench.boards import Board
from tinybench.build.driver import find_compiler

_CODE = ("compiler", "model", "render")  # the rooms whose code decides what is generated


@dataclass(frozen=True)
class Ingredients:
    """What a build depends on.

    Attributes:
        board, engine: names.
        parts: digest or version by name: "model", "board file", "labels", "firmware sources",
            "templates", "tinybench", "compiler" (gcc).
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
    model_sha256: str, board: Board, *, engine: str, labels: Sequence[str] | None
) -> Ingredients:
    """Looks at everything that a build would use now.

    Args:
        model_sha256: of the model file.
        board: its facts count, wherever its file lies.
        engine: "aot".
        labels: class names; None and an empty list are the same.

    Raises:
        ToolMissing: no compiler.
    """
    facts = asdict(board) | {"source": ""}
    return Ingredients(
        board=board.name,
        engine=engine,
        parts={
            "model": model_sha256,
            "board file": _digest([json.dumps(facts, sort_keys=True).encode()]),
            "labels": _digest([json.dumps(list(labels or ())).encode()]),
            "firmware sources": _digest_tree(resources.firmware()),
            "templates": _digest_tree(resources.templates()),
            "tinybench": _own_code(),
            "compiler": _compiler_version(find_compiler(board)),
        },
    )


@cache
def _own_code() -> str:
    package = Path(tinybench.__file__).parent
    code = [path for room in _CODE for path in sorted((package / room).rglob("*.py"))]
    return f"{tinybench.__version__} {_digest(p.read_bytes() for p in code)[:16]}"


@cache
def _compiler_version(gcc: Path) -> str:
    done = subprocess.run([gcc, "--version"], capture_output=True, text=True, check=False)
    return (done.stdout.splitlines() or ["unknown"])[0]


@cache
def _digest_tree(root: Path) -> str:
    paths = [p for p in sorted(root.rglob("*")) if p.is_file() and "__pycache__" not in p.parts]
    return _digest(
        part for p in paths for part in (str(p.relative_to(root)).encode(), p.read_bytes())
    )


def _digest(parts: Iterable[bytes]) -> str:
    """SHA-256 over parts, each preceded by its length."""
    total = hashlib.sha256()
    for part in parts:
        total.update(len(part).to_bytes(8, "little") + part)
    return total.hexdigest()
