"""Rows and columns of a filter that lie outside of the image for every output are left out."""

from __future__ import annotations

import pytest

from tinybench.compiler.lower.window import without_dead_taps
from tinybench.compiler.window import Window


def window(size: int, out: int, kernel: int, stride: int = 1, dilation: int = 1) -> Window:
    pad = max(0, (out - 1) * stride + (kernel - 1) * dilation + 1 - size) // 2
    shape = (size, size, 8, out, out, 8, kernel, kernel, stride, stride, dilation, dilation)
    return Window(*shape, pad, pad)


@pytest.mark.parametrize(
    ("before", "taps", "pad"),
    [
        (window(1, 1, 3), slice(1, 2), 0),
        (window(1, 1, 5), slice(2, 3), 0),
        (window(2, 2, 5), slice(1, 4), 1),
        (window(2, 1, 3, stride=2), slice(0, 2), 0),
        (window(3, 3, 3, dilation=4), slice(1, 2), 0),
        (window(2, 2, 3), slice(0, 3), 1),
        (window(8, 8, 3), slice(0, 3), 1),
    ],
)
def test_taps_that_no_output_meets_are_left_out(before: Window, taps: slice, pad: int) -> None:
    after, kept = without_dead_taps(before)
    assert kept == (taps, taps)
    assert (after.kernel_h, after.pad_top) == (taps.stop - taps.start, pad)
    for y in range(before.out_h):
        assert after.rows_read(y)[1] <= before.rows_read(y)[1]
        assert after.rows_read(y)[0] >= before.rows_read(y)[0]


def test_a_window_that_meets_nothing_stays_as_it_is() -> None:
    before = window(4, 1, 3)._replace(pad_top=3, pad_left=3, in_h=4)
    assert without_dead_taps(before) == (before, (slice(0, 3), slice(0, 3)))
