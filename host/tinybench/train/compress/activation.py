"""Activations that a microcontroller computes cheaply, block by block.

All layers are frozen but those of one block, whose activation is replaced; it retrains, is frozen,
and the next one is opened. So each block learns to make of its input what it made before.
"""

from __future__ import annotations

from typing import Any

from tinybench.methods import Activation
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
from tinybench.train.outline import nothing_to_replace

_AS_LAYERS = {"ReLU": "relu", "ELU": "elu"}


def activation(model: Any, options: Activation, trainer: Trainer) -> Made:
    """Replaces activations one after the other, from the input on.

    Raises:
        UsageError: there are none of those.
    """
    network = take_apart(model)
    sites = calls_with(network, options.replace)
    if not sites:
        have = {found for call in network.calls if (found := _has(call))}
        raise nothing_to_replace(options.replace, have)
    if options.at_once:
        made = with_activation(network, set(sites), options.to)
        trainer.fit(made, "all")
        return Made(made, trainer.data, facts={"replaced": sites})
    for number, site in enumerate(sites, 1):
        block = _block(network, site, set(sites))
        made = with_activation(network, {site}, options.to)
        with only(made, block):
            trainer.fit(made, f"block-{number}-{site}")
        network = take_apart(made)
    return Made(network.model, trainer.data, facts={"replaced": sites})


def calls_with(network: Network, activations: tuple[str, ...]) -> list[str]:
    """Names of the calls with one of these activations, from the input on."""
    return list(dict.fromkeys(c.name for c in network.calls if _has(c) in activations))


def with_activation(network: Network, names: set[str], to: str) -> Any:
    """The network with another activation in some layers, all weights as they are."""
    made: dict[int, Any] = {}

    def make(call: Call, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        import keras

        if call.name not in names:
            return same(call, args, kwargs)
        if id(call.layer) not in made:
            if call.kind in _AS_LAYERS:
                made[id(call.layer)] = keras.layers.Activation(to, name=call.name)
            else:
                made[id(call.layer)] = fresh_layer(call.layer, activation=to)
        out = made[id(call.layer)](*args, **kwargs)
        made[id(call.layer)].set_weights(call.layer.get_weights())
        return out

    return rebuild(network, make)


def _has(call: Call) -> str | None:
    """The activation of a call, by Keras's name; swish is silu."""
    if call.kind in _AS_LAYERS:
        bounded = getattr(call.layer, "max_value", None) is not None
        return None if bounded else _AS_LAYERS[call.kind]
    name = getattr(getattr(call.layer, "activation", None), "__name__", None)
    return None if name == "linear" else name


def _block(network: Network, site: str, sites: set[str]) -> set[str]:
    """The layers between the activation before and this one, this one included."""
    block: set[str] = set()
    for call in network.calls:
        block.add(call.name)
        if call.name == site:
            return block
        if call.name in sites:
            block = set()
    return {layer.name for layer in all_layers(network.model)}
