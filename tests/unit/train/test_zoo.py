"""The zoo: architectures as named, int8 used well, made once."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from tinybench.errors import UsageError
from tinybench.model.oracle import TflmRunner, available
from tinybench.model.read import read_tflite
from tinybench.train import zoo
from tinybench.train.zoo import RECIPES, SAMPLES, ZooModel, zoo_model

CONVOLUTIONAL = {"CONV_2D", "DEPTHWISE_CONV_2D", "FULLY_CONNECTED"}
GATED = CONVOLUTIONAL | {"MEAN", "LOGISTIC", "MUL", "SUB", "ADD", "PAD"}
OPS = {
    "ds_cnn": CONVOLUTIONAL | {"AVERAGE_POOL_2D", "SOFTMAX"},
    "mobilenet_v1_025_96": CONVOLUTIONAL | {"AVERAGE_POOL_2D", "SOFTMAX"},
    "squeeze_excite": GATED,
    "squeeze_excite_dynamic": GATED | {"SHAPE", "STRIDED_SLICE", "PACK", "RESHAPE"},
    "resnet8": {"CONV_2D", "ADD", "AVERAGE_POOL_2D", "FULLY_CONNECTED", "SOFTMAX"},
    "autoencoder": {"FULLY_CONNECTED"},
}


@pytest.mark.train
@pytest.mark.parametrize("name", RECIPES)
def test_model_is_what_its_name_says(name: str, zoo_models: Callable[[str], ZooModel]) -> None:
    graph = read_tflite(zoo_models(name).model)
    entry = graph.tensors[graph.inputs[0]]
    assert {op.name for op in graph.ops} == OPS[name]
    assert (entry.dtype, entry.shape) == ("int8", (1, *RECIPES[name].shape))


@pytest.mark.train
@pytest.mark.parametrize("name", RECIPES)
@pytest.mark.skipif(available() is not None, reason=available() or "")
def test_outputs_tell_inputs_apart(name: str, zoo_models: Callable[[str], ZooModel]) -> None:
    """So that a wrong kernel shows: outputs vary, and few values are at their limits."""
    made = zoo_models(name)
    inputs = np.load(made.data)["x"]
    assert (inputs.dtype, inputs.shape) == (np.int8, (SAMPLES, *RECIPES[name].shape))
    runner = TflmRunner(made.model.read_bytes())
    outputs = np.stack([runner.run([x[np.newaxis]])[0].ravel() for x in inputs])
    assert len({row.tobytes() for row in outputs}) > SAMPLES // 2
    assert len(set(outputs.argmax(axis=1))) >= 2
    assert outputs.std() > 15
    assert (outputs == 127).mean() < 0.4


@pytest.mark.slow
@pytest.mark.train
def test_made_once_and_different_for_another_seed(tmp_path: Path) -> None:
    first = zoo_model("ds_cnn", cache=tmp_path)
    stamp = first.model.stat().st_mtime_ns
    assert zoo_model("ds_cnn", cache=tmp_path) == first
    assert first.model.stat().st_mtime_ns == stamp
    other = zoo_model("ds_cnn", seed=1, cache=tmp_path)
    assert other.model.read_bytes() != first.model.read_bytes()
    folders = [path for path in (tmp_path / "zoo").iterdir() if path.is_dir()]
    assert len(folders) == 2, "what was half-made is gone"


def test_fingerprint_depends_on_recipe_and_seed() -> None:
    prints = {zoo._fingerprint(recipe, seed) for recipe in RECIPES.values() for seed in (0, 1)}
    assert len(prints) == 2 * len(RECIPES)


def test_unknown_name_is_answered_with_the_nearest() -> None:
    with pytest.raises(UsageError, match="did you mean 'resnet8'"):
        zoo_model("resnet-8")


@pytest.mark.train
def test_command_line_writes_model_and_inputs(
    tmp_path: Path, zoo_models: Callable[[str], ZooModel]
) -> None:
    made = zoo_models("autoencoder")
    out, data = tmp_path / "ae.tflite", tmp_path / "ae.npz"
    assert zoo.main(["autoencoder", "-o", str(out), "--data", str(data)]) == 0
    assert out.read_bytes() == made.model.read_bytes()
    assert data.read_bytes() == made.data.read_bytes()


def test_command_line_refuses_without_a_traceback(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "tinybench.train.zoo", "resnet-8", "-o", str(tmp_path / "x")]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert "did you mean" in done.stderr
    assert "Traceback" not in done.stderr


def test_nothing_here_imports_tensorflow() -> None:
    code = (
        "import sys, tinybench.train.zoo, tinybench.train.digits, tinybench.train.quantize, "
        "tinybench.train.architectures, tinybench.train.randomize, tinybench.train.convert; "
        "sys.exit(any(name in sys.modules for name in ('tensorflow', 'keras', 'sklearn')))"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
