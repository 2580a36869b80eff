"""What a method cannot do with a model is said before the data are read."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any

from tinybench.train.compress.blocks import check_names
from tinybench.train.compress.dense import check_sizes
from tinybench.train.compress.outputs import check_last

_CHECKS: Mapping[str, Callable[[Any, Any], None]] = MappingProxyType(
    {
        "blocks": check_names,
        "dense": check_sizes,
        "outputs": check_last,
    }
)


def check_suits(method: str, model: Any, options: Any) -> None:
    """Checks options against what only the loaded model says of itself.

    Args:
        method: its name.
        model: to be compressed.
        options: of the method.

    Raises:
        UsageError: there is no such block, or a layer is no larger.
        UnsupportedModel: there is nothing of the kind that the method changes.
    """
    if method in _CHECKS:
        _CHECKS[method](model, options)
