"""Fewer classes, or more: the output layer alone learns it, then the dense head."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Any

import numpy as np

from tinybench.errors import UnsupportedModel, UsageError
from tinybench.methods import Outputs
from tinybench.train.compress.data import of_classes, on_all
from tinybench.train.compress.fit import Trainer
from tinybench.train.compress.freeze import only
from tinybench.train.compress.made import Made
from tinybench.train.compress.network import (
    Call,
    Network,
    all_layers,
    fresh_layer,
    rebuild,
    same,
    take_apart,
)
from tinybench.train.data.classes import matches, means_none, split_patterns


def outputs(model: Any, options: Outputs, trainer: Trainer) -> Made:
    """Keeps or adds classes and retrains.

    Raises:
        DataError: a pattern means no class.
        UsageError: one class is left, which is nothing to tell apart.
        UnsupportedModel: there is no layer with one channel per class.
    """
    network, names = take_apart(model), trainer.data.class_names
    last, head = _last(network), _head(network)
    count = int(network.end.shape[-1])
    kept = _kept(options.keep, names) if options.keep else list(range(count))
    if len(kept) < 2:
        raise UsageError(
            "two classes or more to keep, to tell apart",
            f"only {names[kept[0]]} is kept",
            "name more of them with --keep",
        )
    made = with_outputs(network, last, kept, len(options.add), trainer.training.seed)
    if options.keep:
        trainer.data = dataclasses.replace(
            on_all(trainer.data, lambda part: of_classes(part, kept)),
            class_names=tuple(names[i] for i in kept),
        )
    if options.from_all:
        trainer.fit(made, "all")
    else:
        with only(made, {last.name}):
            trainer.fit(made, "output-layer")
        if head - {last.name}:
            with only(made, head):
                trainer.fit(made, "dense-head")
    labels = trainer.data.class_names
    return Made(made, trainer.data, labels=labels, facts={"classes": len(labels)})


def check_last(model: Any, options: Outputs) -> None:
    """Checks that there is a layer to add outputs to, or to take them from.

    Raises:
        UnsupportedModel: none has one channel per class.
    """
    _last(take_apart(model))


def with_outputs(network: Network, last: Call, kept: list[int], added: int, seed: int) -> Any:
    """The network with some of its outputs, and new ones behind them.

    A new class begins with small random weights and the mean bias.
    """
    rng = np.random.default_rng([seed, 9])
    kernel = np.asarray(last.layer.kernel)
    new = rng.normal(0, kernel.std(), (*kernel.shape[:-1], added))
    weights = [np.concatenate([kernel[..., kept], new], axis=-1)]
    if last.layer.use_bias:
        bias = np.asarray(last.layer.bias)
        weights.append(np.concatenate([bias[kept], np.full(added, bias.mean())]))
    size = {"units" if last.kind == "Dense" else "filters": len(kept) + added}
    fresh = fresh_layer(last.layer, **size)

    def make(call: Call, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        if call.layer is not last.layer:
            return same(call, args, kwargs)
        out = fresh(*args, **kwargs)
        fresh.set_weights(weights)
        return out

    return rebuild(network, make)


def _kept(keep: tuple[str, ...], names: tuple[str, ...]) -> list[int]:
    """Numbers of the classes that patterns, or the lines of files, mean."""
    patterns: list[str] = []
    for text in keep:
        path = Path(text)
        if path.is_file():
            patterns += [line.strip() for line in path.read_text().splitlines() if line.strip()]
        else:
            patterns += split_patterns([text])
    for pattern in patterns:
        if not any(pattern == name or matches(pattern, name) for name in names):
            raise means_none(pattern, names)
    return [
        i for i, name in enumerate(names) if any(p == name or matches(p, name) for p in patterns)
    ]


def _last(network: Network) -> Call:
    classes = network.end.shape[-1]
    for call in reversed(network.layer_calls("Dense", "Conv2D")):
        if call.outputs[0].shape[-1] == classes:
            return call
    raise UnsupportedModel(
        f"a dense layer or convolution with {classes} channels, one per class",
        f"the model ends in {network.calls[-1].name} ({network.calls[-1].kind})",
        "give its last layer of weights one channel per class: outputs are added and taken there",
    )


def _head(network: Network) -> set[str]:
    """The dense layers behind the last that is none."""
    names: set[str] = set()
    for call in network.calls:
        if call.kind == "Dense":
            names.add(call.name)
        elif any(True for _ in getattr(call.layer, "weights", ())):
            names = set()
    return names or {layer.name for layer in all_layers(network.model)}
