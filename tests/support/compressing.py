"""Jobs that try compression methods on a small network; all in one TensorFlow process.

Each function of ``TRIALS`` returns JSON-able facts; the tests in unit/train/compress judge them.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from support.compressing_bench import (
    SEED,
    Bench,
    small_network,
)
from support.compressing_early import too_early_for_data, too_few_classes
from support.compressing_inputs import classes_on_record, pixel_ranges
from support.compressing_networks import (
    activation,
    blocks,
    dense,
    distill,
    lowrank,
    moving_statistics,
    networks,
    networks_apart,
    other_activations,
    outputs,
    resize,
)
from support.compressing_refusals import augmentation, refusals
from support.compressing_weights import (
    base,
    cluster,
    prune_channels,
    prune_weights,
    pruned_weights_stay_zero,
    qat,
    ranges_of_qat,
    regularize,
    removed_channels_are_as_if_never_read,
    resume,
    schedules,
)


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
        ranges_of_qat,
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
