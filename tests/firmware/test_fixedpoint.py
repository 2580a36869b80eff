"""The two implementations of fixed-point arithmetic, and what both of them should be.

firmware/kernels/tb_fixedpoint.h and tb_scale.h against tinybench.compiler.fixedpoint, and this
against exact fractions.
"""

from __future__ import annotations

import itertools
import math
import random
import subprocess
from collections.abc import Callable, Iterable
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest

from support.effort import examples
from support.host_build import compile_c
from tinybench.compiler import fixedpoint as fp
from tinybench.compiler.lower.packing import stored_shift

MIN, MAX = fp.INT32_MIN, fp.INT32_MAX
EDGES = (MIN, MIN + 1, -(2**30), -65537, -256, -3, -2, -1, 0, 1, 2, 3, 255, 2**16, 2**30, MAX)
MANTISSAS = (0, 2**30, 2**30 + 1, 1518500250, MAX - 1, MAX)
COUNT = examples(3000)

Call = tuple[int, int, int, int]


@pytest.fixture(scope="module")
def in_c(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str, list[Call]], list[int]]:
    """``in_c(function, calls)``: the C functions' values."""
    probe = tmp_path_factory.mktemp("fixedpoint") / "probe"
    compile_c(Path(__file__).with_name("fixedpoint_probe.c"), probe)

    def ask(function: str, calls: list[Call]) -> list[int]:
        lines = "".join(f"{function} {a} {b} {c} {d}\n" for a, b, c, d in calls)
        done = subprocess.run([probe], input=lines, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
        return [int(line) for line in done.stdout.split()]

    return ask


def any_int(chance: random.Random) -> int:
    """Of any magnitude."""
    return chance.choice((-1, 1)) * chance.getrandbits(chance.randrange(1, 32))


def mixed(edges: Iterable[Call], make: Callable[[random.Random], Call]) -> list[Call]:
    chance = random.Random(20261123)
    return [*edges, *(make(chance) for _ in range(COUNT))]


def half_away(x: Fraction) -> int:
    return math.floor(abs(x) + Fraction(1, 2)) * (1 if x >= 0 else -1)


# --- C against Python ------------------------------------------------------------------------


def test_high_mul(in_c: Callable[[str, list[Call]], list[int]]) -> None:
    calls = mixed(
        ((a, m, 0, 0) for a, m in itertools.product(EDGES, MANTISSAS)),
        lambda chance: (any_int(chance), any_int(chance), 0, 0),
    )
    assert in_c("high_mul", calls) == [fp.rounding_high_mul(a, b) for a, b, _, _ in calls]


def test_rounding_shift(in_c: Callable[[str, list[Call]], list[int]]) -> None:
    # No product with a multiplier is an end of int32, so the C function need not take them.
    products = [fp.rounding_high_mul(a, m) for a, m in itertools.product(EDGES, MANTISSAS)]
    assert min(products) > MIN and max(products) < MAX
    calls = mixed(
        ((a, e, 0, 0) for a, e in itertools.product((*EDGES[1:-1], *products), range(32))),
        lambda chance: (any_int(chance), chance.randrange(32), 0, 0),
    )
    assert in_c("rounding_shift", calls) == [fp.rounding_shift_right(a, e) for a, e, _, _ in calls]


def test_requantize(in_c: Callable[[str, list[Call]], list[int]]) -> None:
    calls = mixed(
        ((a, m, s, 0) for a, m, s in itertools.product(EDGES, MANTISSAS, range(-31, 31))),
        lambda chance: (
            any_int(chance),
            chance.randrange(2**30, 2**31),
            chance.randrange(-31, 31),
            0,
        ),
    )
    expected = [fp.multiply(a, fp.Multiplier(m, s)) for a, m, s, _ in calls]
    assert in_c("requantize", calls) == expected


def test_clamp8(in_c: Callable[[str, list[Call]], list[int]]) -> None:
    limits = [(-128, 127), (0, 127), (-128, 0), (5, 5)]
    calls = [(a, low, high, 0) for a in EDGES for low, high in limits]
    assert in_c("clamp8", calls) == [fp.clamp8(a, low, high) for a, low, high, _ in calls]


@pytest.mark.parametrize("function", ["scale", "relu"])
def test_scale_gives_the_same_on_the_short_way_and_on_the_long(
    in_c: Callable[[str, list[Call]], list[int]], function: str
) -> None:
    sums = [s for s in EDGES if abs(s) <= 2**30]
    edges = itertools.product(
        (*sums, 2**29 - 1, 1 - 2**29, 2**29),
        MANTISSAS,
        (-31, -22, -21, -9, -2, -1, 0, 1),
        (-128, -1, 0, 127),
    )
    wanted = mixed(
        edges,
        lambda chance: (
            any_int(chance) >> 1,
            chance.randrange(2**30, 2**31),
            chance.randrange(-31, 1),
            chance.randrange(-128, 128),
        ),
    )
    wanted = [(x, m, s, z) for x, m, s, z in wanted if s <= 0 or abs(x) < 2**28]
    calls = [(x, m, stored_shift(fp.Multiplier(m, s), abs(x)), z) for x, m, s, z in wanted]
    assert {c >= 0 for _, _, c, _ in calls} == {True, False}
    expected = [
        fp.clamp8(fp.multiply(x, fp.Multiplier(m, s)) + z, z if function == "relu" else -128)
        for x, m, s, z in wanted
    ]
    assert in_c(function, calls) == expected


@pytest.mark.parametrize("function", ["scale", "relu"])
def test_ties_and_their_neighbours_are_rounded_alike(
    in_c: Callable[[str, list[Call]], list[int]], function: str
) -> None:
    """With a multiplier of one half, sums beside every multiple of half an output step."""
    wanted = [
        (half * 2**n + beside, 2**30, 1 - n, zero)
        for n in range(2, 9)
        for half in range(-9, 10)
        for beside in (-2, -1, 0, 1, 2)
        for zero in (-128, -3, 0, 5)
    ]
    calls = [(x, m, stored_shift(fp.Multiplier(m, s), abs(x)), z) for x, m, s, z in wanted]
    assert all(c >= 0 for _, _, c, _ in calls)
    expected = [
        fp.clamp8(fp.multiply(x, fp.Multiplier(m, s)) + z, z if function == "relu" else -128)
        for x, m, s, z in wanted
    ]
    assert in_c(function, calls) == expected


# --- Python against exact fractions --------------------------------------------------------


def test_high_mul_is_the_rounded_product() -> None:
    chance = random.Random(1)
    pairs = [*itertools.product(EDGES, EDGES), *((any_int(chance),) * 2 for _ in range(COUNT))]
    for a, b in pairs:
        exact = min(math.floor(Fraction(a * b, 2**31) + Fraction(1, 2)), MAX)
        assert fp.rounding_high_mul(a, b) == exact, (a, b)


def test_rounding_shift_is_the_rounded_quotient() -> None:
    chance = random.Random(2)
    for x in (*EDGES, *(any_int(chance) for _ in range(COUNT))):
        for exponent in (0, 1, 2, 15, 30, 31):
            exact = half_away(Fraction(x, 2**exponent))
            assert fp.rounding_shift_right(x, exponent) == exact, (x, exponent)


def test_multipliers_are_within_half_a_unit_of_the_real() -> None:
    chance = random.Random(3)
    reals = [2.0**e for e in range(-30, 30)] + [1 - 2**-53, 1 - 2**-33, 0.1, 1e-9]
    for real in (*reals, *(2 ** chance.uniform(-31, 29.9) for _ in range(COUNT))):
        value, shift = fp.quantize_multiplier(real)
        assert 2**30 <= value < 2**31
        error = abs(Fraction(value) - Fraction(real) * Fraction(2) ** (31 - shift))
        assert error <= Fraction(1, 2), real


@pytest.mark.parametrize("real", [0.0, 2.0**-33, 5e-324])
def test_tiny_multipliers_become_zero(real: float) -> None:
    assert fp.quantize_multiplier(real) == fp.Multiplier(0, 0)


@pytest.mark.parametrize("real", [2.0**30, math.nextafter(2.0**30, 0), 1e300, math.inf, math.nan])
def test_large_multipliers_are_refused(real: float) -> None:
    with pytest.raises(OverflowError):
        fp.quantize_multiplier(real)


def test_exp_and_logistic_are_close_to_the_real_functions() -> None:
    for x in np.linspace(-15.9, 0, 400):
        raw = round(x * 2**26)
        assert abs(fp.exp_negative(raw, 5) / 2**31 - math.exp(raw / 2**26)) < 1e-6
    for x in np.linspace(-15.9, 15.9, 400):
        raw = round(x * 2**27)
        exact = 1 / (1 + math.exp(-raw / 2**27))
        assert abs(fp.logistic(raw, 4) / 2**31 - exact) < 1e-6
