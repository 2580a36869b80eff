"""Every mode and every kind of model, made once for all in one process of TensorFlow's."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from support.once import make_once
from support.quantizing import SAMPLES
from tinybench.errors import DataError, ModelError, UnsupportedModel
from tinybench.model.graph import Graph
from tinybench.model.read import parse_tflite
from tinybench.report.targets import Targets
from tinybench.train.digits import load_digits
from tinybench.train.isolated import run_job
from tinybench.train.pixels import try_ranges
from tinybench.train.ptq.base import Base, prepare_base, tensors_of
from tinybench.train.ptq.interpreter import Quick
from tinybench.train.ptq.layers import compare_layers
from tinybench.train.ptq.options import QuantizeOptions
from tinybench.train.ptq.score import answer
from tinybench.workflow import load_project
from tinybench.workflow.quantize import DataChoice, quantize_model

pytestmark = [pytest.mark.train, pytest.mark.timeout(900)]

Made = tuple[Path, dict[str, Any]]


@pytest.fixture(scope="module")
def made(test_jobs: None, tmp_path_factory: pytest.TempPathFactory) -> Made:
    def make(folder: Path) -> None:
        request = {"folder": str(folder)}
        reply = run_job("support.quantizing:make_all", request, purpose="make test models")
        (folder / "reply.json").write_text(json.dumps(reply))

    folder = make_once(tmp_path_factory, "ptq", make)
    return folder, json.loads((folder / "reply.json").read_text())


@pytest.fixture(scope="module")
def held_back() -> tuple[NDArray[np.float32], NDArray[np.int64]]:
    pytest.importorskip("sklearn")
    _, x, _, y = load_digits(0)
    return np.divide(x, 255, dtype=np.float32), y


def model(made: Made, name: str) -> bytes:
    return (made[0] / f"digits.keras-{name}.tflite").read_bytes()


def dtypes(graph: Graph, op_name: str) -> set[str]:
    return {
        graph.tensors[i].dtype
        for op in graph.ops
        if op.name == op_name
        for i in (op.inputs[0], op.outputs[0])
    }


def scale_of(graph: Graph, index: int) -> tuple[float, int]:
    quant = graph.tensors[index].quant
    assert quant is not None
    return float(quant.scale[0]), int(quant.zero_point[0])


@pytest.mark.parametrize(
    ("mode", "activations", "shrinks", "least_db"),
    [
        ("int8", "int8", 2.5, 25),
        ("int16x8", "int16", 2.3, 35),
        ("dynamic", "float32", 2.7, 30),
        ("float16", "float32", 1.6, 60),
        ("float32", "float32", 0.99, 100),
    ],
)
def test_modes_are_what_they_say_and_compute_the_same(
    made: Made, held_back: Any, mode: str, activations: str, shrinks: float, least_db: float
) -> None:
    data, base = model(made, mode), model(made, "base")
    graph = parse_tflite(data)
    assert dtypes(graph, "CONV_2D") == {activations}
    assert len(base) / len(data) > shrinks
    assert graph.tensors[graph.inputs[0]].shape == (1, 8, 8, 1)
    exact, seen = answer(base, *held_back), answer(data, *held_back)
    assert exact.accuracy is not None and exact.accuracy > 0.85
    assert seen.agreement(exact) > 0.98
    assert (seen.noise(exact) or 999) > least_db


def test_int8_in_steps_is_what_the_converter_makes_in_one_go(made: Made) -> None:
    ours, theirs = parse_tflite(model(made, "int8")), parse_tflite(
        (made[0] / "direct.tflite").read_bytes()
    )  # fmt: skip
    assert [op.name for op in ours.ops] == [op.name for op in theirs.ops]
    for a, b in zip(ours.ops, theirs.ops, strict=True):
        assert scale_of(ours, a.outputs[0]) == scale_of(theirs, b.outputs[0])


def test_ranges_by_percentile_and_error_are_narrower_but_not_the_inputs(
    made: Made, held_back: Any
) -> None:
    graphs = {name: parse_tflite(model(made, name)) for name in ("int8", "percentile", "mse")}
    conv = {name: scale_of(graph, graph.ops[1].outputs[0]) for name, graph in graphs.items()}
    assert conv["percentile"][0] < conv["int8"][0] and conv["mse"][0] < conv["int8"][0]
    assert conv["percentile"] != conv["mse"]
    assert len({scale_of(graph, graph.inputs[0]) for graph in graphs.values()}) == 1
    for name, graph in graphs.items():
        assert dtypes(graph, "MAX_POOL_2D") == {"int8"}
        pool = graph.ops[2]
        assert scale_of(graph, pool.inputs[0]) == scale_of(graph, pool.outputs[0]), name
        answers = answer(model(made, name), *held_back)
        assert answers.accuracy is not None and answers.accuracy > 0.85


def test_kept_ops_stay_in_float_and_dense_scales_can_be_one(made: Made) -> None:
    kept = parse_tflite(model(made, "kept"))
    assert dtypes(kept, "SOFTMAX") == {"float32"} and dtypes(kept, "CONV_2D") == {"int8"}
    one = parse_tflite(model(made, "per-tensor"))
    dense = next(op for op in one.ops if op.name == "FULLY_CONNECTED")
    quant = one.tensors[dense.inputs[1]].quant
    assert quant is not None and quant.scale.size == 1


def test_who_runs_what(made: Made) -> None:
    targets = Targets("aot", "virt-c3")
    facts = {
        mode: targets.facts(model(made, mode))
        for mode in ("int8", "int16x8", "dynamic", "float16", "float32")
    }
    assert facts["int8"]["fits"] == {"fits": True, "reason": ""}
    assert facts["int8"]["engines"]["aot"]["runs"]
    assert [mode for mode, fact in facts.items() if fact["desktop_only"]] == ["dynamic", "float16"]
    assert "Hybrid" in facts["dynamic"]["engines"]["tflm"]["reasons"][0]


def test_int8_models_with_ops_that_nothing_runs_are_refused_by_name(made: Made) -> None:
    targets = Targets("aot", None)
    targets.check(model(made, "int8"), QuantizeOptions())
    with pytest.raises(UnsupportedModel) as caught:
        targets.check(model(made, "kept"), QuantizeOptions())
    assert any("SOFTMAX: the converter left it in float" in line for line in caught.value.details)
    targets.check(model(made, "kept"), QuantizeOptions(keep_float=("SOFTMAX",)))


def test_layers_are_named_as_keras_names_them(made: Made, held_back: Any) -> None:
    names = made[1]["kinds"]["digits.h5"]["layers"]
    base = (made[0] / "digits.h5-base.tflite").read_bytes()
    layers, lacking = compare_layers(base, model(made, "int8"), held_back[0][:8], names)
    assert not lacking
    assert [layer.name.split("_")[0] for layer in layers] == [
        *("conv2d", "conv2d", "max", "flatten", "dense", "dense"),
    ]  # fmt: skip
    assert layers[0].name != layers[1].name
    assert all(20 < (layer.sqnr_db or 0) < 80 for layer in layers)
    conv = layers[0]
    assert conv.holds is not None and conv.low >= 0 and conv.saturated is not None
    graph = parse_tflite(base)
    found = tensors_of(Base(base, graph, None, "", "", None, None, names), (layers[1].name,))
    assert found == [layers[1].tensor]
    with pytest.raises(ModelError, match="no tensor belongs"):
        tensors_of(Base(base, graph, None, "", "", None, None, names), ("stem",))


def test_a_planted_fault_shows_in_its_layer_and_not_before(made: Made, held_back: Any) -> None:
    """A channel of the second convolution whose scale is halved: noise begins there."""
    data = model(made, "int8")
    graph = parse_tflite(data)
    quant = graph.tensors[graph.ops[1].inputs[1]].quant
    assert quant is not None
    raw = quant.scale.astype("<f4").tobytes()
    hurt = data.replace(raw, (quant.scale / 2).astype("<f4").tobytes())
    assert hurt != data
    base, x = model(made, "base"), held_back[0][:8]
    sound, broken = (compare_layers(base, m, x, {})[0] for m in (data, hurt))
    lost = [(a.sqnr_db or 99) - (b.sqnr_db or 99) for a, b in zip(sound, broken, strict=True)]
    assert lost[0] == 0 and lost[1] > 20


def test_dead_channels_and_saturation_are_counted(made: Made) -> None:
    base, data = model(made, "base"), model(made, "int8")
    zeros = np.zeros((8, 8, 8, 1), np.float32)
    layers, _ = compare_layers(base, data, zeros, {})
    few, _ = compare_layers(base, data, zeros[:7], {})
    assert {layer.dead for layer in few} == {None}, "of so few, anything looks dead"
    # one value in the middle of the picture, others at its padded border: constant over samples
    assert layers[4].dead == layers[4].channels == 10
    bright = np.full((2, 8, 8, 1), 3.0, np.float32)  # three times as bright as any sample
    assert (compare_layers(base, data, bright, {})[0][0].saturated or 0) > 0.1


def test_pixel_ranges_are_found_by_trying(made: Made, held_back: Any) -> None:
    pixels = np.rint(held_back[0][:100] * 255).astype(np.uint8)
    base, labels = model(made, "base"), held_back[1][:100]
    found, evidence = try_ranges(lambda x: answer(base, x, None).top1 == labels, pixels, labels)
    assert found == "0:1" and "right of 100" in evidence


def test_models_of_every_kind_load(made: Made) -> None:
    kinds = made[1]["kinds"]
    assert kinds["digits.h5"]["library"].startswith("Keras 3")
    assert kinds["bird"]["library"].startswith("tf_keras")
    assert kinds["exported"]["library"].startswith("TensorFlow")
    assert kinds["exported"]["parameters"] is None
    assert all(kind["probe"] < 1e-3 for kind in kinds.values())
    assert kinds["bird"]["parameters"] == 4 * 9 + 4 + 16 + 4 * 10 + 10
    exported, ours = (
        Quick((made[0] / f"{name}-base.tflite").read_bytes()) for name in ("exported", "digits.h5")
    )
    x = np.random.default_rng(0).random((8, 8, 1), np.float32)
    assert np.allclose(exported.run(x), ours.run(x), atol=1e-5)


@pytest.mark.parametrize(
    ("name", "field", "words"),
    [
        ("lstm.keras", "seen", "recurrent layers, which no engine here runs: lstm (LSTM)"),
        ("lstm.keras", "todo", "Conv1D"),
        ("bidirectional.keras", "seen", "(GRU)"),
        ("nan.keras", "seen", "NaN or infinity in 1 of 4"),
        ("nan.keras", "details", "kernel"),
        ("two_inputs.keras", "seen", "inputs=2"),
        ("custom.keras", "seen", "the layer Wavelet"),
        ("broken.keras", "wanted", "load the model"),
    ],
)
def test_what_cannot_be_quantized_is_refused_with_words(
    made: Made, name: str, field: str, words: str
) -> None:
    refused = made[1]["refused"][name]
    assert refused["kind"] == "ModelError"
    assert words in "".join(refused[field])


def test_float_tflite_files_are_taken_as_they_are(made: Made, tmp_path: Path) -> None:
    def no_job(*_: Any, **__: Any) -> dict[str, Any]:
        raise AssertionError("TensorFlow is not needed here")

    path = made[0] / "digits.keras-float32.tflite"
    base = prepare_base(path, QuantizeOptions(mode="float32"), tmp_path, no_job)
    assert base.made == path.read_bytes() and base.sample_shape == (8, 8, 1) and base.outputs == 10
    with pytest.raises(ModelError, match="its input is int8"):
        prepare_base(made[0] / "digits.keras-int8.tflite", QuantizeOptions(), tmp_path, no_job)


@pytest.mark.parametrize("mode", ["dynamic", "float16"])
def test_float_tflite_files_in_desktop_modes(made: Made, held_back: Any, mode: str) -> None:
    from tinybench.train.ptq.flatfile import quantize_file_job

    out = made[0] / f"flat-{mode}.tflite"
    base = made[0] / "digits.keras-float32.tflite"
    try:
        reply = quantize_file_job({"base": str(base), "made": str(out), "mode": mode})
    except ModuleNotFoundError:
        pytest.skip("litert-quantizer is not installed")
    assert reply["converter"].startswith("litert-quantizer")
    exact, seen = answer(base.read_bytes(), *held_back), answer(out.read_bytes(), *held_back)
    assert seen.agreement(exact) > 0.98
    assert abs(out.stat().st_size / len(model(made, mode)) - 1) < 0.1


def test_the_whole_of_it(made: Made, tmp_path: Path) -> None:
    """int8 from a float .tflite, twice, the best kept; then the same again, and too few samples."""
    _, x, _, y = load_digits(0)
    np.savez(tmp_path / "d.npz", x=x, y=y)
    project, out = load_project(tmp_path), tmp_path / "deep/d.tflite"
    options = QuantizeOptions(samples=SAMPLES, asked=True, repeat=2, select="best", seed=5)
    source = made[0] / "digits.keras-float32.tflite"
    data = DataChoice(str(tmp_path / "d.npz"))
    facts = quantize_model(project, source, data, options, out)
    json.dumps(facts)
    assert out.stat().st_size == facts["output"]["bytes"] < facts["output"]["float_bytes"] / 2
    drafts = facts["repeat"]["drafts"]
    assert [draft["seed"] for draft in drafts] == [5, 6]
    assert drafts[0]["sha256"] != drafts[1]["sha256"]
    best = max(range(2), key=lambda i: (drafts[i]["selection"], -i))
    assert facts["repeat"]["chosen"] == best
    assert facts["output"]["sha256"] == drafts[best]["sha256"]
    accuracy = facts["accuracy"]
    assert accuracy["n"] == facts["data"]["split"]["sizes"]["test"] == 90
    for name in ("before", "after"):
        assert accuracy[name]["low"] < accuracy[name]["value"] < accuracy[name]["high"]
    change = accuracy["change"]
    assert change["value"] == pytest.approx(
        accuracy["after"]["value"] - accuracy["before"]["value"]
    )
    assert facts["targets"]["engines"]["aot"]["runs"] and not facts["desktop_only"]
    split = Path(facts["data"]["split"]["file"])
    assert split.parent == tmp_path / ".tinybench/splits"
    before = out.read_bytes()
    with pytest.raises(DataError, match="too few"):
        quantize_model(project, source, data, QuantizeOptions(samples=4000, asked=True), out)
    assert out.read_bytes() == before
