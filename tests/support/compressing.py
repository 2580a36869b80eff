"""Jobs that try compression methods on a small network; all in one TensorFlow process.

Each function of ``TRIALS`` returns JSON-able facts; the tests in unit/train/compress judge them.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from tinybench.errors import TinybenchError
from tinybench.methods import CRITERIA, Prune, Training

SEED = 3
SAMPLES = 600  # to train on: few steps


class StoppedError(Exception):
    """Somebody ended the run."""


def run_trials(request: dict[str, Any]) -> dict[str, Any]:
    """Trains the network, then tries every method on it."""
    from tinybench.train.compress.job import settle

    settle(SEED)
    folder = Path(request["folder"])
    bench = Bench(folder)
    return {name: _timed(trial, bench) for name, trial in TRIALS.items()}


def _timed(trial: Callable[[Bench], dict[str, Any]], bench: Bench) -> dict[str, Any]:
    started = time.process_time()
    facts = trial(bench)
    spent = round(time.process_time() - started, 1)
    print(f"{trial.__name__}: {spent} s of processor time")
    return facts


class Bench:
    """The trained network and its data."""

    def __init__(self, folder: Path) -> None:
        import keras

        self.folder = folder
        self.data = digits_data()
        model = small_network()
        self.trainer(epochs=8, rate=0.01, limit=None).fit(model, "base")
        self.base = folder / "base.keras"
        model.save(self.base)
        self._load = keras.models.load_model

    def model(self) -> Any:
        """The trained network, anew."""
        return self._load(self.base, compile=False)

    def trainer(
        self, *, epochs: int = 1, rate: float = 0.003, limit: int | None = 96, **more: Any
    ) -> Any:
        import dataclasses

        from tinybench.train.compress.fit import Samples, Trainer

        train = self.data.train
        few = Samples(train.x[:limit], train.y[:limit])
        data = dataclasses.replace(self.data, train=few)
        return Trainer(data, Training(epochs=epochs, rate=rate, batch=32, seed=SEED), **more)

    def accuracy(self, model: Any) -> float:
        return float(self.trainer().accuracy(model, self.data.test))


def digits_data() -> Any:
    from tinybench.train.compress.fit import Data, Samples
    from tinybench.train.digits import load_digits

    train_x, test_x, train_y, test_y = load_digits(SEED)
    train_x, test_x = train_x.astype(np.float32) / 255, test_x.astype(np.float32) / 255
    return Data(
        train=Samples(train_x[:SAMPLES], train_y[:SAMPLES]),
        validation=Samples(train_x[SAMPLES:800], train_y[SAMPLES:800]),
        test=Samples(test_x, test_y),
        calibration=train_x[:100],
        class_names=tuple("0123456789"),
    )


def small_network() -> Any:
    """A bit of everything: normalization, swish, a residual, a Fire module, dense layers."""
    import keras
    from keras import layers

    from tinybench.train.layers import Fire

    entry = keras.Input((8, 8, 1))
    x = layers.Conv2D(8, 3, padding="same", use_bias=False, name="stem")(entry)
    x = layers.ReLU(6.0, name="stem_relu")(layers.BatchNormalization(name="stem_bn")(x))
    y = layers.DepthwiseConv2D(3, padding="same", name="deep")(x)
    y = layers.Conv2D(8, 1, activation="swish", name="point")(y)
    x = layers.Add(name="residual")([x, y])
    x = layers.MaxPooling2D(2)(x)
    x = Fire(4, 8, name="fire")(x)
    x = layers.Flatten()(x)
    x = layers.Dense(24, activation="relu", name="hidden")(x)
    x = layers.Dense(10, name="scores")(x)
    return keras.Model(entry, layers.Softmax()(x))


def weights_of(model: Any) -> dict[str, Any]:
    """Every weight by its path without the model's name."""
    return {f"{n}:{w.path}": np.asarray(w) for n, w in enumerate(model.weights)}


def equal_weights(one: Any, other: Any) -> bool:
    pairs = zip(one.get_weights(), other.get_weights(), strict=True)
    return all(a.tobytes() == b.tobytes() for a, b in pairs)


def base(bench: Bench) -> dict[str, Any]:
    return {"accuracy": bench.accuracy(bench.model())}


def prune_weights(bench: Bench) -> dict[str, Any]:
    from tinybench.train.compress.network import kernels
    from tinybench.train.compress.prune import prune

    facts = {}
    for criterion in CRITERIA:
        options = Prune(sparsity=0.7, criterion=criterion, schedule="one-shot")
        made = prune(bench.model(), options, bench.trainer())
        values = [np.asarray(w) for _, w in kernels(made.model)]
        facts[criterion] = {
            "zeros": [int((v == 0).sum()) for v in values],
            "sizes": [v.size for v in values],
            "accuracy": bench.accuracy(made.model),
        }
    return facts


