"""How large a .tflite is: as it is, zipped, and with its weights in Huffman code."""

from __future__ import annotations

import gzip
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tinybench.model.graph import Graph


@dataclass(frozen=True)
class CodedLayer:
    """An int8 constant of a model.

    Attributes:
        name: of the tensor.
        values: how many.
        zeros: how many of them are 0.
        entropy_bits: per value.
        coded_bytes: in canonical Huffman code, with the lengths of its words.
    """

    name: str
    values: int
    zeros: int
    entropy_bits: float
    coded_bytes: int


@dataclass(frozen=True)
class Sizes:
    """Sizes of a .tflite in bytes.

    Attributes:
        tflite: the file.
        gzip: the file by gzip, level 9.
        huffman: the file if every int8 constant that gets shorter by it were in Huffman code.
        layers: its int8 constants.
    """

    tflite: int
    gzip: int
    huffman: int
    layers: tuple[CodedLayer, ...]


def model_sizes(path: Path) -> Sizes:
    """The sizes of a .tflite.

    Raises:
        ModelError: it cannot be read.
    """
    from tinybench.model.read import parse_tflite, read_model_bytes

    data = read_model_bytes(path)
    layers = coded_layers(parse_tflite(data))
    saved = sum(max(0, layer.values - layer.coded_bytes) for layer in layers)
    return Sizes(len(data), len(gzip.compress(data, 9, mtime=0)), len(data) - saved, layers)


def coded_layers(graph: Graph) -> tuple[CodedLayer, ...]:
    """Every int8 constant of a graph in Huffman code; see :mod:`tinybench.compiler.coding`."""
    import numpy as np

    from tinybench.compiler.coding import encode, entropy_bits

    found = []
    for tensor in graph.tensors:
        values = tensor.data
        if values is None or tensor.dtype != "int8" or values.size == 0:
            continue
        zeros = int(values.size - np.count_nonzero(values))
        coded = encode(np.ascontiguousarray(values)).nbytes
        found.append(CodedLayer(tensor.name, values.size, zeros, entropy_bits(values), coded))
    return tuple(found)
