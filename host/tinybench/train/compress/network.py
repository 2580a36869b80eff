"""A Keras model as a flat list of layer calls, and models made anew from such a list.

Nested models are unfolded, and so are layers of the user's own, such as SqueezeNet's Fire modules:
what such a layer calls on symbolic tensors are calls of built-in layers. All weights stay shared
with the model that was taken apart.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from tinybench.errors import ModelError, UnsupportedModel


@dataclass(frozen=True)
class Call:
    """One call of a layer.

    Attributes:
        layer: the layer, or a Keras operation such as an addition of tensors.
        args, kwargs: of the call; tensors among them are symbolic.
        outputs: the symbolic tensors that it made.
    """

    layer: Any
    args: tuple[Any, ...]
    kwargs: dict[str, Any]
    outputs: tuple[Any, ...]

    @property
    def inputs(self) -> tuple[Any, ...]:
        """The symbolic tensors that it reads."""
        return tuple(_tensors((self.args, self.kwargs)))

    @property
    def kind(self) -> str:
        """The class of the layer, e.g. "Conv2D"."""
        return type(self.layer).__name__

    @property
    def name(self) -> str:
        """The layer's name."""
        return str(self.layer.name)


@dataclass(frozen=True)
class Network:
    """A model taken apart.

    Attributes:
        model: built-in layers only, flat; shares weights with the model it was made of.
        entry, end: its input and output tensors.
        calls: in an order in which they can run.
    """

    model: Any
    entry: Any
    end: Any
    calls: tuple[Call, ...]

    def made_by(self, tensor: Any) -> Call | None:
        """The call that makes a tensor; None for the input."""
        return next((c for c in self.calls if any(o is tensor for o in c.outputs)), None)

    def readers(self, tensor: Any) -> list[Call]:
        """The calls that read a tensor."""
        return [c for c in self.calls if any(i is tensor for i in c.inputs)]

    def layer_calls(self, *kinds: str) -> list[Call]:
        """The first call of each layer of these classes."""
        seen: dict[int, Call] = {}
        for call in self.calls:
            if call.kind in kinds:
                seen.setdefault(id(call.layer), call)
        return list(seen.values())


Make = Callable[[Call, tuple[Any, ...], dict[str, Any]], Any]
"""Makes the new output of a call from its new arguments."""


def take_apart(model: Any) -> Network:
    """Unfolds a model.

    Raises:
        ModelError: several inputs or outputs, or a model whose calls cannot be seen.
    """
    import keras

    _check_single(model)
    flat = as_functional(model)
    while any(_is_foldable(layer) for layer in flat.layers):
        _name_apart(flat.layers)
        flat = keras.models.clone_model(
            flat, clone_function=lambda layer: layer, call_function=_unfold
        )
    calls: list[Call] = []

    def note(layer: Any, *args: Any, **kwargs: Any) -> Any:
        made = layer(*args, **kwargs)
        calls.append(Call(layer, args, kwargs, tuple(_tensors(made))))
        return made

    seen = keras.models.clone_model(flat, clone_function=lambda layer: layer, call_function=note)
    return Network(seen, seen.inputs[0], seen.outputs[0], tuple(calls))


def as_functional(model: Any) -> Any:
    """A Sequential as a functional model of the same layers."""
    import keras

    if not isinstance(model, keras.Sequential):
        return model
    entry = keras.Input(batch_shape=model.input_shape)
    x = entry
    for layer in model.layers:
        x = layer(x)
    return keras.Model(entry, x, name=model.name)


def rebuild(network: Network, make: Make, shape: tuple[int, ...] | None = None) -> Any:
    """Makes a model anew, call by call.

    Args:
        network: the model taken apart.
        make: what becomes of each call.
        shape: of the new input, without batch; the old one's if None.
    """
    import keras

    entry = keras.Input(shape or tuple(network.entry.shape[1:]), dtype=network.entry.dtype)
    new = {id(network.entry): entry}

    def current(value: Any) -> Any:
        return new[id(value)] if isinstance(value, keras.KerasTensor) else value

    for call in network.calls:
        args = keras.tree.map_structure(current, call.args)
        kwargs = keras.tree.map_structure(current, call.kwargs)
        made = make(call, args, kwargs)
        for old, fresh in zip(call.outputs, _tensors(made), strict=True):
            new[id(old)] = fresh
    return keras.Model(entry, new[id(network.end)], name=network.model.name)


