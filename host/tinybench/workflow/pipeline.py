"""Runs a pipeline: what was made before of the very same things is found, not made again."""

from __future__ import annotations

import dataclasses
import hashlib
import json
import shutil
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tinybench.methods import METHODS, Training
from tinybench.pipeline import Pipeline, Step
from tinybench.whole import write_whole
from tinybench.workflow.compress import Order, compress_model, create_model
from tinybench.workflow.device import measure_on_device
from tinybench.workflow.ledger import Row, add_verdict

News = Callable[[str], None]
_ROOT = Path(__file__).parents[1]


@dataclass(frozen=True)
class Made:
    """A step that is done.

    Attributes:
        keras: its model; .tflite, .npz and .json lie beside it.
        key: hash of all that went into it.
        report: as ``compress`` gives it.
    """

    keras: Path
    key: str
    report: Mapping[str, Any]


def run_pipeline(
    pipeline: Pipeline,
    *,
    news: News | None = None,
    keep: Callable[[list[Row]], None] | None = None,
) -> list[Row]:
    """Makes every step and measures it on the board.

    Args:
        pipeline: what to do.
        news: told a line each epoch.
        keep: given the rows so far after each step, so that a run that ends early leaves them.

    Returns:
        A row per step, in the order of the file.

    Raises:
        TinybenchError: whatever a step raises; the steps before it are kept.
    """
    news = news or (lambda line: None)
    made: dict[str, Made] = {}
    rows: dict[str, Row] = {}
    for step in pipeline.steps:
        news(f"[{step.name}]")
        made[step.name] = _make(pipeline, step, made.get(step.source), step.training, news)
        row = _row(pipeline, step, made[step.name], news)
        if step.control:
            row = dataclasses.replace(row, control=_control(pipeline, step, made, news))
        rows[step.name] = add_verdict(row, rows.get(step.source))
        if keep is not None:
            keep(list(rows.values()))
    return list(rows.values())


def _make(
    pipeline: Pipeline, step: Step, source: Made | None, training: Training, news: News
) -> Made:
    key = _key(pipeline, step, source, training)
    folder = pipeline.state / "pipeline" / f"{step.name}-{key[:12]}"
    keras, report = folder / "model.keras", folder / "model.json"
    if report.is_file() and keras.is_file():
        news(f"{step.name}: made before of the same things")
        return Made(keras, key, json.loads(report.read_text()))
    folder.mkdir(parents=True, exist_ok=True)
    if step.kind == "model":
        return Made(keras, key, _adopt(pipeline, step, keras, training, news))
    if step.kind == "new":
        options = dict(step.options)
        made = create_model(
            step.what, keras, data=pipeline.data, options=options, training=training, news=news
        )
        return Made(keras, key, made)
    assert source is not None
    options = dict(step.options)
    if step.what == "huffman":
        options["board"] = ""  # the ledger measures both ways
    known = None if "add" in options else source.report["after"]
    order = Order(step.what, source.keras, pipeline.data, keras, options, training, before=known)
    return Made(keras, key, compress_model(order, news=news))


def _adopt(
    pipeline: Pipeline, step: Step, keras: Path, training: Training, news: News
) -> Mapping[str, Any]:
    """A model file as the first step: measured as it is."""
    own = keras.with_name("given.keras")
    shutil.copyfile(step.what, own)
    order = Order("huffman", own, pipeline.data, keras, {"board": ""}, training)
    return compress_model(order, news=news)


def _key(pipeline: Pipeline, step: Step, source: Made | None, training: Training) -> str:
    """Hash of all that goes into a step: its order, data, source, code and packages."""
    from importlib.metadata import version

    from tinybench.train.data import open_samples

    data = dataclasses.asdict(pipeline.data)
    facts = {
        "kind": step.kind,
        "what": step.what,
        "file": _sha256(Path(step.what)) if step.kind == "model" else None,
        "options": dict(step.options),
        "training": dataclasses.asdict(training),
        "data": data,
        "stamp": open_samples(pipeline.data.path).stamp,
        "source": source and source.report["made"]["sha256"],
        "code": code_hash("train", "methods.py"),
        "packages": {name: version(name) for name in ("tensorflow", "keras", "numpy")},
    }
    return hashlib.sha256(json.dumps(facts, sort_keys=True).encode()).hexdigest()


