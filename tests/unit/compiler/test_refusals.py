"""Models that are not compiled, and the words that say why."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest

from support.models import conv_model, one_op_model
from support.op_case import Activation, Constant, OpCase, model_of
from support.tflite_builder import ModelBuilder, pack, unpack
from tinybench.compiler import check_graph, compile_graph
from tinybench.compiler.check import MAX_OPS
from tinybench.errors import UnsupportedModel
from tinybench.model.graph import Graph
from tinybench.model.read import parse_tflite

IMAGE = Activation((1, 6, 6, 2), 0.1, 3)


def refusal(model: bytes | Graph) -> UnsupportedModel:
    """The error, after checking that `check_graph` says the same."""
    graph = parse_tflite(model) if isinstance(model, bytes) else model
    with pytest.raises(UnsupportedModel) as caught:
        compile_graph(graph)
    assert tuple(str(p) for p in check_graph(graph)) == caught.value.details
    assert caught.value.wanted and caught.value.seen and caught.value.todo
    return caught.value


def reasons(*cases: OpCase) -> tuple[str, ...]:
    return refusal(model_of(cases)).details


# --- precision ---------------------------------------------------------------------------


def dense_model(weights: str, inside: str = "float32") -> bytes:
    """A FULLY_CONNECTED on float32 (or int16) activations with weights of some type."""
    b = ModelBuilder()
    quant = (0.1, 0) if inside == "int16" else (None, 0)
    x = b.input((1, 4), *quant, dtype=inside)
    values = np.ones((3, 4), weights)
    w = b.const(values, 0.1 if weights == "int8" else None)
    if weights == "float16":
        wide = b.tensor((3, 4), dtype="float32")
        b.op("DEQUANTIZE", [w], [wide])
        w = wide
    y = b.tensor((1, 3), *quant, dtype=inside)
    b.op("FULLY_CONNECTED", [x, w, -1], [y])
    return b.finish(outputs=[y])


@pytest.mark.parametrize(
    ("kind", "weights", "inside"),
    [
        ("float32", "float32", "float32"),
        ("float16", "float16", "float32"),
        ("dynamic-range", "int8", "float32"),
    ],
)
def test_other_precisions_are_named_with_the_way_to_int8(
    kind: str, weights: str, inside: str
) -> None:
    error = refusal(dense_model(weights, inside))
    assert error.seen == f"this is a {kind} model"
    assert "representative_dataset" in error.todo and "TFLITE_BUILTINS_INT8" in error.todo
    assert any("FULLY_CONNECTED" in line for line in error.details)


# --- which ops ---------------------------------------------------------------------------


def test_all_unsupported_ops_are_listed_at_once() -> None:
    b = ModelBuilder()
    x = b.input((1, 4), 0.5)
    for name in ("EXP", "RELU", "CUSTOM:MyOp", "RSQRT"):
        y = b.tensor((1, 4), 0.5)
        b.op(name, [x], [y])
        x = y
    error = refusal(b.finish(outputs=[x]))
    assert error.seen == "3 of 4 ops cannot be compiled"
    assert error.details == (
        "op 0 EXP: this op is not supported",
        "op 2 CUSTOM:MyOp: this op is not supported",
        "op 3 RSQRT: this op is not supported",
    )


def test_a_newer_version_is_named() -> None:
    (line,) = reasons(OpCase("RELU", (IMAGE,), IMAGE, version=9))
    assert line == "op 0 RELU: version 9, up to 3 is understood"


def test_too_many_ops() -> None:
    graph = parse_tflite(one_op_model("RELU"))
    error = refusal(replace(graph, ops=graph.ops * (MAX_OPS + 1)))
    assert error.details == (f"model: {MAX_OPS + 1} ops, at most {MAX_OPS} are compiled",)


def test_what_the_reader_found_odd_is_not_compiled() -> None:
    model = unpack(conv_model())
    model.subgraphs.append(model.subgraphs[0])
    error = refusal(pack(model))
    assert error.details == ("model: 2 subgraphs (control flow) instead of one",)
    assert error.seen == "this one, as a whole, cannot be compiled"


# --- tensors -------------------------------------------------------------------------------


def conv(**changes: object) -> OpCase:
    """A CONV_2D that compiles, but for the changes."""
    inputs = (IMAGE, Constant((3, 3, 3, 2), scale=0.02), Constant((3,), "int32", 0.002))
    options = {"padding": "VALID", "stride_h": 1, "stride_w": 1}
    case = OpCase("CONV_2D", inputs, Activation((1, 4, 4, 3), 0.1), version=3, options=options)
    return replace(case, **changes)  # type: ignore[arg-type]


def conv_inputs(position: int, tensor: Activation | Constant | None) -> OpCase:
    inputs = list(conv().inputs)
    inputs[position] = tensor
    return conv(inputs=tuple(inputs))


def with_option(case: OpCase, **options: object) -> OpCase:
    return replace(case, options={**case.options, **options})


def test_the_unchanged_convolution_compiles() -> None:
    assert compile_graph(parse_tflite(model_of([conv()]))).macs == 16 * 54


@pytest.mark.parametrize(
    ("case", "reason"),
    [
        (conv_inputs(1, Activation((3, 3, 3, 2), 0.02)), "input 1 must be constant"),
        (conv_inputs(2, Activation((3,), 0.02, 0, "int32")), "input 2 must be constant"),
        (conv_inputs(1, Constant((3, 3, 3, 2))), "is not quantized"),
        (conv_inputs(1, Constant((3, 3, 3, 2), scale=0.1, zero_point=4)), "zero point other"),
        (conv_inputs(1, Constant((3, 3, 2, 3), scale=0.1)), "output is"),
        (conv_inputs(1, Constant((3, 18), scale=0.1)), "filter of shape"),
        (conv_inputs(1, Constant((3, 3, 3, 2), "int16", 0.1)), "is int16, int8 is needed"),
        (conv_inputs(1, Constant((3, 3, 3, 2), scale=(0.1, 0.2), axis=3)), "along axis 3"),
        (conv_inputs(2, Constant((4,), "int32", 0.002)), "bias of 4 values for 3 channels"),
        (conv_inputs(2, Constant((3,), "int64", 0.002)), "is int64, int32 is needed"),
        (conv_inputs(0, Activation((2, 6, 6, 2), 0.1)), "batch of 2, 1 is needed"),
        (conv_inputs(0, Activation((6, 6, 2), 0.1)), "NHWC is needed"),
        (conv_inputs(0, Activation((1, 6, 6, 2))), "no single scale"),
        (conv_inputs(0, Activation((1, 6, 6, 2), 0.0)), "scale=0"),
        (conv_inputs(0, Activation((1, 6, 6, 2), 0.1, 3, "uint8")), "is uint8, int8 is needed"),
        (conv_inputs(0, Activation((1, 0, 6, 2), 0.1)), "has no elements"),
        (conv(output=Activation((1, 4, 5, 3), 0.1)), "output is"),
        (conv(output=Activation((1, 4, 4, 4), 0.1)), "filter"),
        (conv(output=Activation((1, 4, 4, 3), 1e-38)), "between scales"),
        (conv(inputs=(*conv().inputs, IMAGE)), "4 inputs, up to 3"),
        (with_option(conv(), fused_activation_function="TANH"), "fused activation TANH"),
        (with_option(conv(), stride_h=0), "strides="),
        (with_option(conv(), dilation_w_factor=-1), "dilation="),
        (with_option(conv(), dilation_w_factor=2**31 - 1), "dilation="),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_convolutions_that_do_not_fit(case: OpCase, reason: str) -> None:
    lines = [line for line in reasons(case) if line.startswith("op 0 CONV_2D: ")]
    assert len(lines) == 1
    assert reason in lines[0]


def int16_cases() -> list[tuple[OpCase, str]]:
    """The same on int16 activations."""
    row, wide = Activation((1, 8), 0.1, 0, "int16"), Activation((1, 4), 0.1, 0, "int16")
    filters = Constant((4, 8), scale=0.1)

    def dense(bias: Constant, out: Activation = wide, **options: str) -> OpCase:
        return OpCase("FULLY_CONNECTED", (row, filters, bias), out, options=options)

    def bias(value: int, dtype: str = "int64") -> Constant:
        return Constant((4,), dtype, 0.01, values=(value,) * 4)

    def to_scale(scale: float) -> Activation:
        return Activation((1, 8), scale, 0, "int16")

    return [
        (OpCase("HARD_SWISH", (row,), row), "TFLite Micro itself has this op in int8 only"),
        (dense(bias(0, "int32")), "input 2 is int32, int64 is needed"),
        (dense(bias(1 << 47)), "47 bits"),
        (dense(bias(0), Activation((1, 4), 2.0**-18, 0, "int16")), "a multiplier of 2^7"),
        (
            OpCase(
                "FULLY_CONNECTED", (row, filters), wide, options={"quantized_bias_type": "INT32"}
            ),
            "sums of 32 bits",
        ),
        (
            OpCase(
                "DEPTHWISE_CONV_2D",
                (
                    Activation((1, 30, 30, 1), 0.1, 0, "int16"),
                    Constant((1, 30, 30, 1), scale=0.1, axis=3, fill="high"),
                ),
                Activation((1, 1, 1, 1), 0.1, 0, "int16"),
                options={"stride_h": 1, "stride_w": 1, "padding": "VALID"},
            ),
            "do not fit 32 bits",
        ),
        (OpCase("ADD", (row, row), to_scale(1e-9)), "too small"),
        (OpCase("MUL", (row, row), to_scale(0.001)), "too small"),
        (OpCase("RELU", (row,), to_scale(1e-6)), "too small"),
        (OpCase("RELU6", (to_scale(1e-5),), to_scale(1e-5)), "int16 does not hold"),
        (
            OpCase(
                "MEAN",
                (row, Constant((), "int32", values=(1,))),
                Activation((1,), 1e-6, 0, "int16"),
            ),
            "in 32 bits",
        ),
        (OpCase("LOGISTIC", (row,), row), "2^-15 is needed"),
        (OpCase("LOGISTIC", (to_scale(3.0),), to_scale(2.0**-15)), "input scale 3.0"),
        (OpCase("TANH", (to_scale(2.0**-50),), to_scale(2.0**-15)), "input scale"),
        (OpCase("SOFTMAX", (row,), row), "2^-15 is needed"),
        (
            OpCase("SOFTMAX", (to_scale(20.0),), to_scale(2.0**-15), options={"beta": 1.0}),
            "input scale 20.0",
        ),
        (
            OpCase(
                "PADV2",
                (
                    row,
                    Constant((2, 2), "int32", values=(0, 0, 0, 0)),
                    Constant((), "int16", 0.1, values=(5,)),
                ),
                row,
            ),
            "a border of 5",
        ),
        (
            OpCase(
                "CONCATENATION",
                (row, Activation((1, 8), 0.1)),
                Activation((1, 16), 0.1, 0, "int16"),
                options={"axis": 1},
            ),
            "input 1 differs",
        ),
    ]


def other_cases() -> list[tuple[OpCase, str]]:
    """Ops that TFLite Micro would compute wrongly, abort on or refuse."""
    row, wide = Activation((1, 8), 0.1), Activation((1, 6, 6, 4), 0.1)
    filters = Constant((4, 8), scale=0.1)
    depthwise = OpCase(
        "DEPTHWISE_CONV_2D",
        (IMAGE, Constant((1, 1, 1, 4), scale=0.1)),
        wide,
        options={"stride_h": 1, "stride_w": 1, "depth_multiplier": 2},
    )
    pads = Constant((4, 2), "int32", values=(0, 0, 0, 0, 0, 0, 0, 2))
    pool = {"filter_height": 2, "filter_width": 2, "stride_h": 1, "stride_w": 1}
    probability = Activation((1, 8), 1 / 256, -128)
    axes = Constant((2,), "int32", values=(1, 3))
    return [
        (with_option(depthwise, depth_multiplier=3), "depth multiplier 3"),
        (OpCase("FULLY_CONNECTED", (row, filters), Activation((4,), 1e-30)), "between scales"),
        (OpCase("FULLY_CONNECTED", (row, filters), Activation((4, 1), 0.1)), "not 1 rows of 4"),
        (OpCase("FULLY_CONNECTED", (Activation((1, 7), 0.1), filters), row), "does not fit"),
        (
            OpCase(
                "FULLY_CONNECTED",
                (row, filters),
                Activation((1, 4), 0.1),
                options={"weights_format": "SHUFFLED4x16INT8"},
            ),
            "weights format",
        ),
        (OpCase("ADD", (row, row), Activation((1, 8), 1e-9)), "too small"),
        (OpCase("SUB", (row, row), Activation((1, 8), 1e-9)), "too small"),
        (OpCase("ADD", (row, Activation((1, 7), 0.1)), row), "do not broadcast"),
        (OpCase("ADD", (row, IMAGE), row), "->"),
        (OpCase("ADD", (row, None), row), "input 1 is missing"),
        (OpCase("ADD", (Constant((1, 8), scale=0.1),) * 2, row), "both operands are constant"),
        (OpCase("MUL", (row, row), Activation((1, 8), 1e-20)), "between scales"),
        (OpCase("PAD", (IMAGE, pads), Activation((1, 6, 6, 4), 0.2)), "scale or zero point"),
        (OpCase("PAD", (IMAGE, pads), Activation((1, 6, 6, 3), 0.1, 3)), "output is"),
        (OpCase("PAD", (IMAGE, pads, Constant((), scale=0.1)), wide), "3 inputs, up to 2"),
        (OpCase("CONCATENATION", (row, row), Activation((1, 16), 0.2)), "input 0 differs"),
        (
            OpCase("CONCATENATION", (row,), Activation((1, 16), 0.1), options={"axis": 1}),
            "inputs fill 8 of 16",
        ),
        (OpCase("CONCATENATION", (row,), row, options={"axis": 5}), "axis 5 of rank 2"),
        (
            OpCase("CONCATENATION", (row,), row, options={"fused_activation_function": "RELU"}),
            "fused activation",
        ),
        (OpCase("MEAN", (IMAGE, axes), Activation((1, 6), 0.1)), "not neighbours"),
        (
            OpCase("MEAN", (IMAGE, Constant((1,), "int32", values=(9,))), row),
            "axes [9] of rank 4",
        ),
        (
            OpCase("AVERAGE_POOL_2D", (IMAGE,), Activation((1, 5, 5, 2), 0.2), options=pool),
            "scale or zero point",
        ),
        (OpCase("BATCH_MATMUL", (row, Activation((7, 2), 0.1)), row), "shapes (1, 8) and (7, 2)"),
        (OpCase("BATCH_MATMUL", (row, Activation((8, 2), 0.1)), row), "-> (1, 8)"),
        (OpCase("BATCH_MATMUL", (row, Activation((8,), 0.1)), row), "shapes (1, 8) and (8,)"),
        (
            OpCase(
                "BATCH_MATMUL",
                (Activation((2, 1, 8), 0.1), Activation((3, 8, 1), 0.1)),
                Activation((3, 1, 1), 0.1),
            ),
            "batches of (2,) in (3,)",
        ),
        (OpCase("SOFTMAX", (row,), row), "output scale"),
        (OpCase("SOFTMAX", (Activation((1, 8), 1e-9),), probability), "input scale"),
        (
            OpCase(
                "SOFTMAX",
                (Activation((1, 4096), 0.1),),
                Activation((1, 4096), 1 / 256, -128),
            ),
            "4096 classes",
        ),
        (OpCase("LOGISTIC", (row,), row), "zero point 0, -128"),
        (OpCase("RELU6", (row,), Activation((1, 8), 0.2)), "scale or zero point"),
        (OpCase("RELU", (row,), Activation((1, 8), 1e-20)), "between scales"),
        (OpCase("RELU", (row,), Activation((1, 9), 0.1)), "shapes"),
        (OpCase("DEQUANTIZE", (Constant((8,), "float16"),), row), "float32 is needed"),
        (OpCase("QUANTIZE", (Activation((1, 8), 0.1, 3, "int16"),), row), "zero_point=3"),
        *int16_cases(),
        (OpCase("RESHAPE", (row,), Activation((1, 9), 0.1)), "number of elements"),
        (
            OpCase("RESHAPE", (Constant((1, 8), scale=0.1),), row),
            "only an activation",
        ),
        (OpCase("SHAPE", (row,), Activation((2,), None, 0, "int64")), "only as int32"),
    ]


@pytest.mark.parametrize(("case", "reason"), other_cases(), ids=lambda v: getattr(v, "name", ""))
def test_other_ops_that_do_not_fit(case: OpCase, reason: str) -> None:
    lines = [line for line in reasons(case) if line.startswith(f"op 0 {case.name}: ")]
    assert len(lines) == 1
    assert reason in lines[0]


# --- the model's edge ----------------------------------------------------------------------


def relu_with(change: Callable[[Graph], Graph]) -> tuple[str, ...]:
    return refusal(change(parse_tflite(one_op_model("RELU")))).details


def test_a_model_without_input() -> None:
    b = ModelBuilder()
    y = b.tensor((4,), 0.5)
    b.op("RELU", [b.const(np.zeros(4, np.int8), 0.5)], [y])
    assert refusal(b.finish(outputs=[y])).details == ("model: it has no input",)


def test_an_input_that_is_constant() -> None:
    b = ModelBuilder()
    x = b.const(np.zeros(4, np.int8), 0.5, name="x")
    y = b.tensor((4,), 0.5)
    b.op("RELU", [x], [y])
    error = refusal(b.finish(outputs=[y], inputs=[x]))
    assert error.details == ("input: tensor 'x' is constant",)


def test_an_output_that_nothing_computes() -> None:
    b = ModelBuilder()
    b.input((4,), 0.5)
    x = b.const(np.zeros(4, np.int8), 0.5, name="answer")
    assert refusal(b.finish(outputs=[x])).details == ("output: tensor 'answer' is not computed",)


@pytest.mark.parametrize(
    ("shape", "dtype", "reason"),
    [
        ((1, 70000), "int8", "65535 elements along an axis"),
        ((1,) * 7, "int8", "6 axes"),
        ((1, 4), "int64", "is int64"),
        ((1, 4), "bool", "is bool"),
        ((1, 0), "int8", "has no elements"),
    ],
)
def test_inputs_that_a_device_cannot_have(shape: tuple[int, ...], dtype: str, reason: str) -> None:
    b = ModelBuilder()
    b.input(shape, dtype=dtype)
    x = b.input((1, 4), 0.5)
    y = b.tensor((1, 4), 0.5)
    b.op("RELU", [x], [y])
    (line,) = refusal(b.finish(outputs=[y])).details
    assert line.startswith("input: ") and reason in line


def test_a_tensor_larger_than_any_memory_is_refused() -> None:
    b = ModelBuilder()
    x = b.input((1, 65535, 16000), 0.5, name="x")
    y = b.tensor((1, 65535, 16000), 0.5)
    b.op("RELU", [x], [y])
    (line,) = refusal(b.finish(outputs=[y])).details
    assert line == "op 0 RELU: tensor 'x' takes 1048560000 bytes, up to 33554432 fit"


def test_an_arena_larger_than_any_memory_is_refused() -> None:
    b = ModelBuilder()
    x = b.input((1, 60000, 300), 0.5)
    y, z = b.tensor((1, 60000, 300), 0.5), b.tensor((1, 60000, 300), 0.5)
    b.op("RELU", [x], [y])
    b.op("RELU", [x], [z])
    graph = parse_tflite(b.finish(outputs=[y, z]))
    with pytest.raises(UnsupportedModel, match="needs an arena of 36000000 bytes"):
        compile_graph(graph)