def prune_channels(bench: Bench) -> dict[str, Any]:
    from tinybench.train.compress.prune import prune

    facts: dict[str, Any] = {"parameters_before": bench.model().count_params()}
    for criterion in CRITERIA:
        options = Prune(sparsity=0.4, criterion=criterion, structured=True, schedule="one-shot")
        made = prune(bench.model(), options, bench.trainer())
        shapes = {w.path: list(w.shape) for w in made.model.weights}
        facts[criterion] = {
            "parameters": made.model.count_params(),
            "shapes": shapes,
            "accuracy": bench.accuracy(made.model),
        }
    return facts


def removed_channels_are_as_if_never_read(bench: Bench) -> dict[str, Any]:
    """Taking channels out is the same as multiplying them by zero where they are read."""
    from tinybench.train.compress import channels as ch
    from tinybench.train.compress.network import take_apart
    from tinybench.train.compress.structured import _groups, without

    model = bench.model()
    network = take_apart(model)
    channels, free = _groups(network, ())
    gone = set(np.random.default_rng(SEED).permutation(free)[: len(free) // 2].tolist())
    smaller = without(network, channels, gone)
    for call in network.layer_calls(*ch.MIXING):
        read = np.array([int(i) not in gone for i in channels.of(call.inputs[0])], np.float32)
        kernel = call.layer.kernel
        kernel.assign(np.asarray(kernel) * read[:, np.newaxis])
    x = bench.data.test.x[:50]
    difference = np.abs(np.asarray(network.model(x)) - np.asarray(smaller(x))).max()
    return {
        "difference": float(difference),
        "groups": len(free),
        "parameters": [model.count_params(), smaller.count_params()],
    }


def resume(bench: Bench) -> dict[str, Any]:
    """A run that is ended after each epoch in turn, and one that is not."""
    from tinybench.train.compress.prune import prune

    def attempt(folder: Path | None, stop_after: int | None = None) -> Any:
        epochs = 0

        def news(line: str) -> None:
            nonlocal epochs
            epochs += 1
            if epochs == stop_after:
                raise StoppedError

        options = Prune(sparsity=0.8)
        trainer = bench.trainer(epochs=4, limit=64, folder=folder, news=news)
        return prune(bench.model(), options, trainer).model

    whole = attempt(None)
    stops, folder = 0, bench.folder / "resume"
    while True:
        try:
            resumed = attempt(folder, stop_after=2)  # the checkpoint is behind by one epoch
            break
        except StoppedError:
            stops += 1
    return {"equal": equal_weights(whole, resumed), "stops": stops}


def refusals(bench: Bench) -> dict[str, Any]:
    """What is wrong, in words."""
    import dataclasses

    from tinybench.train.compress.fit import Samples
    from tinybench.train.compress.job import check_data, claim
    from tinybench.train.compress.prune import prune

    def said(action: Callable[[], Any]) -> str:
        try:
            action()
        except TinybenchError as error:
            return f"{type(error).__name__}: {error}"
        return "nothing"

    data, model = bench.data, bench.model()
    other_size = Samples(data.train.x[:, :6], data.train.y)
    other_classes = Samples(data.train.x, data.train.y + 5)
    broken = bench.model()
    broken.get_layer("hidden").bias.assign(np.full(24, np.nan, np.float32))
    order = {"method": "prune"}
    claim(bench.folder / "claimed", order, str(bench.base))
    return {
        "shape": said(lambda: check_data(model, dataclasses.replace(data, train=other_size))),
        "classes": said(lambda: check_data(model, dataclasses.replace(data, train=other_classes))),
        "nan_weights": said(lambda: check_data(broken, data)),
        "nan_loss": said(lambda: prune(bench.model(), Prune(), bench.trainer(rate=1e30))),
        "same_checkpoint": said(lambda: claim(bench.folder / "claimed", order, str(bench.base))),
        "other_checkpoint": said(
            lambda: claim(bench.folder / "claimed", {"method": "qat"}, str(bench.base))
        ),
        "nothing_left": said(lambda: prune(model, Prune(skip=("*",)), bench.trainer())),
    }


TRIALS: dict[str, Callable[[Bench], dict[str, Any]]] = {
    trial.__name__: trial
    for trial in (
        base,
        prune_weights,
        prune_channels,
        removed_channels_are_as_if_never_read,
        resume,
        refusals,
    )
}


def save_small(request: dict[str, Any]) -> dict[str, Any]:
    """The network before training, and random data for it: 300 samples of ten classes."""
    import keras

    keras.utils.set_random_seed(SEED)
    folder = Path(request["folder"])
    small_network().save(folder / "small.keras")
    rng = np.random.default_rng(SEED)
    x = rng.integers(0, 256, (300, 8, 8, 1)).astype(np.uint8)
    np.savez(folder / "small.npz", x=x, y=np.arange(300) % 10)
    return {}