def _sha256(path: Path) -> str | None:
    return hashlib.sha256(path.read_bytes()).hexdigest() if path.is_file() else None


def code_hash(*parts: str) -> str:
    """Hash of files of this package, and of the files in folders of it."""
    found = hashlib.sha256()
    for part in parts:
        place = _ROOT / part
        for file in [place] if place.is_file() else sorted(place.rglob("*.[pc]*")):
            if file.suffix in (".py", ".c"):
                found.update(file.read_bytes())
    return found.hexdigest()


def _row(pipeline: Pipeline, step: Step, made: Made, news: News) -> Row:
    after = made.report["after"]
    return Row(
        step=step.name,
        source=step.source,
        what=f"{step.kind} {Path(step.what).name}" if step.kind != "method" else step.what,
        options=dict(step.options),
        figures={k: v for k, v in after.items() if k != "layers"},
        facts=made.report["facts"],
        device=tuple(_on_device(pipeline, made, kind, news) for kind in pipeline.settings.weights),
    )


def _on_device(pipeline: Pipeline, made: Made, weights: str, news: News) -> Mapping[str, Any]:
    """Measured now, or before with the same compiler and kernels."""
    board = pipeline.settings.board
    tflite = made.keras.with_suffix(".tflite")
    if not board or not tflite.is_file():
        why = "no board is named" if not board else made.report["after"].get("int8_reason", "")
        return {"board": board, "weights": weights, "reason": why, "ticks": None}
    code = code_hash("compiler", "render", "workflow/device.py")[:12]
    file = made.keras.with_name(f"{board}-{weights}-{pipeline.settings.samples}-{code}.json")
    if not file.is_file():
        news(f"on {board}, weights {weights}")
        result = measure_on_device(
            tflite,
            made.keras.with_suffix(".npz"),
            board,
            made.keras.parent,
            weights=weights,
            samples=pipeline.settings.samples,
        )
        write_whole(file, json.dumps(dataclasses.asdict(result)).encode())
    found: dict[str, Any] = json.loads(file.read_text())
    return found


def _control(
    pipeline: Pipeline, step: Step, made: Mapping[str, Made], news: News
) -> Mapping[str, Any] | None:
    """The step and its control, with each seed: test accuracy as int8."""
    method = METHODS[step.what] if step.kind == "method" else None
    if method is None or method.control is None:
        return None
    control = method.control
    own, other = [], []
    for seed in pipeline.settings.seeds:
        training = dataclasses.replace(step.training, seed=seed)
        news(f"{step.name}: seed {seed}, and its control: {control.name}")
        done = _make(pipeline, step, made[step.source], training, news)
        if control.changes is None:
            rival = dataclasses.replace(
                step, what="scratch", options={}, name=f"{step.name}-scratch"
            )
            source = done
        else:
            options = {**step.options, **control.changes}
            rival = dataclasses.replace(step, options=options, name=f"{step.name}-control")
            source = made[step.source]
        against = _make(pipeline, rival, source, training, news)
        own.append(_accuracy(done))
        other.append(_accuracy(against))
    gains = [a - b for a, b in zip(own, other, strict=True)]
    return {
        "name": control.name,
        "seeds": list(pipeline.settings.seeds),
        "method_top1": own,
        "control_top1": other,
        "mean_gain": sum(gains) / len(gains),
        "beats": min(gains) > 0,
    }


def _accuracy(made: Made) -> float:
    """As int8; as float where the model was not converted."""
    after = made.report["after"]
    return float((after["int8_top1"] or after["float_top1"])["value"])
