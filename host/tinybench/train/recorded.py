"""What the report beside a model of ours says of its training."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

from tinybench.bench.preprocess import PIXEL_RANGES


def recorded_range(model: Path) -> str | None:
    """The range that the model's pixels were in.

    Args:
        model: a .keras file.

    Returns:
        A key of :data:`~tinybench.bench.preprocess.PIXEL_RANGES`. None where there is no report of
        this very file, or the model was trained on real values.
    """
    found = _report(model).get("pixel_range")
    return found if isinstance(found, str) and found in PIXEL_RANGES else None


def recorded_classes(model: Path) -> tuple[str, ...]:
    """The names of the model's classes, in the order of its outputs.

    Args:
        model: a .keras file.

    Returns:
        Empty where there is no report of this very file, or it does not say.
    """
    report = _report(model)
    found = report.get("classes") or report.get("labels")
    return tuple(map(str, found)) if isinstance(found, list) else ()


def _report(model: Path) -> dict[str, Any]:
    """Empty where there is none, or it is of another file."""
    try:
        report = json.loads(model.with_suffix(".json").read_bytes())
        same = report["made"]["sha256"] == hashlib.sha256(model.read_bytes()).hexdigest()
    except (OSError, ValueError, KeyError, TypeError):
        return {}
    return dict(report) if same else {}
