"""The compiler's own tables -> docs/ops.md."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from tinybench.compiler.fold import FOLDINGS
from tinybench.compiler.lower import OPS, OpSpec
from tinybench.compiler.merge import LOOKUP
from tinybench.render.files import render_template


@dataclass(frozen=True)
class OpRow:
    """One line of the table; texts are empty where there is nothing to say."""

    name: str
    version: str
    kernels: str
    wide_kernels: str
    limits: str
    folding: str


@dataclass(frozen=True)
class OpsContext:
    """What templates/ops.md.j2 needs."""

    rows: tuple[OpRow, ...]


def render_ops_document() -> str:
    """The text of docs/ops.md."""
    names = sorted(OPS.keys() | FOLDINGS.keys())
    rows = tuple(_row(name, OPS.get(name)) for name in names)
    return render_template("ops.md.j2", OpsContext(rows))


def _row(name: str, spec: OpSpec | None) -> OpRow:
    folding = FOLDINGS.get(name, "")
    if spec is None:
        return OpRow(name, "", "", "", "", folding)
    kernels, wide = _names(spec.kernels), _names(spec.wide_kernels)
    return OpRow(name, str(spec.max_version), kernels, wide, spec.limits, folding)


def _names(kernels: Sequence[str]) -> str:
    return ", ".join("table" if kernel == LOOKUP else f"`{kernel}`" for kernel in kernels)
