"""Retrain a Keras model so that it becomes smaller, and say what that did."""

from __future__ import annotations

import dataclasses
import hashlib
import json
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tinybench.errors import ModelError, TinybenchError, UsageError, system_error
from tinybench.methods import (
    Create,
    DataSpec,
    Huffman,
    Training,
    find_method,
    find_network,
    make_options,
)
from tinybench.workflow.beside import SCHEMA, check_apart, publish, write_report
from tinybench.workflow.early import check_compress, check_create

CREATE_JOB = "tinybench.train.compress.create:create_job"
COMPRESS_JOB = "tinybench.train.compress.job:compress_job"
_DAYS = 7 * 24 * 3600.0

News = Callable[[str], None]


@dataclass(frozen=True)
class Order:
    """What is to be done to a model.

    Attributes:
        method: a key of :data:`tinybench.methods.METHODS`.
        model: .keras or .h5 file.
        data: which samples.
        out: the .keras file to write; beside it go a .tflite, a .json (the report), a .npz (test
            samples to bench it with), and a .txt (classes) where those are others. Without an
            ending: a folder, in which they are called ``model``.
        options: of the method, by name.
        training: epochs, batch, rate, patience, seed.
        code: Python files that register the model's own layers.
        before: figures of the model on this very data, where they are known already.
    """

    method: str
    model: Path
    data: DataSpec
    out: Path
    options: Mapping[str, Any] = field(default_factory=dict)
    training: Training = field(default_factory=Training)
    code: Sequence[Path] = ()
    before: Mapping[str, Any] | None = None

    @property
    def keras(self) -> Path:
        """The Keras file to write."""
        return keras_file(self.out)


def keras_file(out: Path) -> Path:
    """The Keras file that an output means: itself, or ``model.keras`` in a folder."""
    return out.with_suffix(".keras") if out.suffix else out / "model.keras"


def compress_model(order: Order, *, news: News | None = None) -> dict[str, Any]:
    """Compresses a model; goes on where the same order was broken off.

    Args:
        order: what to do.
        news: told a line each epoch.

    Returns:
        The report, as in the .json beside the model.

    Raises:
        UsageError: options, model or data that cannot be used; a loss that is no number.
        ToolMissing: TensorFlow is not installed.
    """
    method = find_method(order.method)
    options = make_options(method.options, order.options, f"compress {method.name}")
    check_compress(options, order.training, order.model, order.keras, order.data, order.code)
    started = time.monotonic()
    request: dict[str, Any] = {
        "method": method.name,
        "options": dataclasses.asdict(options),
        "training": dataclasses.asdict(order.training),
        "data": dataclasses.asdict(order.data),
        "model": str(order.model.resolve()),
        "code": [str(path.resolve()) for path in order.code],
    }
    unchanged = isinstance(options, Huffman)
    request["measure_before"] = order.before is None and not unchanged
    report = run_and_publish(COMPRESS_JOB, request, order.keras, started, news)
    report.setdefault("before", report["after"] if unchanged else order.before)
    if unchanged and options.board and order.keras.with_suffix(".tflite").is_file():
        report["device"] = both_ways(order.keras, options.board)
    write_report(order.keras, report)
    return report


def create_model(
    network: str,
    out: Path,
    *,
    data: DataSpec | None,
    options: Mapping[str, Any],
    training: Training,
    news: News | None = None,
) -> dict[str, Any]:
    """Makes a network of :data:`tinybench.methods.NETWORKS` and trains it.

    Args:
        network: its name.
        out: as in :class:`Order`.
        data: to train on; None: random (or the user's) weights, neither trained nor converted.
        options: of :class:`tinybench.methods.Create`, by name.
        training: epochs, batch, rate, patience, seed.
        news: told a line each epoch.

    Raises:
        UsageError: no such network, options or data that cannot be used.
        ToolMissing: TensorFlow is not installed.
    """
    checked = make_options(Create, options, f"new {network}")
    find_network(network)
    if data is None and not (checked.input and checked.classes):
        raise UsageError(
            "data to train on, or an input size and a number of classes",
            f"no data, input={checked.input or 'none'}, classes={checked.classes or 'none'}",
            "--data PATH, or --input 28x28x1 --classes 10",
        )
    check_create(network, checked, training, keras_file(out), data)
    request = {
        "network": network,
        "options": dataclasses.asdict(checked),
        "training": dataclasses.asdict(training),
        "data": None if data is None else dataclasses.asdict(data),
    }
    return run_and_publish(CREATE_JOB, request, keras_file(out), time.monotonic(), news)


