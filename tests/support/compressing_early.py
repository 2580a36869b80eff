"""Orders that cannot be done with the model, over data that are not there."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from support.compressing_bench import Bench, said

ORDERS: dict[str, tuple[str, dict[str, Any], dict[str, Any]]] = {
    "flip": ("prune", {}, {"augment": ["flip"]}),
    "units": ("dense", {"units": ["hidden=80"]}, {}),
    "block": ("blocks", {"remove": ["hidden"]}, {}),
    "block_twice": ("blocks", {"remove": ["residual", "residual"]}, {}),
    "code": ("prune", {}, {}),
    "nothing_wrong": ("dense", {"units": ["hidden=8"]}, {}),
}


def too_early_for_data(bench: Bench) -> dict[str, str]:
    """What a job refuses before it reads the data."""
    import keras
    from keras import layers

    windows = [layers.Input((8, 8)), layers.Flatten(), layers.Dense(10), layers.Softmax()]
    keras.Sequential(windows).save(bench.folder / "windows.keras")
    return {
        name: _said(name, bench.folder / "windows.keras" if name == "flip" else bench.base)
        for name in ORDERS
    }


def too_few_classes(bench: Bench) -> dict[str, str]:
    """Data of one class, and an output layer with nothing to tell apart."""
    import numpy as np

    from tinybench.methods import Outputs
    from tinybench.train.compress.create import create_job
    from tinybench.train.compress.outputs import outputs

    def create(y: Any) -> dict[str, Any]:
        path = bench.folder / f"of-{y.max()}.npz"
        np.savez(path, allow_pickle=False, x=bench.data.train.x, y=y)
        data = {
            "path": str(path), "pixel_range": "auto", "labels": None, "exclude": (), "only": (),
            "limit": 0, "calibration": 20, "split_seed": 0, "store": None,
        }  # fmt: skip
        request = {
            "network": "lenet", "options": {"width": 0.2}, "training": {},
            "data": data, "out": "", "work": str(bench.folder / f"early-{y.max()}"),
        }  # fmt: skip
        return create_job(request)

    one = Outputs(keep=("1",))
    return {
        "data": said(lambda: create(bench.data.train.y * 0)),
        "outputs": said(lambda: outputs(bench.model(), one, bench.trainer())),
    }


def _said(name: str, model: Path) -> str:
    from tinybench.train.compress.job import compress_job

    method, options, training = ORDERS[name]
    broken = model.parent / "broken.py"
    broken.write_text("import keras\n1 / 0\n")
    code = [str(broken)] if name == "code" else []
    data = {"path": "nowhere", "labels": None, "exclude": (), "only": ()}
    request = {
        "method": method, "options": options, "training": training, "data": data, "out": "",
        "model": str(model), "work": str(model.parent / f"early-{name}"), "code": code,
        "measure_before": True,
    }  # fmt: skip
    return said(lambda: compress_job(request))
