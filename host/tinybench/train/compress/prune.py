"""Pruning: weights to zero, or channels away."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from tinybench.errors import UsageError
from tinybench.methods import Prune
from tinybench.train.compress.fit import Trainer
from tinybench.train.compress.made import Made
from tinybench.train.compress.network import kernels
from tinybench.train.compress.schedule import cubic
from tinybench.train.compress.scores import lowest, weight_scores
from tinybench.train.compress.structured import count_rounds, prune_channels

RAMP = 0.6  # of the epochs; the rest is fine-tuning


def prune(model: Any, options: Prune, trainer: Trainer) -> Made:
    """Prunes and retrains.

    Raises:
        UsageError: nothing is left to prune.
        UnsupportedModel: channels of a network that cannot be followed.
    """
    if options.structured:
        notes = _sudden(options, count_rounds(options, trainer), trainer)
        return Made(prune_channels(model, options, trainer), trainer.data, notes)
    weights = [weight for _, weight in kernels(model, exclude=options.skip)]
    if not weights:
        raise UsageError("weights to prune", f"skip={', '.join(options.skip)}", "skip fewer layers")
    masks = Masks(weights)
    ramp = ramp_epochs(options, trainer)

    def cut(epoch: int) -> None:
        share = options.sparsity * cubic(epoch + 1, ramp)
        scores = weight_scores(model, weights, options.criterion, trainer)
        masks.cut(scores, share, per_layer=options.criterion.startswith("layer"))

    if ramp:
        trainer.fit(
            model, "ramp", epochs=ramp, keep_best=False, before_epoch=cut, after_batch=masks.apply
        )
    cut(ramp)
    tune = trainer.training.epochs - ramp
    trainer.fit(model, "fine-tune", epochs=tune, after_batch=masks.apply)
    return Made(model, trainer.data, _sudden(options, ramp, trainer))


def _sudden(options: Prune, cuts: int, trainer: Trainer) -> tuple[str, ...]:
    """That a schedule is none, where it is."""
    if options.schedule == "one-shot" or cuts > 1 or options.sparsity == 0:
        return ()
    epochs = trainer.training.epochs
    return (f"all was cut at once: a gradual schedule wants more epochs than {epochs}",)


def ramp_epochs(options: Prune, trainer: Trainer) -> int:
    """Epochs during which the share rises."""
    if options.schedule == "one-shot":
        return 0
    return round(RAMP * trainer.training.epochs)


class Masks:
    """Weights that are held at zero; at first those that are zero already."""

    def __init__(self, weights: list[Any]) -> None:
        self._weights = weights
        self._kept = [(np.asarray(w) != 0).astype(np.float32) for w in weights]

    def cut(self, scores: list[NDArray[np.float64]], share: float, *, per_layer: bool) -> None:
        """Sets the lowest to zero; what is zero already goes first."""
        gone = [np.asarray(w) == 0 for w in self._weights]
        ranked = [np.where(g, -1.0, s) for g, s in zip(gone, scores, strict=True)]
        chosen = lowest(ranked, share, per_layer=per_layer)
        self._kept = [(~c).astype(np.float32) for c in chosen]
        self.apply()

    def apply(self) -> None:
        """Sets them to zero again, after a step of training."""
        for weight, kept in zip(self._weights, self._kept, strict=True):
            weight.assign(weight * kept)
