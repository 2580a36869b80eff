"""What a .keras file says of its network, read without TensorFlow.

Enough to refuse the name of a layer that there is not before anything slow begins. A model with
layers of the user's own, or models inside it, has other names once it is taken apart: of those
nothing is said here.
"""

from __future__ import annotations

import difflib
import json
import zipfile
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from fnmatch import fnmatch
from pathlib import Path
from typing import Any

from tinybench.errors import UsageError

_FLAT = frozenset({"Functional", "Sequential"})
_ALIASES = {"swish": "silu", "hard_swish": "hard_silu"}


@dataclass(frozen=True)
class Outline:
    """A flat network of Keras's own layers.

    Attributes:
        layers: their classes by name, in the file's order.
        units: of its dense layers, by name.
        activations: by Keras's names; empty where one is not Keras's.
        input_shape: of one sample; None where the file does not say.
    """

    layers: Mapping[str, str]
    units: Mapping[str, int]
    activations: frozenset[str]
    input_shape: tuple[int | None, ...] | None


def read_outline(path: Path) -> Outline | None:
    """The outline of a .keras file; None of any other, and of what is not flat."""
    try:
        with zipfile.ZipFile(path) as file:
            config = json.loads(file.read("config.json"))
        return _outline(config)
    except (OSError, zipfile.BadZipFile, ValueError, KeyError, TypeError, AttributeError):
        return None  # whoever loads it says what is wrong


def _outline(model: Mapping[str, Any]) -> Outline | None:
    if model["class_name"] not in _FLAT:
        return None
    layers = {layer["config"]["name"]: layer for layer in model["config"]["layers"]}
    if any(not _is_plain(layer) for layer in layers.values()):
        return None
    first = next(iter(layers.values()))["config"]
    shape = first.get("batch_shape") or model.get("build_config", {}).get("input_shape")
    return Outline(
        {name: layer["class_name"] for name, layer in layers.items()},
        {n: x["config"]["units"] for n, x in layers.items() if x["class_name"] == "Dense"},
        _activations(layers.values()),
        tuple(shape[1:]) if shape else None,
    )


def _activations(layers: Collection[Mapping[str, Any]]) -> frozenset[str]:
    named = [layer["config"].get("activation") or "linear" for layer in layers]
    if not all(isinstance(name, str) for name in named):
        return frozenset()
    kinds = {layer["class_name"].lower() for layer in layers} & {"relu", "elu"}
    return frozenset(_ALIASES.get(name, name) for name in named) - {"linear"} | kinds


def _is_plain(layer: Mapping[str, Any]) -> bool:
    own = str(layer.get("module") or "").startswith("keras")
    return own and layer["class_name"] not in _FLAT and "layer" not in layer["config"]


def nothing_to_replace(replace: Sequence[str], have: Collection[str]) -> UsageError:
    """A network has none of the activations that are to be replaced."""
    return UsageError(
        f"activations to replace ({', '.join(replace)})",
        f"the model has {', '.join(sorted(have)) or 'none'}",
        "name others with --replace",
    )


def check_names(
    known: Collection[str], names: Sequence[str], option: str, *, patterns: bool = False
) -> None:
    """Refuses names of layers that a network does not have.

    Args:
        known: that it has; empty: nothing is known, and nothing is refused.
        names: of layers.
        option: that names them.
        patterns: whether they may be shell patterns.

    Raises:
        UsageError: with the nearest name, or those that there are.
    """
    for name in names if known else ():
        if name not in known and not (patterns and any(fnmatch(n, name) for n in known)):
            close = difflib.get_close_matches(name, known, 1)
            raise UsageError(
                f"layers of the model in {option}",
                f"it has none called {name!r}",
                f"did you mean {close[0]!r}?" if close else f"it has {', '.join([*known][:10])}",
            )
