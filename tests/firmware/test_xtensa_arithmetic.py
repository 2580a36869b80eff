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

SOURCES = ("floats.c", "integers.c")
F32, I32, U32 = ctypes.c_float, ctypes.c_int32, ctypes.c_uint32
I64, U64 = ctypes.c_int64, ctypes.c_uint64
TYPES: dict[str, tuple[Any, ...]] = {
    "__floatsisf": (F32, I32),
    "__mulsf3": (F32, F32, F32),
    "__addsf3": (F32, F32, F32),
    "__subsf3": (F32, F32, F32),
    "__umulsidi3": (U64, U32, U32),
    "__muldi3": (I64, I64, I64),
    "__udivsi3": (U32, U32, U32),
    "__umodsi3": (U32, U32, U32),
    "__divsi3": (I32, I32, I32),
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


def wrapped(value: int) -> int:
    """Modulo 2^64, as a signed number."""
    return (value + 2**63) % 2**64 - 2**63
