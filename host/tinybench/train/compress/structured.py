"""Pruning of whole channels and neurons, by building a smaller network.

What is taken out is a *group*: a channel with all that hangs on it, through normalization,
depthwise layers, additions and concatenations. Its score is the mean of its filters' scores, those
of each layer divided by their root mean square, so that layers can be compared (Molchanov et al.,
https://arxiv.org/abs/1611.06440).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tinybench.errors import UnsupportedModel
from tinybench.methods import Prune
from tinybench.train.compress.channels import MIXING, Channels, Ids, follow_channels
from tinybench.train.compress.fit import Trainer
from tinybench.train.compress.network import Call, Network, fresh_layer, rebuild, take_apart
from tinybench.train.compress.schedule import cubic
from tinybench.train.compress.scores import weight_scores

ROUNDS = 3  # in which a polynomial schedule takes channels out
LEAST = 16  # one in so many of a layer's channels stays


def prune_channels(model: Any, options: Prune, trainer: Trainer) -> Any:
    """Takes out a share of the channels that can be, and retrains.

    Raises:
        UnsupportedModel: none can be.
    """
    rounds = count_rounds(options, trainer)
    epochs = np.diff(np.linspace(0, trainer.training.epochs, rounds + 1).round().astype(int))
    network = take_apart(model)
    total = len(_groups(network, options.skip)[1])
    for number in range(rounds):
        network = take_apart(model)
        goal = round(total * options.sparsity * cubic(number + 1, rounds))
        model = _cut(network, goal, total, options, trainer)
        last = number == rounds - 1
        trainer.fit(model, f"round-{number + 1}", epochs=int(epochs[number]), keep_best=last)
    return model


def count_rounds(options: Prune, trainer: Trainer) -> int:
    """How often channels are taken out."""
    return 1 if options.schedule == "one-shot" else min(ROUNDS, max(1, trainer.training.epochs))


def _groups(network: Network, exclude: Sequence[str]) -> tuple[Channels, Ids]:
    """The channels, and which of them can go."""
    from fnmatch import fnmatch

    channels = follow_channels(network)
    for call in network.calls:
        if any(fnmatch(call.name, pattern) for pattern in exclude):
            channels.hold(channels.get(call.outputs[0]))
    made = [channels.of(c.outputs[0]) for c in network.calls if c.kind in MIXING]
    ids = np.unique(np.concatenate(made)) if made else np.empty(0, np.int64)
    free = ids[~channels.is_held(ids)]
    if not len(free):
        raise UnsupportedModel(
            "channels that can be taken out",
            "all are held by layers that cannot be followed: "
            + ", ".join(sorted({c.kind for c in network.calls})),
            "prune weights instead (without --structured)",
        )
    return channels, free


def _cut(network: Network, goal: int, total: int, options: Prune, trainer: Trainer) -> Any:
    channels, free = _groups(network, options.skip)
    goal -= total - len(free)  # gone in earlier rounds
    scores = _group_scores(network, channels, free, options.criterion, trainer)
    gone = _choose(network, channels, free, scores, goal, options.criterion)
    return without(network, channels, gone)


def _group_scores(
    network: Network, channels: Channels, free: Ids, criterion: str, trainer: Trainer
) -> NDArray[np.float64]:
    makers = [c for c in network.layer_calls(*MIXING)]
    weights = [c.layer.kernel for c in makers]
    total = dict.fromkeys(free.tolist(), 0.0)
    count = dict.fromkeys(free.tolist(), 0)
    scored = weight_scores(network.model, weights, criterion, trainer)
    for call, scores in zip(makers, scored, strict=True):
        means = scores.reshape(-1, scores.shape[-1]).mean(axis=0)
        means = means / max(float(np.sqrt((means**2).mean())), 1e-30)
        for number, score in zip(channels.of(call.outputs[0]).tolist(), means, strict=True):
            if number in total:
                total[number] += score
                count[number] += 1
    return np.array([total[i] / max(1, count[i]) for i in free.tolist()])


def _choose(
    network: Network,
    channels: Channels,
    free: Ids,
    scores: NDArray[np.float64],
    goal: int,
    criterion: str,
) -> set[int]:
    """The lowest ones, but some channels of each layer stay."""
    if criterion.startswith("layer"):
        scores = _ranks_in_layers(network, channels, free, scores)
    made = [channels.of(c.outputs[0]).tolist() for c in network.calls if c.kind in MIXING]
    left = [(set(ids), -(-len(set(ids)) // LEAST)) for ids in made]
    gone: set[int] = set()
    for number in free[np.argsort(scores, kind="stable")].tolist():
        if len(gone) >= goal:
            break
        if all(len(ids) > least for ids, least in left if number in ids):
            gone.add(number)
            for ids, _ in left:
                ids.discard(number)
    return gone


def _ranks_in_layers(
    network: Network, channels: Channels, free: Ids, scores: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Each group's place among those of its (first) layer, 0..1: the same share of each goes."""
    score = dict(zip(free.tolist(), scores.tolist(), strict=True))
    rank: dict[int, float] = {}
    for call in network.layer_calls(*MIXING):
        ids = [i for i in dict.fromkeys(channels.of(call.outputs[0]).tolist()) if i in score]
        for place, number in enumerate(sorted(ids, key=lambda i: score[i])):
            rank.setdefault(number, (place + 0.5) / len(ids))
    return np.array([rank.get(i, 1.0) for i in free.tolist()])


def without(network: Network, channels: Channels, gone: set[int]) -> Any:
    """The network without some groups of channels; the weights of the others are kept."""
    import keras

    made: dict[int, Any] = {}

    def kept(tensor: Any) -> NDArray[np.bool_]:
        return np.array([int(i) not in gone for i in channels.of(tensor)], bool)

    def make(call: Call, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        if not isinstance(call.layer, keras.Layer):
            return call.layer(*args, **kwargs)
        before = kept(call.inputs[0]) if call.inputs else np.empty(0, bool)
        after = kept(call.outputs[0])
        fresh = id(call.layer) not in made
        if fresh:
            made[id(call.layer)] = fresh_layer(call.layer, **_new_size(call, after))
        layer = made[id(call.layer)]
        result = layer(*args, **kwargs)
        if fresh and layer.weights:
            layer.set_weights(_slice(call, before, after))
        return result

    return rebuild(network, make)


def _new_size(call: Call, after: NDArray[np.bool_]) -> dict[str, Any]:
    count = int(after.sum())
    if call.kind in ("Conv1D", "Conv2D"):
        return {"filters": count}
    if call.kind == "Dense":
        return {"units": count}
    if call.kind == "Reshape":
        return {"target_shape": (*call.layer.target_shape[:-1], count)}
    return {}


def _slice(call: Call, before: NDArray[np.bool_], after: NDArray[np.bool_]) -> list[Any]:
    """The weights of what stays."""
    weights = []
    for variable in call.layer.weights:
        value = np.asarray(variable)
        if call.kind in MIXING and variable.name.endswith("kernel"):
            value = value[..., before, :][..., after]
        elif call.kind == "DepthwiseConv2D" and variable.name.endswith("kernel"):
            value = value[..., before, :]
        elif value.ndim == 1 and len(value) == len(after):
            value = value[after]
        weights.append(value)
    return weights
