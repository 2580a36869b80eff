"""How much each weight matters, by five criteria.

The five are those of Blalock et al., "What is the State of Neural Network Pruning?", MLSys 2020
(https://arxiv.org/abs/2003.03033): magnitude, and magnitude times gradient, each over all layers
together or in each layer by itself; and chance.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tinybench.train.compress.fit import Trainer, gives_logits

GRADIENT_SAMPLES = 256

Scores = list[NDArray[np.float64]]


def weight_scores(model: Any, weights: Sequence[Any], criterion: str, trainer: Trainer) -> Scores:
    """A score per weight, in the weights' shapes; the lowest go first.

    Args:
        model: that the weights are of.
        weights: Keras variables.
        criterion: one of :data:`tinybench.methods.CRITERIA`.
        trainer: its samples and seed; a gradient is that of the loss on the first samples of a
            seeded order.
    """
    if criterion == "random":
        rng = np.random.default_rng([trainer.training.seed, 17])
        return [rng.random(weight.shape) for weight in weights]
    values = [np.asarray(weight, np.float64) for weight in weights]
    if "gradient" in criterion:
        slopes = gradients(model, weights, trainer)
        return [np.abs(v * g) for v, g in zip(values, slopes, strict=True)]
    return [np.abs(v) for v in values]


def gradients(model: Any, weights: Sequence[Any], trainer: Trainer) -> Scores:
    """Gradients of the mean cross-entropy on some training samples."""
    import keras
    import tensorflow as tf

    train = trainer.data.train
    rng = np.random.default_rng([trainer.training.seed, 18])
    chosen = rng.permutation(len(train))[:GRADIENT_SAMPLES]
    with tf.GradientTape() as tape:
        values = model(train.x[chosen], training=False)
        losses = keras.losses.sparse_categorical_crossentropy(
            train.y[chosen], values, from_logits=gives_logits(model)
        )
        loss = tf.reduce_mean(losses)
    found = tape.gradient(loss, [weight.value for weight in weights])
    return [
        np.zeros(w.shape) if g is None else np.asarray(g, np.float64)
        for w, g in zip(weights, found, strict=True)
    ]


def lowest(scores: Scores, share: float, *, per_layer: bool) -> list[NDArray[np.bool_]]:
    """Where the lowest scores are: exactly ``round(share * n)`` of them, ties by position.

    Args:
        scores: one array per layer.
        share: 0..1.
        per_layer: that many in each layer; else in all together.
    """
    if per_layer:
        return [lowest([s], share, per_layer=False)[0] for s in scores]
    flat = np.concatenate([s.reshape(-1) for s in scores])
    chosen = np.zeros(flat.size, bool)
    chosen[np.argsort(flat, kind="stable")[: round(share * flat.size)]] = True
    ends = np.cumsum([s.size for s in scores])[:-1]
    parts = np.split(chosen, ends)
    return [part.reshape(s.shape) for part, s in zip(parts, scores, strict=True)]
