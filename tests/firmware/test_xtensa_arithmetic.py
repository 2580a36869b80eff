"""What stands in for the ROM of an ESP8266 on virt-esp32, against this computer's own."""

from __future__ import annotations

import ctypes
import subprocess
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from support.effort import examples
from support.host_build import WARNINGS
from tinybench import resources
from tinybench.boards import load_board

SOURCES = ("doubles.c", "floats.c", "integers.c")
F32, F64, I32, U32 = ctypes.c_float, ctypes.c_double, ctypes.c_int32, ctypes.c_uint32
I64, U64 = ctypes.c_int64, ctypes.c_uint64
TYPES: dict[str, tuple[Any, ...]] = {
    "__floatsisf": (F32, I32),
    "__mulsf3": (F32, F32, F32),
    "__addsf3": (F32, F32, F32),
    "__subsf3": (F32, F32, F32),
    "__truncdfsf2": (F32, F64),
    "__extendsfdf2": (F64, F32),
    "__floatsidf": (F64, I32),
    "__floatunsidf": (F64, U32),
    "__fixdfsi": (I32, F64),
    "__fixunsdfsi": (U32, F64),
    "__muldf3": (F64, F64, F64),
    "__divdf3": (F64, F64, F64),
    "__adddf3": (F64, F64, F64),
    "__subdf3": (F64, F64, F64),
    "__umulsidi3": (U64, U32, U32),
    "__muldi3": (I64, I64, I64),
    "__udivsi3": (U32, U32, U32),
    "__umodsi3": (U32, U32, U32),
    "__divsi3": (I32, I32, I32),
    "__udivdi3": (U64, U64, U64),
    "__umoddi3": (U64, U64, U64),
    "__divdi3": (I64, I64, I64),
}
COUNT = examples(20_000)
RNG = np.random.default_rng(20261125)

Call = Callable[..., Any]


@pytest.fixture(scope="module")
def functions(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Call]:
    """The functions under their own names, built for this computer; what is undefined traps."""
    port = resources.firmware() / load_board("virt-esp32").build.port
    library = tmp_path_factory.mktemp("xtensa") / "arithmetic.so"
    renamed = [f"-D{name}=tested{name}" for name in TYPES]
    traps = ["-fsanitize=undefined", "-fsanitize-undefined-trap-on-error"]
    command = ["gcc", "-std=gnu99", "-O1", "-shared", "-fPIC", *WARNINGS, *traps, *renamed]
    subprocess.run([*command, *(port / name for name in SOURCES), "-o", library], check=True)
    loaded = ctypes.CDLL(str(library))
    found = {}
    for name, (result, *arguments) in TYPES.items():
        function = getattr(loaded, f"tested{name}")
        function.restype, function.argtypes = result, arguments
        found[name] = function
    return found


def some_floats() -> NDArray[np.float32]:
    """Any bits, subnormal, near 1, infinite or NaN, of few digits, near one another."""
    bits = RNG.integers(0, 2**32, COUNT, dtype=np.uint32)
    kinds = [
        bits,
        bits & 0x807FFFFF,
        (bits & 0x807FFFFF) | 0x3F800000,
        (bits & 0x80400000) | 0x7F800000,
        bits & 0xFFF00000,
        (bits & 0x83FFFFFF) | 0x3C000000,
    ]
    chosen: NDArray[np.uint32] = np.choose(RNG.integers(0, len(kinds), COUNT), kinds)
    return chosen.astype(np.uint32).view(np.float32)


@pytest.mark.parametrize(
    ("name", "wanted"),
    [("__mulsf3", np.multiply), ("__addsf3", np.add), ("__subsf3", np.subtract)],
)
def test_single_precision_is_as_in_hardware(
    functions: dict[str, Call], name: str, wanted: Callable[..., Any]
) -> None:
    a, b = some_floats(), some_floats()
    b[::7] = -a[::7]  # what cancels out
    with np.errstate(all="ignore"):
        right = wanted(a, b)
    pairs = zip(a.tolist(), b.tolist(), strict=True)
    seen = np.array([functions[name](x, y) for x, y in pairs], np.float32)
    both_nan = np.isnan(right) & np.isnan(seen)
    wrong = (right.view(np.uint32) != seen.view(np.uint32)) & ~both_nan
    assert not wrong.any(), [(a[i], b[i], right[i], seen[i]) for i in np.nonzero(wrong)[0][:5]]


def some_doubles() -> NDArray[np.float64]:
    """Any bits, subnormal, near 1, infinite or NaN, of few digits, near one another, floats."""
    bits = RNG.integers(0, 2**64, COUNT, dtype=np.uint64)
    kinds = [
        bits,
        bits & 0x800FFFFFFFFFFFFF,
        (bits & 0x800FFFFFFFFFFFFF) | 0x3FF0000000000000,
        (bits & 0x8008000000000000) | 0x7FF0000000000000,
        bits & 0xFFFE000000000000,
        (bits & 0x803FFFFFFFFFFFFF) | 0x3FC0000000000000,
        RNG.standard_normal(COUNT).astype(np.float32).astype(np.float64).view(np.uint64),
    ]
    chosen: NDArray[np.uint64] = np.choose(RNG.integers(0, len(kinds), COUNT), kinds)
    return chosen.view(np.float64)


