"""Low rank: a layer becomes two thinner ones, by the singular values of its weights."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tinybench.errors import UsageError
from tinybench.methods import Lowrank
from tinybench.train.compress.fit import Trainer
from tinybench.train.compress.made import Made
from tinybench.train.compress.network import Call, fresh_layer, rebuild, same, take_apart


def lowrank(model: Any, options: Lowrank, trainer: Trainer) -> Made:
    """Factorizes dense layers and convolutions where that saves weights, and fine-tunes.

    A convolution with a window of k x k becomes one of as many filters as the rank, and a 1 x 1.

    Raises:
        UsageError: it would save nothing anywhere.
    """
    from fnmatch import fnmatch

    network = take_apart(model)
    ranks: dict[str, int] = {}

    def make(call: Call, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        skipped = any(fnmatch(call.name, pattern) for pattern in options.skip)
        if call.kind not in ("Conv2D", "Dense") or skipped or getattr(call.layer, "groups", 1) != 1:
            return same(call, args, kwargs)
        kernel = np.asarray(call.layer.kernel, np.float64)
        left, sizes, right = np.linalg.svd(
            kernel.reshape(-1, kernel.shape[-1]), full_matrices=False
        )
        rank = _rank(sizes, options)
        if rank * sum(left.shape[:1] + right.shape[1:]) >= kernel.size:
            return same(call, args, kwargs)
        ranks[call.name] = rank
        root = np.sqrt(sizes[:rank])
        return _two(call, args[0], left[:, :rank] * root, root[:, np.newaxis] * right[:rank])

    made = rebuild(network, make)
    if not ranks:
        asked = f"rank={options.rank}" if options.rank else f"energy={options.energy:g}"
        raise UsageError(
            "layers that have fewer weights when they are factorized",
            f"none with {asked}",
            "ask for a lower rank or a smaller share of energy",
        )
    trainer.fit(made, "fine-tune")
    return Made(made, trainer.data, facts={"ranks": ranks})


def _rank(sizes: NDArray[np.float64], options: Lowrank) -> int:
    """The rank asked for, or the least that holds the share of energy (squared sizes)."""
    if options.rank:
        return min(options.rank, len(sizes))
    held = np.cumsum(sizes**2) / max(float((sizes**2).sum()), math.ulp(0.0))
    return int(np.searchsorted(held, options.energy - 1e-12) + 1)


def _two(call: Call, x: Any, first: NDArray[np.float64], second: NDArray[np.float64]) -> Any:
    layer, rank = call.layer, first.shape[1]
    narrow = {"name": f"{call.name}_low", "use_bias": False, "activation": "linear"}
    if call.kind == "Dense":
        one, two = fresh_layer(layer, units=rank, **narrow), fresh_layer(layer)
    else:
        one = fresh_layer(layer, filters=rank, **narrow)
        plain = {"kernel_size": (1, 1), "strides": (1, 1), "dilation_rate": (1, 1)}
        two = fresh_layer(layer, **plain)
    out = two(one(x))
    one.set_weights([first.reshape(one.kernel.shape)])
    bias = [np.asarray(layer.bias)] if layer.use_bias else []
    two.set_weights([second.reshape(two.kernel.shape), *bias])
    return out
