"""Kernels run row by row in chains: the same bytes as TFLM, in less memory."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from support.against_tflm import check_same_bytes, needs_tflm
from support.effort import examples
from support.tflite_builder import ModelBuilder
from tinybench.compiler import Target, compile_graph
from tinybench.compiler.buffers import Frame, make_buffers
from tinybench.compiler.chains import chain_of
from tinybench.compiler.program import Step, Weighting
from tinybench.compiler.replay import PlanClashError, replay
from tinybench.compiler.stack import peak
from tinybench.model.read import parse_tflite

KINDS = ("CONV_2D", "DEPTHWISE_CONV_2D", "AVERAGE_POOL_2D", "MAX_POOL_2D")
STRIDES = st.sampled_from([1, 1, 2])
SMALLEST = Target(work_per_memory=1e-9)  # whatever it costs


class _Stack:
    """Builds window ops on top of each other."""

    def __init__(self, draw: st.DrawFn) -> None:
        self._draw = draw
        self._b = ModelBuilder()
        self._random = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
        rows, columns = draw(st.integers(6, 24)), draw(st.integers(3, 9))
        self._shape = (1, rows, columns, draw(st.integers(1, 4)))
        self._scale, self._zero = 0.05, draw(st.integers(-20, 20))
        self._last = self._b.input(self._shape, scale=self._scale, zero_point=self._zero)
        self._sizes: dict[int, int] = {}  # channels of what a CONCATENATION may read

    def add(self) -> None:
        draw = self._draw
        kind = draw(st.sampled_from(KINDS))
        padding = draw(st.sampled_from(["SAME", "VALID"]))
        limit = 5 if padding == "SAME" else min(5, *self._shape[1:3])
        kernel = draw(st.integers(1, limit)), draw(st.integers(1, limit))
        strides = draw(st.integers(1, 2)), draw(st.integers(1, 2))
        size = tuple(
            -(-n // s) if padding == "SAME" else (n - k) // s + 1
            for n, k, s in zip(self._shape[1:3], kernel, strides, strict=True)
        )
        options = {"padding": padding, "stride_h": strides[0], "stride_w": strides[1]}
        if kind.endswith("POOL_2D"):
            options |= {"filter_height": kernel[0], "filter_width": kernel[1]}
            self._put(kind, (1, *size, self._shape[3]), [], options, 2)
            return
        source = self._shape[3]
        if kind == "CONV_2D":
            out = draw(st.integers(1, 12))
            filters, axis = (out, *kernel, source), 0
        else:
            options["depth_multiplier"] = draw(st.integers(1, 3))
            out = source * options["depth_multiplier"]
            filters, axis = (1, *kernel, out), 3
        self._scale, self._zero = 0.06, draw(st.integers(-20, 20))
        w = self._weights(filters, axis, out)
        self._put(kind, (1, *size, out), w, options, 3)

    def add_block(self) -> None:
        """An inverted residual, as MobileNetV2 has them, with elementwise ops anywhere in it."""
        draw, source = self._draw, self._last
        narrow = self._shape[3]
        wide = narrow * draw(st.integers(3, 6))
        self._convolve("CONV_2D", wide, 1)
        self._maybe_elementwise()
        self._convolve("DEPTHWISE_CONV_2D", wide, draw(st.sampled_from([3, 5])))
        self._maybe_elementwise()
        self._convolve("CONV_2D", narrow, 1)
        self._binary(draw(st.sampled_from(["ADD", "MUL"])), source)
        self._maybe_elementwise()

    def add_gated_block(self) -> None:
        """Expanded, filtered, multiplied by its own mean: that wants the filtered as a whole."""
        draw = self._draw
        wide = draw(st.integers(9, 70))
        self._convolve("CONV_2D", wide, draw(st.sampled_from([1, 1, 3])))
        self._convolve("DEPTHWISE_CONV_2D", wide, draw(st.sampled_from([3, 5])), draw(STRIDES))
        filtered = self._last
        axes = self._b.const(np.array([1, 2], np.int32))
        mean = self._b.tensor((1, 1, 1, wide), 0.05, 4)
        self._b.op("MEAN", [filtered, axes], [mean], version=2, keep_dims=True)
        self._binary("MUL", mean)
        self._convolve("CONV_2D", draw(st.integers(1, 5)), 1)

    def add_fire_module(self) -> None:
        """As SqueezeNet has them: squeezed, expanded twice or more, put side by side."""
        draw = self._draw
        self._convolve("CONV_2D", draw(st.integers(1, 4)), 1)
        squeezed = self._last
        zero = draw(st.integers(-20, 20))
        parts = [] if draw(st.booleans()) else [self._branch(squeezed, zero, pool=True)]
        parts += [self._branch(squeezed, zero) for _ in range(draw(st.integers(1, 3)))]
        if len(parts) > 1 and draw(st.booleans()):
            parts.append(parts[0])
        shapes = [self._sizes[part] for part in parts]
        self._shape = (*self._shape[:3], sum(shapes))
        out = self._b.tensor(self._shape, 0.06, zero)
        self._b.op("CONCATENATION", parts, [out], version=2, axis=3)
        self._last = out

    def _branch(self, source: int, zero: int, *, pool: bool = False) -> int:
        channels = self._shape[3] if pool else self._draw(st.integers(3, 24))
        kernel = self._draw(st.sampled_from([1, 3]))
        options = {"padding": "SAME", "stride_h": 1, "stride_w": 1}
        made = self._b.tensor((*self._shape[:3], channels), 0.06, zero)
        if pool:
            options |= {"filter_height": kernel, "filter_width": kernel}
            equal = self._b.tensor(self._shape, 0.06, zero)
            w = self._weights((self._shape[3], 1, 1, self._shape[3]), 0, self._shape[3])
            one = {"padding": "SAME", "stride_h": 1, "stride_w": 1}
            self._b.op("CONV_2D", [source, *w], [equal], version=3, **one)
            self._b.op("MAX_POOL_2D", [equal], [made], version=2, **options)
        else:
            w = self._weights((channels, kernel, kernel, self._shape[3]), 0, channels)
            self._b.op("CONV_2D", [source, *w], [made], version=3, **options)
        self._sizes[made] = channels
        return made

    def _convolve(self, kind: str, out: int, kernel: int, stride: int = 1) -> None:
        depthwise = kind.startswith("DEPTHWISE")
        filters = (1, kernel, kernel, out) if depthwise else (out, kernel, kernel, self._shape[3])
        options = {"padding": "SAME", "stride_h": stride, "stride_w": stride}
        size = tuple(-(-n // stride) for n in self._shape[1:3])
        if depthwise:
            options["depth_multiplier"] = 1
        self._scale, self._zero = 0.06, self._draw(st.integers(-20, 20))
        weights = self._weights(filters, 3 if depthwise else 0, out)
        self._put(kind, (1, *size, out), weights, options, 3)

    def _maybe_elementwise(self) -> None:
        """A table; or the product with one value per channel, from outside or constant."""
        shape = (1, 1, 1, self._shape[3])
        kind = self._draw(st.sampled_from([None, "table", "gate", "constant"]))
        if kind == "table":
            self._scale, self._zero = 1 / 256, -128
            self._put("LOGISTIC", self._shape, [], {}, 1)
        elif kind == "gate":
            self._binary("MUL", self._b.input(shape, scale=0.02, zero_point=3))
        elif kind == "constant":
            values = self._random.integers(-127, 128, shape).astype(np.int8)
            self._binary("MUL", self._b.const(values, scale=0.01))

    def _binary(self, kind: str, other: int) -> None:
        operands = [self._last, other]
        if self._draw(st.booleans()):
            operands.reverse()
        self._scale, self._zero = 0.12, self._draw(st.integers(-20, 20))
        out = self._b.tensor(self._shape, self._scale, self._zero)
        self._b.op(kind, operands, [out])
        self._last = out

    def _weights(self, shape: tuple[int, ...], axis: int, channels: int) -> list[int]:
        values = self._random.integers(-127, 128, shape).astype(np.int8)
        scale = self._random.uniform(0.001, 0.01, channels).astype(np.float32)
        bias = self._random.integers(-2000, 2000, channels).astype(np.int32)
        return [self._b.const(values, scale=scale, axis=axis), self._b.const(bias)]

    def _put(
        self, kind: str, shape: tuple[int, ...], constants: list[int], options: dict, version: int
    ) -> None:
        out = self._b.tensor(shape, self._scale, self._zero)
        self._b.op(kind, [self._last, *constants], [out], version=version, **options)
        self._last, self._shape = out, shape

    def finish(self) -> bytes:
        return self._b.finish(outputs=[self._last])


@st.composite
def stacks(draw: st.DrawFn) -> bytes:
    """Two to six window ops, each reading the one before."""
    stack = _Stack(draw)
    for _ in range(draw(st.integers(2, 6))):
        stack.add()
    return stack.finish()


@st.composite
def residual_blocks(draw: st.DrawFn) -> bytes:
    """One or two of them."""
    stack = _Stack(draw)
    for _ in range(draw(st.integers(1, 2))):
        stack.add_block()
    return stack.finish()


@st.composite
def fire_modules(draw: st.DrawFn) -> bytes:
    """One or two of them."""
    stack = _Stack(draw)
    for _ in range(draw(st.integers(1, 2))):
        stack.add_fire_module()
    return stack.finish()


@needs_tflm
@settings(
    max_examples=examples(8),
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
@given(fire_modules())
def test_concatenations_in_place_equal_tflm(model: bytes) -> None:
    check_same_bytes(model, target=SMALLEST)


def test_what_is_joined_exists_only_where_it_is_joined() -> None:
    """8 x 8 pixels, 2 channels into 8 and 8: the input, the output and the row that comes next."""
    b = ModelBuilder()
    x = b.input((1, 8, 8, 2), scale=0.1, zero_point=0)
    parts = []
    for kernel in (1, 3):
        filters = np.ones((8, kernel, kernel, 2), np.int8)
        w = b.const(filters, scale=np.full(8, 0.01, np.float32), axis=0)
        parts.append(b.tensor((1, 8, 8, 8), 0.1, 0))
        b.op("CONV_2D", [x, w], [parts[-1]], version=3, padding="SAME", stride_h=1, stride_w=1)
    y = b.tensor((1, 8, 8, 16), 0.1, 0)
    b.op("CONCATENATION", parts, [y], version=2, axis=3)
    program = compile_graph(parse_tflite(b.finish(outputs=[y])), SMALLEST)
    assert program.arena_bytes == 8 * 8 * (2 + 16) + 8 * 8


@st.composite
def gated_blocks(draw: st.DrawFn) -> bytes:
    """One, on an image of any size."""
    stack = _Stack(draw)
    stack.add_gated_block()
    return stack.finish()


@needs_tflm
@settings(
    max_examples=examples(8),
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
@given(gated_blocks(), st.sampled_from(["plain", "huffman"]))
def test_channel_groups_equal_tflm(model: bytes, weights: Weighting) -> None:
    check_same_bytes(model, target=replace(SMALLEST, weights=weights))


def test_every_channel_is_made_once_and_all_of_them_are() -> None:
    graph = parse_tflite(gated_model())
    plain = compile_graph(graph, Target(chain_bytes=-1))
    program = compile_graph(graph, SMALLEST)
    groups = [step for step in program.steps if step.ops == (0, 1)]
    assert len(groups) > 1
    assert program.arena_bytes < plain.arena_bytes
    assert (program.macs, program.weights_bytes) == (plain.macs, plain.weights_bytes)
    coded = compile_graph(graph, replace(SMALLEST, weights="huffman"))
    assert coded.arena_bytes == program.arena_bytes
    in_groups = {c.op: c.plain_bytes for c in coded.coding if "in a chain" in c.reason}
    whole = compile_graph(graph, Target(chain_bytes=-1, weights="huffman"))
    assert in_groups == {c.op: c.plain_bytes for c in whole.coding if c.op in (0, 1)}
    missing = replace(program, steps=program.steps[1:])
    buffers = [replace(b, first=b.first - 1, last=b.last - 1) for b in program.plan.buffers]
    plan = replace(program.plan, buffers=tuple(buffers))
    with pytest.raises(PlanClashError, match="MEAN"):
        replay(replace(missing, plan=plan), {})


@needs_tflm
@settings(
    max_examples=examples(8),
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
@given(residual_blocks())
def test_elementwise_ops_in_chains_equal_tflm(model: bytes) -> None:
    check_same_bytes(model, target=SMALLEST)


def test_a_residual_is_added_over_the_input_that_it_waits_for() -> None:
    """Nothing but the block's input, rings of 3 rows and 1, and the row that comes next is live."""
    graph = parse_tflite(residual_model())
    program = compile_graph(graph, SMALLEST)
    assert [len(step.links) for step in program.steps] == [4]
    places = {t: b for b in program.plan.buffers for t in b.tensors}
    source, out = (places[t.tensor] for t in (*program.inputs, *program.outputs))
    assert source.offset == out.offset
    assert program.arena_bytes == 16 * 8 * 4 + 3 * 8 * 24 + 8 * 24 + 8 * 4


