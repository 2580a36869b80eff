"""From pixels or real values to the model's input tensor.

A pixel 0..255 stands for a real value: what the model saw in training. Which one is the
preprocessing that everybody forgets to write down; ``auto`` reads it off the input's scale and
zero point where they settle it, and refuses where they do not.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tinybench.errors import DataError
from tinybench.model.affine import quantize_real
from tinybench.model.graph import Graph, Quantization

# The real values that pixels 0 and 255 stand for.
PIXEL_RANGES: Mapping[str, tuple[float, float]] = MappingProxyType(
    {"0:255": (0.0, 255.0), "0:1": (0.0, 1.0), "-1:1": (-1.0, 1.0)}
)

# How far, in pixel steps, an end of what the input can hold may lie from a range's end.
_SLACK = 4


@dataclass(frozen=True)
class InputSpec:
    """The model's input, as the file has it.

    Attributes:
        name: the tensor's name.
        dtype: "int8", "uint8", "int16" or "float32".
        shape: with the batch of 1.
        scale, zero_point: of the tensor, or of the one that a QUANTIZE makes of it; None where
            there is no quantization.
        grid: integer type that scale and zero point belong to; "" likewise.
        classes: how many scores the first output has; None where it is not a row of scores.
    """

    name: str
    dtype: str
    shape: tuple[int, ...]
    scale: float | None
    zero_point: int
    grid: str
    classes: int | None

    @property
    def sample_shape(self) -> tuple[int, ...]:
        """The shape of one sample, without the batch."""
        return self.shape[1:] if self.shape[:1] == (1,) else self.shape


def input_spec(graph: Graph) -> InputSpec:
    """What the model takes.

    Raises:
        DataError: it has no input or several; then no data set says which is which.
    """
    if len(graph.inputs) != 1:
        raise DataError(
            "a model with one input", f"it has {len(graph.inputs)}", "cut it down to one input"
        )
    tensor = graph.tensors[graph.inputs[0]]
    quant, grid = _find_grid(graph)
    scores = graph.tensors[graph.outputs[0]]
    is_row = scores.elements > 1 and max(scores.shape) == scores.elements
    return InputSpec(
        name=tensor.name,
        dtype=tensor.dtype,
        shape=tensor.shape,
        scale=None if quant is None else float(quant.scale[0]),
        zero_point=0 if quant is None else int(quant.zero_point[0]),
        grid=grid,
        classes=scores.elements if is_row else None,
    )


def _find_grid(graph: Graph) -> tuple[Quantization | None, str]:
    """The input's quantization, or that of the QUANTIZE that alone reads a float input."""
    tensor = graph.tensors[graph.inputs[0]]
    readers = [op for op in graph.ops if tensor.index in op.inputs]
    if tensor.dtype == "float32" and len(readers) == 1 and readers[0].name == "QUANTIZE":
        tensor = graph.tensors[readers[0].outputs[0]]
    if tensor.quant is None or tensor.quant.scale.size != 1 or tensor.dtype == "float32":
        return None, ""
    return tensor.quant, tensor.dtype


def settle_pixel_range(choice: str, spec: InputSpec) -> str:
    """The range that pixels stand for.

    ``auto`` picks the one range whose ends the input's integers reach, within 4 of 255 steps; of
    an int16 input, which has no zero point, the end that lies farther from 0.

    Args:
        choice: "auto" or one of :data:`PIXEL_RANGES`.
        spec: the model's input.

    Raises:
        DataError: there is no such choice, or ``auto`` cannot tell.
    """
    if choice in PIXEL_RANGES:
        return choice
    names = ", ".join(PIXEL_RANGES)
    if choice != "auto":
        raise DataError("a pixel range", f"{choice!r}", f"choose auto or one of {names}")
    fitting = [name for name, ends in PIXEL_RANGES.items() if _reaches(spec, *ends)]
    if len(fitting) == 1:
        return fitting[0]
    raise DataError(
        "the input's scale and zero point settle what pixels stand for",
        _spell_grid(spec),
        f"say what pixels 0 and 255 were in training with --pixel-range, one of {names}",
    )


def _reaches(spec: InputSpec, low: float, high: float) -> bool:
    if spec.scale is None or spec.grid not in ("int8", "uint8", "int16"):
        return False
    limits = np.iinfo(spec.grid)
    slack = _SLACK * (high - low) / 255
    if spec.grid == "int16":  # as far below 0 as above, whatever was seen in training
        low = -high
    bottom = (limits.min - spec.zero_point) * spec.scale
    top = (limits.max - spec.zero_point) * spec.scale
    return abs(bottom - low) <= slack and abs(top - high) <= slack


def _spell_grid(spec: InputSpec) -> str:
    if spec.scale is None:
        return f"the input {spec.dtype} {spec.shape} has none"
    limits = np.iinfo(spec.grid)
    bottom, top = ((end - spec.zero_point) * spec.scale for end in (limits.min, limits.max))
    return (
        f"scale={spec.scale:.6g} and zero_point={spec.zero_point} reach from {bottom:.4g} "
        f"to {top:.4g}"
    )


def pixels_to_tensor(pixels: NDArray[np.uint8], spec: InputSpec, pixel_range: str) -> NDArray[Any]:
    """Pixels as the model's input.

    Args:
        pixels: uint8, one sample, as many elements as the input.
        spec: the model's input.
        pixel_range: one of :data:`PIXEL_RANGES`.

    Returns:
        An array of the input's shape and dtype.
    """
    low, high = PIXEL_RANGES[pixel_range]
    levels = low + np.arange(256) * ((high - low) / 255)
    return _to_input_type(levels.astype(np.float32), spec)[pixels].reshape(spec.shape)


def real_to_tensor(real: NDArray[np.float32], spec: InputSpec) -> NDArray[Any]:
    """Real values as the model's input: quantized as TFLM's QUANTIZE would, or float as they are.

    Args:
        real: float32, one sample, as many elements as the input.
        spec: the model's input.

    Returns:
        An array of the input's shape and dtype.
    """
    return _to_input_type(real, spec).reshape(spec.shape)


def _to_input_type(real: NDArray[np.float32], spec: InputSpec) -> NDArray[Any]:
    if spec.dtype == "float32":
        return real
    if spec.scale is None:
        raise DataError(
            "a quantized input", f"{spec.dtype} without scale", "give int8 tensors as they are"
        )
    return quantize_real(real, spec.scale, spec.zero_point, spec.dtype)
