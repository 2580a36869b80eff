"""Dense layers of which most weights are zero: blocks of zeros are neither kept nor computed.

A block is a tap of four channels, as tb_conv2d() computes them together. tb_dense_sparse() has only
the blocks in which a weight is left, each with the number of its tap; that pays where a third of
them are zero.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from tinybench.compiler.kernel import ConstArray, Kernel, array_of, number_of
from tinybench.compiler.program import Step, Target
from tinybench.compiler.window import Window

KERNEL, SPARSE_KERNEL = "tb_conv2d", "tb_dense_sparse"
_MOST_TAPS = 0xFFFF

# Instructions, counted in both kernels' loops as gcc 12 compiles them for RISC-V.
_PLAIN_BLOCK, _BLOCK = 15, 18
_CODED_BITS = 1  # of a weight in Huffman code, at least


def skip_zeros(steps: Sequence[Step], target: Target) -> tuple[Step, ...]:
    """The steps, with dense layers without their zeros where that is faster and smaller."""
    return tuple(_sparse(step, target) for step in steps)


def zero_blocks(step: Step) -> float | None:
    """The share of blocks that a step leaves out; None where it computes all."""
    if step.kernel.function != SPARSE_KERNEL:
        return None
    left = array_of(step.kernel.fields["taps"]).size
    blocks = array_of(step.kernel.fields["counts"]).size
    return 1 - left / (blocks * number_of(step.kernel.fields["depth"]))


def _sparse(step: Step, target: Target) -> Step:
    fields = step.kernel.fields
    if step.links or step.kernel.function != KERNEL or step.window is not None:
        return step
    window = fields["window"]
    assert isinstance(window, Window)
    filters = array_of(fields["filter"])
    used: NDArray[np.bool_] = np.any(filters, axis=2)
    left, blocks = int(used.sum()), used.size
    most_bits = _CODED_BITS if target.weights == "huffman" else 8
    smaller = 8 * (left * 6 + 2 * len(used)) <= most_bits * filters.size
    one_row = window.in_h * window.in_w == 1 and window.in_c <= _MOST_TAPS
    if not one_row or not left or not smaller or left * _BLOCK > 0.9 * blocks * _PLAIN_BLOCK:
        return step
    taps = np.nonzero(used)[1].astype(np.uint16)
    kept = ("out_offset", "act_min", "act_max", "bias", "multiplier", "shift")
    kernel = Kernel(
        SPARSE_KERNEL,
        {
            "depth": window.in_c,
            "channels": window.out_c,
            "filter": ConstArray("filter", filters[used]),
            "taps": ConstArray("taps", taps),
            "counts": ConstArray("counts", used.sum(axis=1).astype(np.uint16)),
            **{name: fields[name] for name in kept},
        },
    )
    return replace(step, kernel=kernel, macs=filters[used].size)
