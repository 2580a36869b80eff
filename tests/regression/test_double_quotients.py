"""Factors between scales next to a short fraction: float32 and double quotients round apart.

TFLite Micro's sources take some of them in float32. What is distributed takes all in double
precision: compilers may, and the results are what a device is compared with.
"""

from __future__ import annotations

import numpy as np
import pytest

from support.against_tflm import check_same_bytes, needs_tflm
from support.tflite_builder import ModelBuilder

pytestmark = needs_tflm

VALUES = np.arange(-128, 128, dtype=np.int8)
COUNT = 60


def near_fraction(rng: np.random.Generator, unit: np.float32) -> float:
    """A scale that is about k / 64 of another, or its neighbour in float32."""
    scale = np.float32(unit * np.float32(rng.integers(1, 64) / 64))
    return float(np.nextafter(scale, np.float32(rng.choice([0, 1]))))


@pytest.mark.parametrize("name", ["RELU", "ABS", "LEAKY_RELU", "HARD_SWISH", "QUANTIZE"])
def test_functions_of_one_value(name: str) -> None:
    rng = np.random.default_rng(5)
    b = ModelBuilder()
    outputs = []
    for _ in range(COUNT):
        unit = np.float32(rng.uniform(0.01, 0.2))
        x = b.input(VALUES.shape, near_fraction(rng, unit), int(rng.integers(-128, 128)))
        outputs.append(b.tensor(VALUES.shape, float(unit), int(rng.integers(-40, 40))))
        options = {"alpha": 0.3} if name == "LEAKY_RELU" else {}
        b.op(name, [x], outputs[-1:], 1 if name == "HARD_SWISH" else 2, **options)
    check_same_bytes(b.finish(outputs=outputs), [[VALUES] * COUNT])


@pytest.mark.parametrize("name", ["ADD", "SUB", "MUL"])
def test_functions_of_two_values(name: str) -> None:
    rng = np.random.default_rng(6)
    b = ModelBuilder()
    outputs = []
    left, right = np.repeat(VALUES, 16), np.tile(VALUES[::16], 256)
    for _ in range(COUNT):
        unit = np.float32(rng.uniform(0.01, 0.2))
        pair = [
            b.input(left.shape, near_fraction(rng, unit), int(rng.integers(-60, 60)))
            for _ in range(2)
        ]
        outputs.append(b.tensor(left.shape, float(unit), int(rng.integers(-60, 60))))
        b.op(name, pair, outputs[-1:], 2)
    check_same_bytes(b.finish(outputs=outputs), [[left, right] * COUNT])


def test_one_scale_for_all_units() -> None:
    rng = np.random.default_rng(7)
    b = ModelBuilder()
    outputs = []
    for _ in range(COUNT):
        unit, weight = (np.float32(rng.uniform(0.01, 0.2)) for _ in range(2))
        scale = near_fraction(rng, unit) / float(weight)
        x = b.input((256, 1), float(np.float32(scale)), int(rng.integers(-60, 60)))
        one = b.const(np.array([[1]], np.int8), float(weight))
        outputs.append(b.tensor((256, 1), float(unit), int(rng.integers(-60, 60))))
        b.op("FULLY_CONNECTED", [x, one, -1], outputs[-1:], 4)
    check_same_bytes(b.finish(outputs=outputs), [[VALUES.reshape(256, 1)] * COUNT])
