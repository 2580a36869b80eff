"""Convolutions that take two pixels per multiplication: the same bytes as TFLM, no sum too long."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from support.against_tflm import check_same_bytes, needs_tflm
from support.effort import examples
from support.many_cases import different_cases
from support.op_case import model_of
from support.strategies import OP_CASES
from tinybench.compiler import Target
from tinybench.compiler.pairs import CHANNELS, PAIRED_KERNEL, TAPS, group_lengths, pack_pairs
from tinybench.compiler.program import Program

ALWAYS = Target(pairing=math.inf)


def paired(program: Program) -> int:
    """How many kernels take pixels in pairs."""
    parts = [part for step in program.steps for part in step.parts]
    return sum(part.kernel.function == PAIRED_KERNEL for part in parts)


@needs_tflm
@pytest.mark.parametrize("name", ["CONV_2D", "FULLY_CONNECTED"])
def test_pairs_equal_tflm(name: str) -> None:
    cases = different_cases(OP_CASES[name], examples(24))
    seen = 0
    for first in range(0, len(cases), 8):
        some = cases[first : first + 8]
        seen += paired(check_same_bytes(model_of(some), target=ALWAYS))
    assert seen > len(cases) // 8


@settings(max_examples=examples(100), suppress_health_check=[HealthCheck.too_slow])
@given(st.data())
def test_no_groups_sum_leaves_16_bits(data: st.DataObject) -> None:
    """With the pixels that drive each sum as far as it goes, up and down."""
    channels, taps = data.draw(st.integers(1, 5)), data.draw(st.integers(1, 40))
    values = st.integers(-128, 127) | st.sampled_from([-128, 0, 127])
    filters = data.draw(arrays(np.int8, (channels, taps), elements=values))
    packed = pack_pairs(filters, 1)
    assert packed.shape[1] % TAPS == 0
    flat = packed.transpose(0, 2, 1).reshape(-1, packed.shape[1])
    assert (flat[:channels, :taps] == filters).all()
    assert not flat[channels:].any()
    groups = group_lengths(packed)
    if groups is None:
        turns = packed.reshape(-1, TAPS, CHANNELS).astype(int)
        assert abs(turns).sum(axis=1).max() > 255
        return
    for pair, lengths in zip(packed, groups, strict=True):
        ends = np.cumsum(lengths) * TAPS
        assert ends[-1] == packed.shape[1]
        assert 1 <= min(lengths) <= max(lengths) <= 255
        for begin, end in zip([0, *ends[:-1]], ends, strict=True):
            for weights in pair[begin:end].astype(int).T:
                up = np.where(weights > 0, 127, -128)
                down = np.where(weights > 0, -128, 127)
                assert weights @ up < 1 << 15
                assert weights @ down >= -(1 << 15)


def test_groups_are_as_long_as_they_may_be() -> None:
    """Small weights make one group, until its length no longer fits a byte."""
    assert group_lengths(np.ones((1, 200, CHANNELS), np.int8)) == [[100]]
    assert group_lengths(np.zeros((2, 600, CHANNELS), np.int8)) == [[255, 45]] * 2
    assert group_lengths(np.full((1, 4, CHANNELS), 127, np.int8)) == [[1, 1]]
    one_large = np.zeros((1, 6, CHANNELS), np.int8)
    one_large[0, :, 1] = 60
    assert group_lengths(one_large) == [[2, 1]]
    assert group_lengths(np.full((1, 2, CHANNELS), -128, np.int8)) is None
