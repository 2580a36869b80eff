"""Per layer: what range it has, how much noise quantization makes, what saturates, what is dead.

The float model and the quantized one run on the same samples, each on its own tensors, so that a
layer's noise is what reaches it from all layers before it, as on the device. Tensors are matched
by name; both files come from one conversion.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tinybench.model.graph import Graph, Tensor
from tinybench.train.ptq.interpreter import Quick

SAMPLES = 32
"""How many samples the figures rest on, at most."""

LEAST_FOR_DEAD = 8
"""And how many a count of dead channels does, at least."""

_WITH_CHANNELS = frozenset({"CONV_2D", "DEPTHWISE_CONV_2D", "FULLY_CONNECTED", "TRANSPOSE_CONV"})


@dataclass(frozen=True)
class Layer:
    """One op of the quantized model.

    Attributes:
        op: its number in the quantized file.
        kind: its name, e.g. "CONV_2D".
        name: the layer, from its output tensor's name.
        tensor: that name.
        low, high: least and largest float value seen.
        bulk: largest absolute float value but for one in a thousand.
        holds: least and largest value that its integers can stand for; None where it is float.
        sqnr_db: signal to quantization noise of its output; None where there is no noise.
        saturated: share of float values beyond ``holds`` by more than half a step, 0..1.
        channels: output channels of a convolution or dense layer; None for other ops.
        dead: channels whose quantized value never changes over all samples and places; None of
            fewer than :data:`LEAST_FOR_DEAD` samples.
        dead_in_float: those of them whose float value never changes either.
    """

    op: int
    kind: str
    name: str
    tensor: str
    low: float
    high: float
    bulk: float
    holds: tuple[float, float] | None
    sqnr_db: float | None
    saturated: float | None
    channels: int | None
    dead: int | None
    dead_in_float: int | None


def compare_layers(
    base: bytes, quantized: bytes, x: NDArray[np.float32], names: Mapping[str, str]
) -> tuple[list[Layer], tuple[str, ...]]:
    """Figures for each op of the quantized model that the float model has too.

    Args:
        base: the float .tflite.
        quantized: what was made of it.
        x: float32 real values, samples first.
        names: scopes in tensors' names -> names of layers, where they differ.

    Returns:
        Layers in the order of ops, and the names of ops that the float model lacks.
    """
    exact, rough = Quick(base, keep_tensors=True), Quick(quantized, keep_tensors=True)
    places = {exact.graph.tensors[op.outputs[0]].name: op.outputs[0] for op in exact.graph.ops}
    sums: dict[int, _Sums] = {}
    lacking = []
    for op in rough.graph.ops:
        tensor = rough.graph.tensors[op.outputs[0]]
        if tensor.name in places and tensor.elements == _elements(exact.graph, places[tensor.name]):
            sums[op.index] = _Sums(tensor, op.name in _WITH_CHANNELS)
        else:
            lacking.append(f"op {op.index} {op.name}")
    for sample in x:
        exact.run(sample), rough.run(sample)
        for index, total in sums.items():
            t = rough.graph.ops[index].outputs[0]
            raw = rough.tensor(t)
            total.add(exact.tensor(places[total.tensor.name]), raw, rough.real(t, raw))
    layers = [total.layer(i, rough.graph.ops[i].name, names) for i, total in sums.items()]
    if len(x) < LEAST_FOR_DEAD:  # of so few, anything looks dead
        layers = [replace(layer, dead=None, dead_in_float=None) for layer in layers]
    return layers, tuple(lacking)


def _elements(graph: Graph, index: int) -> int:
    return graph.tensors[index].elements


class _Sums:
    """What is added up over samples for one op."""

    def __init__(self, tensor: Tensor, with_channels: bool) -> None:
        self.tensor = tensor
        self.signal = self.error = 0.0
        self.low, self.high, self.bulk = np.inf, -np.inf, 0.0
        self.beyond = self.count = 0
        self.channels = tensor.shape[-1] if with_channels else None
        self._ends: list[NDArray[np.float64]] = []

    def add(self, exact: NDArray[np.float32], raw: NDArray[Any], real: NDArray[Any]) -> None:
        exact = exact.reshape(real.shape)
        self.signal += float((exact.astype(np.float64) ** 2).sum())
        self.error += float(((exact.astype(np.float64) - real) ** 2).sum())
        self.low, self.high = min(self.low, float(exact.min())), max(self.high, float(exact.max()))
        self.bulk = max(self.bulk, float(np.quantile(np.abs(exact), 0.999)))
        if holds := self.holds():
            slack = self._step() / 2
            self.beyond += int(((exact < holds[0] - slack) | (exact > holds[1] + slack)).sum())
        self.count += exact.size
        if self.channels:
            self._note_ends(raw, exact)

    def _note_ends(self, raw: NDArray[Any], exact: NDArray[Any]) -> None:
        ends = []
        for values in (raw, exact):
            rows = values.reshape(-1, self.channels or 1)
            ends += [rows.min(axis=0), -rows.max(axis=0).astype(np.float64)]
        now = np.array(ends, np.float64)
        self._ends = [now if not self._ends else np.minimum(self._ends[0], now)]

    def holds(self) -> tuple[float, float] | None:
        quant = self.tensor.quant
        if quant is None or self.tensor.dtype not in ("int8", "int16"):
            return None
        limits, zero = np.iinfo(self.tensor.dtype), int(quant.zero_point[0])
        return (limits.min - zero) * self._step(), (limits.max - zero) * self._step()

    def _step(self) -> float:
        assert self.tensor.quant is not None
        return float(self.tensor.quant.scale[0])

    def layer(self, op: int, kind: str, names: Mapping[str, str]) -> Layer:
        noisy = self.error > 0 and self.signal > 0
        holds = self.holds()
        dead = dead_in_float = None
        if self._ends:
            still = self._ends[0][0] == -self._ends[0][1]
            still_in_float = self._ends[0][2] == -self._ends[0][3]
            dead, dead_in_float = int(still.sum()), int((still & still_in_float).sum())
        return Layer(
            op=op,
            kind=kind,
            name=layer_name(self.tensor.name, names),
            tensor=self.tensor.name,
            low=self.low,
            high=self.high,
            bulk=self.bulk,
            holds=holds,
            sqnr_db=10 * float(np.log10(self.signal / self.error)) if noisy else None,
            saturated=self.beyond / self.count if holds else None,
            channels=self.channels,
            dead=dead,
            dead_in_float=dead_in_float,
        )


def layer_name(tensor: str, layers: Mapping[str, str]) -> str:
    """The layer that a tensor's name tells of.

    TFLite joins the names of fused ops by ";" and of scopes by "/":
    "model_1/stem_conv/Relu6;model_1/stem_conv/BiasAdd" is stem_conv.

    Args:
        tensor: its name.
        layers: scopes -> names of layers, where they differ.
    """
    if tensor in layers:
        return layers[tensor]
    parts = tensor.split(";")[0].split("/")
    scope = parts[-2] if len(parts) > 1 else parts[0]
    known = next((part for part in reversed(parts) if part in layers), scope)
    return layers.get(known, known)
