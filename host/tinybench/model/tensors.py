"""The tensor table of a .tflite file: types, shapes, quantization, constants."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tinybench.model.graph import Quantization, Tensor, element_bits
from tinybench.model.schema import Walk, damaged, enum_name

MAX_TENSOR_BYTES = 1 << 31  # TFLite itself counts a tensor's bytes in 32 bits

_MAX_RANK = 8


@dataclass
class TensorTable:
    """What a subgraph's tensor table says.

    Attributes:
        tensors: by index.
        given: indices of the tensors that have a value without any operator writing it:
            constants, those too that NumPy cannot hold, and variables.
        unsupported: one sentence for each tensor that no plain graph has.
    """

    tensors: list[Tensor] = field(default_factory=list)
    given: set[int] = field(default_factory=set)
    unsupported: list[str] = field(default_factory=list)


def read_tensors(walk: Walk, model: Any, subgraph: Any, data: bytes) -> TensorTable:
    """Reads a subgraph's tensors.

    Raises:
        ModelError: a tensor's parts contradict each other or do not fit the file.
    """
    found = TensorTable()
    buffers = walk.length(model, "Buffers", 4)
    for index, table in enumerate(walk.tables(subgraph, "Tensors")):
        if table.Buffer() >= buffers:
            raise damaged(f"tensor {index} is in buffer {table.Buffer()} of {buffers}")
        constant = _constant_bytes(walk, model.Buffers(table.Buffer()), data, f"tensor {index}")
        tensor = _read_tensor(walk, index, table, constant)
        found.tensors.append(tensor)
        found.unsupported += _oddities(tensor, table)
        if constant.size or table.IsVariable():
            found.given.add(index)
    return found


def label(tensor: Tensor) -> str:
    """How messages call a tensor: its index, and its name where it has one."""
    return f"tensor {tensor.index}" + (f" ({tensor.name})" if tensor.name else "")


def _oddities(tensor: Tensor, table: Any) -> list[str]:
    found = []
    if table.Sparsity() is not None:
        found.append(f"{label(tensor)} is stored sparsely; convert without sparsity")
    if table.IsVariable():
        found.append(f"{label(tensor)} is a variable: it keeps state from one run to the next")
    if element_bits(tensor.dtype) < 8 or tensor.dtype in ("complex64", "complex128"):
        found.append(f"{label(tensor)} has the type {tensor.dtype}")
    return found


def _read_tensor(walk: Walk, index: int, table: Any, constant: NDArray[np.uint8]) -> Tensor:
    name = walk.text(table.Name(), "a tensor's name")
    where = f"tensor {index}" + (f" ({name})" if name else "")
    dtype = enum_name("TensorType", table.Type()).lower().replace("_", "")
    if dtype.startswith("unknown"):
        raise damaged(f"{where} has a type that no .tflite has ({table.Type()})")
    shape = _read_shape(walk, table, where, dtype)
    tensor = Tensor(index, name, dtype, shape)
    return Tensor(
        index=index,
        name=name,
        dtype=dtype,
        shape=shape,
        quant=_read_quantization(walk, table.Quantization(), tensor),
        data=None if table.Sparsity() else _as_array(constant, tensor),
    )


def _read_shape(walk: Walk, table: Any, where: str, dtype: str) -> tuple[int, ...]:
    """The shape; a free dimension (-1) reads as 1, as it does for TFLite's interpreters."""
    shape = tuple(1 if size == -1 else size for size in walk.integers(table, "Shape"))
    if len(shape) > _MAX_RANK:
        raise damaged(f"{where} has {len(shape)} dimensions; at most {_MAX_RANK} make sense")
    if any(size < 0 for size in shape):
        raise damaged(f"{where} has the shape {shape}")
    if math.prod(shape) * max(element_bits(dtype), 1) >= MAX_TENSOR_BYTES * 8:
        raise damaged(f"{where} of type {dtype} and shape {shape} would take 2 GiB or more")
    return shape


def _constant_bytes(walk: Walk, buffer: Any, file: bytes, where: str) -> NDArray[np.uint8]:
    """A buffer's bytes as a view of the file; empty for an activation.

    Files above 2 GB keep their constants behind the flatbuffer and say so by ``offset``; the
    values 0 and 1 mean "not used".
    """
    offset, size = buffer.Offset(), buffer.Size()
    if offset > 1:
        if offset + size > len(file):
            raise damaged(f"{where} lies at byte {offset} of {len(file)}, {size} bytes long")
        return np.frombuffer(file, np.uint8, size, offset)
    if walk.length(buffer, "Data", 1) == 0:
        return np.empty(0, np.uint8)
    return np.asarray(buffer.DataAsNumpy(), np.uint8)


def _as_array(constant: NDArray[np.uint8], tensor: Tensor) -> NDArray[Any] | None:
    if constant.size == 0 or tensor.dtype == "string":
        return None
    if constant.nbytes != tensor.nbytes:
        raise damaged(
            f"{label(tensor)} of type {tensor.dtype} and shape {tensor.shape} needs "
            f"{tensor.nbytes} bytes, its data has {constant.nbytes}"
        )
    try:
        dtype = np.dtype(tensor.dtype)
    except TypeError:  # a type that NumPy lacks; the compiler and LiteRT name it
        return None
    return constant.view(dtype).reshape(tensor.shape)


def _read_quantization(walk: Walk, table: Any, tensor: Tensor) -> Quantization | None:
    if table is None:
        return None
    scale = walk.vector(table, "Scale")
    if scale.size == 0:
        return None
    zero_point = walk.vector(table, "ZeroPoint")
    if zero_point.size == 0:
        zero_point = np.zeros(scale.size, np.int64)
    elif zero_point.size == 1:
        zero_point = np.repeat(zero_point, scale.size)
    if zero_point.size != scale.size:
        raise damaged(f"{label(tensor)} has {scale.size} scales and {zero_point.size} zero points")
    if not np.all(np.isfinite(scale)) or np.any(scale < 0):
        raise damaged(f"{label(tensor)} has a scale that is negative or not a number")
    _check_zero_point(zero_point, tensor)
    return Quantization(scale, zero_point, _channel_axis(table, scale.size, tensor))


def _check_zero_point(zero_point: NDArray[np.int64], tensor: Tensor) -> None:
    if tensor.dtype not in ("int8", "uint8", "int16", "uint16", "int32"):
        return
    limits = np.iinfo(tensor.dtype)
    if np.any(zero_point < limits.min) or np.any(zero_point > limits.max):
        raise damaged(f"{label(tensor)} has a zero point outside of {tensor.dtype}")


def _channel_axis(table: Any, scales: int, tensor: Tensor) -> int:
    """The dimension that the scales belong to.

    Old converters wrote the weights' axis on one-dimensional biases too (person_detect, as it is
    published); there only one axis can be meant.
    """
    axis = int(table.QuantizedDimension())
    if scales == 1:
        return 0
    if tensor.shape == (scales,):
        return 0
    if not 0 <= axis < len(tensor.shape) or tensor.shape[axis] != scales:
        raise damaged(
            f"{label(tensor)} of shape {tensor.shape} has {scales} scales for dimension {axis}"
        )
    return axis
