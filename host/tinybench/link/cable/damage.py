"""What a cable does to a stream of bytes; pure, and the same however the stream is cut."""

from __future__ import annotations

import math
import random
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from tinybench.link.cable.spec import LONGEST_RUN, LONGEST_STALL_MS, CableSpec

Direction = Literal["to_device", "to_host"]

_TEXTS = (
    b"\r\nrst:0x1 (POWERON_RESET),boot:0x13 (SPI_FAST_FLASH_BOOT)\r\n",
    b"I (312) cpu_start: Starting scheduler.\r\n",
    b"W (1042) wifi: the engine has something to say\r\n",
    b"Guru Meditation: not really\r\n",
)


@dataclass(frozen=True)
class Stall:
    """What follows is held up for so many milliseconds."""

    ms: int


@dataclass(frozen=True)
class ResetDevice:
    """The device is reset now."""


Outcome = bytes | Stall | ResetDevice


class Damage:
    """One direction of a cable.

    Attributes:
        faults: how often each kind of fault was put in.
        passed: bytes that came in.
    """

    def __init__(self, spec: CableSpec, direction: Direction) -> None:
        self.faults: Counter[str] = Counter()
        self.passed = 0
        self._spec = spec
        kinds = {
            "flip": -math.expm1(8 * math.log1p(-spec.ber)) if spec.ber < 1 else 1.0,
            "drop": spec.drop,
            "duplicate": spec.duplicate,
            "reorder": spec.reorder,
            "truncate": spec.truncate,
            "stall": spec.stall,
            "text": spec.text if direction == "to_host" else 0.0,
            "reset": spec.reset if direction == "to_device" else 0.0,
        }
        # A source of chance for each kind: one more kind does not move the others.
        self._chance = {k: random.Random(f"{spec.seed} {direction} {k}") for k in kinds}
        self._rates = {kind: rate for kind, rate in kinds.items() if rate > 0}
        self._next = {kind: self._gap(kind) for kind in self._rates}
        self._cutting = 0
        self._hold = 0  # bytes still to be set aside
        self._aside = bytearray()
        self._until = 0  # bytes that go before those set aside
        self._recent = bytearray()

    def through(self, data: bytes) -> Iterator[Outcome]:
        """What comes out for what goes in, in order."""
        at = 0
        while at < len(data):
            clean = min((due - self.passed for due in self._next.values()), default=len(data))
            end = min(len(data), at + clean)
            if end > at:
                self.passed += end - at
                yield from self._route(data[at:end])
                at = end
                continue
            yield from self._harm(data[at])
            at += 1

    def release(self) -> bytes:
        """What was set aside to come later: nothing has followed for a while, so it comes now."""
        out = bytes(self._aside)
        self._aside.clear()
        self._hold = self._until = 0
        return self._remember(out)

    def _harm(self, byte: int) -> Iterator[Outcome]:
        """One byte on which something happens."""
        kinds = [kind for kind, due in self._next.items() if due == self.passed]
        lost, doubled = False, 0
        self.passed += 1
        for kind in kinds:
            self._next[kind] = self.passed + self._gap(kind)
            if kind == "reset" and self._spec.resets and self.faults[kind] >= self._spec.resets:
                continue
            self.faults[kind] += 1
            chance = self._chance[kind]
            length = chance.randint(1, LONGEST_RUN)
            if kind == "flip":
                byte ^= self._some_bits(chance)
            elif kind == "drop":
                lost = True
            elif kind == "duplicate":
                doubled = length
            elif kind == "truncate":
                self._cutting += length
            elif kind == "reorder":
                self._hold = self._hold or (0 if self._aside else length)
            elif kind == "stall":
                yield Stall(chance.randint(1, LONGEST_STALL_MS))
            elif kind == "text":
                yield from self._route(chance.choice(_TEXTS))
            else:
                yield ResetDevice()
        if not lost:
            yield from self._route(bytes([byte]))
        if doubled:
            yield bytes(self._recent[-doubled:])

    def _some_bits(self, chance: random.Random) -> int:
        """At least one bit of a byte, each with the bit error rate, given that one is wrong."""
        while True:
            bits = sum((chance.random() < self._spec.ber) << bit for bit in range(8))
            if bits:
                return bits
            if self._spec.ber < 0.01:  # two in one byte are rarer than the loop is worth
                return 1 << chance.randrange(8)

    def _route(self, data: bytes) -> Iterator[bytes]:
        """Past what is cut away and what is set aside."""
        cut = min(self._cutting, len(data))
        self._cutting -= cut
        data = data[cut:]
        if self._hold and data:
            taken = data[: self._hold]
            self._aside += taken
            self._hold -= len(taken)
            self._until += len(taken)
            data = data[len(taken) :]
        if self._aside and not self._hold and data:
            first, data = data[: self._until], data[self._until :]
            self._until -= len(first)
            yield self._remember(first)
            if self._until == 0:
                yield self._remember(bytes(self._aside))
                self._aside.clear()
        if data:
            yield self._remember(data)

    def _remember(self, data: bytes) -> bytes:
        self._recent = (self._recent + data)[-LONGEST_RUN:]
        return data

    def _gap(self, kind: str) -> int:
        """Bytes until the next one of a kind: geometric."""
        rate = self._rates[kind]
        if rate >= 1:
            return 0
        return int(math.log(1.0 - self._chance[kind].random()) / math.log1p(-rate))
