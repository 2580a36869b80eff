"""Jobs that try compression methods on a small network; all in one TensorFlow process.

Each function of ``TRIALS`` returns JSON-able facts; the tests in unit/train/compress judge them.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from support.compressing_early import too_early_for_data, too_few_classes
from support.compressing_inputs import classes_on_record, pixel_ranges
from tinybench.errors import TinybenchError
from tinybench.methods import (
    CRITERIA,
    NETWORKS,
    Activation,
    Blocks,
    Cluster,
    Dense,
    Distill,
    Lowrank,
    Outputs,
    Prune,
    Qat,
    Regularize,
    Resize,
    Training,
)

SEED = 3
SAMPLES = 600  # to train on: few steps


class StoppedError(Exception):
    """Somebody ended the run."""


def run_trials(request: dict[str, Any]) -> dict[str, Any]:
    """Trains the network, then tries every method on it."""
    import tensorflow as tf

    from tinybench.train.compress.job import settle

    # Networks so small are made faster as they are than by threads and by improving their graphs.
    tf.config.threading.set_intra_op_parallelism_threads(1)
    tf.config.threading.set_inter_op_parallelism_threads(1)
    tf.config.optimizer.set_experimental_options({"disable_meta_optimizer": True})
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

    def flat(self) -> Any:
        """The trained network without layers inside of layers."""
        from tinybench.train.compress.network import take_apart

        return take_apart(self.model()).model

    def trainer(
        self,
        *,
        epochs: int = 1,
        rate: float = 0.003,
        limit: int | None = 96,
        augment: tuple[str, ...] = (),
        **more: Any,
    ) -> Any:
        import dataclasses

        from tinybench.train.compress.fit import Samples, Trainer

        train = self.data.train
        few = Samples(train.x[:limit], train.y[:limit])
        data = dataclasses.replace(self.data, train=few)
        training = Training(epochs=epochs, rate=rate, batch=32, seed=SEED, augment=augment)
        return Trainer(data, training, **more)

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
    """Every weight by its layer's name and its own."""
    return {"/".join(w.path.split("/")[-2:]): np.asarray(w) for w in model.weights}


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
        augment = ("shift=0.1", "noise=0.1")
        trainer = bench.trainer(epochs=4, limit=64, folder=folder, news=news, augment=augment)
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


def schedules(bench: Bench) -> dict[str, Any]:
    """What is noted of a schedule with so many epochs; untrained, for the notes alone."""
    from tinybench.train.compress.prune import prune

    def noted(epochs: int, **options: Any) -> list[str]:
        trainer = bench.trainer(epochs=epochs)
        trainer.fit = lambda *_, **__: None
        return list(prune(bench.model(), Prune(**options), trainer).notes)

    return {
        "few": [noted(1), noted(1, structured=True)],
        "enough": [noted(5), noted(5, structured=True)],
        "one_shot": [noted(1, schedule="one-shot")],
        "nothing": [noted(1, sparsity=0.0)],
    }


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

    def said(action: Callable[[], Any]) -> str:
        try:
            action()
        except TinybenchError as error:
            return f"{type(error).__name__}: {error}"
        return "nothing"

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


def cluster(bench: Bench) -> dict[str, Any]:
    from tinybench.train.compress.cluster import cluster as run
    from tinybench.train.compress.network import kernels

    made = run(bench.model(), Cluster(clusters=8), bench.trainer())
    values = {name: np.unique(np.asarray(w)).size for name, w in kernels(made.model)}
    return {"values": values, "accuracy": bench.accuracy(made.model)}


def pruned_weights_stay_zero(bench: Bench) -> dict[str, Any]:
    from tinybench.train.compress.cluster import cluster
    from tinybench.train.compress.network import kernels
    from tinybench.train.compress.prune import prune
    from tinybench.train.compress.qat import qat as quantized

    pruned = prune(bench.model(), Prune(schedule="one-shot"), bench.trainer(epochs=0)).model

    def zeros(model: Any) -> list[int]:
        return [int((np.asarray(w) == 0).sum()) for _, w in kernels(model)]

    before = zeros(pruned)
    made = quantized(pruned, Qat(), bench.trainer()).model
    return {
        "before": before,
        "qat": zeros(made),
        "cluster": zeros(cluster(pruned, Cluster(), bench.trainer()).model),
    }


def qat(bench: Bench) -> dict[str, Any]:
    from tinybench.train.compress.fold import fold_normalization
    from tinybench.train.compress.qat import qat as run

    model = bench.model()
    folded = fold_normalization(bench.model())
    x = bench.data.test.x
    made = run(bench.model(), Qat(), bench.trainer(epochs=1, rate=0.0005))
    made.model.save(bench.folder / "qat.keras")
    again = bench._load(bench.folder / "qat.keras", compile=False)
    return {
        "folding_changes": float(np.abs(np.asarray(model(x)) - np.asarray(folded(x))).max()),
        "normalizations_left": sum("BatchNorm" in type(layer).__name__ for layer in folded.layers),
        "agreement": made.facts["agreement"],
        "accuracy": bench.accuracy(made.model),
        "loads": bool(np.array_equal(made.model(x[:9]), again(x[:9]))),
    }


