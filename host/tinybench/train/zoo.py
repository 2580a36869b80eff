"""Seeded small models of well-known architectures, for tests, tracking and trying things out.

They stand in for trained models where nobody may pass those on: same ops and shapes, random
weights, every layer using its int8 range (see :mod:`tinybench.train.randomize`). A model is made
once and kept in the user's cache, under a hash of all that decides its bytes.

    python -m tinybench.train.zoo ds_cnn -o ds_cnn.tflite --data ds_cnn.npz
"""

from __future__ import annotations

import argparse
import difflib
import hashlib
import json
import os
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from importlib import metadata
from pathlib import Path
from typing import Any

import numpy as np
import platformdirs
from filelock import FileLock
from numpy.typing import NDArray

from tinybench.errors import TinybenchError, UsageError
from tinybench.model.graph import Graph
from tinybench.model.read import read_tflite
from tinybench.train.isolated import run_job
from tinybench.train.quantize import check_full_integer
from tinybench.whole import write_whole

SAMPLES = 32
"""Inputs that come with each model."""

_CALIBRATION = 64


@dataclass(frozen=True)
class Recipe:
    """What a zoo model is made of.

    Attributes:
        network: a function of :mod:`tinybench.train.architectures`.
        title: one line for people.
        shape: of one input, without the batch.
        field: (height, width, channels) of the random picture an input is made from.
        low, high: the real values that the picture's 0 and 1 stand for.
        per_channel_dense: scales per output channel in FULLY_CONNECTED.
        fix_batch: batch 1 in the graph; else the converter leaves SHAPE, STRIDED_SLICE, PACK.
    """

    network: str
    title: str
    shape: tuple[int, ...]
    field: tuple[int, int, int]
    low: float
    high: float
    per_channel_dense: bool = True
    fix_batch: bool = True


@dataclass(frozen=True)
class ZooModel:
    """A zoo model on disk.

    Attributes:
        name: as asked for.
        model: the int8 .tflite.
        data: .npz with ``x``: int8, (SAMPLES, *input shape), input tensors as they are.
    """

    name: str
    model: Path
    data: Path


_PICTURE = (64, 64, 3)
RECIPES: dict[str, Recipe] = {
    "ds_cnn": Recipe(
        "ds_cnn", "DS-CNN, keyword spotting", (49, 10, 1), (49, 10, 1), -60.0, 60.0,
        per_channel_dense=False,
    ),
    "mobilenet_v1_025_96": Recipe(
        "mobilenet_v1_025_96", "MobileNetV1 0.25, 96 px", (96, 96, 3), (96, 96, 3), -1.0, 1.0,
        per_channel_dense=False,
    ),
    "squeeze_excite": Recipe(
        "squeeze_excite", "squeeze-and-excite network, 64 px", _PICTURE, _PICTURE, 0.0, 255.0
    ),
    "squeeze_excite_dynamic": Recipe(
        "squeeze_excite", "the same, converted with a dynamic batch", _PICTURE, _PICTURE,
        0.0, 255.0, fix_batch=False,
    ),
    "resnet8": Recipe("resnet8", "ResNet-8, 32 px", (32, 32, 3), (32, 32, 3), 0.0, 1.0),
    "autoencoder": Recipe(
        "autoencoder", "dense autoencoder, 640 values", (640,), (5, 128, 1), -60.0, 10.0
    ),
}  # fmt: skip
"""Every model of the zoo, by name."""


def zoo_model(name: str, *, seed: int = 0, cache: Path | None = None) -> ZooModel:
    """Returns a model of the zoo, made now or found in the cache.

    Args:
        name: a key of ``RECIPES``.
        seed: of weights and inputs.
        cache: folder; the user's cache directory if None.

    Raises:
        UsageError: no such model.
        ToolMissing: it must be made, and TensorFlow is not installed.
    """
    recipe = _recipe(name)
    shelf = (cache or Path(platformdirs.user_cache_dir("tinybench"))) / "zoo"
    place = shelf / f"{name}-{_fingerprint(recipe, seed)}"
    made = ZooModel(name, place / f"{name}.tflite", place / "samples.npz")
    if not place.is_dir():
        shelf.mkdir(parents=True, exist_ok=True)
        with FileLock(f"{place}.lock"):
            if not place.is_dir():
                _make(name, recipe, seed, place)
    return made


