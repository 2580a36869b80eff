"""A .tflite file -> :class:`~tinybench.model.graph.Graph`, trusting nothing in the file."""

from __future__ import annotations

import dataclasses
import hashlib
from pathlib import Path
from typing import Any

import numpy as np

from tinybench.errors import ModelError
from tinybench.model.graph import Graph, Op
from tinybench.model.options import read_options
from tinybench.model.schema import Walk, damaged, enum_name, reading, schema
from tinybench.model.tensors import TensorTable, label, read_tensors

MAX_FILE_BYTES = 256 << 20  # the largest flash beside a microcontroller holds a tenth of this

_TODO_CONVERT = (
    "convert the model to an int8 .tflite first; `tinybench quantize MODEL --data DATA` does so "
    "with Keras files and SavedModels"
)

# How files begin that people mistake for a .tflite.
_OTHER_FORMATS = (
    (b"PK\x03\x04", "a zip archive, such as a .keras file or a zipped SavedModel"),
    (b"\x89HDF\r\n", "an HDF5 file, such as Keras' .h5"),
    (b"\x08", "a protobuf, such as an ONNX file or a saved_model.pb"),
    (b"version https://git-lfs", "a Git LFS pointer; `git lfs pull` brings the file itself"),
    (b"<", "a web page or XML, probably a download's error page"),
)


def read_tflite(path: Path) -> Graph:
    """Reads a model file.

    Args:
        path: a .tflite file of at most 256 MiB.

    Raises:
        ModelError: there is no such file, it cannot be read, or it is not a sound .tflite.
    """
    return parse_tflite(read_model_bytes(path))


def read_model_bytes(path: Path) -> bytes:
    """The bytes of a model file.

    Raises:
        ModelError: there is no such file, it is not a regular one or too large, or cannot be read.
    """
    wanted = f"read the model {path}"
    try:
        if path.is_dir():
            raise ModelError(wanted, "it is a folder", _TODO_CONVERT)
        if not path.exists():
            raise ModelError(wanted, "there is no such file", "check the path")
        if not path.is_file():
            raise ModelError(wanted, "it is not a regular file", "copy it to one first")
        size = path.stat().st_size
        if size > MAX_FILE_BYTES:
            seen = f"it has {size:,} bytes, at most {MAX_FILE_BYTES:,} are read"
            raise ModelError(wanted, seen, "no board has room for it: take a smaller network")
        return path.read_bytes()
    except OSError as error:
        raise ModelError(wanted, f"{error.strerror or error}", "check its permissions") from error


def parse_tflite(data: bytes) -> Graph:
    """Parses a model's bytes.

    Constants are views of ``data``, not copies. Work and memory are bounded by its length,
    whatever it contains.

    Raises:
        ModelError: it is not a .tflite, is damaged, or contradicts itself.
    """
    _check_identity(data)
    with reading():
        model = schema().Model.GetRootAs(data, 0)
        if model.Version() != 3:
            raise damaged(f"it says schema version {model.Version()}, every .tflite says 3")
        walk = Walk(len(data))
        subgraphs = list(walk.tables(model, "Subgraphs"))
        if not subgraphs:
            raise damaged("it contains no graph")
        return _read_graph(walk, model, subgraphs, data)


def _check_identity(data: bytes) -> None:
    if data[4:8] == b"TFL3":
        return
    for start, name in _OTHER_FORMATS:
        if data.startswith(start):
            raise ModelError("a .tflite model was expected", f"this is {name}", _TODO_CONVERT)
    seen = (
        f"no TFL3 mark at byte 4 (the file has {len(data)} bytes and starts {data[:8].hex(' ')!r})"
    )
    raise ModelError("a .tflite model was expected", seen, _TODO_CONVERT)


def _read_graph(walk: Walk, model: Any, subgraphs: list[Any], data: bytes) -> Graph:
    subgraph = subgraphs[0]
    table = read_tensors(walk, model, subgraph, data)
    count = len(table.tensors)
    ops = _read_ops(walk, model, subgraph, count)
    inputs = _indices(walk, subgraph, "Inputs", count, "the graph's inputs")
    outputs = _indices(walk, subgraph, "Outputs", count, "the graph's outputs")
    if not outputs:
        raise damaged("the graph has no output")
    if len(set(inputs)) != len(inputs):
        raise damaged(f"the graph's inputs {inputs} repeat a tensor")
    _fill_empty_constants(table, ops, inputs)
    _check_order(table, ops, inputs, outputs)
    if len(subgraphs) > 1:
        table.unsupported.insert(0, f"{len(subgraphs)} subgraphs (control flow) instead of one")
    return Graph(
        tensors=tuple(table.tensors),
        ops=ops,
        inputs=inputs,
        outputs=outputs,
        sha256=hashlib.sha256(data).hexdigest(),
        file_bytes=len(data),
        description=walk.text(model.Description(), "description"),
        unsupported=(*table.unsupported, *_free_dimensions(walk, subgraph, inputs)),
    )


