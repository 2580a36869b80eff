"""Dense layers made smaller, put in, or searched for; only the layers that are touched train."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from tinybench.errors import UsageError
from tinybench.methods import Dense
from tinybench.train.compress.channels import follow_channels
from tinybench.train.compress.fit import Trainer
from tinybench.train.compress.freeze import only
from tinybench.train.compress.made import Made
from tinybench.train.compress.network import (
    Call,
    all_layers,
    fresh_layer,
    rebuild,
    same,
    take_apart,
)
from tinybench.train.compress.structured import without

SLACK = 0.01  # of accuracy that a search may lose where no floor is given
FINE = 8  # a search ends when the step is a FINE-th of the layer


def dense(model: Any, options: Dense, trainer: Trainer) -> Made:
    """Shrinks, inserts or searches.

    Raises:
        UsageError: no such layer, or sizes that are none.
    """
    model = take_apart(model).model
    if options.search:
        return _search(model, options, trainer)
    for name, units in _wanted(model, options.units).items():
        model, touched = shrink(model, name, units)
        model = _retrain(model, touched, f"shrink-{name}", options, trainer)
    if options.insert:
        model, touched = insert(model, options.insert, trainer.training.seed)
        model = _retrain(model, touched, "insert", options, trainer)
    return Made(model, trainer.data, facts={"units": hidden_layers(model)})


def check_sizes(model: Any, options: Dense) -> None:
    """Checks that layers are there to be made as small as is asked.

    Raises:
        UsageError: no such layer, or sizes that are none.
    """
    _wanted(take_apart(model).model, options.units)


def hidden_layers(model: Any) -> dict[str, int]:
    """Units of the dense layers but the last, by name, the last of them first."""
    network = take_apart(model)
    calls = [call for call in network.layer_calls("Dense")]
    held = follow_channels(network)
    free = [c for c in calls if not held.is_held(held.of(c.outputs[0])).any()]
    return {call.name: int(call.layer.units) for call in reversed(free)}


def shrink(model: Any, name: str, units: int) -> tuple[Any, set[str]]:
    """Leaves the neurons with the largest weights, in and out; returns which layers changed."""
    network = take_apart(model)
    call = next(c for c in network.layer_calls("Dense") if c.name == name)
    channels = follow_channels(network)
    ids = channels.of(call.outputs[0])
    size = np.square(np.asarray(call.layer.kernel)).sum(axis=0)
    for reader in network.readers(call.outputs[0]):
        if reader.kind == "Dense":
            size = size * np.square(np.asarray(reader.layer.kernel)).sum(axis=1)
    gone = set(ids[np.argsort(size, kind="stable")[: len(ids) - units]].tolist())
    smaller = without(network, channels, gone)
    old, new = _shapes(network.model), _shapes(smaller)
    return smaller, {name for name in old if old[name] != new[name]}


def _shapes(model: Any) -> dict[str, list[Any]]:
    return {x.name: [w.shape for w in x.weights] for x in all_layers(model) if x.weights}


def insert(model: Any, units: int, seed: int) -> tuple[Any, set[str]]:
    """Puts a dense layer with relu6 before the last one, which begins anew."""
    import keras

    network = take_apart(model)
    last = network.layer_calls("Dense")[-1]
    name = f"inserted_{units}"

    def make(call: Call, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        if call.layer is not last.layer:
            return same(call, args, kwargs)
        start = keras.initializers.GlorotUniform(seed)
        x = keras.layers.Dense(units, "relu6", kernel_initializer=start, name=name)(args[0])
        return fresh_layer(call.layer, kernel_initializer=keras.initializers.GlorotUniform(seed))(x)

    return rebuild(network, make), {name, last.name}


def _retrain(model: Any, touched: set[str], stage: str, options: Dense, trainer: Trainer) -> Any:
    names = {layer.name for layer in all_layers(model)} if options.open_all else touched
    with only(model, names):
        trainer.fit(model, stage)
    return model


def _search(model: Any, options: Dense, trainer: Trainer) -> Made:
    """The smallest size of each dense layer whose accuracy stays, by bisection."""
    floor = options.floor or trainer.accuracy(model) - SLACK
    tried: list[dict[str, Any]] = []
    for name, most in hidden_layers(model).items():
        low, high, best = 0, most, model
        while high - low > max(1, most // FINE):
            units = (low + high) // 2
            smaller, touched = shrink(model, name, units)
            made = _retrain(smaller, touched, f"search-{name}-{units}", options, trainer)
            reached = trainer.accuracy(made)
            tried.append({"layer": name, "units": units, "validation": reached})
            trainer.news(f"{name} with {units} units: validation {reached:.4f}, floor {floor:.4f}")
            low, high, best = (low, units, made) if reached >= floor else (units, high, best)
        model = best
    facts = {"floor": floor, "tried": tried, "units": hidden_layers(model)}
    kept = any(one["validation"] >= floor for one in tried)
    notes = () if kept else (f"no smaller size keeps the floor of {floor:.4f}: all is as it was",)
    return Made(model, trainer.data, notes, facts)


def _wanted(model: Any, texts: tuple[str, ...]) -> Mapping[str, int]:
    """Units by name, of texts NAME=UNITS."""
    there = hidden_layers(model)
    wanted = {}
    for text in texts:
        name, _, number = text.partition("=")
        if name not in there or not number.isdecimal() or not 0 < int(number) <= there[name]:
            have = ", ".join(f"{n}={u}" for n, u in there.items()) or "none"
            some = [f"such as {n}={max(1, u // 2)}" for n, u in there.items()]
            raise UsageError(
                "a hidden dense layer and fewer units than it has, NAME=UNITS",
                f"{text!r}; there are {have}",
                some[0] if some else "`insert` puts one in: --insert UNITS",
            )
        wanted[name] = int(number)
    return wanted