@pytest.mark.parametrize(
    ("name", "wanted"),
    [
        ("__muldf3", np.multiply),
        ("__divdf3", np.divide),
        ("__adddf3", np.add),
        ("__subdf3", np.subtract),
    ],
)
def test_double_precision_is_as_in_hardware(
    functions: dict[str, Call], name: str, wanted: Callable[..., Any]
) -> None:
    a, b = some_doubles(), some_doubles()
    b[::7] = -a[::7]  # what cancels out
    with np.errstate(all="ignore"):
        right = wanted(a, b)
    pairs = zip(a.tolist(), b.tolist(), strict=True)
    seen = np.array([functions[name](x, y) for x, y in pairs], np.float64)
    both_nan = np.isnan(right) & np.isnan(seen)
    wrong = (right.view(np.uint64) != seen.view(np.uint64)) & ~both_nan
    assert not wrong.any(), [(a[i], b[i], right[i], seen[i]) for i in np.nonzero(wrong)[0][:5]]


def test_doubles_become_floats_and_floats_doubles_as_in_hardware(
    functions: dict[str, Call],
) -> None:
    doubles, floats = some_doubles(), some_floats()
    halves = floats[np.isfinite(floats)].astype(np.float64)
    halves += np.spacing(halves.astype(np.float32)) / 2  # ties of floats
    doubles = np.concatenate([doubles, halves, (RNG.random(COUNT) - 0.5) * 2.0**-125])
    with np.errstate(all="ignore"):
        right = doubles.astype(np.float32)
    seen = np.array([functions["__truncdfsf2"](x) for x in doubles.tolist()], np.float32)
    nan = np.isnan(right)
    assert (np.isnan(seen) == nan).all()
    assert (right.view(np.uint32) == seen.view(np.uint32))[~nan].all()
    wide = np.array([functions["__extendsfdf2"](x) for x in floats.tolist()], np.float64)
    finite = ~np.isnan(floats)
    assert (np.isnan(wide) == ~finite).all()
    assert (wide == floats)[finite].all()


def test_doubles_and_whole_numbers(functions: dict[str, Call]) -> None:
    edges = [0, 1, -1, 2**31 - 1, -(2**31)]
    for value in [*edges, *some_ints(-(2**31), 2**31)]:
        assert functions["__floatsidf"](value) == value
        assert functions["__floatunsidf"](value & 0xFFFFFFFF) == value & 0xFFFFFFFF
        for part in (0.0, 0.25, 0.99):
            near = value + (part if value >= 0 else -part)
            assert functions["__fixdfsi"](near) == int(near), near
            if near >= 0:
                assert functions["__fixunsdfsi"](2 * near) == int(2 * near), near
    assert functions["__fixdfsi"](float("nan")) == 0
    assert functions["__fixdfsi"](1e300) == 2**31 - 1
    assert functions["__fixdfsi"](-1e300) == -(2**31)
    assert functions["__fixdfsi"](5e-324) == 0


def test_whole_numbers_become_floats_as_in_hardware(functions: dict[str, Call]) -> None:
    edges = [0, 1, -1, 2**24, 2**24 + 1, 2**24 + 3, -(2**24) - 1, 2**31 - 1, -(2**31)]
    values = [*edges, *some_ints(-(2**31), 2**31)]
    for value in values:
        assert functions["__floatsisf"](value) == float(np.float32(value)), value


def some_ints(low: int, high: int) -> list[int]:
    """Of any magnitude."""
    shifts = RNG.integers(0, 31, COUNT // 4)
    values = RNG.integers(low, high, COUNT // 4, dtype=np.int64)
    return [int(v) >> int(s) for v, s in zip(values, shifts, strict=True)]


UNSIGNED = [0, 1, 2, 0xFFFF, 0x10000, 0x7FFFFFFF, 0x80000000, 0xFFFFFFFF]
SIGNED = [0, 1, -1, 2, -2, 2**31 - 1, -(2**31)]


def test_unsigned_products_and_quotients(functions: dict[str, Call]) -> None:
    edges = [(a, b) for a in UNSIGNED for b in UNSIGNED]
    for a, b in [*edges, *zip(some_ints(0, 2**32), some_ints(0, 2**32), strict=True)]:
        assert functions["__umulsidi3"](a, b) == a * b
        if b != 0:
            assert functions["__udivsi3"](a, b) == a // b, (a, b)
            assert functions["__umodsi3"](a, b) == a % b, (a, b)


def test_signed_products_and_quotients(functions: dict[str, Call]) -> None:
    edges = [(a, b) for a in SIGNED for b in SIGNED]
    pairs = [*edges, *zip(some_ints(-(2**31), 2**31), some_ints(-(2**31), 2**31), strict=True)]
    for a, b in pairs:
        assert functions["__muldi3"](a, b) == a * b
        assert functions["__muldi3"](a << 20 | 7, b) == wrapped((a << 20 | 7) * b)
        if b != 0 and (a, b) != (-(2**31), -1):
            assert functions["__divsi3"](a, b) == abs(a) // abs(b) * (1 if a * b >= 0 else -1)


def test_long_quotients(functions: dict[str, Call]) -> None:
    wide = [(a << 17) ^ b for a in UNSIGNED for b in UNSIGNED]
    drawn = some_ints(0, 2**62)
    pairs = [*zip(wide, reversed(wide), strict=True), *zip(drawn, reversed(drawn), strict=True)]
    pairs += [(2**64 - 1, 1), (2**64 - 1, 2**64 - 1), (2**63, 3), (5, 2**64 - 1)]
    for a, b in pairs:
        if b != 0:
            assert functions["__udivdi3"](a, b) == a // b, (a, b)
            assert functions["__umoddi3"](a, b) == a % b, (a, b)
        if b != 0 and max(a, b) < 2**63:
            assert functions["__divdi3"](-a, b) == -(a // b), (a, b)
            assert functions["__divdi3"](-a, -b) == a // b, (a, b)


def wrapped(value: int) -> int:
    """Modulo 2^64, as a signed number."""
    return (value + 2**63) % 2**64 - 2**63