def _indices(walk: Walk, table: Any, field: str, tensors: int, where: str) -> tuple[int, ...]:
    indices = walk.integers(table, field)
    if any(not 0 <= index < tensors for index in indices):
        raise damaged(f"{where} are tensors {indices}, of {tensors}")
    return indices


def _read_ops(walk: Walk, model: Any, subgraph: Any, tensors: int) -> tuple[Op, ...]:
    codes = [_read_code(walk, code) for code in walk.tables(model, "OperatorCodes")]
    ops = []
    for index, table in enumerate(walk.tables(subgraph, "Operators")):
        if table.OpcodeIndex() >= len(codes):
            raise damaged(f"operator {index} has code {table.OpcodeIndex()} of {len(codes)}")
        name, version = codes[table.OpcodeIndex()]
        ops.append(_read_op(walk, index, table, name, version, tensors))
    return tuple(ops)


def _read_code(walk: Walk, code: Any) -> tuple[str, int]:
    """An operator code's name and version.

    Codes above 126 stand in ``builtin_code``; old files have only the 8-bit field.
    """
    builtin = max(code.BuiltinCode(), code.DeprecatedBuiltinCode())
    name = enum_name("BuiltinOperator", builtin)
    if name == "CUSTOM":
        name = f"CUSTOM:{walk.text(code.CustomCode(), 'a custom code')}"
    return name, int(code.Version())


def _read_op(walk: Walk, index: int, table: Any, name: str, version: int, tensors: int) -> Op:
    where = f"operator {index} ({name})"
    inputs = walk.integers(table, "Inputs")
    if any(not -1 <= tensor < tensors for tensor in inputs):
        raise damaged(f"{where} reads tensors {inputs}, of {tensors}")
    return Op(
        index=index,
        name=name,
        version=version,
        inputs=inputs,
        outputs=_indices(walk, table, "Outputs", tensors, f"{where}: its outputs"),
        options=read_options(walk, table, name),
    )


def _fill_empty_constants(table: TensorTable, ops: tuple[Op, ...], inputs: tuple[int, ...]) -> None:
    """Gives constants without elements their (empty) value.

    The file stores no bytes for them, so that they look like activations; nothing writes them.
    """
    written = {index for op in ops for index in op.outputs} | set(inputs)
    for index, tensor in enumerate(table.tensors):
        if tensor.elements == 0 and index not in written and tensor.dtype != "string":
            empty = np.empty(tensor.shape, np.int8).astype(tensor.dtype)
            table.tensors[index] = dataclasses.replace(tensor, data=empty)
            table.given.add(index)


def _check_order(
    table: TensorTable, ops: tuple[Op, ...], inputs: tuple[int, ...], outputs: tuple[int, ...]
) -> None:
    """Checks that every tensor is written once, and before it is read.

    Raises:
        ModelError: an operator reads what nothing has written yet (a cycle, or a hole), or
            writes a constant, an input, or what was written before.
    """
    ready = table.given | set(inputs)
    for op in ops:
        where = f"operator {op.index} ({op.name})"
        for index in op.inputs:
            if index != -1 and index not in ready:
                raise damaged(f"{where} reads {label(table.tensors[index])} before it is written")
        for index in op.outputs:
            if index in ready:
                raise damaged(f"{where} overwrites {label(table.tensors[index])}")
            ready.add(index)
    for index in outputs:
        if index not in ready:
            raise damaged(f"nothing writes the graph's output, {label(table.tensors[index])}")


def _free_dimensions(walk: Walk, subgraph: Any, inputs: tuple[int, ...]) -> list[str]:
    """Names the inputs whose size is left open in more than the batch."""
    found = []
    for index in inputs:
        signature = walk.integers(subgraph.Tensors(index), "ShapeSignature")
        if any(size == -1 for size in signature[1:]):
            found.append(f"the input (tensor {index}) has the open shape {signature}; fix its size")
    return found
