"""Data for a model: what its pixels stand for, and which of its outputs a class is."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from support.compressing_bench import Bench


def pixel_ranges(bench: Bench) -> dict[str, Any]:
    """Data as pixels for the network trained on 0:1, and for one that is the same of -1:1."""
    from tinybench.train.compress.data import load_data

    spec = _as_pixels(bench)

    def settled(model: Any) -> dict[str, Any]:
        data = load_data(spec, model, bench.folder / "unrecorded.keras", 0)
        ends = [float(data.train.x.min()), float(data.train.x.max())]
        return {"range": data.pixel_range, "notes": list(data.notes), "ends": ends}

    return {"as trained": settled(bench.model()), "from -1": settled(_from_minus_one(bench))}


def classes_on_record(bench: Bench) -> dict[str, Any]:
    """Data of ten classes for a model of three of them, in an order of its own; and one more."""
    import keras
    from keras import layers

    from tinybench.train.compress.data import load_data

    file = bench.folder / "three.keras"
    model = keras.Sequential([layers.Input((8, 8, 1)), layers.Flatten(), layers.Dense(3)])
    model.save(file)
    made = {"sha256": hashlib.sha256(file.read_bytes()).hexdigest()}
    report = {"made": made, "pixel_range": "0:1", "classes": ["7", "1", "4"]}
    file.with_suffix(".json").write_text(json.dumps(report))
    spec = _as_pixels(bench)
    whole = load_data(spec, bench.model(), Path("unrecorded.keras"), 0)
    three = load_data(spec, model, file, 0)
    four = load_data(spec, model, file, 0, added=("0",))

    def named(data: Any, part: str) -> list[tuple[str, str]]:
        """Each sample of a part, by its content, and the class that it is said to be."""
        samples = getattr(data, part)
        pairs = zip(samples.x, samples.y.tolist(), strict=True)
        return sorted(
            (hashlib.sha256(x.tobytes()).hexdigest(), data.class_names[y]) for x, y in pairs
        )

    def of(data: Any, *names: str) -> bool:
        return all(
            [pair for pair in named(whole, part) if pair[1] in names] == named(data, part)
            for part in ("train", "validation", "test")
        )

    return {
        "names": [list(three.class_names), list(four.class_names)],
        "same": [of(three, "7", "1", "4"), of(four, "7", "1", "4", "0")],
        "calibration": len(three.calibration),
        "notes": list(three.notes),
    }


def _as_pixels(bench: Bench) -> dict[str, Any]:
    """The training samples in an .npz of uint8, as a data spec."""
    path = bench.folder / "pixels.npz"
    pixels = np.rint(bench.data.train.x * 255).astype(np.uint8)
    np.savez(path, allow_pickle=False, x=pixels, y=bench.data.train.y)
    return {
        "path": str(path), "pixel_range": "auto", "labels": None, "exclude": (), "only": (),
        "limit": 0, "calibration": 20, "split_seed": 0, "store": None,
    }  # fmt: skip


def _from_minus_one(bench: Bench) -> Any:
    import keras
    from keras import layers

    inside = bench.model()
    entry = keras.Input((8, 8, 1))
    halved = layers.BatchNormalization(epsilon=1e-9)
    model = keras.Model(entry, inside(halved(entry)))
    halved.set_weights([np.array([value]) for value in (0.5, 0.5, 0.0, 1.0)])
    return model
