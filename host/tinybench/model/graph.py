"""A .tflite model as plain frozen data: what the compiler and `inspect` work on."""

from __future__ import annotations

import math
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
        dtype: NumPy's name: "int8", "int32", "float32", "uint8", "int16", "bool", ...;
            the schema's, in lower case, where NumPy has no such type ("int4", "string").
        shape: dimensions; never negative (a dynamic batch reads as 1).
        quant: None where the tensor carries no quantization.
        data: the constant's value with ``shape`` and ``dtype`` (read-only, a view of the
            file's bytes), None for an activation.
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
        return math.prod(self.shape)

    @property
    def nbytes(self) -> int:
        """Size in bytes, 4-bit elements packed in pairs; 0 where the type has no fixed size."""
        return (self.elements * element_bits(self.dtype) + 7) // 8


def element_bits(dtype: str) -> int:
    """Bits that one element of a tensor takes in the file; 0 for strings and resources."""
    if dtype in _BITS_NUMPY_LACKS:
        return _BITS_NUMPY_LACKS[dtype]
    return np.dtype(dtype).itemsize * 8


_BITS_NUMPY_LACKS = {
    "string": 0,
    "resource": 0,
    "variant": 0,
    "bfloat16": 16,
    "int4": 4,
    "uint4": 4,
    "int2": 2,
    "float8e4m3fn": 8,
    "float8e5m2": 8,
}


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
        unsupported: what makes the file more than one plain graph of dense constants and
            activations (further subgraphs, sparse or variable tensors, free dimensions), one
            sentence each. Such a graph can be looked at, not compiled.
    """

    tensors: tuple[Tensor, ...]
    ops: tuple[Op, ...]
    inputs: tuple[int, ...]
    outputs: tuple[int, ...]
    sha256: str
    file_bytes: int
    description: str = ""
    unsupported: tuple[str, ...] = ()
