"""A .tflite model as plain frozen data: what the compiler and `inspect` work on."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True)
class Quantization:
    """Affine quantization, real = scale * (q - zero_point).

    TFLite quantization spec: https://ai.google.dev/edge/litert/models/quantization_spec

    Attributes:
        scale: float32, shape (1,) per tensor or (channels,) per channel.
        zero_point: int64, same shape as ``scale``.
        axis: the channel dimension; 0 where per tensor.
    """

    scale: NDArray[np.float32]
    zero_point: NDArray[np.int64]
    axis: int = 0


@dataclass(frozen=True)
class Tensor:
    """One tensor of the graph.

    Attributes:
        index: position in the subgraph's tensor table.
        name: as in the file; may be empty or repeated.
        dtype: NumPy's name: "int8", "int32", "float32", "uint8", "int16", "bool", ...
        shape: dimensions; never negative (a dynamic batch reads as 1).
        quant: None where the tensor carries no quantization.
        data: the constant's value with ``shape`` and ``dtype``, None for an activation.
    """

    index: int
    name: str
    dtype: str
    shape: tuple[int, ...]
    quant: Quantization | None = None
    data: NDArray[Any] | None = None

    @property
    def elements(self) -> int:
        """Number of elements; 1 for a scalar."""
        return int(np.prod(self.shape, dtype=np.int64)) if self.shape else 1

    @property
    def nbytes(self) -> int:
        """Size in bytes."""
        return self.elements * np.dtype(self.dtype).itemsize


@dataclass(frozen=True)
class Op:
    """One operator.

    Attributes:
        index: position in the subgraph's operator list.
        name: the schema's BuiltinOperator name ("CONV_2D"), or "CUSTOM:<code>".
        version: the operator code's version.
        inputs: tensor indices; -1 where an optional input is absent.
        outputs: tensor indices.
        options: the op's builtin options under the schema's snake_case field names
            (``padding`` "SAME"/"VALID", ``stride_h``, ``fused_activation_function``
            "NONE"/"RELU"/..., enums as their schema names).
    """

    index: int
    name: str
    version: int
    inputs: tuple[int, ...]
    outputs: tuple[int, ...]
    options: Mapping[str, Any] = field(default_factory=lambda: MappingProxyType({}))


@dataclass(frozen=True)
class Graph:
    """The model's one subgraph.

    Attributes:
        tensors: by index.
        ops: in execution order.
        inputs, outputs: tensor indices.
        sha256: hex digest of the file's bytes.
        file_bytes: the file's size.
        description: the file's own description string.
    """

    tensors: tuple[Tensor, ...]
    ops: tuple[Op, ...]
    inputs: tuple[int, ...]
    outputs: tuple[int, ...]
    sha256: str
    file_bytes: int
    description: str = ""
