"""The bird classifier again: int8 from its author's own models, over several representative sets.

    python examples/birds/bird_int8.py DATA --work DIR [--bench 100]

DATA is a folder with ``images`` (a folder per species), ``labels.txt``, the author's int8 .tflite
and his SavedModels as .zip files (Timo614/machine-learning, non-commercial; not part of this
project). Half of the images score, a tenth selects, the rest calibrates; nobody trained on them.

It answers: is int8 by `tinybench quantize` as good as the author's own file, on the same images?
How much does the choice of representative samples matter, for relu and for relu6? Does the device
compute the same bytes?
"""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tinybench.project import load_project, overlay
from tinybench.report.statistics import share_change
from tinybench.train.data import Samples, Split, to_reals
from tinybench.train.ptq.options import QuantizeOptions
from tinybench.train.ptq.run import Quantization, quantize
from tinybench.train.ptq.score import Answers, answer
from tinybench.workflow import bench_model
from tinybench.workflow.quantize import DataChoice, open_divided

SHARES = {"train": 0.0, "calibration": 0.4, "selection": 0.1, "test": 0.5}
MODELS = {
    "relu6": "96x96_411_full_relu6_post_decimation.zip",
    "relu": "96x96_411_full_relu_post_decimation.zip",
}
RESAMPLES = 9999


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("data", type=Path)
    parser.add_argument("--work", type=Path, required=True, help="where models and figures go")
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--samples", type=int, default=200, help="representative samples")
    parser.add_argument("--split-seed", type=int, default=0)
    parser.add_argument("--bench", type=int, default=100, help="images on virt-c3; 0: none")
    wanted = parser.parse_args()
    wanted.work.mkdir(parents=True, exist_ok=True)
    figures = measure(wanted)
    (wanted.work / "bird_int8.json").write_text(json.dumps(figures, indent=2))
    json.dump(figures, sys.stdout, indent=2)


def measure(wanted: argparse.Namespace) -> dict[str, Any]:
    project = overlay(load_project(wanted.work), labels=(wanted.data / "labels.txt").resolve())
    choice = DataChoice(str(wanted.data / "images"), split_seed=wanted.split_seed, shares=SHARES)
    samples, split = open_divided(project, choice)
    figures: dict[str, Any] = {
        "split": split.sizes | {"seed": split.seed, "sha256": split.sha256},
        "samples": wanted.samples,
        "duplicates": len(split.duplicates),
    }
    for name, file in MODELS.items():
        say(f"quantizing {name} {wanted.seeds} times")
        options = QuantizeOptions(
            samples=wanted.samples, asked=True, repeat=wanted.seeds, select="best",
            logits=True, per_channel_dense=False, pixel_range="0:255",
        )  # fmt: skip
        done = quantize(wanted.data / file, samples, split, options, progress=say)
        figures[name] = swing(done)
        if name == "relu6":
            theirs = author(wanted.data, samples, split, options)
            figures["author"] = {"bytes": theirs[1], "top1": theirs[0].accuracy}
            figures["against_author"] = paired(done, theirs[0])
            figures["device"] = on_device(wanted, done, samples, split)
    return figures


def say(text: str) -> None:
    print(text, file=sys.stderr)


def swing(done: Quantization) -> dict[str, Any]:
    """What float has, what each int8 model has, and how far they lie apart."""
    top1 = [draft.test.accuracy or 0.0 for draft in done.drafts]
    return {
        "n": len(done.before),
        "float_top1": done.before.accuracy,
        "int8_top1": top1,
        "mean": float(np.mean(top1)),
        "sd": float(np.std(top1, ddof=1)),
        "swing_points": 100 * (max(top1) - min(top1)),
        "lost_points": 100 * ((done.before.accuracy or 0.0) - float(np.mean(top1))),
        "bytes": sorted({len(draft.data) for draft in done.drafts}),
        "selected_seed": done.drafts[done.chosen].seed,
    }


def author(
    data: Path, samples: Samples, split: Split, options: QuantizeOptions
) -> tuple[Answers, int]:
    """The author's int8 file on the same images."""
    file = next(data.glob("*.tflite")).read_bytes()
    x = to_reals(samples.read(split.test, (96, 96, 3)), options.pixel_range)
    assert samples.labels is not None
    return answer(file, x, samples.labels[split.test]), len(file)


def paired(done: Quantization, theirs: Answers) -> dict[str, Any]:
    """Ours less the author's on the same images: mean over seeds, and its interval.

    The interval resamples images and seeds together (percentile bootstrap, Efron 1979, seeded):
    another choice of either would have given another mean.
    """
    assert theirs.right is not None
    ours: NDArray[np.float64] = np.array([draft.test.right for draft in done.drafts], np.float64)
    difference = ours - theirs.right
    rng = np.random.default_rng(0)
    seeds, images = difference.shape
    means = [
        difference[rng.integers(0, seeds, seeds)][:, rng.integers(0, images, images)].mean()
        for _ in range(RESAMPLES)
    ]
    low, high = np.percentile(means, [2.5, 97.5])
    each = []
    for row in difference:
        lost, won = int((row < 0).sum()), int((row > 0).sum())
        ends = share_change(lost, won, images)
        each.append({"points": 100 * row.mean(), "low": 100 * ends.low, "high": 100 * ends.high})
    return {
        "mean_points": 100 * float(difference.mean()),
        "low_points": 100 * float(low),
        "high_points": 100 * float(high),
        "each": each,
    }


def on_device(
    wanted: argparse.Namespace, done: Quantization, samples: Samples, split: Split
) -> dict[str, Any] | None:
    """The selected model on virt-c3, on some of the images that it was scored on."""
    if not wanted.bench:
        return None
    model, photos = wanted.work / "bird.tflite", wanted.work / "test"
    model.write_bytes(done.data)
    for index in split.test:
        link = photos / samples.names[index]
        link.parent.mkdir(parents=True, exist_ok=True)
        if not link.is_symlink():
            link.symlink_to((wanted.data / "images" / samples.names[index]).resolve())
    project = overlay(
        load_project(wanted.work), model=model, board="virt-c3", path=photos,
        labels=(wanted.data / "labels.txt").resolve(), limit=wanted.bench,
    )  # fmt: skip
    report = bench_model(project)
    return {
        "accuracy": report.result["accuracy"],
        "agreement": report.result["agreement"],
        "latency": report.result.get("latency"),
        "memory": report.result["memory"],
        "error": str(report.error) if report.error else None,
        "run": str(report.folder),
    }


if __name__ == "__main__":
    main()
