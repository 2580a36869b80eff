"""ADD, SUB, MUL, MAXIMUM, MINIMUM and PRELU with broadcasting."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from tinybench.compiler.fixedpoint import Multiplier, clamp8, multiply, quantize_multiplier
from tinybench.compiler.kernel import Value
from tinybench.compiler.lower.context import Lowering, Scale, Unsupported
from tinybench.compiler.lower.packing import stored_shift
from tinybench.compiler.lower.tables import lookup_step
from tinybench.compiler.program import Step
from tinybench.model.graph import Tensor

HEADROOM = 20  # bits by which ADD and SUB scale int8 inputs up
TABLE_CHANNELS = 4  # a constant operand of so many channels becomes a table of 256 B each

Function = Callable[[int, int], int]


def add(lowering: Lowering) -> list[Step]:
    """ADD (CalculateOpDataAdd() in add_common.cc)."""
    return _sum(lowering, 1)


def sub(lowering: Lowering) -> list[Step]:
    """SUB: as ADD, in double precision.

    sub_common.cc takes its quotients in float32; TFLite Micro as it is distributed does not.
    """
    return _sum(lowering, -1)


def _sum(lowering: Lowering, sign: int) -> list[Step]:
    a, b, out = _scales(lowering)
    ma, mb, mo = sum_multipliers(a, b, out, HEADROOM)
    low, high = lowering.activation(out)

    def value(x: int, y: int) -> int:
        wide_x = multiply((x - a.zero) << HEADROOM, ma)
        wide_y = multiply((y - b.zero) << HEADROOM, mb)
        return clamp8(multiply(wide_x + sign * wide_y, mo) + out.zero, low, high)

    fields: dict[str, Value] = {
        "a_offset": -a.zero,
        "a_multiplier": ma.value,
        "a_shift": ma.shift,
        "b_offset": -b.zero,
        "b_multiplier": mb.value,
        "b_shift": mb.shift,
        "b_sign": sign,
        **_output_fields(mo, out, low, high),
    }
    return _binary(lowering, "tb_add", fields, value)


def sum_multipliers(
    a: Scale, b: Scale, out: Scale, headroom: int
) -> tuple[Multiplier, Multiplier, Multiplier]:
    """Multipliers of both inputs and of their sum.

    Args:
        a, b, out: scales of inputs and output.
        headroom: bits by which the inputs are scaled up.

    Raises:
        Unsupported: the sum would have to be scaled up.
    """
    twice_max = 2.0 * float(max(a.scale, b.scale))
    reals = (
        float(a.scale) / twice_max,
        float(b.scale) / twice_max,
        twice_max / ((1 << headroom) * float(out.scale)),
    )
    ma, mb, mo = (quantize_multiplier(r) for r in reals)
    if mo.shift > 0:
        raise Unsupported("the output's scale is too small for the inputs'")
    return ma, mb, mo


def mul(lowering: Lowering) -> list[Step]:
    """MUL (CalculateOpDataMul() in mul_common.cc)."""
    a, b, out = _scales(lowering)
    m = quantize_multiplier(float(a.scale) * float(b.scale) / float(out.scale))
    low, high = lowering.activation(out)

    def value(x: int, y: int) -> int:
        return clamp8(multiply((x - a.zero) * (y - b.zero), m) + out.zero, low, high)

    fields: dict[str, Value] = {
        "a_offset": -a.zero,
        "b_offset": -b.zero,
        **_output_fields(m, out, low, high),
        "shift": stored_shift(m, 255 * 255),
    }
    return _binary(lowering, "tb_mul", fields, value)


def maximum(lowering: Lowering) -> list[Step]:
    """MAXIMUM of one scale, as TFLite Micro compares the bytes."""
    return _larger_or_smaller(lowering, "tb_maximum", max)


def minimum(lowering: Lowering) -> list[Step]:
    """MINIMUM of one scale."""
    return _larger_or_smaller(lowering, "tb_minimum", min)


def _larger_or_smaller(lowering: Lowering, function: str, value: Function) -> list[Step]:
    if len(set(_scales(lowering))) > 1:
        raise Unsupported("inputs and output differ in scale or zero point")
    return _binary(lowering, function, {}, value)


def prelu(lowering: Lowering) -> list[Step]:
    """PRELU: the second input is the slope where the first is negative.

    Source: CalculatePreluParams() in prelu_common.cc, reference/prelu.h.
    """
    a, alpha, out = _scales(lowering)
    ratio = float(a.scale) / float(out.scale)
    leak_ratio = float(a.scale) * float(alpha.scale) / float(out.scale)
    identity, leak = quantize_multiplier(ratio), quantize_multiplier(leak_ratio)

    def value(x: int, y: int) -> int:
        x -= a.zero
        scaled = multiply(x, identity) if x >= 0 else multiply(x * (y - alpha.zero), leak)
        return clamp8(scaled + out.zero)

    fields: dict[str, Value] = {
        "in_offset": -a.zero,
        "alpha_offset": -alpha.zero,
        "multiplier": identity.value,
        "shift": identity.shift,
        "leak_multiplier": leak.value,
        "leak_shift": leak.shift,
        "out_offset": out.zero,
    }
    return _binary(lowering, "tb_prelu", fields, value)


def _scales(lowering: Lowering) -> tuple[Scale, Scale, Scale]:
    a, b, out = lowering.input(0), lowering.input(1), lowering.output
    return lowering.int8_scale(a), lowering.int8_scale(b), lowering.int8_scale(out)


def _output_fields(m: Multiplier, out: Scale, low: int, high: int) -> dict[str, Value]:
    return {
        "multiplier": m.value,
        "shift": m.shift,
        "out_offset": out.zero,
        "act_min": low,
        "act_max": high,
    }


def _binary(
    lowering: Lowering, function: str, fields: dict[str, Value], value: Function
) -> list[Step]:
    """The kernel call, or a table where one operand is a small constant."""
    a, b, out = lowering.input(0), lowering.input(1), lowering.output
    if a.data is not None and b.data is not None:
        raise Unsupported("both operands are constant")
    shape = broadcast_fields(a.shape, b.shape, out.shape)
    for variable, constant, swap in ((a, b, False), (b, a, True)):
        channels = _table_channels(variable, constant, out)
        if channels is not None:
            functions = tuple(_partial(value, int(c), swap) for c in channels)
            return [lookup_step(lowering, variable.index, out.elements, functions)]
    whole = tuple(i for i, t in enumerate((a, b)) if t.elements == out.elements)
    kernel_fields: dict[str, Value] = {"shape": shape, **fields}
    return [lowering.step(function, kernel_fields, (a.index, b.index), in_place=whole)]


def _partial(value: Function, constant: int, swap: bool) -> Callable[[int], int]:
    return (lambda v: value(constant, v)) if swap else (lambda v: value(v, constant))


def _table_channels(
    variable: Tensor, constant: Tensor, out: Tensor
) -> np.ndarray[tuple[int], np.dtype[np.int8]] | None:
    """The constant's value per channel of the output's last axis, where that is all it is."""
    data = constant.data
    if data is None or variable.elements != out.elements or data.size > TABLE_CHANNELS:
        return None
    if data.size > 1 and (data.shape[-1] != data.size or out.shape[-1] != data.size):
        return None
    return data.reshape(-1)


def broadcast_fields(a: tuple[int, ...], b: tuple[int, ...], out: tuple[int, ...]) -> str:
    """The initializer of a tb_broadcast_t, with alike neighbouring axes merged.

    Raises:
        Unsupported: shapes that do not broadcast to ``out``, or more than four axes left.
    """
    rank = len(out)
    if max(len(a), len(b)) > rank:
        raise Unsupported(f"shapes {a} and {b} -> {out}")
    full_a, full_b = ((1,) * (rank - len(s)) + s for s in (a, b))
    if any(
        o != max(x, y) or min(x, y) not in (1, o)
        for x, y, o in zip(full_a, full_b, out, strict=True)
    ):
        raise Unsupported(f"shapes {a} and {b} do not broadcast to {out}")
    axes: list[list[int]] = []  # [size, a repeats, b repeats]
    for x, y, o in zip(full_a, full_b, out, strict=True):
        if o == 1:
            continue
        kind = [int(x == 1), int(y == 1)]
        if axes and axes[-1][1:] == kind:
            axes[-1][0] *= o
        else:
            axes.append([o, *kind])
    if len(axes) > 4:
        raise Unsupported(f"broadcasting {a} and {b} over more than four axes")
    axes = [[1, 0, 0]] * (4 - len(axes)) + axes
    steps_a, steps_b = _steps(axes, 1), _steps(axes, 2)
    return ", ".join(
        "{" + ", ".join(str(v) for v in row) + "}"
        for row in ([axis[0] for axis in axes], steps_a, steps_b)
    ).join(("{", "}"))


def _steps(axes: list[list[int]], operand: int) -> list[int]:
    """Elements to skip per step of each axis; 0 where the operand repeats."""
    steps: list[int] = []
    stride = 1
    for axis in reversed(axes):
        repeats = axis[operand]
        steps.append(0 if repeats else stride)
        stride *= 1 if repeats else axis[0]
    return steps[::-1]
