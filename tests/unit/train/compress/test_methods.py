"""Each method does what it says: to the layers that it may touch, and to no other."""

from __future__ import annotations

from typing import Any

import pytest

from tinybench.methods import METHODS, NETWORKS
from tinybench.train.compress.apply import APPLY

pytestmark = [pytest.mark.train, pytest.mark.timeout(1200)]


def test_every_method_has_its_function() -> None:
    assert set(APPLY) == set(METHODS)


def test_clusters_share_so_many_values(trials: dict[str, Any]) -> None:
    facts = trials["cluster"]
    assert set(facts["values"].values()) == {8}
    assert facts["accuracy"] >= 0.7


def test_pruned_weights_stay_zero_in_what_comes_after(trials: dict[str, Any]) -> None:
    facts = trials["pruned_weights_stay_zero"]
    assert sum(facts["before"]) > 100
    assert sorted(facts["qat"]) == sorted(facts["cluster"]) == sorted(facts["before"])


def test_augmentation_changes_what_it_says_by_its_seed(trials: dict[str, Any]) -> None:
    facts = trials["augmentation"]
    assert all(m or s for m, s in zip(facts["mirrored"], facts["same"], strict=True))
    assert 10 < sum(facts["mirrored"]) < 30
    assert facts["moved"] > 0.02 and min(facts["moved_within"]) >= -1e-6, "borders repeat"
    changed, low, high = facts["lit"]
    assert 0.02 < changed <= 0.2 + 1e-6 and (low, high) == (0, 1)
    assert 0.4 < facts["noise"] < 0.6
    assert facts["repeatable"] and facts["by_seed"]
    before, after = facts["learnt"]
    assert after > before + 0.1


def test_qat_folds_agrees_with_its_tflite_and_loads_again(trials: dict[str, Any]) -> None:
    facts = trials["qat"]
    assert facts["folding_changes"] < 1e-5
    assert facts["normalizations_left"] == 0
    assert facts["agreement"]["equal"] >= 0.99 * facts["agreement"]["n"]
    assert facts["agreement"]["n"] == 450
    assert facts["accuracy"] >= 0.9
    assert facts["loads"]


def test_activation_opens_one_block_after_the_other(trials: dict[str, Any]) -> None:
    facts = trials["activation"]
    assert facts["replaced"] == ["point", "squeeze1x1", "expand1x1", "expand3x3", "hidden"]
    stages = dict(facts["changed"])
    assert stages["block-1-point"] == ["deep", "point", "stem", "stem_bn"]
    for number, name in enumerate(facts["replaced"][1:], 2):
        assert stages[f"block-{number}-{name}"] == [name]
    assert {facts["activations"][name] for name in facts["replaced"]} == {"relu6"}
    assert facts["accuracy"] >= 0.8


def test_a_block_fades_goes_and_comes_back(trials: dict[str, Any]) -> None:
    facts = trials["blocks"]
    assert facts["found"] == facts["removed"] == ["residual"]
    assert facts["whole"] < 1e-6, "with all of its contribution"
    assert facts["faded_is_gone"] < 1e-6, "with none of it"
    assert not {"deep", "point", "residual"} & set(facts["layers"])
    assert facts["accuracy"] >= 0.8
    removed, notes = facts["rolled_back"]
    assert removed == [] and "rolled back" in notes[0]
    assert facts["unharmed"]


def test_dense_trains_only_what_it_touches(trials: dict[str, Any]) -> None:
    facts = trials["dense"]
    assert facts["units"] == {"hidden": 10}
    others = {"stem/kernel", "stem_bn/moving_mean", "deep/kernel", "point/kernel"}
    assert others <= set(facts["frozen"])
    assert not any(name.startswith(("hidden/", "scores/k")) for name in facts["frozen"])
    assert facts["accuracy"] >= 0.8
    assert facts["inserted"] == {"inserted_6": 6, "hidden": 24}
    assert {*others, "hidden/kernel"} <= set(facts["frozen_beside_inserted"])


def test_dense_search_keeps_the_floor(trials: dict[str, Any]) -> None:
    facts = trials["dense"]
    assert facts["search"]["floor"] == 0.5
    assert facts["search"]["units"]["hidden"] < 24
    assert facts["validation"] >= 0.5
    reached = {t["units"]: t["validation"] for t in facts["search"]["tried"]}
    assert reached[facts["search"]["units"]["hidden"]] >= 0.5


