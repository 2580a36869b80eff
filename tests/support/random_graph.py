"""Random models of many ops: several readers per tensor, several outputs, views, dead ends."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from hypothesis import strategies as st

from support.tflite_builder import ModelBuilder
from tinybench.model.read import parse_tflite

Draw = Callable[[st.SearchStrategy[Any]], Any]

# Few quantizations, so that ops that demand equal ones find partners.
_USUAL = (0.05, -3)
_PROBABILITY = (1 / 256, -128)


@dataclass(frozen=True)
class Live:
    """A tensor that later ops may read."""

    index: int
    shape: tuple[int, ...]
    quant: tuple[float, int]


class GraphMaker:
    """Adds ops that draw their operands from what is there.

    Args:
        draw: hypothesis's.
    """

    def __init__(self, draw: Draw) -> None:
        self.builder = ModelBuilder()
        self.live: list[Live] = []
        self._draw = draw

    def add_input(self) -> None:
        shape = (1, *self._draw(st.tuples(*[st.integers(1, 4)] * 3)))
        self.live.append(Live(self.builder.input(shape, *_USUAL), shape, _USUAL))

    def add_op(self) -> None:
        """One op of any kind; a few draws find no operands and add nothing."""
        kind = self._draw(st.sampled_from(_KINDS))
        # Chains and forks alike: the newest tensor is as likely as all others together.
        operand = self._draw(st.one_of(st.just(self.live[-1]), st.sampled_from(self.live)))
        kind(self, operand)

    def finish(self) -> bytes:
        """The model; any tensors are outputs, inputs and views among them."""
        chosen = self._draw(
            st.lists(st.sampled_from(self.live), min_size=1, max_size=4, unique=True)
        )
        return self.builder.finish(outputs=[tensor.index for tensor in chosen])

    # --- ops ---------------------------------------------------------------------------

    def _binary(self, a: Live) -> None:
        partners = [t for t in self.live if t.shape == a.shape]
        if len(a.shape) == 4:
            partners += [t for t in self.live if t.shape == (1, 1, 1, a.shape[-1])]
        operands = [a.index, self._draw(st.sampled_from(partners)).index]
        if self._draw(st.booleans()):
            operands.reverse()
        self._emit(self._draw(st.sampled_from(["ADD", "MUL", "SUB"])), operands, a.shape)

    def _constant_binary(self, a: Live) -> None:
        values = np.arange(a.shape[-1], dtype=np.int8) * 9 - 20
        constant = self.builder.const(values, 0.03, 2)
        self._emit(self._draw(st.sampled_from(["ADD", "MUL"])), [a.index, constant], a.shape)

    def _logistic(self, a: Live) -> None:
        self._emit("LOGISTIC", [a.index], a.shape, _PROBABILITY)

    def _relu(self, a: Live) -> None:
        self._emit("RELU", [a.index], a.shape)

    def _quantize(self, a: Live) -> None:
        self._emit("QUANTIZE", [a.index], a.shape)

    def _convolve(self, a: Live) -> None:
        size = self._draw(st.sampled_from([1, 1, 2]))
        if len(a.shape) != 4 or min(a.shape[1:3]) < size:
            return
        filters = np.random.default_rng(a.index).integers(-99, 99, (2, size, size, a.shape[3]))
        constant = self.builder.const(filters.astype(np.int8), 0.02)
        shape = (1, a.shape[1] - size + 1, a.shape[2] - size + 1, 2)
        options = {"padding": "VALID", "stride_h": 1, "stride_w": 1}
        self._emit("CONV_2D", [a.index, constant], shape, **options)

    def _pad(self, a: Live) -> None:
        if len(a.shape) != 4 or max(a.shape) > 8:
            return
        paddings = np.array([[0, 0], [1, 0], [0, 1], [0, 0]], np.int32)
        shape = (1, a.shape[1] + 1, a.shape[2] + 1, a.shape[3])
        self._emit("PAD", [a.index, self.builder.const(paddings)], shape, a.quant)

    def _concatenate(self, a: Live) -> None:
        partners = [t for t in self.live if t.shape[:-1] == a.shape[:-1] and t.quant == a.quant]
        others = self._draw(st.lists(st.sampled_from(partners), min_size=1, max_size=2))
        depth = a.shape[-1] + sum(t.shape[-1] for t in others)
        operands = [a.index, *(t.index for t in others)]
        if depth <= 24:
            self._emit("CONCATENATION", operands, (*a.shape[:-1], depth), a.quant, axis=-1)

    def _split(self, a: Live) -> None:
        parts = self._draw(st.sampled_from([1, 2, 3]))
        if a.shape[-1] % parts:
            return
        axis = self.builder.const(np.array(-1, np.int32))
        shape = (*a.shape[:-1], a.shape[-1] // parts)
        outputs = [self.builder.tensor(shape, *a.quant) for _ in range(parts)]
        self.builder.op("SPLIT", [axis, a.index], outputs, 2, num_splits=parts)
        self.live += [Live(output, shape, a.quant) for output in outputs]

    def _transpose(self, a: Live) -> None:
        order = [0, *self._draw(st.permutations(range(1, len(a.shape))))]  # the batch stays
        constant = self.builder.const(np.array(order, np.int32))
        self._emit("TRANSPOSE", [a.index, constant], tuple(a.shape[i] for i in order), a.quant)

    def _reshape(self, a: Live) -> None:
        size = int(np.prod(a.shape))
        shape = self._draw(st.sampled_from([(1, size), (1, 1, 1, size), (1, size, 1, 1)]))
        constant = self.builder.const(np.array(shape, np.int32))
        self._emit("RESHAPE", [a.index, constant], shape, a.quant, new_shape=list(shape))

    def _emit(
        self,
        name: str,
        operands: list[int],
        shape: tuple[int, ...],
        quant: tuple[float, int] = _USUAL,
        **options: Any,
    ) -> None:
        output = self.builder.tensor(shape, *quant)
        self.builder.op(name, operands, [output], **options)
        self.live.append(Live(output, shape, quant))


_KINDS: tuple[Callable[[GraphMaker, Live], None], ...] = (
    GraphMaker._binary,
    GraphMaker._binary,
    GraphMaker._constant_binary,
    GraphMaker._logistic,
    GraphMaker._relu,
    GraphMaker._quantize,
    GraphMaker._convolve,
    GraphMaker._pad,
    GraphMaker._concatenate,
    GraphMaker._split,
    GraphMaker._transpose,
    GraphMaker._reshape,
)


@dataclass(frozen=True)
class RandomModel:
    """A .tflite that prints as its ops."""

    data: bytes

    def __repr__(self) -> str:
        graph = parse_tflite(self.data)
        tensors = [f"t{t.index} {t.shape}" for t in graph.tensors]
        lines = [
            f"{op.name}({', '.join(tensors[i] for i in op.inputs)}) -> "
            + ", ".join(tensors[i] for i in op.outputs)
            for op in graph.ops
        ]
        return "\n".join((f"inputs {graph.inputs}, outputs {graph.outputs}", *lines))


@st.composite
def models(draw: Draw, max_ops: int = 12) -> RandomModel:
    """A model of one or two inputs and up to ``max_ops`` ops."""
    maker = GraphMaker(draw)
    for _ in range(draw(st.integers(1, 2))):
        maker.add_input()
    for _ in range(draw(st.integers(1, max_ops))):
        maker.add_op()
    return RandomModel(maker.finish())
