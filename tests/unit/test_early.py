"""What `quantize`, `new` and `compress` refuse before TensorFlow is loaded.

That it is not loaded is held by a job of its process that must never begin.
"""

from __future__ import annotations

import json
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from typer.testing import CliRunner

from tinybench.cli.main import app
from tinybench.train import isolated


def keras_file(path: Path, shape: tuple[int, ...]) -> None:
    """A .keras file as far as it tells of its layers: no weights."""
    kinds = {"conv": "Conv2D", "act": "ReLU", "hidden": "Dense", "scores": "Dense"}
    entry = {"name": "entry", "batch_shape": [None, *shape]}
    layers = [{"module": "keras.layers", "class_name": "InputLayer", "config": entry}]
    for name, kind in kinds.items():
        config = {"name": name, **({"units": 4} if kind == "Dense" else {"activation": "swish"})}
        layers.append({"module": "keras.layers", "class_name": kind, "config": config})
    model = {"class_name": "Functional", "config": {"name": "m", "layers": layers}}
    with zipfile.ZipFile(path, "w") as file:
        file.writestr("config.json", json.dumps(model))


@pytest.fixture(autouse=True)
def desk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def begin(*_: Any, **__: Any) -> None:
        raise AssertionError("TensorFlow's process was started")

    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(isolated, "_run_child", begin)
    rng = np.random.default_rng(0)
    x, labels = rng.integers(0, 256, (100, 8, 8, 1), np.uint8), np.arange(100) % 4
    np.savez("pictures.npz", x=x, y=labels)
    np.savez("unlabelled.npz", x=x)
    np.savez("windows.npz", x=rng.random((100, 16, 3), np.float32), y=labels)
    Path("file").touch()
    Path("text.npz").write_text("no arrays")
    keras_file(Path("model.keras"), (8, 8, 1))
    keras_file(Path("windows.keras"), (16, 3))


def refuse(words: str, seen: str) -> None:
    ran = CliRunner().invoke(app, words.split())
    assert isinstance(ran.exception, SystemExit), ran.exception
    assert (ran.exit_code, ran.stdout) == (2, "")
    assert seen in ran.stderr
    assert "  next: " in ran.stderr
    assert not list(Path().glob("*.tflite"))
    assert not list(Path().glob("x.*"))


@pytest.mark.parametrize(
    ("words", "seen"),
    [
        ("--seed -1", "--seed -1"),
        ("--split-seed -1", "seed=-1"),
        ("--keep-float SOFTMX", "did you mean SOFTMAX?"),
        ("--denylist hiden", "did you mean 'hidden'?"),
        ("-o file/x.tflite", "write file/x.tflite"),
        ("-o model.keras", "model.keras is read"),
        ("-o pictures.npz", "pictures.npz is read"),
        ("--labels none.txt", "read the labels none.txt"),
        ("--board none", "board='none'"),
        ("--data unlabelled.npz --select best", "labels, to select the best by"),
        ("--data windows.npz", "samples of shape (8, 8, 1)"),
        ("--data none.npz", "there is no such file or folder"),
        ("--data text.npz", "neither .npz, IDX nor .csv"),
        ("--only none", "a pattern that means a class"),
    ],
)
def test_quantize(words: str, seen: str) -> None:
    refuse(f"quantize model.keras --data pictures.npz {words}", seen)


@pytest.mark.parametrize(("model", "seen"), [("none.keras", "no such file"), ("file", "ends in")])
def test_what_is_no_model(model: str, seen: str) -> None:
    refuse(f"quantize {model} --data pictures.npz", seen)


@pytest.mark.parametrize(("command", "end"), [("quantize", "tflite"), ("compress prune", "keras")])
def test_a_model_that_was_cut_off(command: str, end: str) -> None:
    Path("cut.keras").write_bytes(Path("model.keras").read_bytes()[:-9])
    refuse(
        f"{command} cut.keras --data pictures.npz -o x.{end}",
        "neither a whole zip archive nor HDF5",
    )


