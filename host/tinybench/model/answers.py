"""What the reference process answers; a module of its own, so that both sides can unpickle it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from tinybench.model.runner import Array


@dataclass(frozen=True)
class Facts:
    """Who computes the reference.

    Attributes:
        desktop: the desktop runtime's name.
        oracle: the byte-exact runtime's name; None where it cannot run the model here.
        oracle_reason: why not; None where it can.
        memory_bytes: what the desktop runtime needed; None where the system does not say.
        memory_method: how that was measured.
        notes: what was changed in the model for a runtime, one sentence each.
    """

    desktop: str
    oracle: str | None
    oracle_reason: str | None
    memory_bytes: int | None
    memory_method: str
    notes: tuple[str, ...]


@dataclass(frozen=True)
class Outputs:
    """What the reference runtimes made of one sample.

    Attributes:
        desktop: LiteRT's output tensors.
        oracle: TFLM's output tensors; None where it cannot run the model here.
        desktop_us: wall time of LiteRT's inference in microseconds.
        kept: TFLM's intermediate tensors that were asked for, by index.
    """

    desktop: list[Array]
    oracle: list[Array] | None
    desktop_us: float
    kept: Mapping[int, Array] = field(default_factory=dict)
