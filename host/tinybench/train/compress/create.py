"""The TensorFlow side of `new`: a network from scratch, in a process of its own."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from tinybench.errors import ModelError
from tinybench.methods import Create, Training, make_options
from tinybench.train.compress.activation import calls_with, with_activation
from tinybench.train.compress.data import divide, split_of
from tinybench.train.compress.fit import Data, Trainer
from tinybench.train.compress.job import REPLY, claim, finish, settle
from tinybench.train.compress.made import Made
from tinybench.train.compress.network import take_apart
from tinybench.train.data import number_classes
from tinybench.train.data.labelled import read_samples
from tinybench.train.isolated import report
from tinybench.train.networks import build
from tinybench.train.shapes import own_shape, parse_shape


def create_job(request: dict[str, Any]) -> dict[str, Any]:
    """Builds, trains, saves and measures.

    Args:
        request: ``network``, ``options``, ``training``; ``data``, or None: build only; paths
            ``out`` and ``work``.
    """
    options = make_options(Create, request["options"], "new")
    training = make_options(Training, request["training"], "training")
    work, out = Path(request["work"]), Path(request["out"])
    claim(work, {k: request[k] for k in ("network", "options", "training", "data")}, None)
    settle(training.seed)
    if request["data"] is None:
        return _untrained(request["network"], options, training, work, out)
    report("reading the data")
    data = _data(request["data"], options, training.seed)
    shape, classes = data.train.x.shape[1:], options.classes or len(data.class_names)
    model = make_network(request["network"], shape, classes, options, training.seed)
    trainer = Trainer(data, training, work, report)
    trainer.fit(model, "train")
    labels = data.class_names if len(data.class_names) == classes else None
    return finish(Made(model, data, labels=labels), trainer, work, out, None)


def _data(spec: dict[str, Any], options: Create, seed: int) -> Data:
    samples = number_classes(read_samples(spec), None)
    shape = parse_shape(options.input) if options.input else own_shape(samples)
    pixel_range = "0:1" if spec["pixel_range"] == "auto" else spec["pixel_range"]
    return divide(samples, split_of(samples, spec), spec, shape, pixel_range, seed)


def make_network(
    name: str, shape: tuple[int, ...], classes: int, options: Create, seed: int
) -> Any:
    """A network of `tinybench new`, with its options' activation and weights.

    Raises:
        ModelError: weights of another network.
    """
    model = build(name, shape, classes, options.width, seed)
    if options.activation:
        network = take_apart(model)
        sites = calls_with(network, ("relu", "relu6"))
        model = with_activation(network, set(sites), options.activation)
    if not options.weights:
        return model
    try:
        if options.weights.endswith(".keras"):
            from tinybench.train.compress.load import load_model

            model.set_weights(load_model(Path(options.weights)).get_weights())
        else:
            model.load_weights(options.weights)
    except (ValueError, OSError) as error:
        raise ModelError(
            f"weights for {name} at {shape} and {classes} classes",
            f"{options.weights}: {' '.join(str(error).split())[:200]}",
            "give the size and width that they were trained with",
        ) from error
    return model


def _untrained(
    name: str, options: Create, training: Training, work: Path, out: Path
) -> dict[str, Any]:
    model = make_network(name, parse_shape(options.input), options.classes, options, training.seed)
    model.save(out)
    reply = {
        "before": None,
        "after": {"parameters": int(model.count_params())},
        "notes": ["neither trained nor converted: no data was given"],
        "facts": {},
        "labels": None,
        "classes": None,
        "pixel_range": None,
        "stages": {},
    }
    (work / REPLY).write_text(json.dumps(reply))
    return reply
