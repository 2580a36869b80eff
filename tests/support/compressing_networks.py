"""Methods that change the network, and networks from scratch."""

from __future__ import annotations

from typing import Any

import numpy as np

from support.compressing_bench import (
    SEED,
    Bench,
    equal_weights,
    weights_of,
)
from tinybench.methods import (
    NETWORKS,
    Activation,
    Blocks,
    Dense,
    Distill,
    Lowrank,
    Outputs,
    Resize,
)


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
