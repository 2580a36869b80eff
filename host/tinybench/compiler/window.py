"""A window that slides over an image: which rows it reads, how far its output may lag behind."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray


class Window(NamedTuple):
    """A tb_window_t, in the order of its declaration."""

    in_h: int
    in_w: int
    in_c: int
    out_h: int
    out_w: int
    out_c: int
    kernel_h: int
    kernel_w: int
    stride_h: int
    stride_w: int
    dilation_h: int
    dilation_w: int
    pad_top: int
    pad_left: int
    bottom_up: int = 0

    @property
    def in_row(self) -> int:
        """Bytes of an input row."""
        return self.in_w * self.in_c

    @property
    def out_row(self) -> int:
        """Bytes of an output row."""
        return self.out_w * self.out_c

    @property
    def span(self) -> int:
        """Input rows from the first to the last of a window, of those that there are."""
        return min((self.kernel_h - 1) * self.dilation_h + 1, self.in_h)

    @property
    def out_bytes(self) -> int:
        """Bytes of the output."""
        return self.out_h * self.out_row

    def rows_read(self, y: int) -> tuple[int, int]:
        """(first, last): input rows first <= row < last are read for output row y."""
        top = y * self.stride_h - self.pad_top
        bottom = top + (self.kernel_h - 1) * self.dilation_h + 1
        return min(max(top, 0), self.in_h), max(0, min(bottom, self.in_h))

    def all_rows_read(self) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """rows_read() of every output row: all first rows, all last ones."""
        top = np.arange(self.out_h, dtype=np.int64) * self.stride_h - self.pad_top
        bottom = top + (self.kernel_h - 1) * self.dilation_h + 1
        return np.clip(top, 0, self.in_h), np.clip(bottom, 0, self.in_h)

    def lag_below(self, band: int = 1) -> int:
        """How far below its input an output must begin to be written over it from the top.

        When ``band`` output rows are complete, they may end no higher than where the first input
        row begins that is read for the first of them or later.
        """
        first, _ = self.all_rows_read()
        begins = np.arange(0, self.out_h, band, dtype=np.int64)
        ends = np.minimum(begins + band, self.out_h) * self.out_row
        return int((ends - first[begins] * self.in_row).max())

    def lag_above(self, band: int = 1) -> int:
        """How far above its input an output must begin to be written over it from the bottom."""
        _, last = self.all_rows_read()
        ends = np.arange(self.out_h, 0, -band, dtype=np.int64)
        begins = np.maximum(ends - band, 0) * self.out_row
        return int((last[ends - 1] * self.in_row - begins).max())

    def inner_columns(self) -> tuple[int, int]:
        """(first, last): output columns first <= x < last see no column outside of the image."""
        reach = (self.kernel_w - 1) * self.dilation_w
        first = -(-self.pad_left // self.stride_w)
        last = (self.in_w - 1 - reach + self.pad_left) // self.stride_w + 1
        last = max(0, min(last, self.out_w))
        return min(first, last), last

    def is_pointwise(self) -> bool:
        """Whether every output pixel is made of the input pixel in the same place."""
        ones = (self.kernel_h, self.kernel_w, self.stride_h, self.stride_w)
        return ones == (1, 1, 1, 1) and (self.in_h, self.in_w) == (self.out_h, self.out_w)

    def stays_inside(self) -> bool:
        """Whether no window ever leaves the image."""
        bottom = (self.out_h - 1) * self.stride_h - self.pad_top
        bottom += (self.kernel_h - 1) * self.dilation_h
        inside = self.pad_top == 0 and bottom < self.in_h
        return inside and self.inner_columns() == (0, self.out_w)
