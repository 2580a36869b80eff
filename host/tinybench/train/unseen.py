"""Seeded models that nothing here was tuned for: keras.applications and their like, small.

As those of :mod:`tinybench.train.zoo`, but not kept: they are made to compare engines with.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from tinybench.model.read import read_tflite
from tinybench.train.isolated import run_job
from tinybench.train.quantize import check_full_integer
from tinybench.train.zoo import Recipe, ZooModel

SAMPLES = 8
_CALIBRATION = 48
_PICTURE, _SMALL = (96, 96, 3), (64, 64, 3)
RECIPES: dict[str, Recipe] = {
    "mobilenet_v1": Recipe(
        "mobilenet_v1", "keras.applications.MobileNet, width 0.25", _PICTURE, _PICTURE, -1.0, 1.0
    ),
    "mobilenet_v2": Recipe(
        "mobilenet_v2", "keras.applications.MobileNetV2, width 0.35", _PICTURE, _PICTURE, -1.0, 1.0
    ),
    "mobilenet_v3": Recipe(
        "mobilenet_v3", "keras.applications.MobileNetV3Small, 0.5", _PICTURE, _PICTURE, -1.0, 1.0
    ),
    "mobilenet_v3_minimalistic": Recipe(
        "mobilenet_v3_minimalistic", "the same, without gates, 5x5 and hard swish",
        _PICTURE, _PICTURE, -1.0, 1.0,
    ),
    "efficientnet_lite": Recipe(
        "efficientnet_lite", "EfficientNet-Lite0, width 0.35", _PICTURE, _PICTURE, -1.0, 1.0
    ),
    "squeezenet": Recipe("squeezenet", "SqueezeNet 1.1, width 0.25", _SMALL, _SMALL, 0.0, 1.0),
}  # fmt: skip
"""Every one of them, by name."""


def unseen_model(name: str, folder: Path, *, seed: int = 0) -> ZooModel:
    """Makes a model in a folder, or finds it there.

    Args:
        name: a key of ``RECIPES``.
        folder: gets NAME.tflite and NAME.npz.
        seed: of weights and inputs.

    Raises:
        ToolMissing: TensorFlow is not installed.
        ModelError: the conversion failed.
    """
    made = ZooModel(name, folder / f"{name}.tflite", folder / f"{name}.npz")
    if made.model.is_file() and made.data.is_file():
        return made
    folder.mkdir(parents=True, exist_ok=True)
    request = {"name": name, "seed": seed, "out": str(folder.absolute())}
    run_job("tinybench.train.unseen:make_job", request, purpose=f"make {name}")
    graph = read_tflite(made.model)
    check_full_integer(graph)
    quant = graph.tensors[graph.inputs[0]].quant
    assert quant is not None
    real = np.load(folder / f"{name}.npy")
    steps = np.rint(real / quant.scale[0]) + quant.zero_point[0]
    np.savez_compressed(made.data, x=steps.clip(-128, 127).astype(np.int8))
    return made


def make_job(request: dict[str, Any]) -> dict[str, Any]:
    """In TensorFlow's process: builds, randomizes and converts one model."""
    from tinybench.train import applications, convert, randomize

    recipe = RECIPES[request["name"]]
    rng = np.random.default_rng(request["seed"])
    inputs = randomize.random_fields(rng, _CALIBRATION + SAMPLES, recipe.field)
    inputs = (inputs * (recipe.high - recipe.low) + recipe.low).astype(np.float32)
    model = getattr(applications, recipe.network)()
    randomize.randomize(model, inputs[:_CALIBRATION], rng)
    data = convert.to_int8(model, inputs[:_CALIBRATION], per_channel_dense=False)
    out = Path(request["out"])
    (out / f"{request['name']}.tflite").write_bytes(data)
    np.save(out / f"{request['name']}.npy", inputs[_CALIBRATION:])
    return {"parameters": model.count_params()}
