"""QUANTIZE and DEQUANTIZE: on the host at the edge, in software floating point inside."""

from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from support.against_tflm import check_same_bytes, needs_tflm
from support.effort import examples
from support.host_build import HostModel
from support.strategies.common import scales, zero_points
from support.tflite_builder import ModelBuilder
from tinybench.compiler import compile_graph, to_device
from tinybench.compiler.boundary import dequantize, quantize_real, requantize
from tinybench.model.oracle import TflmRunner
from tinybench.model.read import parse_tflite

pytestmark = needs_tflm

SHAPE = (1, 64)


def relu_between(outer_dtype: str, scale: float, zero_point: int) -> bytes:
    """The type outside, an int8 RELU inside."""
    b = ModelBuilder()
    outer = (None, 0) if outer_dtype == "float32" else (0.031, 140)
    x = b.input(SHAPE, *outer, dtype=outer_dtype)
    q = b.tensor(SHAPE, scale, zero_point)
    b.op("QUANTIZE", [x], [q])
    r = b.tensor(SHAPE, scale, zero_point)
    b.op("RELU", [q], [r])
    y = b.tensor(SHAPE, *outer, dtype=outer_dtype)
    b.op("DEQUANTIZE" if outer_dtype == "float32" else "QUANTIZE", [r], [y])
    return b.finish(outputs=[y])


def near_halves(scale: float, rng: np.random.Generator) -> np.ndarray:
    """Reals that quantize to halves and to their neighbours, and some far outside."""
    steps = rng.integers(-400, 400, SHAPE) / 2
    reals = (steps * scale).astype(np.float32)
    reals = np.nextafter(reals, rng.choice([-np.inf, np.inf], SHAPE).astype(np.float32))
    reals[0, :6] = [0.0, -0.0, 1e9 * scale, -1e9 * scale, 0.49999997 * scale, 1e-40]
    return reals


@settings(max_examples=examples(12))
@given(scales(), zero_points(), st.integers(0, 2**16))
def test_float_edges_equal_tflm(scale: float, zero_point: int, seed: int) -> None:
    rng = np.random.default_rng(seed)
    samples = [[near_halves(scale, rng)] for _ in range(4)]
    program = check_same_bytes(relu_between("float32", scale, zero_point), samples)
    assert [s.label for s in program.steps] == ["RELU"] and program.notes == ()
    assert program.inputs[0].dtype == program.outputs[0].dtype == "int8"


@settings(max_examples=examples(12))
@given(scales(), zero_points())
def test_uint8_edges_equal_tflm(scale: float, zero_point: int) -> None:
    every_value = np.arange(256, dtype=np.uint8).reshape(4, *SHAPE)
    program = check_same_bytes(
        relu_between("uint8", scale, zero_point), [[value] for value in every_value]
    )
    assert [s.label for s in program.steps] == ["RELU"]
    assert program.inputs[0].boundary is not None
    assert program.inputs[0].boundary.kind == "requantize"


def read_twice(scale: float) -> bytes:
    """A float input that two QUANTIZE read, and a float tensor that is read and answered."""
    b = ModelBuilder()
    x = b.input(SHAPE, dtype="float32")
    a, c = b.tensor(SHAPE, scale, 5), b.tensor(SHAPE, scale * 2, -7)
    b.op("QUANTIZE", [x], [a])
    b.op("QUANTIZE", [x], [c])
    total = b.tensor(SHAPE, scale * 3, 0)
    b.op("ADD", [a, c], [total])
    real = b.tensor(SHAPE, dtype="float32")
    b.op("DEQUANTIZE", [total], [real])
    y = b.tensor(SHAPE, scale * 5, 1)
    b.op("QUANTIZE", [real], [y])
    return b.finish(outputs=[real, y])


@settings(max_examples=examples(12))
@given(scales(), st.integers(0, 2**16))
def test_floats_inside_equal_tflm_and_are_reported(scale: float, seed: int) -> None:
    rng = np.random.default_rng(seed)
    program = check_same_bytes(read_twice(scale), [[near_halves(scale, rng)] for _ in range(3)])
    (note,) = program.notes
    assert "op 0 QUANTIZE, op 1 QUANTIZE, op 3 DEQUANTIZE, op 4 QUANTIZE" in note


def test_not_a_number_becomes_zero_on_the_host_and_on_the_device() -> None:
    strange = np.array([[np.nan, np.inf, -np.inf, 1.0] * 16], np.float32)
    assert quantize_real(strange, 0.1, 5).tolist()[0][:4] == [5, 127, -128, 15]
    program = compile_graph(parse_tflite(read_twice(0.1)))
    with HostModel(program) as host:
        outputs = host.run([[strange], [np.nan_to_num(strange, nan=0.0, posinf=99, neginf=-99)]])
    assert outputs[0][1].tobytes() == outputs[1][1].tobytes()


def test_a_model_of_edges_only() -> None:
    b = ModelBuilder()
    x = b.input(SHAPE, dtype="float32")
    q = b.tensor(SHAPE, 0.1, 3)
    b.op("QUANTIZE", [x], [q])
    y = b.tensor(SHAPE, dtype="float32")
    b.op("DEQUANTIZE", [q], [y])
    program = check_same_bytes(b.finish(outputs=[y]))
    assert program.steps == () and program.arena_bytes == 64


def test_an_output_asked_for_twice_stays_on_the_device() -> None:
    b = ModelBuilder()
    x = b.input(SHAPE, 0.1, 3)
    y = b.tensor(SHAPE, dtype="float32")
    b.op("DEQUANTIZE", [x], [y])
    program = check_same_bytes(b.finish(outputs=[y, y]))
    assert [s.label for s in program.steps] == ["DEQUANTIZE"]


def test_a_quantized_input_that_is_an_output_too() -> None:
    b = ModelBuilder()
    x = b.input(SHAPE, dtype="float32")
    q = b.tensor(SHAPE, 0.1, 3)
    b.op("QUANTIZE", [x], [q])
    program = check_same_bytes(b.finish(outputs=[q]))
    assert program.steps == ()
    assert program.outputs[0].boundary is None


def test_to_device_and_from_device_leave_plain_tensors_alone() -> None:
    b = ModelBuilder()
    x = b.input(SHAPE, 0.1, 3)
    y = b.tensor(SHAPE, 0.1, 3)
    b.op("RELU", [x], [y])
    program = compile_graph(parse_tflite(b.finish(outputs=[y])))
    value = np.arange(64, dtype=np.int8).reshape(SHAPE)
    assert to_device(program.inputs[0], value) is value


@settings(max_examples=examples(10))
@given(scales(), scales(), zero_points(), zero_points())
def test_requantize_equals_tflm(
    scale_in: float, scale_out: float, zero_in: int, zero_out: int
) -> None:
    b = ModelBuilder()
    x = b.input((1, 256), scale_in, zero_in)
    y = b.tensor((1, 256), scale_out, zero_out)
    b.op("QUANTIZE", [x], [y])
    values = np.arange(-128, 128).astype(np.int8).reshape(1, 256)
    tflm = TflmRunner(b.finish(outputs=[y]))
    (wanted,) = tflm.run([values])
    tflm.close()
    got = requantize(values, (scale_in, zero_in), (scale_out, zero_out), "int8")
    assert np.array_equal(got, wanted)


def test_dequantize_rounds_once() -> None:
    values = np.arange(-128, 128).astype(np.int8)
    scale = float(np.float32(0.1))
    expected = np.float32(scale) * (values.astype(np.float32) - 7)
    assert np.array_equal(dequantize(values, scale, 7), expected)
