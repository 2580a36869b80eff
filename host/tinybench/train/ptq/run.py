"""The whole of quantization: data, conversion, scores, layers."""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tinybench.bench.spread import spread
from tinybench.errors import DataError
from tinybench.train.data import Samples, Split, as_recorded, number_classes, to_reals
from tinybench.train.isolated import Progress, run_job
from tinybench.train.pixels import TRIED, try_ranges
from tinybench.train.ptq.base import Base, check_labels, check_ops, prepare_base, tensors_of
from tinybench.train.ptq.layers import SAMPLES as LAYER_SAMPLES
from tinybench.train.ptq.layers import Layer, compare_layers
from tinybench.train.ptq.options import FEWEST, MODES, QuantizeOptions
from tinybench.train.ptq.score import Answers, answer
from tinybench.train.recorded import recorded_classes, recorded_range

_TIMEOUT_S = 3600.0


@dataclass(frozen=True)
class Draft:
    """One quantization.

    Attributes:
        seed: of its representative samples; None where the mode takes none.
        data: the .tflite.
        test: its answers on the test part.
        selection: on the selection part; None where nothing is selected.
    """

    seed: int | None
    data: bytes
    test: Answers
    selection: Answers | None


@dataclass(frozen=True)
class Quantization:
    """A quantized model and what is known about it.

    Attributes:
        base: the float model.
        before: its answers on the test part.
        drafts: all quantizations; ``chosen`` is the number of the one that is kept.
        samples: of the data, classes numbered as the model's outputs.
        pool: representative samples were drawn from so many.
        drawn: so many for each quantization.
        pixel_range: what pixels stand for, "" for real values; ``pixel_evidence`` says why.
        layers: figures of the chosen one; ``lacking``: its ops that the float model lacks.
        layer_samples: that the figures rest on.
        converter: what quantized.
        notes: decisions that the user should know of.
    """

    base: Base
    before: Answers
    drafts: tuple[Draft, ...]
    chosen: int
    samples: Samples
    pool: int
    drawn: int
    pixel_range: str
    pixel_evidence: str
    layers: tuple[Layer, ...]
    lacking: tuple[str, ...]
    layer_samples: int
    converter: str
    notes: tuple[str, ...]

    @property
    def after(self) -> Answers:
        """The chosen one's answers on the test part."""
        return self.drafts[self.chosen].test

    @property
    def data(self) -> bytes:
        """The chosen one's bytes."""
        return self.drafts[self.chosen].data


def quantize(
    model: Path,
    samples: Samples,
    split: Split,
    options: QuantizeOptions,
    *,
    check: Callable[[bytes], None] = lambda _: None,
    log: Path | None = None,
    progress: Progress = lambda _: None,
) -> Quantization:
    """Quantizes a model and measures what that cost.

    Args:
        model: .keras, .h5, SavedModel folder (or a .zip of one), or float .tflite.
        samples: what it is calibrated and scored on.
        split: of them. Representative samples come from train and calibration together.
        options: how.
        check: given the first quantized model; raises where it is of no use.
        log: where the output of TensorFlow's process goes.
        progress: given a line of news now and then.

    Raises:
        ModelError: the model cannot be loaded or converted.
        DataError: data, labels and model do not belong together, or there are too few samples.
        ToolMissing: TensorFlow is not installed.
    """
    with tempfile.TemporaryDirectory(prefix="tinybench-quantize-") as folder:
        return _Run(model, split, options, Path(folder), log, progress).run(samples, check)


