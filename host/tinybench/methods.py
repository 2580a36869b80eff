"""The compression methods and their options: command line, pipeline files and training read it.

Each method is a frozen dataclass whose fields are its options; ``METHODS`` has them by name.
"""

from __future__ import annotations

import dataclasses
import difflib
from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any, TypeVar

from tinybench.augmentation import HELP, parse_augmentation
from tinybench.errors import UsageError
from tinybench.notation import NOTATION
from tinybench.rules import RULES

T = TypeVar("T")
CRITERIA = ("global-magnitude", "layer-magnitude", "global-gradient", "layer-gradient", "random")
SCHEDULES = ("one-shot", "polynomial")


def option(default: Any, text: str, choices: tuple[str, ...] = ()) -> Any:
    """A field that is an option.

    Args:
        default: its value where none is given.
        text: one sentence for --help.
        choices: the values it can have, where they are few.
    """
    metadata = {"help": text, "choices": choices}
    if isinstance(default, list | tuple):
        return field(default=tuple(default), metadata=metadata)
    return field(default=default, metadata=metadata)


@dataclass(frozen=True)
class Training:
    """How a method retrains."""

    epochs: int = option(5, "Passes over the training samples (of each stage).")
    batch: int = option(64, "Samples of a step.")
    rate: float = option(0.001, "Learning rate of Adam at the start; it falls along a cosine.")
    patience: int = option(5, "Stop after so many epochs without a better validation accuracy.")
    seed: int = option(0, "Of the order of samples, and what is drawn at random.")
    augment: tuple[str, ...] = option((), HELP)

    def __post_init__(self) -> None:
        parse_augmentation(self.augment)


@dataclass(frozen=True)
class DataSpec:
    """Which samples, and what of them is for what."""

    path: str
    pixel_range: str = option(
        "auto",
        "What pixels 0..255 were in training; auto: as recorded or tried; 0:1 for a new network.",
        ("auto", "0:255", "0:1", "-1:1"),
    )
    labels: str | None = None
    exclude: tuple[str, ...] = option((), "Leave out classes, by pattern.")
    only: tuple[str, ...] = option((), "Keep only these classes, by pattern.")
    limit: int = option(0, "At most so many samples to train on, and to validate; 0: all.")
    calibration: int = option(200, "At most so many samples to set int8 ranges with.")
    split_seed: int = option(0, "Of the division into parts.")
    store: str | None = None


@dataclass(frozen=True)
class Prune:
    """Set weights to zero, or take whole channels out."""

    sparsity: float = option(0.5, "Share of the weights (or channels) that go, 0..1.")
    criterion: str = option(
        "global-magnitude", "Which go: of all layers together, or as many of each.", CRITERIA
    )
    structured: bool = option(False, "Whole channels and neurons: a smaller network is built.")
    schedule: str = option("polynomial", "At once, or step by step while training.", SCHEDULES)
    skip: tuple[str, ...] = option((), "Layers to leave alone, by name or pattern.")


_SKIP = "Layers to leave alone, by name or pattern."


@dataclass(frozen=True)
class Cluster:
    """Let each layer's weights share a few values."""

    clusters: int = option(16, "Values per layer.")
    start: str = option("kmeans", "How they are found; even: the control.", ("kmeans", "even"))
    skip: tuple[str, ...] = option((), _SKIP)


@dataclass(frozen=True)
class Qat:
    """Train with int8's steps in weights and activations."""

    plain: bool = option(False, "Train as long without them: the control.")


@dataclass(frozen=True)
class Activation:
    """Replace activations by relu6, block by block."""

    replace: tuple[str, ...] = option(
        ("silu", "selu", "elu", "gelu", "hard_silu", "relu"), "Which, by Keras's names."
    )
    to: str = option("relu6", "By what.", ("relu6", "relu"))
    at_once: bool = option(False, "All at once, with all layers open.")


@dataclass(frozen=True)
class Blocks:
    """Take out blocks of the network; the rest absorbs them."""

    count: int = option(1, "How many, those first whose loss costs least.")
    remove: tuple[str, ...] = option((), "Or these, by the name of their last layer.")
    floor: float = option(0.0, "Validation accuracy to keep, 0..1; 0: what it is, less 0.02.")
    prepare: int = option(2, "Epochs that drive a block's contribution to zero before the cut.")
    open_all: bool = option(False, "Train all layers, instead of from the head inwards.")