@pytest.mark.parametrize(
    ("words", "seen"),
    [
        ("prune model.keras --data pictures.npz --skip hiden", "did you mean 'hidden'?"),
        ("lowrank model.keras --data pictures.npz --skip *none*", "layers of the model in skip"),
        ("blocks model.keras --data pictures.npz --remove none", "layers of the model in remove"),
        ("dense model.keras --data pictures.npz --units conv=3", "it has hidden, scores"),
        ("dense model.keras --data pictures.npz", "none of units or insert, search"),
        ("prune model.keras --data pictures.npz --code none.py", "no file none.py"),
        ("prune model.keras --data pictures.npz --labels none.txt", "read the labels"),
        ("prune model.keras --data windows.npz", "samples of shape (8, 8, 1)"),
        ("prune model.keras --data unlabelled.npz", "has no labels"),
        ("prune model.keras --data none.npz", "there is no such file or folder"),
        ("prune model.keras --data pictures.npz --split-seed -1", "split_seed between 0"),
        ("prune windows.keras --data windows.npz --augment flip", "to augment by flip"),
        ("resize windows.keras --data windows.npz --size 8", "a model that takes pictures"),
        ("activation model.keras --data pictures.npz --replace gelu", "the model has relu, silu"),
        ("distill model.keras --data pictures.npz --student lenett", "did you mean 'lenet'?"),
        ("distill model.keras --data pictures.npz --student none.keras", "no file none.keras"),
        ("distill model.keras --data pictures.npz --student conv1d", "an input shape for conv1d"),
        ("huffman model.keras --data pictures.npz --board none", "board='none'"),
        ("prune file --data pictures.npz", "a Keras model to retrain"),
    ],
)
def test_compress(words: str, seen: str) -> None:
    refuse(f"compress {words} -o x.keras", seen)


@pytest.mark.parametrize("out", ["model.keras", "file/x.keras"])
def test_compress_to_where_it_cannot(out: str) -> None:
    refuse(f"compress prune model.keras --data pictures.npz -o {out}", out)


@pytest.mark.parametrize(
    ("words", "seen"),
    [
        ("lenet --data windows.npz", "an input shape for lenet"),
        ("conv1d --data pictures.npz", "an input shape for conv1d"),
        ("lenet --input 16x3 --classes 4", "an input shape for lenet"),
        ("lenet --data pictures.npz --input 8y8", "'8y8'"),
        ("lenet --data pictures.npz --classes 3", "a network for the 4 classes"),
        ("lenet --data pictures.npz --weights none.h5", "no file none.h5"),
        ("conv1d --data windows.npz --augment flip", "to augment by flip"),
        ("lenet --data unlabelled.npz", "has no labels"),
        ("lenet --data none.npz", "there is no such file or folder"),
    ],
)
def test_new(words: str, seen: str) -> None:
    refuse(f"new {words} -o x.keras", seen)


def test_a_demo_on_no_board() -> None:
    refuse("demo --board none", "board='none'")


def test_of_what_is_not_known_nothing_is_refused(tmp_path: Path) -> None:
    from tinybench.train.outline import read_outline

    own = {"module": "mine", "class_name": "Own", "config": {"name": "a"}}
    inner = {"module": "keras", "class_name": "Functional", "config": {"name": "a"}}
    wrapper = {"module": "keras.layers", "class_name": "TimeDistributed"}
    wrapped = {**wrapper, "config": {"name": "a", "layer": {}}}
    for layer in (own, inner, wrapped, {"class_name": "Dense"}):
        with zipfile.ZipFile("odd.keras", "w") as file:
            model = {"class_name": "Functional", "config": {"layers": [layer]}}
            file.writestr("config.json", json.dumps(model))
        assert read_outline(Path("odd.keras")) is None
    assert read_outline(Path("text.npz")) is read_outline(Path("none")) is None
    outline = read_outline(Path("windows.keras"))
    assert outline is not None
    assert (outline.input_shape, list(outline.units)) == ((16, 3), ["hidden", "scores"])
    assert outline.activations == {"silu", "relu"}
