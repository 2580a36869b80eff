"""The TensorFlow side of `compress`: one method on one model, in a process of its own."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

import numpy as np

from tinybench.augmentation import parse_augmentation
from tinybench.errors import DataError, ModelError, system_error
from tinybench.methods import Training, find_method, make_options
from tinybench.train.compress.apply import APPLY
from tinybench.train.compress.augment import check_shape
from tinybench.train.compress.data import load_data, of_classes, on_all
from tinybench.train.compress.fit import Data, Trainer
from tinybench.train.compress.load import load_model
from tinybench.train.compress.made import Made
from tinybench.train.compress.measure import convert, describe, int8_right
from tinybench.train.compress.suits import check_suits
from tinybench.train.finite import check_finite
from tinybench.train.isolated import report
from tinybench.train.load import named_weights, refuse_recurrent
from tinybench.whole import write_whole

REPLY, BEFORE = "reply.json", "before.tflite"
BENCH_SAMPLES = 100
"""Test samples that go beside a model, to bench it with."""

_KEY = "key.json"


def compress_job(request: dict[str, Any]) -> dict[str, Any]:
    """Loads, compresses, saves and measures.

    Args:
        request: ``method``, ``options``, ``training``, ``data``; paths ``model``, ``out`` (a
            .keras file; the .tflite goes beside it), ``work`` (checkpoints), ``code`` (Python
            files that register layers); ``measure_before``: whether to.

    Returns:
        What :func:`_figures` says. It is in ``work`` too before the model is converted, since
        that can end this process.
    """
    method = find_method(request["method"])
    options = make_options(method.options, request["options"], method.name)
    training = make_options(Training, request["training"], "training")
    work, out = Path(request["work"]), Path(request["out"])
    order = {k: request[k] for k in ("method", "options", "training", "data")}
    claim(work, order, request["model"])
    settle(training.seed)
    model = load_model(Path(request["model"]), request["code"])
    check_shape(parse_augmentation(training.augment), tuple(model.input_shape[1:]))
    check_suits(method.name, model, options)
    report("reading the data")
    added = getattr(options, "add", ())
    data = load_data(request["data"], model, Path(request["model"]), training.seed, added)
    check_data(model, data, len(added))
    before = _before(model, data, work) if request["measure_before"] else None
    trainer = Trainer(data, training, work, report)
    return finish(APPLY[method.name](model, options, trainer), trainer, work, out, before)


def _before(model: Any, data: Data, work: Path) -> dict[str, Any]:
    report("measuring what it is now")
    own = on_all(data, lambda part: of_classes(part, list(range(int(model.output_shape[-1])))))
    return {**describe(model, own), **_as_int8(model, own, work / BEFORE)}


def finish(
    made: Made, trainer: Trainer, work: Path, out: Path, before: dict[str, Any] | None
) -> dict[str, Any]:
    """Saves a model, converts and measures it; the reply."""
    check_finite(named_weights(made.model))
    few = slice(BENCH_SAMPLES)
    try:
        made.model.save(out)
        samples: dict[str, Any] = {"x": made.data.test.x[few], "y": made.data.test.y[few]}
        np.savez_compressed(out.with_suffix(".npz"), allow_pickle=False, **samples)
    except OSError as error:
        out.unlink(missing_ok=True)
        raise system_error(f"save {out.name} (checkpoints are kept)", error) from error
    reply = _figures(before, made, trainer)
    write_whole(work / REPLY, json.dumps(reply).encode())
    report("converting to int8, measuring on desktop")
    reply["after"].update(_as_int8(made.model, made.data, out.with_suffix(".tflite")))
    return reply


def _as_int8(model: Any, data: Data, tflite: Path) -> dict[str, Any]:
    """Converts, and measures the result; why not, where that cannot be."""
    try:
        refuse_recurrent(model)
        convert(model, data, tflite)
        return {"int8_right": int8_right(tflite.read_bytes(), data.test)}
    except ModelError as error:
        return {"int8_right": None, "int8_reason": f"{error.seen} ({error.todo})"}


def _figures(before: dict[str, Any] | None, made: Made, trainer: Trainer) -> dict[str, Any]:
    return {
        "before": before,
        "after": describe(made.model, made.data),
        "notes": [*made.data.notes, *made.notes],
        "pixel_range": made.data.pixel_range,
        "facts": dict(made.facts),
        "labels": None if made.labels is None else list(made.labels),
        "classes": _classes(made),
        "stages": {name: stage.history for name, stage in trainer.stages.items()},
    }


def _classes(made: Made) -> list[str] | None:
    """Names of the outputs, in their order, as far as they are known."""
    names = made.labels or made.data.class_names
    return list(names) if len(names) == int(made.model.output_shape[-1]) else None


def settle(seed: int) -> None:
    """The same seed gives the same weights on the same machine."""
    import keras
    import tensorflow as tf

    keras.utils.set_random_seed(seed)
    tf.config.experimental.enable_op_determinism()


def claim(work: Path, order: dict[str, Any], model: str | None) -> None:
    """Makes the folder of checkpoints, or checks that those in it are of this very work.

    Of a work that ended before it had anything to keep, as for a wrong path, nothing is left to go
    on with: its folder is taken.

    Raises:
        ModelError: they are of another model, method or data.
    """
    own = None if model is None else hashlib.sha256(Path(model).read_bytes()).hexdigest()
    key = {"model": own, **order}
    file = work / _KEY
    if file.is_file() and any(path.name not in (_KEY, BEFORE) for path in work.iterdir()):
        known = json.loads(file.read_text())
        other = [name for name in key if known.get(name) != json.loads(json.dumps(key[name]))]
        if other:
            raise ModelError(
                f"go on with the checkpoints in {work}",
                f"they were made with another {', '.join(other)}",
                f"remove {work}, or choose another output",
            )
        return
    work.mkdir(parents=True, exist_ok=True)
    write_whole(file, json.dumps(key).encode())


def check_data(model: Any, data: Data, added: int = 0) -> None:
    """Checks that data and model suit each other.

    Args:
        model: a classifier.
        data: to train it on.
        added: classes that the model is going to have besides its own.

    Raises:
        DataError: other shapes, classes that the model does not have, too few samples.
        ModelError: weights that are not numbers.
    """
    check_finite(named_weights(model))
    want, seen = tuple(model.input_shape[1:]), data.train.x.shape[1:]
    if want != seen:
        raise DataError(
            f"samples of shape {want}, as the model takes them",
            f"shape={seen}",
            "give the data that belongs to the model, or `tinybench compress resize` first",
        )
    if len(model.output_shape) != 2:
        raise ModelError(
            "a classifier: one row of scores per sample",
            f"output shape={model.output_shape}",
            "end it with a Flatten or GlobalAveragePooling2D layer, then a Dense one",
        )
    classes = int(model.output_shape[-1])
    highest = max(int(part.y.max()) for part in (data.train, data.validation, data.test))
    if highest >= classes + added:
        raise DataError(
            f"classes from 0 to {classes - 1}, as the model has",
            f"class {highest}",
            "give the data that belongs to the model, or add classes with "
            "`tinybench compress outputs --add`",
        )