def _recipe(name: str) -> Recipe:
    if name not in RECIPES:
        close = difflib.get_close_matches(name, RECIPES, 1)
        raise UsageError(
            f"a model of the zoo ({', '.join(RECIPES)})",
            f"name={name!r}",
            f"did you mean {close[0]!r}?" if close else "choose one of them",
        )
    return RECIPES[name]


def _fingerprint(recipe: Recipe, seed: int) -> str:
    """Hash of all that decides the model's bytes: recipe, seed, code and package versions."""
    code = [
        hashlib.sha256(Path(__file__).with_name(file).read_bytes()).hexdigest()
        for file in ("architectures.py", "randomize.py", "convert.py", "zoo.py")
    ]
    packages = {name: _version(name) for name in ("tensorflow", "keras", "numpy", "pillow")}
    facts = {"recipe": asdict(recipe), "seed": seed, "code": code, "packages": packages}
    return hashlib.sha256(json.dumps(facts, sort_keys=True).encode()).hexdigest()[:16]


def _version(package: str) -> str | None:
    try:
        return metadata.version(package)
    except metadata.PackageNotFoundError:
        return None


def _make(name: str, recipe: Recipe, seed: int, place: Path) -> None:
    """Makes the model in a folder beside ``place`` and puts it there in one step."""
    with tempfile.TemporaryDirectory(prefix="making-", dir=place.parent) as folder:
        work = Path(folder)
        request = {"name": name, "seed": seed, "out": str(work)}
        run_job("tinybench.train.zoo:make_job", request, purpose=f"make the zoo's {name}")
        done = work / "done"
        done.mkdir()
        model, data = work / "model.tflite", done / "samples.npz"
        graph = read_tflite(model)
        if recipe.fix_batch:
            check_full_integer(graph)
        np.savez_compressed(data, x=_as_tensors(graph, np.load(work / "inputs.npy")))
        model.rename(done / f"{name}.tflite")
        done.rename(place)


def _as_tensors(graph: Graph, inputs: NDArray[np.float32]) -> NDArray[np.int8]:
    """Quantizes real inputs with the graph's scale and zero point."""
    quant = graph.tensors[graph.inputs[0]].quant
    assert quant is not None
    steps: NDArray[np.float32] = np.rint(inputs / quant.scale[0]) + quant.zero_point[0]
    return steps.clip(-128, 127).astype(np.int8)


def make_job(request: dict[str, Any]) -> dict[str, Any]:
    """In TensorFlow's process: builds, randomizes and converts one model."""
    from tinybench.train import architectures, convert, randomize

    recipe = RECIPES[request["name"]]
    rng = np.random.default_rng(request["seed"])
    inputs = randomize.random_fields(rng, _CALIBRATION + SAMPLES, recipe.field)
    inputs = inputs.reshape(-1, *recipe.shape) * (recipe.high - recipe.low) + recipe.low
    calibration = inputs[:_CALIBRATION].astype(np.float32)
    model = getattr(architectures, recipe.network)()
    randomize.randomize(model, calibration, rng)
    out = Path(request["out"])
    data = convert.to_int8(
        model,
        calibration,
        per_channel_dense=recipe.per_channel_dense,
        fix_batch=recipe.fix_batch,
    )
    (out / "model.tflite").write_bytes(data)
    np.save(out / "inputs.npy", inputs[_CALIBRATION:].astype(np.float32))
    return {"parameters": model.count_params()}


def main(arguments: Sequence[str] | None = None) -> int:
    """``python -m tinybench.train.zoo NAME -o FILE [--data FILE] [--seed N]``."""
    parser = argparse.ArgumentParser(
        prog="python -m tinybench.train.zoo",
        description="Writes a seeded int8 model of a well-known architecture.",
        epilog="models: " + "; ".join(f"{name} ({r.title})" for name, r in RECIPES.items()),
    )
    parser.add_argument("name", help="which model")
    parser.add_argument("-o", "--output", type=Path, required=True, help="the .tflite to write")
    parser.add_argument("--data", type=Path, help="also write inputs for it (.npz, int8 x)")
    parser.add_argument("--seed", type=int, default=0, help="of weights and inputs (default 0)")
    wanted = parser.parse_args(arguments)
    try:
        made = zoo_model(wanted.name, seed=wanted.seed)
        write_whole(wanted.output, made.model.read_bytes())
        if wanted.data:
            write_whole(wanted.data, made.data.read_bytes())
    except TinybenchError as error:
        print(f"{parser.prog}: {error}", *error.details, sep=os.linesep, file=sys.stderr)
        return error.exit_code
    return 0


if __name__ == "__main__":
    sys.exit(main())
