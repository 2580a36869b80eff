"""What a lowering function sees of its op, with the checks that they share."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tinybench.compiler.fixedpoint import Multiplier, activation_range, quantize_multiplier
from tinybench.compiler.kernel import Kernel, Value
from tinybench.compiler.program import Step
from tinybench.compiler.window import Window
from tinybench.model.graph import Graph, Op, Tensor


class Unsupported(Exception):  # noqa: N818 - not an error of the user; caught by the compiler
    """Why this op cannot be lowered."""


@dataclass(frozen=True)
class Scale:
    """A per-tensor quantization: ``scale`` float32, ``zero`` its zero point, of a dtype."""

    scale: np.float32
    zero: int
    dtype: str = "int8"

    @property
    def itemsize(self) -> int:
        """Bytes of an element."""
        return np.dtype(self.dtype).itemsize


@dataclass(frozen=True)
class Lowering:
    """One op of a graph, being lowered."""

    graph: Graph
    op: Op

    def input(self, position: int) -> Tensor:
        """The op's input tensor at a position.

        Raises:
            Unsupported: the op has no such input.
        """
        tensor = self.optional_input(position)
        if tensor is None:
            raise Unsupported(f"input {position} is missing")
        return tensor

    def optional_input(self, position: int) -> Tensor | None:
        """The same, None where the input is left out."""
        if position >= len(self.op.inputs) or self.op.inputs[position] < 0:
            return None
        return self.graph.tensors[self.op.inputs[position]]

    @property
    def output(self) -> Tensor:
        """The op's one output tensor."""
        if len(self.op.outputs) != 1:
            raise Unsupported(f"{len(self.op.outputs)} outputs, one expected")
        return self.graph.tensors[self.op.outputs[0]]

    def wide_tensor(self) -> Tensor | None:
        """The op's first activation that is int16."""
        indices = (*self.op.inputs, *self.op.outputs)
        tensors = (self.graph.tensors[i] for i in indices if i >= 0)
        return next((t for t in tensors if t.dtype == "int16" and t.data is None), None)

    def option(self, name: str, default: Any) -> Any:
        """A builtin option."""
        return self.op.options.get(name, default)

    def int8_scale(self, tensor: Tensor) -> Scale:
        """The per-tensor quantization of an int8 tensor.

        Raises:
            Unsupported: another dtype, or quantized per channel or not at all.
        """
        return self._scale(tensor, ("int8",))

    def int16_scale(self, tensor: Tensor) -> Scale:
        """The same of an int16 tensor, which has no zero point."""
        return self._scale(tensor, ("int16",))

    def any_scale(self, tensor: Tensor) -> Scale:
        """The same of a tensor of which only bytes are moved."""
        return self._scale(tensor, ("int8", "int16"))

    def _scale(self, tensor: Tensor, dtypes: tuple[str, ...]) -> Scale:
        if tensor.dtype not in dtypes:
            raise Unsupported(f"tensor '{tensor.name}' is {tensor.dtype}, {dtypes[0]} is needed")
        if tensor.quant is None or tensor.quant.scale.size != 1:
            raise Unsupported(f"tensor '{tensor.name}' has no single scale and zero point")
        scale = np.float32(tensor.quant.scale[0])
        zero = int(tensor.quant.zero_point[0])
        least, most = (-128, 127) if tensor.dtype == "int8" else (0, 0)
        if not np.isfinite(scale) or scale <= 0 or not least <= zero <= most:
            raise Unsupported(f"tensor '{tensor.name}': scale={scale} zero_point={zero}")
        return Scale(scale, zero, tensor.dtype)

    def constant(self, position: int, dtype: str) -> NDArray[Any]:
        """The value of a constant input.

        Raises:
            Unsupported: it is computed at run time, or of another dtype.
        """
        tensor = self.input(position)
        if tensor.data is None:
            raise Unsupported(f"input {position} must be constant")
        if tensor.dtype != dtype:
            raise Unsupported(f"input {position} is {tensor.dtype}, {dtype} is needed")
        return tensor.data

    def same_elements(self) -> int:
        """The number of elements of input 0 and of the output.

        Raises:
            Unsupported: they differ.
        """
        source, out = self.input(0), self.output
        if source.elements != out.elements:
            raise Unsupported(f"shapes {source.shape} -> {out.shape}")
        return source.elements

    def activation(self, out: Scale) -> tuple[int, int]:
        """The clamp of the fused activation."""
        name = self.option("fused_activation_function", "NONE")
        try:
            return activation_range(name, out.scale, out.zero, out.dtype)
        except KeyError:  # an OverflowError is for the compiler to catch, as those of multipliers
            raise Unsupported(f"fused activation {name}") from None

    def step(
        self,
        function: str,
        fields: Mapping[str, Value],
        inputs: tuple[int, ...],
        *,
        macs: int = 0,
        in_place: tuple[int, ...] = (),
        soft_float: bool = False,
        window: Window | None = None,
    ) -> Step:
        """A call of a kernel that writes the op's output."""
        return Step(
            ops=(self.op.index,),
            label=self.op.name,
            kernel=Kernel(function, fields),
            inputs=inputs,
            output=self.output.index,
            macs=macs,
            in_place=in_place,
            soft_float=soft_float,
            window=window,
        )


def channel_multipliers(
    source: Scale, filter_scales: NDArray[np.float32], out: Scale, channels: int
) -> list[Multiplier]:
    """Multiplier and shift per output channel, in double precision.

    Source: PopulateConvolutionQuantizationParams() in kernel_util.cc.

    Raises:
        Unsupported: the number of scales is neither one nor one per channel.
    """
    if filter_scales.size not in (1, channels):
        raise Unsupported(f"{filter_scales.size} filter scales for {channels} channels")
    return [
        quantize_multiplier(float(source.scale) * float(f) / float(out.scale))
        for f in np.broadcast_to(filter_scales, (channels,))
    ]


def filter_scales(tensor: Tensor, axis: int) -> NDArray[np.float32]:
    """The scales of an int8 filter that is symmetric, along its output channels.

    Raises:
        Unsupported: not quantized, asymmetric, or along another axis.
    """
    quant = tensor.quant
    if quant is None:
        raise Unsupported(f"filter '{tensor.name}' is not quantized")
    if quant.zero_point.any():
        raise Unsupported(f"filter '{tensor.name}' has a zero point other than 0")
    if quant.scale.size > 1 and quant.axis != axis:
        raise Unsupported(f"filter '{tensor.name}' is quantized along axis {quant.axis}")
    return quant.scale


def bias_values(
    lowering: Lowering, position: int, channels: int, dtype: str = "int32"
) -> NDArray[Any]:
    """The bias, zeros where the op has none.

    Raises:
        Unsupported: not constant, another dtype or length.
    """
    if lowering.optional_input(position) is None:
        return np.zeros(channels, dtype)
    bias = lowering.constant(position, dtype)
    if bias.size != channels:
        raise Unsupported(f"bias of {bias.size} values for {channels} channels")
    return bias.reshape(channels)