def activation(bench: Bench) -> dict[str, Any]:
    """Which weights change while which block is open."""
    from tinybench.train.compress import activation as module

    trainer, changed = bench.trainer(), []
    fit = trainer.fit

    def watched(model: Any, stage: str, **more: Any) -> Any:
        first = {w.path: np.asarray(w).tobytes() for w in model.weights}
        result = fit(model, stage, keep_best=False, **more)
        moved = {w.path for w in model.weights if np.asarray(w).tobytes() != first[w.path]}
        changed.append([stage, sorted({path.split("/")[0] for path in moved})])
        return result

    trainer.fit = watched
    made = module.activation(bench.model(), Activation(replace=("silu", "relu")), trainer)
    kinds = {
        layer.name: getattr(getattr(layer, "activation", None), "__name__", "")
        for layer in made.model.layers
    }
    return {
        "changed": changed,
        "replaced": made.facts["replaced"],
        "activations": kinds,
        "accuracy": bench.accuracy(made.model),
    }


def blocks(bench: Bench) -> dict[str, Any]:
    from tinybench.train.compress.blocks import blocks as run
    from tinybench.train.compress.blocks import find_blocks, without_block
    from tinybench.train.compress.network import take_apart

    network = take_apart(bench.model())
    x = bench.data.test.x[:20]
    whole = np.asarray(without_block(network, "residual", 1.0)(x))
    faded = np.asarray(without_block(network, "residual", 0.0)(x))
    gone = np.asarray(without_block(network, "residual")(x))
    cut = run(bench.model(), Blocks(floor=0.01, prepare=1), bench.trainer())
    back = run(bench.model(), Blocks(floor=1.0, prepare=1), bench.trainer())
    return {
        "found": [block.last.name for block in find_blocks(network)],
        "whole": float(np.abs(whole - np.asarray(network.model(x))).max()),
        "faded_is_gone": float(np.abs(faded - gone).max()),
        "layers": [layer.name for layer in cut.model.layers],
        "removed": cut.facts["removed"],
        "accuracy": bench.accuracy(cut.model),
        "rolled_back": [back.facts["removed"], list(back.notes)],
        "unharmed": equal_weights(back.model, take_apart(bench.model()).model),
    }


def dense(bench: Bench) -> dict[str, Any]:
    from tinybench.train.compress.dense import dense as run

    def frozen(made: Any) -> list[str]:
        old, new = weights_of(bench.flat()), weights_of(made)
        return sorted(p for p in new if p in old and np.array_equal(old[p], new[p]))

    smaller = run(bench.model(), Dense(units=("hidden=10",)), bench.trainer())
    inserted = run(bench.model(), Dense(insert=6), bench.trainer())
    searched = run(bench.model(), Dense(search=True, floor=0.5), bench.trainer())
    return {
        "units": smaller.facts["units"],
        "frozen": frozen(smaller.model),
        "accuracy": bench.accuracy(smaller.model),
        "inserted": inserted.facts["units"],
        "frozen_beside_inserted": frozen(inserted.model),
        "search": searched.facts,
        "validation": searched.model and bench.trainer().accuracy(searched.model),
    }


def outputs(bench: Bench) -> dict[str, Any]:
    from tinybench.train.compress.data import of_classes, on_all
    from tinybench.train.compress.outputs import outputs as run

    trainer = bench.trainer()
    made = run(bench.model(), Outputs(keep=("[246]",)), trainer)
    old, new = weights_of(bench.flat()), weights_of(made.model)
    same = [name for name in new if np.array_equal(old[name], new[name])]
    grown = bench.trainer()
    grown.data = on_all(grown.data, lambda part: of_classes(part, [2, 4, 6, 8]))
    bigger = run(made.model, Outputs(add=("new",)), grown)
    return {
        "labels": list(made.labels or ()),
        "shape": list(made.model.output_shape),
        "classes": sorted(set(trainer.data.test.y.tolist())),
        "frozen": sorted(same),
        "accuracy": float(trainer.accuracy(made.model, trainer.data.test)),
        "bigger": list(bigger.model.output_shape),
    }


def resize(bench: Bench) -> dict[str, Any]:
    from tinybench.train.compress.network import take_apart
    from tinybench.train.compress.resize import at_size
    from tinybench.train.compress.resize import resize as run

    x = bench.data.test.x[:20]
    same = at_size(take_apart(bench.model()), (8, 8))
    trainer = bench.trainer()
    made = run(bench.model(), Resize(size="6x8"), trainer)
    return {
        "same_size": float(np.abs(np.asarray(same(x)) - np.asarray(bench.model()(x))).max()),
        "input": list(made.model.input_shape),
        "data": list(made.data.test.x.shape[1:]),
        "accuracy": float(trainer.accuracy(made.model, made.data.test)),
    }


