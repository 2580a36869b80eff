"""Pruning: exactly as many weights as asked for; smaller networks that compute the same."""

from __future__ import annotations

from typing import Any

import pytest

from tinybench.methods import CRITERIA

pytestmark = [pytest.mark.train, pytest.mark.timeout(1200)]
CHOSEN = [criterion for criterion in CRITERIA if criterion != "random"]


def test_the_network_is_worth_compressing(trials: dict[str, Any]) -> None:
    assert trials["base"]["accuracy"] >= 0.9


@pytest.mark.parametrize("criterion", CRITERIA)
def test_exactly_the_share_asked_for_is_zero_after_training(
    trials: dict[str, Any], criterion: str
) -> None:
    facts = trials["prune_weights"][criterion]
    per_layer = [round(0.7 * size) for size in facts["sizes"]]
    if criterion.startswith("layer"):
        assert facts["zeros"] == per_layer
    else:
        assert sum(facts["zeros"]) == round(0.7 * sum(facts["sizes"]))
        assert facts["zeros"] != per_layer


@pytest.mark.parametrize("criterion", CHOSEN)
def test_a_choice_beats_chance(trials: dict[str, Any], criterion: str) -> None:
    facts = trials["prune_weights"]
    assert facts[criterion]["accuracy"] > facts["random"]["accuracy"]


@pytest.mark.parametrize("criterion", CRITERIA)
def test_channels_leave_a_smaller_network(trials: dict[str, Any], criterion: str) -> None:
    before, facts = trials["prune_channels"]["parameters_before"], trials["prune_channels"]
    assert facts[criterion]["parameters"] < 0.75 * before
    shapes = facts[criterion]["shapes"]
    assert shapes["stem/kernel"][-1] == shapes["deep/kernel"][-2] == shapes["point/kernel"][-1]
    fire = shapes["expand1x1/kernel"][-1] + shapes["expand3x3/kernel"][-1]
    assert shapes["hidden/kernel"][0] == 16 * fire
    assert shapes["scores/kernel"][-1] == 10


def test_removed_channels_are_as_if_never_read(trials: dict[str, Any]) -> None:
    facts = trials["removed_channels_are_as_if_never_read"]
    assert facts["groups"] == 8 + 4 + 8 + 8 + 24  # stem and point are one
    assert facts["parameters"][1] < 0.6 * facts["parameters"][0]
    assert facts["difference"] < 1e-5


def test_a_run_stopped_again_and_again_ends_with_the_same_weights(trials: dict[str, Any]) -> None:
    assert trials["resume"]["stops"] >= 3
    assert trials["resume"]["equal"]


def test_a_schedule_that_is_none_is_told(trials: dict[str, Any]) -> None:
    facts = trials["schedules"]
    assert all("all was cut at once" in " ".join(notes) for notes in facts["few"])
    assert not any(facts["enough"] + facts["one_shot"] + facts["nothing"])
