"""What the report beside a model tells, and when it is not believed."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

import pytest

from tinybench.train.recorded import recorded_classes, recorded_range


@pytest.fixture
def model(tmp_path: Path) -> Path:
    path = tmp_path / "base.keras"
    path.write_bytes(b"a model")
    return path


def write_report(model: Path, **changes: Any) -> None:
    made = {"sha256": hashlib.sha256(model.read_bytes()).hexdigest()}
    report = {"made": made, "pixel_range": "-1:1", "classes": ["b", "a"], **changes}
    model.with_suffix(".json").write_text(json.dumps(report))


def test_the_report_beside_a_model_tells(model: Path) -> None:
    assert (recorded_range(model), recorded_classes(model)) == (None, ())
    write_report(model)
    assert (recorded_range(model), recorded_classes(model)) == ("-1:1", ("b", "a"))
    write_report(model, classes=None, labels=["a"])
    assert recorded_classes(model) == ("a",)


@pytest.mark.parametrize(
    "changes", [{"pixel_range": None}, {"pixel_range": "0:7"}, {"pixel_range": []}, {"made": 3}]
)
def test_a_report_that_does_not_know_is_passed_over(model: Path, changes: dict[str, Any]) -> None:
    write_report(model, **changes)
    assert recorded_range(model) is None


def test_a_report_of_another_model_is_passed_over(model: Path) -> None:
    write_report(model)
    model.write_bytes(b"another model")
    assert recorded_range(model) is None
    model.with_suffix(".json").write_text("{")
    assert recorded_range(model) is None
