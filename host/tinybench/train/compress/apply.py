"""Which function does which method."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any

from tinybench.train.compress.activation import activation
from tinybench.train.compress.blocks import blocks
from tinybench.train.compress.cluster import cluster
from tinybench.train.compress.dense import dense
from tinybench.train.compress.distill import distill
from tinybench.train.compress.fit import Trainer
from tinybench.train.compress.lowrank import lowrank
from tinybench.train.compress.made import Made
from tinybench.train.compress.outputs import outputs
from tinybench.train.compress.prune import prune
from tinybench.train.compress.qat import qat
from tinybench.train.compress.regularize import regularize
from tinybench.train.compress.resize import resize

Apply = Callable[[Any, Any, Trainer], Made]


def _as_it_is(model: Any, options: Any, trainer: Trainer) -> Made:
    return Made(model, trainer.data)


def _scratch(model: Any, options: Any, trainer: Trainer) -> Made:
    import keras

    keras.utils.set_random_seed(trainer.training.seed)
    fresh = keras.models.clone_model(model)
    trainer.fit(fresh, "scratch")
    return Made(fresh, trainer.data)


APPLY: Mapping[str, Apply] = MappingProxyType(
    {
        "prune": prune,
        "cluster": cluster,
        "qat": qat,
        "activation": activation,
        "blocks": blocks,
        "dense": dense,
        "outputs": outputs,
        "resize": resize,
        "lowrank": lowrank,
        "distill": distill,
        "regularize": regularize,
        "huffman": _as_it_is,
        "scratch": _scratch,
    }
)
"""Method by name: (Keras model, its options, trainer) -> what was made of it."""
