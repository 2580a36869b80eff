"""One op with its tensors as plain data: what hypothesis draws, shrinks and prints."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from support.tflite_builder import ModelBuilder


@dataclass(frozen=True)
class Activation:
    """A tensor that is an input of the model, or the op's output."""

    shape: tuple[int, ...]
    scale: float | None = None
    zero_point: int = 0
    dtype: str = "int8"


@dataclass(frozen=True)
class Constant:
    """A tensor with a value: given, or filled from a seed.

    Attributes:
        fill: "random" over [low, high], "low", "high", or "ends" (either).
    """

    shape: tuple[int, ...]
    dtype: str = "int8"
    scale: float | tuple[float, ...] | None = None
    zero_point: int = 0
    axis: int = 0
    low: int = -127
    high: int = 127
    fill: str = "random"
    seed: int = 0
    values: tuple[int, ...] | None = None

    def array(self) -> NDArray[Any]:
        """The value."""
        if self.values is not None:
            return np.array(self.values, self.dtype).reshape(self.shape)
        rng = np.random.default_rng(self.seed)
        if self.fill == "random":
            return rng.integers(self.low, self.high + 1, self.shape).astype(self.dtype)
        ends = {"low": [self.low], "high": [self.high], "ends": [self.low, self.high]}[self.fill]
        return rng.choice(np.array(ends, self.dtype), self.shape)


@dataclass(frozen=True)
class OpCase:
    """An op; None among the inputs is an optional one that is left out.

    Attributes:
        then: an op that reads the output, in place of its own first input.
        more_outputs: of an op that has several.
    """

    name: str
    inputs: tuple[Activation | Constant | None, ...]
    output: Activation
    version: int = 1
    options: Mapping[str, Any] = field(default_factory=dict)
    then: OpCase | None = None
    more_outputs: tuple[Activation, ...] = ()

    def add_to(self, builder: ModelBuilder, source: int | None = None) -> list[int]:
        """Adds the op with inputs of its own; returns the last op's outputs.

        Args:
            builder: where it goes.
            source: the tensor to read in place of the first input.
        """
        given = [] if source is None else [source]
        inputs = given + [self._add_input(builder, tensor) for tensor in self.inputs[len(given) :]]
        outputs = [
            builder.tensor(out.shape, out.scale, out.zero_point, out.dtype)
            for out in (self.output, *self.more_outputs)
        ]
        builder.op(self.name, inputs, outputs, self.version, **self.options)
        return outputs if self.then is None else self.then.add_to(builder, outputs[0])

    def _add_input(self, builder: ModelBuilder, tensor: Activation | Constant | None) -> int:
        if tensor is None:
            return -1
        if isinstance(tensor, Constant):
            return builder.const(tensor.array(), tensor.scale, tensor.zero_point, tensor.axis)
        return builder.input(tensor.shape, tensor.scale, tensor.zero_point, tensor.dtype)


def model_of(cases: Sequence[OpCase]) -> bytes:
    """A model in which the ops stand side by side, each with its own inputs and output."""
    builder = ModelBuilder()
    return builder.finish(outputs=[tensor for case in cases for tensor in case.add_to(builder)])
