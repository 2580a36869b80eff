"""The limits that a run must keep: [gates] of tinybench.toml, and --gate."""

from __future__ import annotations

import difflib
from dataclasses import dataclass

from tinybench.errors import ConfigError

SHARE, BYTES, TICKS = "a share from 0 to 1", "a number of bytes", "a number in the board's unit"


@dataclass(frozen=True)
class Gates:
    """Limits; None: not asked for.

    Attributes:
        min_accuracy: share of labelled samples whose top-1 class on the device is the label.
        max_accuracy_loss: the desktop's share less the device's.
        min_byte_agreement: share of samples whose output bytes are the oracle's (TFLM).
        min_label_agreement: share of samples with the desktop's top-1 class.
        max_arena_bytes: planned at build time.
        max_ram_bytes: .data + .bss of the ELF, the arena included.
        max_stack_bytes: high-water mark.
        max_flash_bytes: the whole firmware.
        max_latency_median, max_latency_p99: in the board's unit.
    """

    min_accuracy: float | None = None
    max_accuracy_loss: float | None = None
    min_byte_agreement: float | None = None
    min_label_agreement: float | None = None
    max_arena_bytes: int | None = None
    max_ram_bytes: int | None = None
    max_stack_bytes: int | None = None
    max_flash_bytes: int | None = None
    max_latency_median: int | None = None
    max_latency_p99: int | None = None


LIMITS = {
    "min_accuracy": SHARE,
    "max_accuracy_loss": SHARE,
    "min_byte_agreement": SHARE,
    "min_label_agreement": SHARE,
    "max_arena_bytes": BYTES,
    "max_ram_bytes": BYTES,
    "max_stack_bytes": BYTES,
    "max_flash_bytes": BYTES,
    "max_latency_median": TICKS,
    "max_latency_p99": TICKS,
}


_TYPICAL = {SHARE: "0.85", BYTES: "114688", TICKS: "2000000"}


def check_limit(where: str, name: str, value: object) -> None:
    """Refuses what no limit can be.

    Args:
        where: what to say before the name, e.g. the file and table.
        name: a key of LIMITS.
        value: as the TOML file or the command line gave it.

    Raises:
        ConfigError: a value of the wrong kind.
    """
    if LIMITS[name] is SHARE:
        fits = isinstance(value, int | float) and type(value) is not bool and 0 <= value <= 1
    else:
        fits = type(value) is int and value >= 0
    if not fits:
        todo = f"such as {name}={_TYPICAL[LIMITS[name]]}; leave it out to have no limit"
        raise ConfigError(f"{where}{name} as {LIMITS[name]}", f"{name} = {value!r}", todo)


def read_limits(words: list[str]) -> dict[str, float | int]:
    """``KEY=VALUE`` of the command line.

    Args:
        words: e.g. ``["min_accuracy=0.85", "max_arena_bytes=114688"]``.

    Raises:
        ConfigError: no key of LIMITS, or no number behind a ``=``.
    """
    limits: dict[str, float | int] = {}
    for word in words:
        name, _, text = word.partition("=")
        if name not in LIMITS:
            near = difflib.get_close_matches(name, LIMITS, n=1)
            todo = f"did you mean {near[0]!r}?" if near else f"keys: {', '.join(LIMITS)}"
            raise ConfigError("a gate as KEY=NUMBER", f"unknown key {name!r}", todo)
        try:
            limits[name] = int(text) if text.strip().isdecimal() else float(text)
        except ValueError:
            raise ConfigError(
                "a gate as KEY=NUMBER", repr(word), f"keys: {', '.join(LIMITS)}"
            ) from None
    return limits
