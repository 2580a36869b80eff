"""What a quantization did, as `tinybench quantize --json` tells it."""

from __future__ import annotations

import gzip
import hashlib
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from tinybench import __version__
from tinybench.report.statistics import mcnemar, share_change, share_interval
from tinybench.train.ptq.advice import advise
from tinybench.train.ptq.interpreter import name as interpreter_name
from tinybench.train.ptq.options import MODES

if TYPE_CHECKING:
    from tinybench.report.targets import Targets
    from tinybench.train.data import Split
    from tinybench.train.ptq.options import QuantizeOptions
    from tinybench.train.ptq.run import Quantization
    from tinybench.train.ptq.score import Answers

SCHEMA = "tinybench.quantize/1"

Json = dict[str, Any]


def quantization_facts(
    done: Quantization, split: Split, options: QuantizeOptions, model: Path, targets: Targets
) -> Json:
    """Everything that `tinybench quantize` tells.

    Args:
        done: the quantization.
        split: of its data.
        options: that were asked for.
        model: the user's file or folder.
        targets: the engine and board that it is meant for.
    """
    accuracy = _accuracy(done)
    change = accuracy["change"]
    lost = -change["value"] if change and change["high"] < 0 else None
    where = targets.facts(done.data)
    return {
        "schema": SCHEMA,
        "tinybench": __version__,
        "model": {
            "path": str(model),
            "sha256": content_hash(model),
            "library": done.base.library,
            "parameters": done.base.parameters,
            "conversion_difference": done.base.probe,
        },
        "mode": options.mode,
        "mode_title": _title(options),
        "desktop_only": where["desktop_only"],
        "output": {
            "path": "",
            "sha256": hashlib.sha256(done.data).hexdigest(),
            "bytes": len(done.data),
            "gzip_bytes": len(gzip.compress(done.data, 9, mtime=0)),
            "float_bytes": len(done.base.data),
            "converter": done.converter or done.base.converter,
        },
        "data": _data(done, split),
        "calibration": _calibration(done, options),
        "accuracy": accuracy,
        "repeat": _repeat(done),
        "layers": _layers(done),
        "advice": [asdict(a) for a in advise(done.base.graph, done.layers, lost)],
        "targets": where,
        "notes": list(done.notes),
    }


def content_hash(path: Path) -> str:
    """SHA-256 of a file, or of a folder's files with their names."""
    if path.is_file():
        return hashlib.sha256(path.read_bytes()).hexdigest()
    total = hashlib.sha256()
    for file in sorted(path.rglob("*")):
        if file.is_file():
            total.update(file.relative_to(path).as_posix().encode() + b"\0")
            total.update(hashlib.sha256(file.read_bytes()).digest())
    return total.hexdigest()


def _data(done: Quantization, split: Split) -> Json:
    samples = done.samples
    return {
        "path": str(samples.path),
        "kind": samples.kind,
        "samples": len(samples),
        "classes": len(set(samples.labels.tolist())) if samples.labels is not None else None,
        "pixel_range": done.pixel_range or None,
        "pixel_range_how": done.pixel_evidence,
        "split": {
            "sizes": split.sizes,
            "seed": split.seed,
            "shares": dict(split.shares),
            "sha256": split.sha256,
            "file": str(split.file) if split.file else None,
        },
        "duplicates": {
            "groups": len(split.duplicates),
            "across_parts": sum(d.across for d in split.duplicates),
            "left_out": sum(len(d.names) - 1 for d in split.duplicates),
            "names": [list(d.names) for d in split.duplicates],
        },
        "unreadable": list(split.unreadable),
    }


def _calibration(done: Quantization, options: QuantizeOptions) -> Json | None:
    if not MODES[options.mode].calibrated:
        return None
    return {
        "method": options.calibration,
        "samples": done.drawn,
        "pool": done.pool,
        "seed": done.drafts[done.chosen].seed,
        "keep_float": list(options.keep_float),
        "denylist": list(options.denylist),
        "per_channel_dense": options.per_channel_dense,
    }


def _accuracy(done: Quantization) -> Json:
    before, after = done.before, done.after
    row = done.base.outputs is not None
    return {
        "metric": "top-1",
        "part": "test",
        "n": len(before),
        "how": interpreter_name(),
        "before": _share(before),
        "after": _share(after),
        "change": _change(before, after),
        "agreement": _interval(int((before.top1 == after.top1).sum()), len(before))
        if row
        else None,
        "output_sqnr_db": after.noise(before),
        "reason": "" if before.labels is not None else "the data has no labels for these outputs",
    }


def _share(answers: Answers) -> Json | None:
    right = answers.right
    return None if right is None else _interval(int(right.sum()), len(right))


def _interval(right: int, n: int) -> Json:
    ends = share_interval(right, n)
    return {"value": right / n, "low": ends.low, "high": ends.high, "right": right, "n": n}


def _change(before: Answers, after: Answers) -> Json | None:
    """After less before, on the same samples."""
    if before.right is None or after.right is None:
        return None
    lost = int((before.right & ~after.right).sum())
    won = int((after.right & ~before.right).sum())
    ends = share_change(lost, won, len(before))
    return {
        "value": (won - lost) / len(before),
        "low": ends.low,
        "high": ends.high,
        "only_before": lost,
        "only_after": won,
        "p": mcnemar(lost, won),
        "how": "95 % interval for paired shares (Bonett and Price 2012); p by McNemar",
    }


def _repeat(done: Quantization) -> Json:
    values = [draft.test.accuracy for draft in done.drafts]
    known = [value for value in values if value is not None]
    several = len(known) > 1
    return {
        "count": len(done.drafts),
        "chosen": done.chosen,
        "mean": float(np.mean(known)) if known else None,
        "sd": float(np.std(known, ddof=1)) if several else None,
        "best": max(known) if known else None,
        "worst": min(known) if known else None,
        "drafts": [
            {
                "seed": draft.seed,
                "bytes": len(draft.data),
                "sha256": hashlib.sha256(draft.data).hexdigest(),
                "test": value,
                "selection": None if draft.selection is None else draft.selection.accuracy,
                "agreement": draft.test.agreement(done.before),
            }
            for draft, value in zip(done.drafts, values, strict=True)
        ],
    }


def _title(options: QuantizeOptions) -> str:
    left = ", ".join((*options.keep_float, *options.denylist))
    return MODES[options.mode].title + (f", but in float {left}" if left else "")


def _layers(done: Quantization) -> Json:
    return {
        "samples": done.layer_samples,
        "how": "float and quantized model on the same held-back samples, each on its own tensors",
        "not_compared": list(done.lacking),
        "ops": [asdict(layer) for layer in done.layers],
    }
