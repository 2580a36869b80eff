"""Absolute-cosine regularization: weights are drawn to where int8 has its levels.

``paper``: after Nguyen, Alexandridis and Mouchtaris, "Quantization Aware Training with
Absolute-Cosine Regularization for Automatic Speech Recognition", Interspeech 2020: the mean of
|cos| over the weights, with one period per level. Its phase is such that the zeros are the levels
of TFLite's symmetric int8, k * max|w| / 127, per output channel in convolutions.

``author``: what the bird classifier of the notebooks was trained with under that name: the mean
over rows of |sum of each weight times its neighbour along the last axis|. It has no levels in it.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from tinybench.methods import Regularize
from tinybench.train.compress.fit import Trainer
from tinybench.train.compress.made import Made
from tinybench.train.compress.network import kernels


def regularize(model: Any, options: Regularize, trainer: Trainer) -> Made:
    """Retrains with the regularizer; ``variant="none"`` is the same training without it."""
    before = level_distance(model, options.bits)
    penalty = penalty_of(options)
    weights = [weight for _, weight in kernels(model)]
    kept = [weight.regularizer for weight in weights]
    for weight in weights:
        weight.regularizer = penalty
    try:
        trainer.fit(model, "regularize", keep_best=False)
    finally:
        for weight, was in zip(weights, kept, strict=True):
            weight.regularizer = was
    distance = {"before": before, "after": level_distance(model, options.bits)}
    return Made(model, trainer.data, facts={"mean_distance_in_steps": distance})


def penalty_of(options: Regularize) -> Callable[[Any], Any] | None:
    """The term of the loss for one layer's weights."""
    import math

    from keras import ops

    def paper(weight: Any) -> Any:
        turns = ops.convert_to_tensor(weight) / _step(weight, options.bits)
        return options.strength * ops.mean(ops.abs(ops.cos(math.pi * (turns + 0.5))))

    def author(weight: Any) -> Any:
        values = ops.convert_to_tensor(weight)
        rows = ops.sum(values * ops.roll(values, 1, axis=-1), axis=-1)
        return options.strength * ops.mean(ops.abs(rows))

    return {"paper": paper, "author": author, "none": None}[options.variant]


def level_distance(model: Any, bits: int) -> float:
    """Mean distance of the weights from the nearest level, in steps; 0.25 where it is chance."""
    import numpy as np

    far = []
    for _, weight in kernels(model):
        turns = np.asarray(weight) / np.asarray(_step(weight, bits))
        far.append(np.abs(turns - np.rint(turns)).reshape(-1))
    return float(np.concatenate(far).mean())


def _step(weight: Any, bits: int) -> Any:
    from keras import ops

    axes = None if len(weight.shape) == 2 else tuple(range(len(weight.shape) - 1))
    largest = ops.max(ops.abs(ops.convert_to_tensor(weight)), axis=axes)
    return ops.stop_gradient(ops.maximum(largest, 1e-12) / (2 ** (bits - 1) - 1))