def same(call: Call, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    """The call as it was: the same layer, the same weights."""
    return call.layer(*args, **kwargs)


def activation_of(call: Call) -> str:
    """The name of a call's own activation, "linear" where it has none."""
    return getattr(getattr(call.layer, "activation", None), "__name__", "linear")


def copy_model(model: Any) -> Any:
    """The same network with weights of its own."""
    import keras

    copy = keras.models.clone_model(model)
    copy.set_weights(model.get_weights())
    return copy


def fresh_layer(layer: Any, **changes: Any) -> Any:
    """A layer configured as another one, with changes, not built yet."""
    config = {**layer.get_config(), **changes}
    config.pop("build_config", None)
    return type(layer).from_config(config)


def all_layers(model: Any) -> Iterator[Any]:
    """Every layer, those inside of other layers too."""
    yield from model._flatten_layers(include_self=False, recursive=True)


def kernels(model: Any, *, exclude: tuple[str, ...] = ()) -> list[tuple[str, Any]]:
    """The weights that are worth compressing, with names: what convolutions and dense layers
    multiply by. Recurrent layers count too; biases, embeddings and normalization do not.

    Args:
        model: any Keras model.
        exclude: names of layers, as shell patterns.
    """
    from fnmatch import fnmatch

    found: dict[int, tuple[str, Any]] = {}
    for layer in all_layers(model):
        if any(fnmatch(layer.name, pattern) for pattern in exclude):
            continue
        for weight in layer._trainable_variables + layer._non_trainable_variables:
            if weight.name.endswith("kernel"):
                found[id(weight)] = (f"{layer.name}/{weight.name}", weight)
    return list(found.values())


def _check_single(model: Any) -> None:
    if len(model.inputs) != 1 or len(model.outputs) != 1:
        raise ModelError(
            "a model with one input and one output",
            f"inputs={len(model.inputs)}, outputs={len(model.outputs)}",
            "give the model one of each, or split it",
        )


def _is_foldable(layer: Any) -> bool:
    """A model, or a layer of the user's own made of other layers."""
    import keras

    if isinstance(layer, keras.Model):
        return True
    built_in = type(layer).__module__.partition(".")[0] == "keras"
    return not built_in and any(True for _ in layer._flatten_layers(include_self=False))


def _name_apart(layers: list[Any]) -> None:
    """Puts the outer layer's name before the names that inner layers share with others."""
    inner = {id(x): _inner_layers(x) if _is_foldable(x) else [] for x in layers}
    flat = [y for x in layers for y in inner[id(x)] or [x]]
    count = Counter(layer.name for layer in flat)
    for outer in layers:
        for layer in inner[id(outer)]:
            if count[layer.name] > 1:
                layer.name = f"{outer.name}_{layer.name}"


def _inner_layers(layer: Any) -> list[Any]:
    import keras

    if isinstance(layer, keras.Model):
        return list(layer.layers)
    return list(layer._flatten_layers(include_self=False, recursive=False))


def _unfold(layer: Any, *args: Any, **kwargs: Any) -> Any:
    import keras

    if isinstance(layer, keras.Sequential):
        layer = as_functional(layer)
    if isinstance(layer, keras.models.Model) and hasattr(layer, "_run_through_graph"):
        return layer._run_through_graph(args[0], call_fn=_unfold)
    if not _is_foldable(layer):
        return layer(*args, **kwargs)
    try:
        return layer.call(*args, **kwargs)
    except Exception as error:
        raise UnsupportedModel(
            f"see what the layer {layer.name!r} ({type(layer).__name__}) is made of",
            f"{type(error).__name__}: {' '.join(str(error).split())[:200]}",
            "its call() must use Keras layers and keras.ops only; prune (weights), cluster, "
            "distill and regularize take any layer",
        ) from error


def _tensors(structure: Any) -> list[Any]:
    import keras

    return [x for x in keras.tree.flatten(structure) if isinstance(x, keras.KerasTensor)]
