"""Weight clustering: each layer's weights share a few values.

Han et al., "Deep Compression" (https://arxiv.org/abs/1510.00149): k-means finds the values, and
fine-tuning moves each by the mean of what its weights would have moved.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from tinybench.errors import UsageError
from tinybench.methods import Cluster
from tinybench.train.compress.fit import Trainer
from tinybench.train.compress.made import Made
from tinybench.train.compress.network import kernels


def cluster(model: Any, options: Cluster, trainer: Trainer) -> Made:
    """Clusters the weights of each layer, and fine-tunes the centroids.

    Raises:
        UsageError: no layer is left.
    """
    weights = [weight for _, weight in kernels(model, exclude=options.skip)]
    if not weights:
        raise UsageError("weights to cluster", f"skip={', '.join(options.skip)}", "skip fewer")
    seed, even = trainer.training.seed, options.start == "even"
    ties = [Tie(w, options.clusters, seed, even=even) for w in weights]

    def tie() -> None:
        for one in ties:
            one.apply()

    tie()
    trainer.fit(model, "fine-tune", after_batch=tie)
    return Made(model, trainer.data)


class Tie:
    """Weights of one layer that are held at shared values; zeros, where pruned, stay zeros.

    Args:
        weight: a Keras variable.
        clusters: how many values.
        seed: of k-means.
        even: values evenly spaced over the layer's range, instead of k-means.
    """

    def __init__(self, weight: Any, clusters: int, seed: int, *, even: bool = False) -> None:
        from sklearn.cluster import KMeans

        self._weight = weight
        flat = np.asarray(weight, np.float64).reshape(-1, 1)
        zero = flat[:, 0] == 0
        own = flat[~zero]
        wanted = min(clusters - int(zero.any()), len(np.unique(own)))
        labels = np.zeros(len(flat), np.int32)
        if wanted > 0:
            ends = np.linspace(own.min(), own.max(), wanted).reshape(-1, 1)
            means = KMeans(wanted, init=ends, n_init=1, random_state=seed)
            labels[~zero] = 1 + (np.abs(own - ends.T).argmin(1) if even else means.fit(own).labels_)
        self._labels = labels
        self._counts = np.maximum(np.bincount(labels, minlength=wanted + 1), 1)

    def apply(self) -> None:
        """Sets each weight to the mean of its cluster."""
        values = np.asarray(self._weight, np.float64).reshape(-1)
        sums = np.bincount(self._labels, values, minlength=len(self._counts))
        means = sums / self._counts
        means[0] = 0.0
        self._weight.assign(means[self._labels].reshape(self._weight.shape).astype(np.float32))
