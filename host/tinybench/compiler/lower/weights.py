"""What convolutions multiply with, and how their sums become int8."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tinybench.compiler.fixedpoint import Multiplier
from tinybench.compiler.kernel import ConstArray, Value
from tinybench.compiler.lower import packing
from tinybench.compiler.lower.context import (
    Lowering,
    Scale,
    bias_values,
    channel_multipliers,
    filter_scales,
)


@dataclass(frozen=True)
class Weights:
    """What a weighted op multiplies with.

    Attributes:
        filters: int8 (channels, taps), taps in the order of the image.
        bias: int32 (channels,).
        multipliers: one per channel.
        zero: the input's zero point.
        shifts: as tb_scale() wants them.
        constants: channel -> the value that it has for every input.
    """

    filters: NDArray[np.int8]
    bias: NDArray[np.int32]
    multipliers: list[Multiplier]
    zero: int
    shifts: list[int]
    constants: Mapping[int, int]

    def folded_bias(self) -> NDArray[np.int32]:
        """The bias with the input's zero point in it."""
        folded = packing.fold_bias(self.bias, self.filters, self.zero)
        return np.array(folded, np.int32)

    def scale_fields(self) -> dict[str, Value]:
        """Multiplier and stored shift per channel."""
        values = [m.value for m in self.multipliers]
        return {
            "multiplier": ConstArray("multiplier", np.array(values, np.int32)),
            "shift": ConstArray("shift", np.array(self.shifts, np.int8)),
        }


def weights_of(
    filters: NDArray[np.int8],
    bias: NDArray[np.int32],
    multipliers: list[Multiplier],
    zero: int,
    limits: packing.OutputLimits,
) -> Weights:
    """Channels that give the same for every input lose their weights.

    Args:
        filters: (channels, taps).
        bias: (channels,).
        multipliers: one per channel.
        zero: the input's zero point.
        limits: of the output.
    """
    filters, bias, multipliers = filters.copy(), bias.copy(), list(multipliers)
    shifts: list[int] = []
    constants: dict[int, int] = {}
    for c, m in enumerate(multipliers):
        reach = packing.sum_range(int(bias[c]), filters[c], zero)
        value = packing.constant_output(reach, m, limits)
        if value is not None:
            filters[c], constants[c] = 0, value
            bias[c], multipliers[c] = packing.constant_channel(value, limits)
            reach = int(bias[c]), int(bias[c])
        shifts.append(packing.stored_shift(multipliers[c], max(-reach[0], reach[1])))
    return Weights(filters, bias, multipliers, zero, shifts, constants)


def weights_for(lowering: Lowering, filters: NDArray[np.int8], axis: int) -> Weights:
    """The weights of an op whose inputs are image, filter and bias.

    Args:
        lowering: the op.
        filters: (channels, taps).
        axis: of the filter as it is in the file, along the output channels.

    Raises:
        Unsupported: quantization or bias that no kernel takes.
    """
    source, out = lowering.int8_scale(lowering.input(0)), lowering.int8_scale(lowering.output)
    scales, channels = filter_scales(lowering.input(1), axis), len(filters)
    return weights_of(
        filters,
        bias_values(lowering, 2, channels),
        channel_multipliers(source, scales, out, channels),
        source.zero,
        output_limits(lowering, out),
    )


def output_limits(lowering: Lowering, out: Scale) -> packing.OutputLimits:
    """The output's zero point with the clamp of the op's activation."""
    return packing.OutputLimits(out.zero, *lowering.activation(out))


def output_fields(limits: packing.OutputLimits) -> dict[str, Value]:
    """The same as fields of a kernel's struct."""
    return {"out_offset": limits.zero, "act_min": limits.low, "act_max": limits.high}
