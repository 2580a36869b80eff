"""What pixels stand for, tried on networks that were trained on different ranges."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from support.compressing import Bench


def pixel_ranges(bench: Bench) -> dict[str, Any]:
    """Data as pixels for the network trained on 0:1, and for one that is the same of -1:1."""
    from tinybench.train.compress.data import load_data

    pixels = np.rint(bench.data.train.x * 255).astype(np.uint8)
    path = bench.folder / "pixels.npz"
    np.savez(path, allow_pickle=False, x=pixels, y=bench.data.train.y)
    spec = {
        "path": str(path), "pixel_range": "auto", "labels": None, "exclude": (), "only": (),
        "limit": 0, "calibration": 20, "split_seed": 0, "store": None,
    }  # fmt: skip

    def settled(model: Any) -> dict[str, Any]:
        data = load_data(spec, model, bench.folder / "unrecorded.keras", 0)
        ends = [float(data.train.x.min()), float(data.train.x.max())]
        return {"range": data.pixel_range, "notes": list(data.notes), "ends": ends}

    return {"as trained": settled(bench.model()), "from -1": settled(_from_minus_one(bench))}


def _from_minus_one(bench: Bench) -> Any:
    import keras
    from keras import layers

    inside = bench.model()
    entry = keras.Input((8, 8, 1))
    halved = layers.BatchNormalization(epsilon=1e-9)
    model = keras.Model(entry, inside(halved(entry)))
    halved.set_weights([np.array([value]) for value in (0.5, 0.5, 0.0, 1.0)])
    return model