class _Run:
    """The steps of one quantization, which share where things are and who is told."""

    def __init__(
        self,
        model: Path,
        split: Split,
        options: QuantizeOptions,
        work: Path,
        log: Path | None,
        progress: Progress,
    ) -> None:
        self.model, self.split, self.options = model, split, options
        self.work, self.log, self.progress = work, log, progress

    def run(self, samples: Samples, check: Callable[[bytes], None]) -> Quantization:
        options = self.options
        recorded = as_recorded(samples, recorded_classes(self.model))
        if recorded is not None:
            samples, self.split = recorded, self.split.of_labelled(recorded)
        pool = np.sort(np.concatenate([self.split.train, self.split.calibration]))
        drawn = _count_representatives(options, len(pool))
        check_labels(options, samples)
        base = prepare_base(self.model, options, self.work, self._job)
        check_ops(base, options.keep_float)
        samples = number_classes(samples, base.outputs)
        pixel_range, evidence = self._settle_pixels(base, samples, pool)
        check_labels(options, samples, scored=base.outputs is not None)
        test = self._held_back(samples, base, "test", pixel_range)
        select = self._held_back(samples, base, "selection", pixel_range)
        made, converter = self._make(base, samples, pool, drawn, pixel_range)
        check(made[0])
        self.progress(f"scoring the float model on {len(test[0])} held-back samples")
        before = answer(base.data, *test)
        drafts = self._score(made, test, select if options.select == "best" else None)
        chosen = _choose(drafts) if options.select == "best" else 0
        seen = select[0][:LAYER_SAMPLES] if len(select[0]) else test[0][:LAYER_SAMPLES]
        self.progress(f"comparing layers on {len(seen)} samples")
        layers, lacking = compare_layers(base.data, drafts[chosen].data, seen, base.layers)
        return Quantization(
            base=base,
            before=before,
            drafts=drafts,
            chosen=chosen,
            samples=samples,
            pool=len(pool),
            drawn=drawn if MODES[options.mode].calibrated else 0,
            pixel_range=pixel_range,
            pixel_evidence=evidence,
            layers=tuple(layers),
            lacking=lacking,
            layer_samples=len(seen),
            converter=converter,
            notes=(*samples.notes, *self.split.notes),
        )

    def _settle_pixels(
        self, base: Base, samples: Samples, pool: NDArray[np.int64]
    ) -> tuple[str, str]:
        if not samples.pixels:
            return "", "the data holds real values"
        if self.options.pixel_range != "auto":
            return self.options.pixel_range, "as asked for"
        recorded = recorded_range(self.model)
        if recorded is not None:
            return recorded, f"as {self.model.with_suffix('.json').name} says of its training"
        groups = _groups(samples, pool)
        tried = pool[list(spread(groups, min(TRIED, len(pool))))]
        labels = None if samples.labels is None or base.outputs is None else samples.labels[tried]

        def right_of(x: NDArray[np.float32]) -> NDArray[np.bool_]:
            return np.asarray(answer(base.data, x, None).top1 == labels)

        return try_ranges(right_of, samples.read(tried, base.sample_shape), labels)

    def _held_back(
        self, samples: Samples, base: Base, part: str, pixel_range: str
    ) -> tuple[NDArray[np.float32], NDArray[np.int64] | None]:
        """Inputs and labels of a part, at most as many as are to be scored."""
        numbers: NDArray[np.int64] = getattr(self.split, part)
        limit = min(self.options.score_samples, len(numbers)) or None
        if limit is not None:
            numbers = numbers[list(spread(_groups(samples, numbers), limit))]
        elif part == "test" or self.options.select == "best":
            raise DataError(
                f"samples in the {part} part, to score on",
                f"{samples.path}: {len(samples)} samples leave none for it",
                "give more samples, or other shares with --split",
            )
        x = to_reals(samples.read(numbers, base.sample_shape), pixel_range)
        usable = samples.labels is not None and base.outputs is not None
        return x, samples.labels[numbers] if usable and samples.labels is not None else None

    def _make(
        self,
        base: Base,
        samples: Samples,
        pool: NDArray[np.int64],
        drawn: int,
        pixel_range: str,
    ) -> tuple[list[bytes], str]:
        """Every quantization that was asked for, and what made them."""
        if base.made is not None:
            return [base.made], base.converter
        drafts = []
        for number in range(self.options.repeat):
            rng = np.random.default_rng(self.options.seed + number)
            chosen = np.sort(rng.choice(pool, drawn, replace=False))
            x = to_reals(samples.read(chosen, base.sample_shape), pixel_range)
            path = self.work / f"representative-{number}.npy"
            np.save(path, x)
            out = self.work / f"draft-{number}.tflite"
            drafts.append({"representative": str(path), "out": str(out)})
        source = self.work / "float.tflite"
        source.write_bytes(base.data)
        reply = self._job(
            "tinybench.train.ptq.jobs:quantize_job",
            base=str(source),
            mode=self.options.mode,
            calibration=self.options.calibration,
            per_channel_dense=self.options.per_channel_dense,
            keep_float=list(self.options.keep_float),
            denylist=tensors_of(base, self.options.denylist),
            drafts=drafts,
        )
        return [Path(draft["out"]).read_bytes() for draft in drafts], reply["converter"]

    def _score(
        self,
        made: list[bytes],
        test: tuple[NDArray[np.float32], NDArray[np.int64] | None],
        select: tuple[NDArray[np.float32], NDArray[np.int64] | None] | None,
    ) -> tuple[Draft, ...]:
        calibrated = MODES[self.options.mode].calibrated
        drafts = []
        for number, data in enumerate(made):
            self.progress(f"scoring quantization {number + 1} of {len(made)}")
            drafts.append(
                Draft(
                    seed=self.options.seed + number if calibrated else None,
                    data=data,
                    test=answer(data, *test),
                    selection=None if select is None else answer(data, *select),
                )
            )
        return tuple(drafts)

    def _job(self, job: str, **request: Any) -> dict[str, Any]:
        return run_job(
            job,
            request,
            purpose=f"quantize {self.model.name}",
            log=self.log,
            progress=self.progress,
            timeout_s=_TIMEOUT_S,
        )


def _count_representatives(options: QuantizeOptions, pool: int) -> int:
    """How many samples each calibration takes.

    Raises:
        DataError: there are fewer than were asked for, or too few for any calibration.
    """
    if not MODES[options.mode].calibrated:
        return 0
    wanted = options.samples if options.asked else min(options.samples, pool)
    if wanted > pool or wanted < min(FEWEST, options.samples):
        raise DataError(
            f"at least {max(wanted, FEWEST)} samples to calibrate with",
            f"too few: the train and calibration parts have {pool}",
            "give more data, ask for fewer with --samples, or give these parts more with --split",
        )
    return wanted


def _groups(samples: Samples, numbers: NDArray[np.int64]) -> tuple[int, ...]:
    labels = samples.labels
    return (0,) * len(numbers) if labels is None else tuple(labels[numbers].tolist())


def _choose(drafts: tuple[Draft, ...]) -> int:
    """The draft with the best answers on the selection part; the first of equal ones."""

    def merit(draft: Draft) -> float:
        assert draft.selection is not None
        accuracy = draft.selection.accuracy
        return accuracy if accuracy is not None else 0.0

    return max(range(len(drafts)), key=lambda i: (merit(drafts[i]), -i))
