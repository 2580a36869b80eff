"""Samples changed at random, and what is refused."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from support.compressing_bench import (
    SEED,
    Bench,
    said,
)
from tinybench.methods import (
    Prune,
    Training,
)


def augmentation(bench: Bench) -> dict[str, Any]:
    """What the changes are; and whether a network learns from them."""
    from tinybench.augmentation import parse_augmentation
    from tinybench.train.compress.augment import augmented
    from tinybench.train.compress.fit import Samples

    x = bench.data.test.x[:40]

    def change(*words: str, seed: int = SEED) -> Any:
        return augmented(x, parse_augmentation(words), seed)

    flipped, moved, lit = change("flip"), change("shift=0.25,rotate=20"), change("brightness=0.2")
    loud = change("noise=0.5")
    test = bench.data.test
    mirrored = Samples(test.x[:, :, ::-1], test.y)
    model = bench.model()
    trainer = bench.trainer(epochs=3, rate=0.01, limit=300, augment=("flip",))
    before = trainer.accuracy(model, mirrored)
    trainer.fit(model, "flip", keep_best=False)
    return {
        "mirrored": [bool((f == a[:, ::-1]).all()) for f, a in zip(flipped, x, strict=True)],
        "same": [bool((f == a).all()) for f, a in zip(flipped, x, strict=True)],
        "moved": float(np.abs(moved - x).mean()),
        "moved_within": [float(moved.min() - x.min()), float(x.max() - moved.max())],
        "lit": [float(np.abs(lit - x).max()), float(lit.min()), float(lit.max())],
        "noise": float((loud - x).std() / x.std()),
        "repeatable": bool((moved == change("shift=0.25,rotate=20")).all()),
        "by_seed": bool((moved != change("shift=0.25,rotate=20", seed=SEED + 1)).any()),
        "learnt": [before, trainer.accuracy(model, mirrored)],
    }


def refusals(bench: Bench) -> dict[str, Any]:
    """What is wrong, in words."""
    import dataclasses

    from support.keras_models import lstm
    from tinybench.train.compress.fit import Samples, Trainer
    from tinybench.train.compress.job import _as_int8, check_data, claim
    from tinybench.train.compress.load import load_model
    from tinybench.train.compress.prune import prune

    data, model = bench.data, bench.model()
    other_size = Samples(data.train.x[:, :6], data.train.y)
    other_classes = Samples(data.train.x, data.train.y + 5)
    windows = Samples(data.train.x.reshape(-1, 8, 8), data.train.y)
    broken = bench.model()
    broken.get_layer("hidden").bias.assign(np.full(24, np.nan, np.float32))
    order = {"method": "prune"}
    claim(bench.folder / "claimed", order, str(bench.base))
    (bench.folder / "claimed" / "train.npz").touch()
    return {
        "shape": said(lambda: check_data(model, dataclasses.replace(data, train=other_size))),
        "classes": said(lambda: check_data(model, dataclasses.replace(data, train=other_classes))),
        "nan_weights": said(lambda: check_data(broken, data)),
        "nan_loss": said(lambda: prune(bench.model(), Prune(), bench.trainer(rate=1e30))),
        "same_checkpoint": said(lambda: claim(bench.folder / "claimed", order, str(bench.base))),
        "other_checkpoint": said(
            lambda: claim(bench.folder / "claimed", {"method": "qat"}, str(bench.base))
        ),
        "augment_windows": said(
            lambda: Trainer(
                dataclasses.replace(data, train=windows), Training(augment=("shift=0.1",))
            )
        ),
        "other_kind": said(lambda: load_model(bench.folder / "model.tflite")),
        "recurrent": _as_int8(lstm(), data, bench.folder / "lstm.tflite")["int8_reason"],
        **_files_that_are_refused(bench.folder, lambda path: said(lambda: load_model(path))),
        "nothing_left": said(lambda: prune(model, Prune(skip=("*",)), bench.trainer())),
    }


def _files_that_are_refused(folder: Path, said: Callable[[Path], str]) -> dict[str, str]:
    import keras

    from support.keras_models import two_inputs

    class Wavelet(keras.layers.Layer):
        def call(self, x: Any) -> Any:
            return x

    made = {
        "own_layer": keras.Sequential([keras.layers.Input((4,)), Wavelet()]),
        "two_inputs": two_inputs(),
    }
    for name, model in made.items():
        model.save(folder / f"{name}.keras")
    return {name: said(folder / f"{name}.keras") for name in made}
