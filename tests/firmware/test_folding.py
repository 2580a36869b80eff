"""What folds away, what must not, and that either way the bytes are TFLM's."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from support.against_tflm import check_same_bytes, needs_tflm
from support.tflite_builder import ModelBuilder
from tinybench.compiler import Program, compile_graph
from tinybench.errors import UnsupportedModel
from tinybench.model.read import parse_tflite

pytestmark = needs_tflm

QUANT = (0.05, -3)
PADDINGS = ((0, 0), (1, 2), (0, 3), (0, 0))


def image(b: ModelBuilder) -> int:
    return b.input((1, 4, 5, 2), *QUANT)


def pad(
    b: ModelBuilder, source: int, paddings: object = PADDINGS, zero_point: int = QUANT[1]
) -> int:
    constant = b.const(np.array(paddings, np.int32))
    output = b.tensor((1, 7, 8, 2), QUANT[0], zero_point)
    b.op("PAD", [source, constant], [output])
    return output


def conv(b: ModelBuilder, source: int, padding: str = "VALID", size: int = 3) -> int:
    rng = np.random.default_rng(source)
    filters = b.const(rng.integers(-127, 128, (3, size, size, 2)).astype(np.int8), 0.02)
    shape = (1, 7, 8, 3) if padding == "SAME" else (1, 8 - size, 9 - size, 3)
    output = b.tensor(shape, 0.1, 4)
    options = {"padding": padding, "stride_h": 1, "stride_w": 1}
    b.op("CONV_2D", [source, filters], [output], 3, **options)
    return output


def depthwise(b: ModelBuilder, source: int) -> int:
    rng = np.random.default_rng(source)
    filters = b.const(rng.integers(-127, 128, (1, 2, 2, 4)).astype(np.int8), 0.02)
    output = b.tensor((1, 6, 7, 4), 0.1, 4)
    b.op(
        "DEPTHWISE_CONV_2D",
        [source, filters],
        [output],
        padding="VALID",
        stride_h=1,
        stride_w=1,
        depth_multiplier=2,
    )
    return output


def labels(program: Program) -> list[str]:
    return [step.label for step in program.steps]


# --- PAD ---------------------------------------------------------------------------------


def test_a_pad_becomes_its_readers_padding() -> None:
    b = ModelBuilder()
    padded = pad(b, image(b))
    program = check_same_bytes(b.finish(outputs=[conv(b, padded), depthwise(b, padded)]))
    assert labels(program) == ["CONV_2D", "DEPTHWISE_CONV_2D"]
    assert program.folded == {0: "padding of op 1, 2"}


def test_a_pad_is_wider_than_the_window() -> None:
    b = ModelBuilder()
    program = check_same_bytes(b.finish(outputs=[conv(b, pad(b, image(b)), size=1)]))
    assert labels(program) == ["CONV_2D"]


def test_only_the_inner_of_two_pads_folds() -> None:
    b = ModelBuilder()
    x = b.input((1, 2, 2, 2), *QUANT)
    inner = b.tensor((1, 4, 5, 2), *QUANT)
    b.op("PAD", [x, b.const(np.array([[0, 0], [1, 1], [1, 2], [0, 0]], np.int32))], [inner])
    program = check_same_bytes(b.finish(outputs=[conv(b, pad(b, inner))]))
    assert labels(program) == ["PAD", "CONV_2D"]


def relu_of(b: ModelBuilder, source: int) -> int:
    output = b.tensor((1, 7, 8, 2), *QUANT)
    b.op("RELU", [source], [output])
    return output


def dequantize_of(b: ModelBuilder, source: int) -> int:
    output = b.tensor((1, 7, 8, 2), dtype="float32")
    b.op("DEQUANTIZE", [source], [output])
    return output


@pytest.mark.parametrize(
    "reader",
    [
        lambda b, padded: padded,
        lambda b, padded: conv(b, padded, padding="SAME"),
        relu_of,
        dequantize_of,
    ],
    ids=["output", "SAME", "other op", "float output"],
)
def test_a_pad_that_something_else_reads_stays(
    reader: Callable[[ModelBuilder, int], int],
) -> None:
    b = ModelBuilder()
    padded = pad(b, image(b))
    program = check_same_bytes(b.finish(outputs=[conv(b, padded), reader(b, padded)]))
    assert labels(program)[0] == "PAD"


def test_a_pad_of_channels_stays() -> None:
    b = ModelBuilder()
    x = b.input((1, 7, 8, 1), *QUANT)
    padded = pad(b, x, ((0, 0), (0, 0), (0, 0), (0, 1)))
    program = check_same_bytes(b.finish(outputs=[conv(b, padded)]))
    assert labels(program) == ["PAD", "CONV_2D"]


# --- constants ---------------------------------------------------------------------------


def flatten_with_shape_arithmetic(begin: int, end: int, begin_mask: int, shrink: int) -> bytes:
    """A RESHAPE to (batch, -1) as converters write it: SHAPE, STRIDED_SLICE, PACK."""
    b = ModelBuilder()
    x = image(b)
    shape = b.tensor((4,), dtype="int32")
    b.op("SHAPE", [x], [shape])
    batch = b.tensor(() if shrink else (1,), dtype="int32")
    constants = [b.const(np.array([v], np.int32)) for v in (begin, end, 1)]
    b.op(
        "STRIDED_SLICE",
        [shape, *constants],
        [batch],
        begin_mask=begin_mask,
        shrink_axis_mask=shrink,
    )
    rest = b.const(np.array(40 if shrink else [40], np.int32))
    target = b.tensor((2,) if shrink else (2, 1), dtype="int32")
    b.op("PACK", [batch, rest], [target], values_count=2)
    flat = b.tensor((1, 40), *QUANT)
    b.op("RESHAPE", [x, target], [flat])
    y = b.tensor((1, 40), *QUANT)
    b.op("RELU", [flat], [y])
    return b.finish(outputs=[y])


def test_shape_arithmetic_disappears() -> None:
    program = check_same_bytes(flatten_with_shape_arithmetic(0, 1, 0, 1))
    assert labels(program) == ["RELU"]
    assert list(program.folded.values()) == ["constant"] * 3 + ["view"]


@pytest.mark.parametrize(
    ("begin", "end", "begin_mask", "shrink", "value"),
    [
        (0, 1, 0, 1, [1, 40]),
        (-4, 0, 0, 1, [1, 40]),
        (3, 9, 1, 1, [1, 40]),
        (0, 1, 1, 0, [[1], [40]]),
    ],
)
def test_shape_arithmetic_is_what_tflite_computes(
    begin: int, end: int, begin_mask: int, shrink: int, value: list[int]
) -> None:
    graph = parse_tflite(flatten_with_shape_arithmetic(begin, end, begin_mask, shrink))
    packed = compile_graph(graph).graph.tensors[graph.ops[2].outputs[0]]
    assert packed.data is not None and packed.data.tolist() == value


def test_doubling_constants_do_not_grow_without_bounds() -> None:
    b = ModelBuilder()
    x = image(b)
    value = b.const(np.arange(4, dtype=np.int32))
    shape: tuple[int, ...] = (4,)
    for _ in range(40):
        shape = (2, *shape)
        doubled = b.tensor(shape[:8], dtype="int32")
        b.op("PACK", [value, value], [doubled], values_count=2)
        value = doubled
    y = relu_of_any(b, x)
    graph = parse_tflite(b.finish(outputs=[y]))
    with pytest.raises(UnsupportedModel, match="ops cannot be compiled"):
        compile_graph(graph)


def relu_of_any(b: ModelBuilder, source: int) -> int:
    output = b.tensor((1, 4, 5, 2), *QUANT)
    b.op("RELU", [source], [output])
    return output


# --- views -------------------------------------------------------------------------------


def reshape(b: ModelBuilder, source: int, shape: tuple[int, ...], name: str = "RESHAPE") -> int:
    output = b.tensor(shape, *QUANT)
    operands = [source]
    if name == "RESHAPE":
        operands.append(b.const(np.array(shape, np.int32)))
    if name == "EXPAND_DIMS":
        operands.append(b.const(np.array(0, np.int32)))
    b.op(name, operands, [output])
    return output


def test_a_view_of_an_input_is_an_output() -> None:
    b = ModelBuilder()
    x = image(b)
    flat = reshape(b, x, (1, 40))
    program = check_same_bytes(b.finish(outputs=[flat, relu_of_any(b, x)]))
    assert labels(program) == ["RELU"]
    assert program.outputs[0].offset == program.inputs[0].offset


def test_a_model_of_views_only_has_no_step() -> None:
    b = ModelBuilder()
    flat = reshape(b, image(b), (40,))
    program = check_same_bytes(b.finish(outputs=[reshape(b, flat, (1, 2, 20)), flat]))
    assert program.steps == () and program.arena_bytes == 40


@pytest.mark.parametrize(
    ("name", "shape"), [("SQUEEZE", (4, 5, 2)), ("EXPAND_DIMS", (1, 1, 4, 5, 2))]
)
def test_other_views(name: str, shape: tuple[int, ...]) -> None:
    b = ModelBuilder()
    viewed = reshape(b, image(b), shape, name)
    y = b.tensor(shape, *QUANT)
    b.op("RELU", [viewed], [y])
    assert labels(check_same_bytes(b.finish(outputs=[y]))) == ["RELU"]


# --- tables and outputs that are read again ------------------------------------------------


def table(b: ModelBuilder, source: int, shape: tuple[int, ...] = (1, 40)) -> int:
    output = b.tensor(shape, 1 / 256, -128)
    b.op("LOGISTIC", [source], [output])
    return output


def test_tables_in_a_row_are_one() -> None:
    b = ModelBuilder()
    first = table(b, b.input((1, 40), *QUANT))
    program = check_same_bytes(b.finish(outputs=[table(b, table(b, first))]))
    assert labels(program) == ["LOGISTIC+LOGISTIC+LOGISTIC"]
    assert program.arena_bytes == 40  # in place


def test_a_table_whose_result_is_an_output_stays() -> None:
    b = ModelBuilder()
    first = table(b, b.input((1, 40), *QUANT))
    program = check_same_bytes(b.finish(outputs=[first, table(b, first)]))
    assert labels(program) == ["LOGISTIC", "LOGISTIC"]


def test_a_table_whose_result_a_view_shows_stays() -> None:
    b = ModelBuilder()
    first = table(b, b.input((1, 40), *QUANT))
    viewed = reshape(b, first, (2, 20))
    program = check_same_bytes(b.finish(outputs=[table(b, first), viewed]))
    assert labels(program) == ["LOGISTIC", "LOGISTIC"]


def test_a_table_whose_view_another_op_reads_stays() -> None:
    b = ModelBuilder()
    first = table(b, b.input((1, 40), *QUANT))
    second = table(b, first)
    viewed = reshape(b, first, (1, 40))
    y = b.tensor((1, 40), *QUANT)
    b.op("ADD", [second, viewed], [y])
    assert len(labels(check_same_bytes(b.finish(outputs=[y])))) == 3


def test_per_channel_tables_are_merged_channel_by_channel() -> None:
    b = ModelBuilder()
    x = b.input((1, 8, 6), *QUANT)
    scaled = b.tensor((1, 8, 6), *QUANT)
    b.op("MUL", [x, b.const(np.array(77, np.int8), 0.02, 3)], [scaled])
    y = b.tensor((1, 16, 3), *QUANT)
    channels = b.const(np.array([-90, 5, 120], np.int8), 0.02, 3)
    viewed = reshape(b, table(b, scaled, (1, 8, 6)), (1, 16, 3))
    b.op("ADD", [viewed, channels], [y])
    program = check_same_bytes(b.finish(outputs=[y]))
    assert labels(program) == ["MUL+LOGISTIC", "ADD"]


def test_an_output_that_the_last_step_reads_is_kept() -> None:
    b = ModelBuilder()
    first = relu_of_any(b, image(b))
    program = check_same_bytes(b.finish(outputs=[first, table(b, first, (1, 4, 5, 2))]))
    assert program.outputs[0].offset != program.outputs[1].offset
