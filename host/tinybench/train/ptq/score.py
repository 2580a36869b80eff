"""What a model answers on samples, and how that compares."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tinybench.train.ptq.interpreter import Quick

Told = Callable[[int], None]
"""Called with the number of samples done."""


@dataclass(frozen=True)
class Answers:
    """A model's outputs on a set of samples.

    Attributes:
        values: float32, (samples, outputs).
        labels: int64 (samples,); None where there are none, or no row of scores to have right.
    """

    values: NDArray[np.float32]
    labels: NDArray[np.int64] | None

    def __len__(self) -> int:
        """Number of samples."""
        return len(self.values)

    @property
    def top1(self) -> NDArray[np.int64]:
        """The highest score's index, the first of equal ones; of one sigmoid, whether it is 0.5."""
        if self.values.shape[1] == 1:
            return np.asarray(self.values[:, 0] >= 0.5, np.int64)
        return np.asarray(self.values.argmax(axis=1))

    @property
    def right(self) -> NDArray[np.bool_] | None:
        """Which samples have their label as top-1."""
        return None if self.labels is None else np.asarray(self.top1 == self.labels)

    @property
    def accuracy(self) -> float | None:
        """Share that is right, 0..1."""
        return None if self.right is None else float(self.right.mean())

    def agreement(self, other: Answers) -> float:
        """Share of samples with the same top-1 in both, 0..1."""
        return float((self.top1 == other.top1).mean())

    def noise(self, exact: Answers) -> float | None:
        """Signal to quantization noise of the outputs in dB; None where they are equal."""
        return signal_to_noise(exact.values, self.values)


def signal_to_noise(exact: NDArray[np.floating], seen: NDArray[np.floating]) -> float | None:
    """10 log10(sum of squares of the exact values / of the differences), in dB.

    None where there is no difference, or no signal.
    """
    signal = float((exact.astype(np.float64) ** 2).sum())
    error = float(((exact.astype(np.float64) - seen) ** 2).sum())
    return None if error == 0 or signal == 0 else 10 * float(np.log10(signal / error))


def answer(
    model: bytes,
    x: NDArray[np.float32],
    labels: NDArray[np.int64] | None,
    told: Told = lambda _: None,
) -> Answers:
    """Runs a model on samples.

    Args:
        model: a .tflite with one input; quantized inputs are made of the real values.
        x: float32 real values, samples first.
        labels: their classes.
        told: given the number of samples done, after each.

    Raises:
        ModelError: LiteRT does not take the model.
    """
    quick = Quick(model)
    rows = []
    for number, sample in enumerate(x, 1):
        rows.append(quick.run(sample))
        told(number)
    return Answers(np.array(rows), labels)
