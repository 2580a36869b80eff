"""Pixels and real values as input tensors."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from support.models import conv_model, float_boundary_model
from support.realdata import BIRD, KWS, PERSON, VWW, real
from support.tflite_builder import ModelBuilder
from tinybench.bench.preprocess import (
    PIXEL_RANGES,
    InputSpec,
    input_spec,
    pixels_to_tensor,
    real_to_tensor,
    settle_pixel_range,
)
from tinybench.errors import DataError
from tinybench.model.affine import quantize_real
from tinybench.model.oracle import TflmRunner, available
from tinybench.model.read import parse_tflite, read_tflite


def spec_of(scale: float | None, zero_point: int = 0, dtype: str = "int8") -> InputSpec:
    grid = "" if scale is None else dtype
    return InputSpec("x", dtype, (1, 16, 16, 1), scale, zero_point, grid, 10)


def test_spec_of_a_model() -> None:
    spec = input_spec(parse_tflite(conv_model()))
    assert (spec.name, spec.dtype, spec.shape, spec.sample_shape) == (
        "image",
        "int8",
        (1, 8, 8, 3),
        (8, 8, 3),
    )
    assert (spec.scale, spec.zero_point, spec.classes) == (float(np.float32(1 / 255)), -128, 4)


def test_spec_of_a_float_boundary_has_the_grid_of_its_quantize() -> None:
    spec = input_spec(parse_tflite(float_boundary_model()))
    assert (spec.dtype, spec.scale, spec.zero_point, spec.grid) == ("float32", 0.5, -3, "int8")


def test_several_inputs_are_refused() -> None:
    b = ModelBuilder()
    x, y, z = b.input((1, 4), 0.5), b.input((1, 4), 0.5), b.tensor((1, 4), 0.5)
    b.op("ADD", [x, y], [z], version=2)
    with pytest.raises(DataError, match="it has 2"):
        input_spec(parse_tflite(b.finish([z])))


@pytest.mark.parametrize(
    ("scale", "zero_point", "dtype", "settled"),
    [
        (1.0, -128, "int8", "0:255"),
        (1.0, 0, "uint8", "0:255"),
        (1 / 255, -128, "int8", "0:1"),
        (0.99 / 255, -128, "int8", "0:1"),
        (1 / 255, 0, "uint8", "0:1"),
        (2 / 255, -1, "int8", "-1:1"),
        (2 / 255, 0, "int8", "-1:1"),
        (1.01 * 2 / 255, 127, "uint8", "-1:1"),
        (255 / 32767, 0, "int16", "0:255"),
    ],
)
def test_auto_reads_the_range_off_the_grid(
    scale: float, zero_point: int, dtype: str, settled: str
) -> None:
    assert settle_pixel_range("auto", spec_of(scale, zero_point, dtype)) == settled


@pytest.mark.parametrize(
    ("scale", "zero_point", "dtype"),
    [
        (0.5847, 83, "int8"),  # spectrogram values
        (1.0, 0, "int8"),  # pixels minus 128, or something else altogether
        (1 / 255, 0, "int8"),  # -0.5 .. 0.5
        (4.8 / 255, -20, "int8"),  # mean and deviation of a data set
        (0.9 / 255, -128, "int8"),
        (1 / 32768, 0, "int16"),  # 0 .. 1 or -1 .. 1
        (None, 0, "float32"),
    ],
)
def test_auto_refuses_and_names_the_three(scale: float | None, zero_point: int, dtype: str) -> None:
    spec = spec_of(scale, zero_point, dtype)
    with pytest.raises(DataError) as caught:
        settle_pixel_range("auto", spec)
    assert all(name in caught.value.todo for name in ("0:255", "0:1", "-1:1"))
    for choice in PIXEL_RANGES:
        assert settle_pixel_range(choice, spec) == choice


def test_another_range_is_refused() -> None:
    with pytest.raises(DataError, match="0:254"):
        settle_pixel_range("0:254", spec_of(1.0))


@pytest.mark.parametrize(
    ("scale", "zero_point", "dtype", "pixel_range"),
    [(1.0, -128, "int8", "0:255"), (1 / 255, -128, "int8", "0:1"), (1 / 255, 0, "uint8", "0:1")],
)
def test_full_ranges_shift_pixels_and_nothing_else(
    scale: float, zero_point: int, dtype: str, pixel_range: str
) -> None:
    pixels = np.arange(256, dtype=np.uint8).reshape(16, 16, 1)
    tensor = pixels_to_tensor(pixels, spec_of(scale, zero_point, dtype), pixel_range)
    assert (tensor.dtype.name, tensor.shape) == (dtype, (1, 16, 16, 1))
    assert tensor.reshape(-1).tolist() == [pixel + zero_point for pixel in range(256)]


def test_pixels_as_minus_one_to_one() -> None:
    pixels = np.array([0, 64, 191, 255], np.uint8)
    spec = dataclasses.replace(spec_of(2 / 255, -1), shape=(1, 4))
    assert np.abs(pixels_to_tensor(pixels, spec, "-1:1") - [[-128, -64, 63, 127]]).max() <= 1


def test_float_inputs_get_the_real_values() -> None:
    spec = dataclasses.replace(spec_of(None, dtype="float32"), shape=(1, 3))
    tensor = pixels_to_tensor(np.array([0, 51, 255], np.uint8), spec, "-1:1")
    assert tensor.dtype == np.float32
    assert tensor.tolist() == [[-1.0, pytest.approx(-0.6), 1.0]]


def test_real_values_without_a_grid_are_refused() -> None:
    with pytest.raises(DataError, match="int8 without scale"):
        real_to_tensor(np.zeros(256, np.float32), spec_of(None))


reals = st.one_of(
    st.floats(-1e6, 1e6, width=32),
    st.integers(-400, 400).map(lambda half: half / 2),  # exact halves once scaled
)


@pytest.mark.skipif(available() is not None, reason=str(available()))
@settings(max_examples=60, deadline=None)
@given(
    values=st.lists(reals, min_size=16, max_size=16),
    scale=st.one_of(st.floats(2**-8, 4, width=32), st.sampled_from([0.25, 0.5, 1.0, 2.0])),
    zero_point=st.integers(-128, 127),
)
def test_real_values_quantize_as_tflm_does(
    values: list[float], scale: float, zero_point: int
) -> None:
    b = ModelBuilder()
    x = b.input((1, 16), dtype="float32")
    y = b.tensor((1, 16), scale=scale, zero_point=zero_point)
    b.op("QUANTIZE", [x], [y])
    real_values = np.array([values], np.float32)
    (expected,) = TflmRunner(b.finish([y])).run([real_values])
    assert quantize_real(real_values, scale, zero_point).tolist() == expected.tolist()


@pytest.mark.realdata
@pytest.mark.parametrize(("path", "settled"), [(BIRD, "0:255"), (VWW, "0:1"), (PERSON, "-1:1")])
def test_real_models_settle_their_range(path: str, settled: str) -> None:
    assert settle_pixel_range("auto", input_spec(read_tflite(real(path)))) == settled


@pytest.mark.realdata
def test_a_real_model_of_sounds_settles_none() -> None:
    with pytest.raises(DataError, match="zero_point=83"):
        settle_pixel_range("auto", input_spec(read_tflite(real(KWS))))
