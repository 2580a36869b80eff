"""Which function does which method."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any

from tinybench.train.compress.fit import Trainer
from tinybench.train.compress.made import Made
from tinybench.train.compress.prune import prune

Apply = Callable[[Any, Any, Trainer], Made]

APPLY: Mapping[str, Apply] = MappingProxyType({"prune": prune})
"""Method by name: (Keras model, its options, trainer) -> what was made of it."""
