"""Canonical Huffman code of int8 weights, one code per layer.

The length-limited code by package-merge (Larmore and Hirschberg, JACM 37, 1990), its words
canonical (Schwartz and Kallick, CACM 7, 1964): the lengths alone say which word stands for which
value, and they are what the device gets. tb_huffman.c reads what encode() writes; decode() is a
second reader, by another method, for tests and for whoever wants to look. Packages that code with
Huffman's method do not limit the length of words, which the device's shift register does.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

LONGEST = 15  # TB_HUFFMAN_LONGEST in tb_huffman.h
TABLES_BYTES = 2 * 256 + 256  # TB_HUFFMAN_TABLES
_SPARE = 3  # bytes that the reader may look at behind the last word

Int8 = NDArray[np.int8]


@dataclass(frozen=True)
class Coded:
    """Values in code.

    Attributes:
        lengths: uint8 (128,): bits of each value's word, a nibble per bit pattern 0..255, low
            nibble first; 0: the value does not occur.
        stream: uint8: the words one after the other, first bit highest, with spare bytes.
        bits: of the words together.
    """

    lengths: NDArray[np.uint8]
    stream: NDArray[np.uint8]
    bits: int

    @property
    def nbytes(self) -> int:
        """All that flash has to hold."""
        return int(self.lengths.nbytes + self.stream.nbytes)


def encode(values: Int8) -> Coded:
    """Codes values in C order; at least one."""
    symbols = values.reshape(-1).view(np.uint8)
    lengths = word_lengths(np.bincount(symbols, minlength=256))
    words = canonical_words(lengths)
    text = [format(words[s], f"0{lengths[s]}b") if lengths[s] else "" for s in range(256)]
    joined = "".join([text[s] for s in symbols.tolist()])
    padded = joined + "0" * (-len(joined) % 8 + 8 * _SPARE)
    stream = np.packbits(np.frombuffer(padded.encode(), np.uint8) - ord("0"))
    nibbles = lengths.astype(np.uint8)
    packed = (nibbles[0::2] | nibbles[1::2] << 4).astype(np.uint8)
    return Coded(packed, stream, len(joined))


def decode(coded: Coded, count: int) -> Int8:
    """The first ``count`` values, word by word from a dictionary.

    Raises:
        ValueError: the stream ends before that, or has a word that the code does not.
    """
    lengths = np.stack([coded.lengths & 15, coded.lengths >> 4], axis=1).reshape(-1)
    words = canonical_words(lengths)
    known = {(int(lengths[s]), words[s]): s for s in range(256) if lengths[s]}
    values: list[int] = []
    word = length = 0
    for bit in np.unpackbits(coded.stream)[: coded.bits].tolist():
        if len(values) == count:
            break
        word, length = word << 1 | bit, length + 1
        if (length, word) in known:
            values.append(known[length, word])
            word = length = 0
        elif length == LONGEST:
            raise ValueError(f"no word of this code: {word:015b}")
    if len(values) != count:
        raise ValueError(f"{count} values wanted, the stream has {len(values)}")
    return np.array(values, np.uint8).view(np.int8)


def canonical_words(lengths: NDArray[np.integer]) -> list[int]:
    """Each value's word; words of one length are consecutive numbers in the order of values."""
    words = [0] * len(lengths)
    word = 0
    for length in range(1, LONGEST + 1):
        word <<= 1
        for symbol in np.flatnonzero(lengths == length).tolist():
            words[symbol] = word
            word += 1
    return words


def word_lengths(counts: NDArray[np.integer], longest: int = LONGEST) -> NDArray[np.int64]:
    """Lengths of the best code whose words have at most ``longest`` bits.

    A value that occurs alone gets a word of one bit.
    """
    lengths = np.zeros(len(counts), np.int64)
    leaves = sorted((int(n), (s,)) for s, n in enumerate(counts.tolist()) if n)
    if len(leaves) == 1:
        lengths[leaves[0][1][0]] = 1
        return lengths
    packages: list[tuple[int, tuple[int, ...]]] = []
    for _ in range(longest):
        merged = sorted([*leaves, *packages])
        packages = [
            (a[0] + b[0], a[1] + b[1]) for a, b in zip(merged[0::2], merged[1::2], strict=False)
        ]
    for _, symbols in packages[: len(leaves) - 1]:
        for symbol in symbols:
            lengths[symbol] += 1
    return lengths


def entropy_bits(values: Int8) -> float:
    """Shannon's entropy of the values, in bits per value (Bell System Technical Journal, 1948)."""
    _, counts = np.unique(values, return_counts=True)
    shares = counts / counts.sum()
    return float(-(shares * np.log2(shares)).sum())
