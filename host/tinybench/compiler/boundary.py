"""QUANTIZE and DEQUANTIZE at the graph's edge, done on the host exactly as TFLite Micro does.

Source of requantize(): reference_ops::Requantize in
tensorflow/lite/kernels/internal/reference/requantize.h.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tinybench.compiler.fixedpoint import multiply, quantize_multiplier
from tinybench.compiler.program import DeviceTensor
from tinybench.model.affine import dequantize, quantize_real


def requantize(
    values: NDArray[Any], source: tuple[float, int], target: tuple[float, int], dtype: str
) -> NDArray[Any]:
    """Integers of one scale to integers of another.

    Args:
        values: int8 or uint8, any shape.
        source, target: (scale, zero point) before and after.
        dtype: of the result.
    """
    limits = np.iinfo(dtype)
    m = quantize_multiplier(float(np.float32(source[0])) / float(np.float32(target[0])))
    low = int(np.iinfo(values.dtype).min)
    table = np.array(
        [
            min(max(multiply(v - source[1], m) + target[1], limits.min), limits.max)
            for v in range(low, low + 256)
        ]
    ).astype(dtype)
    return table[values.astype(np.int64) - low]


def to_device(tensor: DeviceTensor, value: NDArray[Any]) -> NDArray[Any]:
    """The file's input tensor as the device wants it."""
    edge = tensor.boundary
    if edge is None:
        return value
    if edge.kind == "quantize":
        return quantize_real(value, tensor.scale, tensor.zero_point, tensor.dtype)
    own = (tensor.scale, tensor.zero_point)
    return requantize(value, (edge.scale, edge.zero_point), own, tensor.dtype)


def from_device(tensor: DeviceTensor, value: NDArray[Any]) -> NDArray[Any]:
    """The device's output tensor as the file has it."""
    edge = tensor.boundary
    if edge is None:
        return value
    if edge.kind == "dequantize":
        return dequantize(value, tensor.scale, tensor.zero_point)
    own = (tensor.scale, tensor.zero_point)
    return requantize(value, own, (edge.scale, edge.zero_point), edge.graph_dtype)


@dataclass(frozen=True)
class Edge:
    """Both edges of a compiled model: the file's tensors on one side, the device's on the other.

    Attributes:
        inputs, outputs: the device's tensors, in the file's order.
    """

    inputs: tuple[DeviceTensor, ...]
    outputs: tuple[DeviceTensor, ...]

    def encode(self, values: Sequence[NDArray[Any]]) -> list[bytes]:
        """The file's input tensors as the bytes that the device gets."""
        return [
            np.ascontiguousarray(to_device(tensor, value)).tobytes()
            for tensor, value in zip(self.inputs, values, strict=True)
        ]

    def decode(self, raw: Sequence[bytes]) -> list[NDArray[Any]]:
        """The device's output bytes as the file's output tensors."""
        return [
            from_device(tensor, np.frombuffer(data, tensor.dtype).reshape(tensor.shape))
            for tensor, data in zip(self.outputs, raw, strict=True)
        ]

    @property
    def output_steps(self) -> tuple[float, ...]:
        """One quantization step of each output, in the file's units."""
        return tuple(
            t.scale if t.boundary is not None and t.boundary.kind == "dequantize" else 1.0
            for t in self.outputs
        )
