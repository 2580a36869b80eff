"""How bad a cable is: ``baud=921600,ber=1e-4,drop=1e-5,resets=20,seed=7``."""

from __future__ import annotations

import difflib
import random
from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from typing import Any

from tinybench.errors import UsageError

LONGEST_RUN = 64
"""Most bytes that one fault doubles, cuts or moves."""

LONGEST_STALL_MS = 100


@dataclass(frozen=True)
class CableSpec:
    """One cable. Rates are chances per byte, but for ``ber``; 0 is never.

    Attributes:
        seed: of all chance; two cables of one seed do the same to the same bytes.
        baud: bits per second, ten of them a byte; 0: as fast as it goes.
        max_baud: at a higher rate nothing comes out whole; 0: any rate will do.
        latency: milliseconds that every byte is under way besides.
        ber: chance that a bit is turned over.
        drop: that a byte is lost.
        duplicate: that up to LONGEST_RUN bytes come twice.
        reorder: that up to LONGEST_RUN bytes change places with as many after them.
        truncate: that up to LONGEST_RUN bytes are cut away.
        stall: that everything is held up for up to LONGEST_STALL_MS.
        text: that a line of text stands in the stream.
        reset: that the device is reset when a byte goes to it.
        resets: no more than so many; 0: no limit.
    """

    seed: int = 1
    baud: int = 0
    max_baud: int = 0
    latency: float = 0.0
    ber: float = 0.0
    drop: float = 0.0
    duplicate: float = 0.0
    reorder: float = 0.0
    truncate: float = 0.0
    stall: float = 0.0
    text: float = 0.0
    reset: float = 0.0
    resets: int = 0

    def words(self) -> str:
        """As :func:`parse_cable` reads it; the seed always."""
        facts = {f.name: getattr(self, f.name) for f in fields(self)}
        said = [f"{k}={v:g}" if k != "seed" else f"{k}={v}" for k, v in facts.items()]
        return ",".join(
            s for s, (k, v) in zip(said, facts.items(), strict=True) if v or k == "seed"
        )


_COUNTS = ("seed", "baud", "max_baud", "resets")
_TYPICAL = {"seed": "1", "baud": "115200", "max_baud": "460800", "resets": "3", "latency": "16"}


def parse_cable(text: str) -> CableSpec:
    """A cable from its words; without a seed, of a new one.

    Raises:
        UsageError: an unknown key, or a value that it cannot have.
    """
    given = [part.partition("=") for part in text.split(",") if part.strip()]
    values = {key.strip(): _number(key.strip(), value.strip()) for key, _, value in given}
    if values.get("resets") and "reset" not in values:
        raise UsageError(
            "a cable that says when to reset", text, "reset=1e-5: a chance for each byte"
        )
    return replace(CableSpec(seed=random.getrandbits(32)), **_typed(values))


def _typed(values: Mapping[str, float]) -> dict[str, Any]:
    return {key: int(value) if key in _COUNTS else value for key, value in values.items()}


def _number(key: str, value: str) -> float:
    known = [f.name for f in fields(CableSpec)]
    if key not in known:
        near = difflib.get_close_matches(key, known, n=1)
        todo = f"did you mean {near[0]!r}?" if near else f"known keys: {', '.join(known)}"
        raise UsageError("a cable as KEY=NUMBER,KEY=NUMBER", f"unknown key {key!r}", todo)
    try:
        number = int(value) if key in _COUNTS else float(value)
    except ValueError:
        wanted, todo = f"a number for the cable's {key}", f"such as {key}={_typical(key)}"
        raise UsageError(wanted, f"{key}={value!r}", todo) from None
    most = float("inf") if key in (*_COUNTS, "latency") else 1.0
    if not 0 <= number <= most or number == float("inf"):
        wanted = "a chance from 0 to 1" if most == 1.0 else "a number from 0 up"
        todo = f"such as {key}={_typical(key)}"
        raise UsageError(f"{wanted} for the cable's {key}", f"{key}={value}", todo)
    return number


def _typical(key: str) -> str:
    return _TYPICAL.get(key, "1e-5")