def lowrank(bench: Bench) -> dict[str, Any]:
    from tinybench.train.compress.lowrank import lowrank as run

    x = bench.data.test.x[:20]
    model = bench.model()
    kernel = model.get_layer("hidden").kernel
    rng = np.random.default_rng(SEED)
    kernel.assign(rng.normal(0, 0.1, (256, 3)) @ rng.normal(0, 0.1, (3, 24)))  # of rank 3
    exact = run(model, Lowrank(energy=1 - 1e-9, skip=("scores",)), bench.trainer(epochs=0))
    made = run(bench.model(), Lowrank(rank=4), bench.trainer())
    return {
        "ranks": exact.facts["ranks"],
        "difference": float(np.abs(np.asarray(exact.model(x)) - np.asarray(model(x))).max()),
        "asked": made.facts["ranks"],
        "parameters": [model.count_params(), made.model.count_params()],
        "accuracy": bench.accuracy(made.model),
    }


def distill(bench: Bench) -> dict[str, Any]:
    from tinybench.train.compress.distill import distill as run

    options = Distill(student="lenet", width=0.5)
    made = run(bench.model(), options, bench.trainer(epochs=3, rate=0.02, limit=300))
    return {
        "parameters": made.model.count_params(),
        "accuracy": bench.accuracy(made.model),
    }


def regularize(bench: Bench) -> dict[str, Any]:
    from tinybench.train.compress.regularize import regularize as run

    facts = {}
    for variant in ("paper", "author", "none"):
        options = Regularize(variant=variant, bits=4, strength=3.0)
        made = run(bench.model(), options, bench.trainer(epochs=3, rate=0.003, limit=64))
        facts[variant] = made.facts["mean_distance_in_steps"]
    return facts


def networks(bench: Bench) -> dict[str, Any]:
    """Every network of `tinybench new`, at an odd size; how far inputs differ in their scores."""
    import keras

    from tinybench.train.compress.network import all_layers
    from tinybench.train.networks import build

    facts = {}
    for name in NETWORKS:
        shape = (50, 3) if "1d" in name else (20, 24, 3)
        model = build(name, shape, 5, 0.25, SEED)
        facts[name] = {"shape": list(model.output_shape), "parameters": model.count_params()}
        if not any("Normalization" in type(layer).__name__ for layer in all_layers(model)):
            scores = keras.Model(model.input, model.layers[-2].output)
            x = np.random.default_rng(SEED).random((32, *shape), np.float32)
            facts[name]["spread"] = float(np.asarray(scores(x)).std(axis=0).mean())
    return facts


def moving_statistics(bench: Bench) -> dict[str, Any]:
    """Statistics of normalization that are far off, after one epoch that changes nothing else."""
    facts: dict[str, Any] = {}
    for trained in (True, False):
        model = bench.flat()
        layer, stem = model.get_layer("stem_bn"), model.get_layer("stem")
        layer.moving_mean.assign(layer.moving_mean + 10)
        layer.trainable = trained
        trainer = bench.trainer(epochs=1, rate=1e-9, limit=224)
        trainer.fit(model, "settle", keep_best=False)
        real = np.asarray(stem(trainer.data.train.x)).mean(axis=(0, 1, 2))
        facts["trained" if trained else "frozen"] = {
            "off": float(np.abs(np.asarray(layer.moving_mean) - real).max()),
            "momentum": layer.momentum,
        }
    return facts


def other_activations(bench: Bench) -> dict[str, Any]:
    """A network of `tinybench new` with another activation, and without."""
    from tinybench.methods import Create
    from tinybench.train.compress.create import make_network
    from tinybench.train.compress.network import activation_of, take_apart

    def activations(options: Create) -> list[str]:
        model = make_network("ds-cnn", (20, 24, 3), 5, options, SEED)
        return [activation_of(call) for call in take_apart(model).calls]

    return {
        "own": activations(Create(width=0.25)),
        "silu": activations(Create(width=0.25, activation="silu")),
    }


def networks_apart(bench: Bench) -> dict[str, Any]:
    """Networks whose modules repeat, or whose blocks lie behind one another."""
    from tinybench.train.compress.blocks import find_blocks
    from tinybench.train.compress.network import take_apart
    from tinybench.train.networks import build

    whole = build("squeezenet", (20, 20, 3), 5, 0.25, SEED)
    fires = take_apart(whole)
    network = take_apart(build("ds-cnn", (20, 20, 3), 5, 0.25, SEED))
    x = np.random.default_rng(SEED).random((4, 20, 20, 3), np.float32)
    return {
        "names": [call.name for call in fires.calls],
        "difference": float(np.abs(np.asarray(fires.model(x)) - np.asarray(whole(x))).max()),
        "blocks_begin": [network.readers(b.first)[0].kind for b in find_blocks(network)],
    }


TRIALS: dict[str, Callable[[Bench], dict[str, Any]]] = {
    trial.__name__: trial
    for trial in (
        base,
        prune_weights,
        prune_channels,
        removed_channels_are_as_if_never_read,
        resume,
        schedules,
        augmentation,
        refusals,
        cluster,
        pruned_weights_stay_zero,
        qat,
        activation,
        blocks,
        dense,
        outputs,
        resize,
        lowrank,
        distill,
        regularize,
        networks,
        moving_statistics,
        other_activations,
        networks_apart,
        too_early_for_data,
        too_few_classes,
        pixel_ranges,
        classes_on_record,
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