@dataclass(frozen=True)
class Dense:
    """Shrink, insert or search dense layers; only those touched train."""

    units: tuple[str, ...] = option((), "NAME=UNITS: what a hidden layer shrinks to.")
    insert: int = option(0, "Put in a layer of so many units before the last.")
    search: bool = option(False, "Find the smallest sizes that keep the floor.")
    floor: float = option(0.0, "Validation accuracy to keep, 0..1; 0: what it is, less 0.01.")
    open_all: bool = option(False, "Train all layers.")


@dataclass(frozen=True)
class Outputs:
    """Keep some of the classes, or add some."""

    keep: tuple[str, ...] = option((), "Classes to keep: patterns, or files of names.")
    add: tuple[str, ...] = option((), "Classes of the data that the model does not have yet.")
    from_all: bool = option(False, "Train all layers, not the output layer and then the head.")


@dataclass(frozen=True)
class Resize:
    """Take another input size."""

    size: str = option("", "Height and width, e.g. 64 or 48x64.")


@dataclass(frozen=True)
class Lowrank:
    """Factorize dense layers and convolutions."""

    rank: int = option(0, "Rank of each layer; 0: by energy.")
    energy: float = option(0.9, "Share of the squared singular values to keep, 0..1.")
    skip: tuple[str, ...] = option((), _SKIP)


@dataclass(frozen=True)
class Distill:
    """Train a smaller student from the model."""

    student: str = option("ds-cnn", "A network of `tinybench new`, or a Keras file.")
    width: float = option(1.0, "Factor of the student's channels.")
    alpha: float = option(0.3, "Weight of the classes; the rest is the teacher's.")
    temperature: float = option(4.0, "Of the probabilities that are compared.")


@dataclass(frozen=True)
class Regularize:
    """Draw weights towards int8's levels (absolute cosine)."""

    variant: str = option("paper", "Which formula.", ("paper", "author", "none"))
    strength: float = option(0.01, "Factor of the term.")
    bits: int = option(8, "Of the levels.")


@dataclass(frozen=True)
class Huffman:
    """Count the weights' entropy, and build firmware with coded weights."""

    board: str = option("virt-c3", "Board to build for and count on; empty: none.")


@dataclass(frozen=True)
class Scratch:
    """Train the same network anew, from random weights."""


@dataclass(frozen=True)
class Create:
    """Train a network from scratch."""

    width: float = option(1.0, "Factor of all channels (alpha).")
    input: str = option("", "Input size, e.g. 28x28x1, or 128x6 for windows; empty: the data's.")
    classes: int = option(0, "How many; 0: the data's.")
    weights: str = option("", "Start from these weights: .weights.h5, or a .keras of this network.")
    activation: str = option(
        "",
        "In place of relu and relu6 everywhere.",
        ("", "silu", "selu", "elu", "gelu", "hard_silu"),
    )


NETWORKS: Mapping[str, str] = MappingProxyType(
    {
        "ds-cnn": "depthwise separable CNN, keyword spotting",
        "mobilenet-v1": "MobileNetV1",
        "mobilenet-v2": "MobileNetV2",
        "efficientnet-lite": "EfficientNet-Lite0-like",
        "squeezenet": "SqueezeNet 1.1 with Fire modules",
        "resnet8": "ResNet-8 of MLPerf Tiny",
        "lenet": "LeNet-5",
        "conv1d": "convolutions over time, for windows",
        "ds-cnn1d": "depthwise separable over time, for windows",
    }
)
"""What `tinybench new` makes."""


@dataclass(frozen=True)
class Control:
    """What a method has to beat to be worth its name.

    Attributes:
        name: what is different.
        changes: options of the method that make it so; None: the same network from scratch.
    """

    name: str
    changes: Mapping[str, Any] | None


@dataclass(frozen=True)
class Method:
    """A compression method.

    Attributes:
        name: as on the command line.
        options: its dataclass.
        control: what it is compared with; None: nothing.
    """

    name: str
    options: type[Any]
    control: Control | None

    @property
    def title(self) -> str:
        """One line for people."""
        return (self.options.__doc__ or "").partition("\n")[0]


_SCRATCH = Control("the same network trained from scratch", None)

METHODS: Mapping[str, Method] = MappingProxyType(
    {
        method.name: method
        for method in (
            Method("prune", Prune, Control("a random cut", {"criterion": "random"})),
            Method("cluster", Cluster, Control("evenly spaced values", {"start": "even"})),
            Method(
                "qat", Qat, Control("the same training without fake quantization", {"plain": True})
            ),
            Method("activation", Activation, Control("all at once", {"at_once": True})),
            Method("blocks", Blocks, Control("no preparation", {"prepare": 0})),
            Method("dense", Dense, Control("all layers open", {"open_all": True})),
            Method("outputs", Outputs, Control("all layers open", {"from_all": True})),
            Method("resize", Resize, _SCRATCH),
            Method("lowrank", Lowrank, _SCRATCH),
            Method("distill", Distill, Control("classes alone", {"alpha": 1.0})),
            Method("regularize", Regularize, Control("no regularization", {"variant": "none"})),
            Method("huffman", Huffman, None),
            Method("scratch", Scratch, None),
        )
    }
)


