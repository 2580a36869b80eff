"""Graphs that the reader would let through, with anything in them changed."""

from __future__ import annotations

import math
import random
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np

from tinybench.compiler.lower import OPS
from tinybench.model.graph import Graph, Op, Quantization, Tensor
from tinybench.model.tensors import MAX_TENSOR_BYTES

_NUMBERS = (-(2**31), -129, -2, -1, 0, 1, 2, 3, 4, 7, 8, 255, 65536, 2**30, 2**31 - 1)
_WORDS = ("NONE", "RELU", "TANH", "SAME", "VALID", "UNKNOWN:7", "DEFAULT", "SHUFFLED4x16INT8")
_SCALES = (0.0, 1e-45, 1e-38, 1e-9, 1e-3, 1 / 256, 1.0, 128.0, 1e9, 3.4e38)
_DTYPES = ("int8", "uint8", "int16", "int32", "int64", "float32", "float16", "bool", "string")
_NAMES = (*OPS, "RESHAPE", "SQUEEZE", "EXPAND_DIMS", "SHAPE", "PACK", "STRIDED_SLICE", "CUSTOM:x")


def damage(graph: Graph, chance: random.Random) -> Graph:
    """A copy with one to four changes.

    As from the reader, constants have the shape and type of their data, and every tensor is
    written once, before it is read.
    """
    for _ in range(chance.choice((1, 1, 2, 4))):
        changed = chance.choice(_CHANGES)(graph, chance)
        graph = changed if _in_order(changed) else graph
    return graph


def _in_order(graph: Graph) -> bool:
    ready = {t.index for t in graph.tensors if t.data is not None} | set(graph.inputs)
    for op in graph.ops:
        if not ready.issuperset(set(op.inputs) - {-1}) or not ready.isdisjoint(op.outputs):
            return False
        ready.update(op.outputs)
    return ready.issuperset(graph.outputs)


def _change_op(graph: Graph, chance: random.Random) -> Graph:
    if not graph.ops:
        return graph
    place = chance.randrange(len(graph.ops))
    op = chance.choice(_OP_CHANGES)(graph, graph.ops[place], chance)
    return replace(graph, ops=(*graph.ops[:place], op, *graph.ops[place + 1 :]))


def _rename(graph: Graph, op: Op, chance: random.Random) -> Op:
    return replace(op, name=chance.choice(_NAMES))


def _age(graph: Graph, op: Op, chance: random.Random) -> Op:
    return replace(op, version=chance.choice((0, 1, 2, 3, 5, 99)))


def _set_option(graph: Graph, op: Op, chance: random.Random) -> Op:
    if not op.options:
        return op
    name = chance.choice(sorted(op.options))
    old = op.options[name]
    value: Any = chance.choice(_WORDS) if isinstance(old, str) else chance.choice(_NUMBERS)
    if isinstance(old, bool):
        value = not old
    elif isinstance(old, float):
        value = chance.choice((0.0, -1.0, 1e-30, 1e30, math.inf, math.nan))
    return replace(op, options={**op.options, name: value})


def _rewire(graph: Graph, op: Op, chance: random.Random) -> Op:
    inputs = list(op.inputs)
    place = chance.randrange(len(inputs) + 1)
    inputs[place : place + chance.choice((0, 1, 1))] = chance.choice(
        ([], [-1], [chance.randrange(len(graph.tensors))])
    )
    return replace(op, inputs=tuple(inputs))


def _rewire_output(graph: Graph, op: Op, chance: random.Random) -> Op:
    other = chance.randrange(len(graph.tensors))
    return replace(op, outputs=chance.choice(((), (other,), (*op.outputs, other))))


def _change_tensor(graph: Graph, chance: random.Random) -> Graph:
    place = chance.randrange(len(graph.tensors))
    tensor = chance.choice(_TENSOR_CHANGES)(graph.tensors[place], chance)
    if tensor.data is None and tensor.elements * 8 >= MAX_TENSOR_BYTES:
        return graph  # the reader's limit, for any type
    return replace(graph, tensors=(*graph.tensors[:place], tensor, *graph.tensors[place + 1 :]))


def _reshape(tensor: Tensor, chance: random.Random) -> Tensor:
    if tensor.data is not None:
        return tensor
    sizes = (0, 1, 1, 2, 3, 4, 8, 100, 70000, 2**24)
    if tensor.shape and chance.random() < 0.6:
        place = chance.randrange(len(tensor.shape))
        one = (*tensor.shape[:place], chance.choice(sizes), *tensor.shape[place + 1 :])
        return replace(tensor, shape=one)
    return replace(tensor, shape=tuple(chance.choices(sizes, k=chance.randrange(9))))


def _retype(tensor: Tensor, chance: random.Random) -> Tensor:
    return tensor if tensor.data is not None else replace(tensor, dtype=chance.choice(_DTYPES))


def _requantize(tensor: Tensor, chance: random.Random) -> Tensor:
    count = chance.choice((1, 1, 1, 2, *tensor.shape[-1:])) or 1
    count = min(count, 1000)
    scales = np.array(chance.choices(_SCALES, k=count), np.float32)
    zeros = np.array(chance.choices((-128, 0, 0, 5, 127), k=count), np.int64)
    axis = chance.randrange(max(len(tensor.shape), 1)) if count > 1 else 0
    return replace(tensor, quant=chance.choice((None, Quantization(scales, zeros, axis))))


def _change_edge(graph: Graph, chance: random.Random) -> Graph:
    tensors = range(len(graph.tensors))
    edge = tuple(dict.fromkeys(chance.choices(tensors, k=chance.randrange(1, 4))))
    return replace(graph, **{chance.choice(("inputs", "outputs")): edge})


def _shuffle(graph: Graph, chance: random.Random) -> Graph:
    ops = list(graph.ops)
    chance.shuffle(ops)
    return replace(graph, ops=tuple(replace(op, index=i) for i, op in enumerate(ops)))


_OP_CHANGES: tuple[Callable[[Graph, Op, random.Random], Op], ...] = (
    *(_rename, _age, _set_option, _set_option, _set_option),
    *(_rewire, _rewire, _rewire_output),
)
_TENSOR_CHANGES: tuple[Callable[[Tensor, random.Random], Tensor], ...] = (
    *(_reshape, _reshape, _retype, _requantize),
)
_CHANGES: tuple[Callable[[Graph, random.Random], Graph], ...] = (
    *(_change_op, _change_op, _change_op, _change_tensor, _change_tensor),
    *(_change_edge, _shuffle),
)
