"""What a method gives back."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from tinybench.train.compress.fit import Data


@dataclass(frozen=True)
class Made:
    """A compressed model.

    Attributes:
        model: the Keras model.
        data: what to measure it on: other classes or another input size make other data.
        notes: what the user should know, one sentence each.
        facts: JSON-able figures of this method, for the report.
        labels: class names, where the method changes which there are.
    """

    model: Any
    data: Data
    notes: tuple[str, ...] = ()
    facts: Mapping[str, Any] = field(default_factory=dict)
    labels: tuple[str, ...] | None = None