def find_method(name: str) -> Method:
    """A method by its name.

    Raises:
        UsageError: there is none.
    """
    return METHODS[_known("a compression method", name, METHODS)]


def find_network(name: str) -> str:
    """The name of a network, checked.

    Raises:
        UsageError: there is none.
    """
    return _known("a network", name, NETWORKS)


def _known(what: str, name: str, names: Mapping[str, Any]) -> str:
    if name not in names:
        close = difflib.get_close_matches(name, names, 1)
        raise UsageError(
            f"{what} ({', '.join(names)})",
            f"{name!r}",
            f"did you mean {close[0]!r}?" if close else "choose one of them",
        )
    return name


def make_options(kind: type[T], given: Mapping[str, Any], where: str) -> T:
    """Checked options of a method, or settings of the training.

    Args:
        kind: the dataclass.
        given: by name of the field.
        where: what the options are of, for messages.

    Raises:
        UsageError: an unknown name, a type or value that cannot be, options that contradict.
    """
    fields = {f.name: f for f in dataclasses.fields(kind)}  # type: ignore[arg-type]
    for name in given:
        if name not in fields:
            close = difflib.get_close_matches(name, fields, 1)
            raise UsageError(
                f"options of {where} ({', '.join(fields)})",
                f"{name!r}",
                f"did you mean {close[0]!r}?" if close else "leave it out",
            )
    made = kind(**{name: _checked(fields[name], value, where) for name, value in given.items()})
    for rule in RULES.get(kind.__name__, ()):
        if seen := rule.broken(made):
            raise UsageError(f"{where}: {rule.wanted}", seen, rule.todo)
    return made


def _checked(entry: Any, value: Any, where: str) -> Any:
    default, choices = entry.default, entry.metadata.get("choices", ())
    if isinstance(default, tuple) and isinstance(value, list | tuple):
        return tuple(str(part) for part in value)
    if isinstance(default, float) and isinstance(value, int) and not isinstance(value, bool):
        value = float(value)
    if default is dataclasses.MISSING or default is None:  # paths, both
        if not isinstance(value, str) or not value:
            wanted = f"{where}: {entry.name} as a path or name, not empty"
            raise UsageError(wanted, f"{entry.name}={value!r}", NOTATION[str])
        return value
    if type(value) is not type(default):
        kind = "a list" if isinstance(default, tuple) else type(default).__name__
        todo = NOTATION[type(default)]
        raise UsageError(f"{where}: {entry.name} as {kind}", f"{entry.name}={value!r}", todo)
    if choices and value not in choices:
        close = difflib.get_close_matches(str(value), choices, 1)
        raise UsageError(
            f"{where}: {entry.name} is one of {', '.join(choices)}",
            f"{entry.name}={value!r}",
            f"did you mean {close[0]!r}?" if close else "choose one of them",
        )
    return _in_range(entry, value, where)


_RANGES: Mapping[str, tuple[float, float]] = MappingProxyType(
    {
        "epochs": (0, 100_000), "batch": (1, 1 << 20), "rate": (0, 1e3), "patience": (1, 100_000),
        "seed": (0, (1 << 32) - 1), "sparsity": (0, 0.9999), "clusters": (2, 256),
        "split_seed": (0, (1 << 32) - 1), "count": (1, 1000), "floor": (0, 1),
        "prepare": (0, 1000), "insert": (0, 1 << 16),
        "rank": (0, 1 << 16), "energy": (0, 1), "width": (0.01, 16), "alpha": (0, 1),
        "temperature": (0.01, 1000), "strength": (0, 1e9), "bits": (2, 16),
        "classes": (0, 1 << 20), "limit": (0, 1 << 31), "calibration": (10, 1 << 20),
    }
)  # fmt: skip


def _in_range(entry: Any, value: Any, where: str) -> Any:
    low, high = _RANGES.get(entry.name, (float("-inf"), float("inf")))
    if isinstance(value, int | float) and not low <= value <= high:
        raise UsageError(
            f"{where}: {entry.name} between {low:g} and {high:g}",
            f"{entry.name}={value:g}",
            f"leave it out to have {entry.default:g}",
        )
    return value
