"""What is wrong with a model, data or checkpoint is said before or instead of a bad result."""

from __future__ import annotations

from typing import Any

import pytest

pytestmark = [pytest.mark.train, pytest.mark.timeout(1200)]


@pytest.mark.parametrize(
    ("what", "words"),
    [
        ("shape", "DataError: samples of shape (8, 8, 1)"),
        ("classes", "DataError: classes from 0 to 9"),
        ("nan_weights", "ModelError: weights that are finite numbers"),
        ("nan_loss", "ModelError: a loss that is a number, in ramp, epoch 1"),
        ("same_checkpoint", "nothing"),
        ("other_checkpoint", "another method"),
        ("augment_windows", "DataError: pictures (height, width, channels), to augment by shift"),
        ("other_kind", "ModelError: a Keras model to retrain"),
        ("own_layer", "--code FILE.py"),
        ("recurrent", "recurrent layers, which no engine here runs: lstm"),
        ("two_inputs", "inputs=2"),
        ("nothing_left", "UsageError: weights to prune"),
    ],
)
def test_it_is_named(trials: dict[str, Any], what: str, words: str) -> None:
    assert words in trials["refusals"][what]


@pytest.mark.parametrize(
    ("what", "words"),
    [
        ("flip", "DataError: pictures (height, width, channels), to augment by flip"),
        ("units", "'hidden=80'; there are hidden=24"),
        ("block", "a block (residual"),
        ("block_twice", "'residual' twice"),
        ("code", "broken.py, to have its layers: ZeroDivisionError"),
        ("nothing_wrong", "DataError: read the data nowhere"),
    ],
)
def test_what_the_model_has_not_is_named_before_data_are_read(
    trials: dict[str, Any], what: str, words: str
) -> None:
    assert words in trials["too_early_for_data"][what]


def test_one_class_is_nothing_to_tell_apart(trials: dict[str, Any]) -> None:
    said = trials["too_few_classes"]
    assert "to train on are of class 0" in said["data"]
    assert "two classes or more to keep" in said["outputs"]