def both_ways(keras: Path, board: str) -> list[dict[str, Any]]:
    """A model on a board with plain weights, and with weights in Huffman code."""
    from tinybench.workflow.device import measure_on_device

    tflite, data = keras.with_suffix(".tflite"), keras.with_suffix(".npz")
    with tempfile.TemporaryDirectory(prefix="tinybench-device-") as folder:
        return [
            dataclasses.asdict(measure_on_device(tflite, data, board, Path(folder), weights=kind))
            for kind in ("plain", "huffman")
        ]


def run_and_publish(
    job: str, request: dict[str, Any], out: Path, started: float, news: News | None
) -> dict[str, Any]:
    """Runs a job that makes a Keras model and its .tflite; puts them, with a report, in place.

    Args:
        job: "module:function".
        request: of the job; ``out`` and ``work`` are added.
        out: the Keras file.
        started: on the monotonic clock.
        news: told a line each epoch.

    Raises:
        UsageError: what is written would lie over what is read.
    """
    from tinybench.train.isolated import run_job

    check_apart(out, request)
    work = out.resolve().with_name(f".{out.stem}.checkpoints")
    made = work / out.name
    try:
        work.mkdir(parents=True, exist_ok=True)
        for stale in (made, work / "reply.json"):
            stale.unlink(missing_ok=True)
    except OSError as error:
        raise system_error(f"write {out}", error) from error
    request = {**request, "out": str(made), "work": str(work)}
    purpose = f"make {out.name}"
    failure: TinybenchError | None = None
    try:
        reply = run_job(job, request, purpose=purpose, progress=news, timeout_s=_DAYS)
    except ModelError as error:
        if not (made.is_file() and (work / "reply.json").is_file()):
            raise
        failure = error  # the converter; what was trained is kept
        reply = json.loads((work / "reply.json").read_text())
        reply["after"] |= {"int8_right": None, "int8_reason": f"{error.wanted}: {error.seen}"}
    report = _report(request, reply, made, time.monotonic() - started)
    publish(out, made, report)
    if failure is not None:
        raise failure
    return report


def _report(
    request: Mapping[str, Any], reply: Mapping[str, Any], made: Path, seconds: float
) -> dict[str, Any]:
    from importlib.metadata import version

    sides = {
        side: _side(facts, tflite)
        for side, tflite in (("before", made.parent / "before.tflite"), ("after", made))
        if (facts := reply.get(side)) is not None
    }
    return {
        "schema": SCHEMA,
        **{k: request.get(k) for k in ("method", "network", "options", "training", "data")},
        "model": _file(Path(request["model"])) if "model" in request else None,
        "made": _file(made),
        **sides,
        "facts": reply["facts"],
        "notes": reply["notes"],
        "labels": reply["labels"],
        "classes": reply["classes"],
        "pixel_range": reply["pixel_range"],
        "stages": reply["stages"],
        "tools": {name: version(name) for name in ("tensorflow", "keras")},
        "seconds": round(seconds, 1),
    }


def _side(facts: Mapping[str, Any], tflite: Path) -> dict[str, Any]:
    """The figures of a model: as the job counted them, with intervals and sizes."""
    from tinybench.workflow.sizes import model_sizes

    if "samples" not in facts:
        return dict(facts)
    n = facts["samples"]
    found = {
        **{k: facts[k] for k in ("parameters", "weights", "nonzero_weights", "samples")},
        "nonzero_share": facts["nonzero_weights"] / max(1, facts["weights"]),
        "float_top1": share(facts["float_right"], n),
        "int8_top1": None,
    }
    if facts.get("int8_right") is None:
        return {**found, "int8_reason": facts.get("int8_reason", "it was not converted")}
    sizes = model_sizes(tflite.with_suffix(".tflite"))
    return {
        **found,
        "int8_top1": share(facts["int8_right"], n),
        "tflite_bytes": sizes.tflite,
        "gzip_bytes": sizes.gzip,
        "huffman_bytes": sizes.huffman,
        "layers": [dataclasses.asdict(layer) for layer in sizes.layers],
    }


def share(right: int, n: int) -> dict[str, Any]:
    """An accuracy with its 95 % interval (Wilson) and how many samples it rests on."""
    from tinybench.report.statistics import share_interval

    ends = share_interval(right, n)
    return {"value": right / n, "low": ends.low, "high": ends.high, "n": n}


def _file(path: Path) -> dict[str, str]:
    return {"path": str(path), "sha256": hashlib.sha256(path.read_bytes()).hexdigest()}
