"""Which convolutions take two pixels with one multiplication: those where their weights allow it.

tb_conv_pairs.c adds up products of two pixels in one word, in groups of taps whose sums cannot
leave 16 bits. Small weights and zeros make long groups; where groups are short, ending them costs
more than the multiplications that were saved, and the convolution stays as it is. The words are
made in scratch, and nothing is paired that would raise the arena's peak.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from tinybench.compiler.kernel import (
    ConstArray,
    Kernel,
    Scratch,
    Value,
    array_of,
    const_arrays,
    number_of,
)
from tinybench.compiler.program import Step, Target
from tinybench.compiler.traffic import streamed_bytes
from tinybench.compiler.window import Window

KERNEL, PAIRED_KERNEL = "tb_conv2d", "tb_conv2d_pairs"
PIXELS, CHANNELS, TAPS = 4, 2, 2  # of a block in tb_conv_pairs.c, and of a turn of its loop
LONGEST = 255  # turns of a group

# Instructions, counted in both kernels' loops as gcc 12 compiles them for RISC-V.
_PLAIN_MAC, _PLAIN_OUTPUT = 2.75, 18
_MAC = 27 / 16
_GROUP = 30  # to end a group
_BLOCK = 215  # to begin a block and to scale its sums
_PACK = 13  # to make a tap's words for four pixels that are inside the image
_PACK_ANY = 26  # likewise, where they may leave it

_WORTH = 256  # instructions that a byte of groups' lengths in flash has to save

_LOWEST, _HIGHEST = -(1 << 15), (1 << 15) - 1  # of a group's sum

Int8 = NDArray[np.int8]
Peak = Callable[[Sequence[Step]], int]


@dataclass(frozen=True)
class _Candidate:
    """A convolution that would be faster in pairs.

    Attributes:
        step, part: its position.
        fields: of the new kernel, but for the scratch.
        saved: instructions, about.
        spare: so many of them may be lost again.
    """

    step: int
    part: int
    fields: dict[str, Value]
    saved: float
    spare: float


def pair_pixels(steps: Sequence[Step], target: Target, peak: Peak) -> tuple[Step, ...]:
    """The steps, with convolutions in pairs where that is faster and costs no memory.

    Args:
        steps: after chaining and coding.
        target: ``pairing`` says how much faster it has to be.
        peak: most bytes live at once, of some steps.
    """
    found = [
        candidate
        for number, step in enumerate(steps)
        for place, part in enumerate(step.parts)
        if (candidate := _look(number, place, part, target)) is not None
    ]
    best, lowest = tuple(steps), peak(steps)
    for candidate in sorted(found, key=lambda c: -c.saved):
        step = best[candidate.step]
        for columns in _columns(candidate, step, target):
            tried = _with(best, candidate, columns)
            read = _bytes_read_again(step, tried[candidate.step], target)
            if read * target.work_per_byte < candidate.spare and peak(tried) <= lowest:
                best = tried
                break
    return best


def _look(number: int, place: int, part: Step, target: Target) -> _Candidate | None:
    if part.kernel.function != KERNEL:
        return None
    fields = part.kernel.fields
    window, filters = fields["window"], _filters(part.kernel)
    assert isinstance(window, Window)
    channels, taps = filters.shape
    groups = channels // number_of(fields["group_out"])
    packed = pack_pairs(filters, groups)
    lengths = group_lengths(packed)
    if lengths is None:
        return None
    plain = part.macs * _PLAIN_MAC + window.out_bytes * _PLAIN_OUTPUT
    blocks = window.out_h * -(-window.out_w // PIXELS)
    inner = number_of(fields["inner_last"]) - number_of(fields["inner_first"])
    pack = _PACK if 2 * inner > window.out_w else _PACK_ANY
    paired = blocks * (
        packed.size * PIXELS * _MAC
        + sum(map(len, lengths)) * _GROUP
        + len(packed) * _BLOCK
        + groups * taps * pack
    )
    fields = _paired_fields(part.kernel, packed, lengths)
    least = _WORTH * array_of(fields["groups"]).nbytes
    if paired >= target.pairing * plain or plain * max(1.0, target.pairing) - paired < least:
        return None
    return _Candidate(number, place, fields, plain - paired, target.pairing * plain - paired)


def _filters(kernel: Kernel) -> Int8:
    """(channels, taps), out of blocks that are filled up with zero channels."""
    blocks = array_of(kernel.fields["filter"]).astype(np.int8)
    per_group, taps = number_of(kernel.fields["group_out"]), blocks.shape[1]
    window = kernel.fields["window"]
    assert isinstance(window, Window)
    full = blocks.transpose(0, 2, 1).reshape(window.out_c // per_group, -1, taps)
    return np.ascontiguousarray(full[:, :per_group]).reshape(-1, taps)


def pack_pairs(filters: Int8, groups: int) -> Int8:
    """(channels, taps) -> (pairs, taps, 2), groups and taps filled up with zeros to even numbers.

    Args:
        filters: of all groups of channels, one after another.
        groups: of channels.
    """
    channels, taps = filters.shape
    per_group = channels // groups
    shape = groups, -(-per_group // CHANNELS) * CHANNELS, -(-taps // TAPS) * TAPS
    full = np.zeros(shape, np.int8)
    full[:, :per_group, :taps] = filters.reshape(groups, per_group, taps)
    return np.ascontiguousarray(full.reshape(-1, CHANNELS, shape[2]).transpose(0, 2, 1))


def group_lengths(packed: Int8) -> list[list[int]] | None:
    """Of each pair of channels, into how long groups its taps are cut, in turns of two taps.

    Within a group both channels' sums stay in 16 bits, whatever the pixels are.

    Args:
        packed: (pairs, taps, 2).

    Returns:
        None where not even a single turn's sums do, as with two weights of -128.
    """
    wide = packed.astype(np.int64)
    up, down = np.maximum(wide, 0), np.maximum(-wide, 0)
    most = (127 * up + 128 * down).reshape(len(packed), -1, TAPS, CHANNELS).sum(axis=2)
    least = (128 * up + 127 * down).reshape(len(packed), -1, TAPS, CHANNELS).sum(axis=2)
    if most.max() > _HIGHEST or least.max() > -_LOWEST:
        return None
    return [_cut(m, n) for m, n in zip(most, least, strict=True)]


def _cut(most: NDArray[np.int64], least: NDArray[np.int64]) -> list[int]:
    """Lengths of groups, each as long as it may be.

    Args:
        most, least: how far up and down each turn can drive the sums, (turns, 2).
    """
    lengths = [0]
    high, low = np.zeros(CHANNELS, np.int64), np.zeros(CHANNELS, np.int64)
    for m, n in zip(most, least, strict=True):
        high, low = high + m, low + n
        if high.max() > _HIGHEST or low.max() > -_LOWEST or lengths[-1] == LONGEST:
            lengths.append(0)
            high, low = m, n
        lengths[-1] += 1
    return lengths


def _paired_fields(kernel: Kernel, packed: Int8, lengths: list[list[int]]) -> dict[str, Value]:
    fields = kernel.fields
    per_group = number_of(fields["group_out"])
    ends = np.array([n for pair in lengths for n in (*pair, 0)], np.uint8)
    window = fields["window"]
    assert isinstance(window, Window)
    bias = array_of(fields["bias"]).reshape(window.out_c // per_group, -1)[:, :per_group]
    kept = ("window", "group_in", "group_out")
    return {
        **{name: fields[name] for name in kept},
        "taps": packed.shape[1],
        **{name: fields[name] for name in ("run", "inner_first", "inner_last")},
        "columns": 0,
        **{name: fields[name] for name in ("out_offset", "act_min", "act_max")},
        "filter": ConstArray("filter", packed),
        "groups": ConstArray("groups", ends),
        "bias": ConstArray("bias", bias.reshape(-1)),
        **{name: fields[name] for name in ("multiplier", "shift")},
        "zero": fields["zero"],
    }


def _columns(candidate: _Candidate, step: Step, target: Target) -> Iterator[int]:
    """Columns of which words are made at a time: all of a row, then fewer.

    Fewer only where the constants stay in a cache, as they are walked over each time.
    """
    window = candidate.fields["window"]
    assert isinstance(window, Window)
    columns = -(-window.out_w // PIXELS) * PIXELS
    yield columns
    if sum(a.data.nbytes for part in step.parts for a in const_arrays(part.kernel)) > (
        target.chain_bytes
    ):
        return
    while columns > PIXELS:
        columns = -(-columns // 2 // PIXELS) * PIXELS
        yield columns


def _bytes_read_again(plain: Step, paired: Step, target: Target) -> int:
    """Constants that come from flash again, where bands of rows would read them once."""
    once = sum(a.data.nbytes for part in plain.parts for a in const_arrays(part.kernel))
    return streamed_bytes(paired, 0, target) - once


def _with(steps: tuple[Step, ...], candidate: _Candidate, columns: int) -> tuple[Step, ...]:
    """The steps with one convolution in pairs."""
    step = steps[candidate.step]
    taps = number_of(candidate.fields["taps"])
    words = Scratch("words", columns // PIXELS * 2 * taps * 4, "int32")
    fields = {**candidate.fields, "columns": columns, "words": words}
    kernel = Kernel(PAIRED_KERNEL, fields)
    if step.links:
        links = list(step.links)
        links[candidate.part] = replace(links[candidate.part], kernel=kernel)
        changed = replace(step, links=tuple(links))
    else:
        changed = replace(step, kernel=kernel)
    return (*steps[: candidate.step], changed, *steps[candidate.step + 1 :])
