"""Methods that change weights: pruned, shared, quantized, drawn to levels."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from support.compressing_bench import (
    SEED,
    Bench,
    StoppedError,
    equal_weights,
)
from tinybench.methods import (
    CRITERIA,
    Cluster,
    Prune,
    Qat,
    Regularize,
)


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


def ranges_of_qat(bench: Bench) -> dict[str, Any]:
    """Where a network with a concatenation and a mean over places is rounded."""
    import keras
    from keras import layers

    from tinybench.train.compress.qat import with_fake_quantization

    entry = keras.Input((8, 8, 1))
    parts = [layers.Conv2D(4, n, padding="same", activation="relu", name=f"c{n}") for n in (1, 3)]
    x = layers.Concatenate(name="joined")([part(entry) for part in parts])
    x = layers.GlobalAveragePooling2D(name="mean")(x)
    x = layers.Dense(10, activation="softmax", name="scores")(x)
    made = with_fake_quantization(keras.Model(entry, x))
    return {"rounded": sorted(x.name for x in made.layers if type(x).__name__ == "FakeQuant")}


def regularize(bench: Bench) -> dict[str, Any]:
    from tinybench.train.compress.regularize import regularize as run

    facts = {}
    for variant in ("paper", "author", "none"):
        options = Regularize(variant=variant, bits=4, strength=3.0)
        made = run(bench.model(), options, bench.trainer(epochs=3, rate=0.003, limit=64))
        facts[variant] = made.facts["mean_distance_in_steps"]
    return facts
