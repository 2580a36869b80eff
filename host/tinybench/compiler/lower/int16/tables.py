"""LOGISTIC, TANH and SOFTMAX of int16 tensors: interpolated between the entries of tables."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from tinybench.compiler.fixedpoint import quantize_multiplier, round_half_away
from tinybench.compiler.kernel import ConstArray, Value
from tinybench.compiler.lower.context import Lowering, Unsupported
from tinybench.compiler.program import Step

ONE = 2.0**-15  # the scale of a result in Q0.15
MAX_CLASSES = (2**31 - 1) // 32767  # exponentials of at most 32767 whose sum fits int32
MAX_SHIFT = 14  # a difference of two int16 may be scaled up by so many bits
_STEPS = 512


def logistic(lowering: Lowering) -> list[Step]:
    """LOGISTIC (CalculateArithmeticOpDataLogistic() in logistic_common.cc)."""
    return _sigmoidal(lowering, "tb_logistic16", (0,))


def tanh(lowering: Lowering) -> list[Step]:
    """TANH (CalculateArithmeticOpData() in tanh.cc)."""
    return _sigmoidal(lowering, "tb_tanh16", (0, 1))


def _sigmoidal(lowering: Lowering, function: str, shifts: tuple[int, ...]) -> list[Step]:
    """A call of one of the two.

    Args:
        lowering: the op.
        function: the kernel.
        shifts: input scales of 2^(shift - 12) are met without rounding.
    """
    source = lowering.input(0)
    in_scale, out_scale = lowering.int16_scale(source), lowering.int16_scale(lowering.output)
    if out_scale.scale != np.float32(ONE):
        raise Unsupported(f"output scale {out_scale.scale}, 2^-15 is needed")
    multiplier, shift = _table_input(float(in_scale.scale), shifts)
    fields: dict[str, Value] = {
        "count": lowering.same_elements(),
        "multiplier": multiplier,
        "shift": shift,
        "table": ConstArray("table", _sigmoid_table()),
    }
    return [lowering.step(function, fields, (source.index,), in_place=(0,))]


def _table_input(scale: float, shifts: tuple[int, ...]) -> tuple[int, int]:
    """(multiplier, right shift) to steps of 1 / 12288.

    Raises:
        Unsupported: no 15 bits for it.
    """
    for shift in shifts:
        if scale == 2.0 ** (shift - 12):
            return 3 << shift, 0
    real, right = scale * 12288.0, 0
    while real <= 32767.0 / 2.0 and right <= 30:
        real, right = real * 2.0, right + 1
    if not 1 <= int(real) <= 32767:
        raise Unsupported(f"input scale {scale}")
    return int(real), right


def _sigmoid_table() -> NDArray[np.uint16]:
    """sigmoid(i / 24) in Q0.16, raised by half of what interpolation would lack in the middle.

    The last entry is the function's limit. Those are the numbers of sigmoid_table_uint16 in
    common.h.
    """
    places = np.arange(255)
    here, middle, after = (65536.0 / (1.0 + np.exp(-(places + d) / 24.0)) for d in (0, 0.5, 1))
    entries = np.floor(here - ((here + after) / 2 - middle) / 2 + 0.5)
    return np.append(entries, 65535).astype(np.uint16)


def softmax(lowering: Lowering) -> list[Step]:
    """SOFTMAX (CalculateSoftmaxParams() in softmax_common.cc)."""
    source, out = lowering.input(0), lowering.output
    in_scale, out_scale = lowering.int16_scale(source), lowering.int16_scale(out)
    if abs(float(out_scale.scale) - ONE) > 0.001 * ONE:
        raise Unsupported(f"output scale {out_scale.scale}, 2^-15 is needed")
    if not source.shape or source.shape != out.shape:
        raise Unsupported(f"shapes {source.shape} -> {out.shape}")
    depth = source.shape[-1]
    if depth > MAX_CLASSES:
        raise Unsupported(f"{depth} classes, at most {MAX_CLASSES} can be summed")
    beta = float(np.float32(lowering.option("beta", 1.0)))
    real = float(in_scale.scale) * beta / (10.0 / 65535.0)
    if real < 0 or not math.isfinite(real):
        raise Unsupported(f"beta {beta}")
    m = quantize_multiplier(real)
    if m.shift > MAX_SHIFT:
        raise Unsupported(f"input scale {in_scale.scale} with beta {beta}")
    fields: dict[str, Value] = {
        "rows": source.elements // depth,
        "depth": depth,
        "multiplier": m.value,
        "shift": m.shift,
        "exp_table": ConstArray("exp_table", _table(math.exp, 10.0, 2**15 - 1)),
        "inverse_table": ConstArray("inverse_table", _table(_inverse, 1.0, -(2**15))),
    }
    return [lowering.step("tb_softmax16", fields, (source.index,), in_place=(0,))]


def _inverse(x: float) -> float:
    """1 / (1 + x), in float32 as TFLite Micro computes it."""
    return float(np.float32(1) / (np.float32(1) + np.float32(x)))


def _table(function: Callable[[float], float], width: float, zero: int) -> NDArray[np.int16]:
    """A function of an int16 that stands for a range of numbers, in Q0.15, at 513 places.

    An entry is moved by half the error that interpolation would have in the middle to the next.

    Source: LUTPopulateInt16() in common.h, in float32 as there.

    Args:
        function: of a real number.
        width: of the range that int16 stands for.
        zero: the int16 that stands for 0.
    """
    real = np.float32
    scale, out_scale = real(width) / real(65535), real(2) / real(65535)
    begin, end = scale * real(-(2**15) - zero), scale * real(2**15 - 1 - zero)
    step = (end - begin) / real(_STEPS)
    inverse = real(65536) / (out_scale * real(2**15 - 1) - out_scale * real(-(2**15)))

    def at(place: np.float32) -> np.float32:
        return real(function(float(place)))

    def rounded(value: np.float32) -> np.float32:
        return real(round_half_away(float(value)))

    entries: list[float] = []
    for i in range(_STEPS):
        place = begin + real(i) * step
        sample = rounded(at(place) * inverse)
        after = at(begin + real(i + 1) * step) * inverse
        error = rounded((after + sample) / real(2)) - rounded(at(place + step / real(2)) * inverse)
        entries.append(float(sample - rounded(error / real(2))))
    entries.append(float(rounded(at(end) * inverse)))
    return np.array(entries).clip(-(2**15), 2**15 - 1).astype(np.int16)
