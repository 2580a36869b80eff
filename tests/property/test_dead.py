"""Channels that are left out change no byte, wherever they lie and whoever reads them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from support.against_tflm import check_same_bytes, needs_tflm
from support.effort import examples
from support.tflite_builder import ModelBuilder

BETWEEN = ("nothing", "max", "average", "depthwise", "mean")
READERS = ("pointwise", "same", "valid", "dense")
SIZE, CHANNELS = 4, 6


@dataclass(frozen=True)
class Dead:
    """A convolution, something between, and two readers, one after the other.

    Attributes:
        silent: channels without weights; ``bias`` says which value they have.
        unread: channels that the first reader multiplies by zero.
    """

    between: str
    reader: str
    activation: str
    silent: frozenset[int]
    unread: frozenset[int]
    with_bias: bool
    zero: int
    seed: int


CASES = st.builds(
    Dead,
    between=st.sampled_from(BETWEEN),
    reader=st.sampled_from(READERS),
    activation=st.sampled_from(("NONE", "RELU", "RELU6")),
    silent=st.frozensets(st.integers(0, CHANNELS - 1)),
    unread=st.frozensets(st.integers(0, CHANNELS - 1)),
    with_bias=st.booleans(),
    zero=st.sampled_from((-128, -3, 40)),
    seed=st.integers(0, 999),
)


class Maker:
    """Adds the ops of a case; every tensor has the same scale."""

    def __init__(self, case: Dead) -> None:
        self.case, self.b, self.rng = case, ModelBuilder(), np.random.default_rng(case.seed)
        self.at = self.b.input((1, SIZE, SIZE, 3), 0.05, -3)
        self.shape: tuple[int, ...] = (1, SIZE, SIZE, 3)

    def add(self, name: str, constants: list[int], shape: tuple[int, ...], **options: Any) -> None:
        out = self.b.tensor(shape, 0.05, self.case.zero)
        self.b.op(name, [self.at, *constants], [out], 2, **options)
        self.at, self.shape = out, shape

    def filters(self, shape: tuple[int, ...], axis: int) -> tuple[np.ndarray, list[int]]:
        values = self.rng.integers(-127, 128, shape).astype(np.int8)
        return values, [int(v) for v in self.rng.integers(-4000, 4000, shape[axis])]

    def weigh(self, values: np.ndarray, bias: list[int] | None, axis: int) -> list[int]:
        scales = self.rng.uniform(0.002, 0.01, values.shape[axis])
        found = [self.b.const(values, scales, axis=axis)]
        if bias is not None:
            found.append(self.b.const(np.array(bias, np.int32), scales * 0.05, axis=0))
        return found

    def first(self) -> None:
        values, bias = self.filters((CHANNELS, 3, 3, 3), 0)
        values[list(self.case.silent)] = 0
        options = {"padding": "SAME", "stride_h": 1, "stride_w": 1}
        self.add(
            "CONV_2D",
            self.weigh(values, bias, 0),
            (1, SIZE, SIZE, CHANNELS),
            fused_activation_function=self.case.activation,
            **options,
        )

    def between(self) -> None:
        kind, whole = self.case.between, self.shape
        pool = {"padding": "SAME", "filter_height": 3, "filter_width": 3}
        steps = {"stride_h": 1, "stride_w": 1}
        if kind in ("max", "average"):
            self.add(f"{kind.upper()}_POOL_2D", [], whole, **pool, **steps)
        if kind == "depthwise":
            values, bias = self.filters((1, 3, 3, CHANNELS), 3)
            values[..., sorted(self.case.unread)[:1]] = 0
            options = {"padding": "SAME", "depth_multiplier": 1, **steps}
            self.add("DEPTHWISE_CONV_2D", self.weigh(values, bias, 3), whole, **options)
        if kind == "mean":
            axes = self.b.const(np.array([1, 2], np.int32))
            self.add("MEAN", [axes], (1, 1, 1, CHANNELS), keep_dims=True)

    def read(self) -> None:
        if self.case.reader == "dense":
            self._dense(5, self.case.unread)
        else:
            same = self.case.reader != "valid" or self.shape[1] < 3
            size = 1 if self.case.reader == "pointwise" or self.shape[1] < 3 else 3
            self._convolve(5, size, self.case.unread, "SAME" if same else "VALID")
        self._dense(3, frozenset({1, 4}))

    def _convolve(self, units: int, size: int, unread: frozenset[int], padding: str) -> None:
        values, bias = self.filters((units, size, size, self.shape[-1]), 0)
        values[..., list(unread)] = 0
        lost = 0 if padding == "SAME" else size - 1
        shape = (1, self.shape[1] - lost, self.shape[2] - lost, units)
        given = bias if self.case.with_bias else None
        options = {"padding": padding, "stride_h": 1, "stride_w": 1}
        self.add("CONV_2D", self.weigh(values, given, 0), shape, **options)

    def _dense(self, units: int, unread: frozenset[int]) -> None:
        depth, channels = int(np.prod(self.shape)), self.shape[-1]
        self.add("RESHAPE", [self.b.const(np.array([1, depth], np.int32))], (1, depth))
        values, bias = self.filters((units, depth), 0)
        values.reshape(units, -1, channels)[..., list(unread)] = 0
        self.add("FULLY_CONNECTED", self.weigh(values, bias, 0), (1, units))

    def finish(self) -> bytes:
        return self.b.finish(outputs=[self.at])


def build(case: Dead) -> bytes:
    maker = Maker(case)
    maker.first()
    maker.between()
    maker.read()
    return maker.finish()


@needs_tflm
@settings(max_examples=examples(5), suppress_health_check=[HealthCheck.too_slow])
@given(CASES)
def test_bytes_stay(case: Dead) -> None:
    check_same_bytes(build(case), seed=case.seed)
