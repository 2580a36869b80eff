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

from tinybench.errors import UsageError

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


@dataclass(frozen=True)
class DataSpec:
    """Which samples, and what of them is for what."""

    path: str
    pixel_range: str = option(
        "auto",
        "What pixels 0..255 were in training; auto: 0:255 if the model scales them, else 0:1.",
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
        control: what it is compared with.
    """

    name: str
    options: type[Any]
    control: Control

    @property
    def title(self) -> str:
        """One line for people."""
        return (self.options.__doc__ or "").partition("\n")[0]


_SCRATCH = Control("the same network trained from scratch", None)

METHODS: Mapping[str, Method] = MappingProxyType(
    {
        method.name: method
        for method in (Method("prune", Prune, Control("a random cut", {"criterion": "random"})),)
    }
)


def find_method(name: str) -> Method:
    """A method by its name.

    Raises:
        UsageError: there is none.
    """
    if name not in METHODS:
        close = difflib.get_close_matches(name, METHODS, 1)
        raise UsageError(
            f"a compression method ({', '.join(METHODS)})",
            f"{name!r}",
            f"did you mean {close[0]!r}?" if close else "choose one of them",
        )
    return METHODS[name]


def make_options(kind: type[T], given: Mapping[str, Any], where: str) -> T:
    """Checked options of a method, or settings of the training.

    Args:
        kind: the dataclass.
        given: by name of the field.
        where: what the options are of, for messages.

    Raises:
        UsageError: an unknown name, a type or value that cannot be.
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
    return kind(**{name: _checked(fields[name], value, where) for name, value in given.items()})


def _checked(entry: Any, value: Any, where: str) -> Any:
    default, choices = entry.default, entry.metadata.get("choices", ())
    if isinstance(default, tuple) and isinstance(value, list | tuple):
        return tuple(str(part) for part in value)
    if isinstance(default, float) and isinstance(value, int) and not isinstance(value, bool):
        value = float(value)
    if entry.default is dataclasses.MISSING or default is None:
        return value
    if type(value) is not type(default):
        kind = "a list" if isinstance(default, tuple) else type(default).__name__
        raise UsageError(f"{where}: {entry.name} as {kind}", f"{entry.name}={value!r}")
    if choices and value not in choices:
        close = difflib.get_close_matches(str(value), choices, 1)
        raise UsageError(
            f"{where}: {entry.name} is one of {', '.join(choices)}",
            f"{entry.name}={value!r}",
            f"did you mean {close[0]!r}?" if close else "",
        )
    return _in_range(entry, value, where)


_RANGES: Mapping[str, tuple[float, float]] = MappingProxyType(
    {
        "epochs": (0, 100_000), "batch": (1, 1 << 20), "rate": (0, 1e3), "patience": (1, 100_000),
        "seed": (0, (1 << 32) - 1), "sparsity": (0, 0.9999),
    }
)  # fmt: skip


def _in_range(entry: Any, value: Any, where: str) -> Any:
    low, high = _RANGES.get(entry.name, (float("-inf"), float("inf")))
    if isinstance(value, int | float) and not low <= value <= high:
        raise UsageError(
            f"{where}: {entry.name} between {low:g} and {high:g}", f"{entry.name}={value:g}"
        )
    return value
