"""Damages model files, repeatably."""

from __future__ import annotations

import random
import struct
from collections.abc import Callable

import numpy as np

from tinybench.model.read import parse_tflite

# Lengths, offsets and indices that break careless readers.
_WORDS = (0, 1, 2, 4, 8, 127, 128, 255, 0x7FFFFFFF, 0x80000000, 0xFFFFFFFF, 0xFFFFFFFE, 0x10000000)


def structure(data: bytes) -> list[int]:
    """Offsets of the bytes that are not constants: what a parser's decisions depend on."""
    base = np.frombuffer(data, np.uint8).__array_interface__["data"][0]
    loose = np.ones(len(data), bool)
    for tensor in parse_tflite(data).tensors:
        if tensor.data is not None and tensor.data.size:
            start = tensor.data.__array_interface__["data"][0] - base
            loose[start : start + tensor.data.nbytes] = False
    return np.flatnonzero(loose).tolist()


def mutate(data: bytes, places: list[int], rng: random.Random) -> bytes:
    """A damaged copy: one to four changes, mostly at ``places``."""
    mutant = bytearray(data)
    for _ in range(rng.choice((1, 1, 1, 2, 4))):
        if len(mutant) < 8:
            break
        place = rng.choice(places) if rng.random() < 0.9 else rng.randrange(len(mutant))
        place = min(place, len(mutant) - 4)
        rng.choice(_CHANGES)(mutant, place, rng)
    return bytes(mutant)


def _flip_bit(mutant: bytearray, place: int, rng: random.Random) -> None:
    mutant[place] ^= 1 << rng.randrange(8)


def _set_byte(mutant: bytearray, place: int, rng: random.Random) -> None:
    mutant[place] = rng.randrange(256)


def _set_word(mutant: bytearray, place: int, rng: random.Random) -> None:
    word = rng.choice((*_WORDS, len(mutant), rng.randrange(len(mutant)), rng.getrandbits(32)))
    struct.pack_into("<I", mutant, place & ~3, word)


def _nudge_word(mutant: bytearray, place: int, rng: random.Random) -> None:
    (word,) = struct.unpack_from("<I", mutant, place & ~3)
    struct.pack_into("<I", mutant, place & ~3, (word + rng.randint(-8, 8)) & 0xFFFFFFFF)


def _copy_word(mutant: bytearray, place: int, rng: random.Random) -> None:
    source = rng.randrange(len(mutant) - 3) & ~3
    mutant[place & ~3 : (place & ~3) + 4] = mutant[source : source + 4]


def _point_back(mutant: bytearray, place: int, rng: random.Random) -> None:
    """An offset to somewhere earlier, or to itself: what makes cycles."""
    struct.pack_into("<i", mutant, place & ~3, -rng.randrange(0, place + 4) & ~3)


def _cut(mutant: bytearray, place: int, rng: random.Random) -> None:
    del mutant[place : place + rng.choice((1, 4, 16, len(mutant)))]


def _insert(mutant: bytearray, place: int, rng: random.Random) -> None:
    mutant[place:place] = rng.randbytes(rng.choice((1, 4, 16)))


_CHANGES: tuple[Callable[[bytearray, int, random.Random], None], ...] = (
    _flip_bit,
    _set_byte,
    _set_word,
    _set_word,
    _nudge_word,
    _copy_word,
    _point_back,
    _cut,
    _insert,
)