def test_outputs_keep_classes_by_pattern_and_grow(trials: dict[str, Any]) -> None:
    facts = trials["outputs"]
    assert facts["labels"] == ["2", "4", "6"]
    assert facts["shape"] == [None, 3]
    assert facts["classes"] == [0, 1, 2]
    assert {"stem/kernel", "point/kernel", "expand3x3/kernel"} <= set(facts["frozen"])
    assert facts["accuracy"] >= 0.9
    assert facts["bigger"] == [None, 4]


def test_resize_makes_another_input_of_the_same_weights(trials: dict[str, Any]) -> None:
    facts = trials["resize"]
    assert facts["same_size"] < 1e-6
    assert facts["input"] == [None, 6, 8, 1]
    assert facts["data"] == [6, 8, 1]
    assert facts["accuracy"] >= 0.5


def test_lowrank_finds_the_rank_and_changes_nothing_by_it(trials: dict[str, Any]) -> None:
    facts = trials["lowrank"]
    assert facts["ranks"]["hidden"] == 3
    assert facts["difference"] < 1e-4
    assert set(facts["asked"].values()) == {4}
    assert facts["parameters"][1] < 0.3 * facts["parameters"][0]


def test_a_student_learns(trials: dict[str, Any]) -> None:
    assert trials["distill"]["parameters"] < 7046
    assert trials["distill"]["accuracy"] >= 0.4


def test_only_the_papers_regularizer_draws_weights_to_levels(trials: dict[str, Any]) -> None:
    facts = trials["regularize"]
    assert facts["paper"]["after"] < 0.6 * facts["paper"]["before"]
    for other in ("author", "none"):
        assert facts[other]["after"] > 0.9 * facts[other]["before"]


@pytest.mark.parametrize("name", NETWORKS)
def test_networks_take_any_size(trials: dict[str, Any], name: str) -> None:
    assert trials["networks"][name]["shape"] == [None, 5]


def test_without_normalization_the_signal_keeps_its_size(trials: dict[str, Any]) -> None:
    spread = {n: facts["spread"] for n, facts in trials["networks"].items() if "spread" in facts}
    assert set(spread) == {"squeezenet", "lenet"}
    assert min(spread.values()) > 0.01, "else gradients vanish, and no rate makes it learn"


def test_an_epoch_is_enough_for_statistics_of_normalization(trials: dict[str, Any]) -> None:
    facts = trials["moving_statistics"]
    assert facts["trained"]["off"] < 0.5, "it was off by 10"
    assert 9 < facts["frozen"]["off"] < 11, "what is frozen stays"
    assert {f["momentum"] for f in facts.values()} == {0.99}, "the model keeps its own"


def test_qat_rounds_where_tflite_has_a_range_of_its_own(trials: dict[str, Any]) -> None:
    """Inputs of a concatenation have its range; a mean over places has one of its own."""
    ends = ("input", "joined", "mean", "scores_sum")
    assert trials["ranges_of_qat"]["rounded"] == [f"fake_quant_{end}" for end in ends]


def test_what_pixels_stand_for_is_tried_on_the_model(trials: dict[str, Any]) -> None:
    facts = trials["pixel_ranges"]
    for name, ends in (("as trained", [0, 1]), ("from -1", [-1, 1])):
        assert facts[name]["range"] == f"{ends[0]}:{ends[1]}" and facts[name]["ends"] == ends
        assert "pixels are taken as" in facts[name]["notes"][-1]


def test_a_model_of_fewer_classes_takes_its_own_in_its_order(trials: dict[str, Any]) -> None:
    facts = trials["classes_on_record"]
    assert facts["names"] == [["7", "1", "4"], ["7", "1", "4", "0"]]
    assert facts["same"] == [True, True], "in the parts that they are in with all classes"
    assert facts["calibration"] >= 10
    assert "7 classes of the data are none of the model's: left out" in facts["notes"]


def test_a_network_takes_another_activation_everywhere(trials: dict[str, Any]) -> None:
    facts = trials["other_activations"]
    relus = {"relu", "relu6"}
    assert relus < set(facts["own"])
    assert facts["silu"] == ["silu" if a in relus else a for a in facts["own"]]


def test_modules_of_one_kind_get_names_of_their_own(trials: dict[str, Any]) -> None:
    facts = trials["networks_apart"]
    assert len(set(facts["names"])) == len(facts["names"])
    assert {f"fire{n}_squeeze1x1" for n in range(2, 10)} < set(facts["names"])
    assert facts["difference"] < 1e-6


def test_a_block_does_not_begin_with_the_normalization_before_it(trials: dict[str, Any]) -> None:
    begin = trials["networks_apart"]["blocks_begin"]
    assert begin == ["Conv2D", "DepthwiseConv2D", "DepthwiseConv2D", "DepthwiseConv2D"]