def test_a_sum_above_what_is_still_to_be_added_is_found() -> None:
    program = compile_graph(parse_tflite(residual_model()), SMALLEST)
    places = {program.inputs[0].tensor: 0, program.outputs[0].tensor: 1}
    buffers = tuple(
        replace(b, offset=places.get(b.tensors[0], 2000 + b.offset)) for b in program.plan.buffers
    )
    plan = replace(program.plan, buffers=buffers, arena_bytes=4000)
    with pytest.raises(PlanClashError, match="second operand"):
        replay(replace(program, plan=plan), {})


def gated_model() -> bytes:
    """16 x 8 pixels, 4 channels made into 48, filtered, and multiplied by their means."""
    b = ModelBuilder()

    def convolve(kind: str, source: int, filters: tuple[int, ...], **options: int) -> int:
        scale = np.full(48, 0.01, np.float32)
        w = b.const(np.ones(filters, np.int8), scale=scale, axis=3 if options else 0)
        made = b.tensor((1, 16, 8, 48), 0.1, 0)
        b.op(
            kind, [source, w], [made], version=3, padding="SAME", stride_h=1, stride_w=1, **options
        )
        return made

    x = b.input((1, 16, 8, 4), scale=0.1, zero_point=0)
    wide = convolve("CONV_2D", x, (48, 1, 1, 4))
    wide = convolve("DEPTHWISE_CONV_2D", wide, (1, 5, 5, 48), depth_multiplier=1)
    mean, y = b.tensor((1, 1, 1, 48), 0.1, 0), b.tensor((1, 16, 8, 48), 0.2, 0)
    axes = b.const(np.array([1, 2], np.int32))
    b.op("MEAN", [wide, axes], [mean], version=2, keep_dims=True)
    b.op("MUL", [wide, mean], [y])
    return b.finish(outputs=[y])


