"""Batch normalization folded into the layer before it, as the converter does."""

from __future__ import annotations

from typing import Any

import numpy as np

from tinybench.train.compress.network import Call, Network, fresh_layer, rebuild, same, take_apart

FOLDABLE = frozenset({"Conv1D", "Conv2D", "DepthwiseConv2D", "Dense"})


def fold_normalization(model: Any) -> Any:
    """The same function without the batch normalizations that follow a linear layer alone."""
    network = take_apart(model)
    pairs = dict(_pairs(network))
    folded = {id(norm.layer): None for norm in pairs.values()}

    def make(call: Call, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        if id(call.layer) in folded:
            return args[0]
        norm = pairs.get(id(call.layer))
        return same(call, args, kwargs) if norm is None else _folded(call, norm, args)

    return rebuild(network, make)


def _pairs(network: Network) -> list[tuple[int, Call]]:
    found = []
    for norm in network.layer_calls("BatchNormalization"):
        before = network.made_by(norm.inputs[0])
        if before is None or before.kind not in FOLDABLE:
            continue
        linear = before.layer.activation.__name__ == "linear"
        if linear and len(network.readers(norm.inputs[0])) == 1:
            found.append((id(before.layer), norm))
    return found


def _folded(call: Call, norm: Call, args: tuple[Any, ...]) -> Any:
    layer = fresh_layer(call.layer, use_bias=True)
    out = layer(*args)
    n = norm.layer
    scale = 1 / np.sqrt(np.asarray(n.moving_variance, np.float64) + n.epsilon)
    if n.scale:
        scale = scale * np.asarray(n.gamma, np.float64)
    kernel = np.asarray(call.layer.kernel, np.float64)
    spread = scale.reshape(kernel.shape[2:]) if call.kind == "DepthwiseConv2D" else scale
    bias = np.asarray(call.layer.bias, np.float64) if call.layer.use_bias else 0.0
    shift = np.asarray(n.beta, np.float64) if n.center else 0.0
    moved = (bias - np.asarray(n.moving_mean, np.float64)) * scale + shift
    layer.set_weights([kernel * spread, moved])
    return out