def residual_model() -> bytes:
    """16 x 8 pixels, 4 channels made into 24, filtered, made into 4 again, and added."""
    b = ModelBuilder()

    def convolve(kind: str, source: int, out: int, filters: tuple[int, ...], **options: int) -> int:
        axis = 3 if options else 0
        scale = np.full(out, 0.01, np.float32)
        w = b.const(np.ones(filters, np.int8), scale=scale, axis=axis)
        made = b.tensor((1, 16, 8, out), 0.1, 0)
        b.op(
            kind, [source, w], [made], version=3, padding="SAME", stride_h=1, stride_w=1, **options
        )
        return made

    x = b.input((1, 16, 8, 4), scale=0.1, zero_point=0)
    wide = convolve("CONV_2D", x, 24, (24, 1, 1, 4))
    wide = convolve("DEPTHWISE_CONV_2D", wide, 24, (1, 3, 3, 24), depth_multiplier=1)
    narrow = convolve("CONV_2D", wide, 4, (4, 1, 1, 24))
    y = b.tensor((1, 16, 8, 4), 0.2, 0)
    b.op("ADD", [narrow, x], [y])
    return b.finish(outputs=[y])


@needs_tflm
@settings(
    max_examples=examples(60),
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
@given(stacks(), st.booleans())
def test_a_stack_equals_tflm(model: bytes, in_pairs: bool) -> None:
    """With two pixels per multiplication, too, wherever that can be."""
    target = replace(SMALLEST, pairing=math.inf) if in_pairs else SMALLEST
    check_same_bytes(model, target=target)


@settings(
    max_examples=examples(40),
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
@given(stacks())
def test_no_other_cut_has_a_lower_peak(model: bytes) -> None:
    """Tried one by one, with the plan of the whole model behind each peak."""
    graph = parse_tflite(model)
    wanted = compile_graph(graph, SMALLEST).plan.live_bytes
    plain = compile_graph(graph, Target(chain_bytes=-1)).steps

    def bound(steps: Sequence[Step]) -> int:
        buffers = make_buffers(steps, Frame(graph, graph.inputs, graph.outputs, {}))
        return peak(buffers, SMALLEST.alignment)[0]

    def cuts(done: tuple[Step, ...], rest: tuple[Step, ...]) -> Iterator[tuple[Step, ...]]:
        if not rest:
            yield done
        for count in range(1, len(rest) + 1):
            step = rest[0] if count == 1 else chain_of(graph, rest[:count], SMALLEST)
            if step is not None:
                yield from cuts((*done, step), rest[count:])

    assert wanted == min(map(bound, cuts((), plain)))


@settings(
    max_examples=examples(200),
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
@given(stacks())
def test_chains_never_take_more_memory(model: bytes) -> None:
    graph = parse_tflite(model)
    chained, plain = compile_graph(graph, SMALLEST), compile_graph(graph, Target(chain_bytes=-1))
    assert not any(step.links for step in plain.steps)
    assert chained.plan.live_bytes <= plain.plan.live_bytes
    assert chained.macs == plain.macs
    if any(step.links for step in chained.steps):
        assert chained.plan.live_bytes < plain.plan.live_bytes
