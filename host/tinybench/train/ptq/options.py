"""What the user may choose, checked before anything slow begins."""

from __future__ import annotations

import difflib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType

from tinybench.bench.preprocess import PIXEL_RANGES
from tinybench.errors import UsageError
from tinybench.model.schema import enum_values

SAMPLES = 200
"""Representative samples, where the user does not say."""

FEWEST = 8
"""Representative samples, below which ranges are guesses."""


@dataclass(frozen=True)
class Mode:
    """A way to keep weights and activations.

    Attributes:
        title: one line for people.
        calibrated: whether representative samples decide its bytes.
        mixed: whether ops may be kept in float, and ranges be chosen.
    """

    title: str
    calibrated: bool = False
    mixed: bool = False


MODES: Mapping[str, Mode] = MappingProxyType(
    {
        "int8": Mode("8-bit integers throughout", calibrated=True, mixed=True),
        "int16x8": Mode("16-bit activations, 8-bit weights", calibrated=True),
        "dynamic": Mode("8-bit weights, float activations (dynamic range)"),
        "float16": Mode("weights kept as float16, computed in float32"),
        "float32": Mode("float throughout"),
    }
)

CALIBRATIONS = ("minmax", "percentile", "mse")


@dataclass(frozen=True)
class QuantizeOptions:
    """How a model is to be quantized.

    Attributes:
        mode: a key of :data:`MODES`.
        samples: representative samples of each calibration.
        asked: whether the user named that number.
        seed: of the first calibration; the next ones take the next seeds.
        repeat: calibrations.
        select: "first", or "best" by the selection part.
        calibration: one of :data:`CALIBRATIONS`.
        keep_float: op names of TFLite that stay in float.
        denylist: layers that stay in float: parts of their tensors' names.
        per_channel_dense: scales per output channel in FULLY_CONNECTED.
        logits: leave out a softmax at the end.
        pixel_range: "auto" or a key of :data:`~tinybench.bench.preprocess.PIXEL_RANGES`.
        score_samples: at most so many of the test part (and of the selection part) are scored.
    """

    mode: str = "int8"
    samples: int = SAMPLES
    asked: bool = False
    seed: int = 0
    repeat: int = 1
    select: str = "first"
    calibration: str = "minmax"
    keep_float: tuple[str, ...] = ()
    denylist: tuple[str, ...] = ()
    per_channel_dense: bool = True
    logits: bool = False
    pixel_range: str = "auto"
    score_samples: int = 2000

    def __post_init__(self) -> None:
        """Refuses what does not go together.

        Raises:
            UsageError: with what is possible.
        """
        _one_of("--mode", self.mode, tuple(MODES))
        _one_of("--select", self.select, ("first", "best"))
        _one_of("--calibration", self.calibration, CALIBRATIONS)
        _one_of("--pixel-range", self.pixel_range, ("auto", *PIXEL_RANGES))
        for name in ("samples", "repeat", "score_samples"):
            if (value := getattr(self, name)) < 1:
                option = {"score_samples": "--score"}.get(name, f"--{name}")
                todo = f"leave it out to have {type(self).__dataclass_fields__[name].default}"
                raise UsageError(f"{option} of at least 1", f"{option} {value}", todo)
        if not 0 <= self.seed < 1 << 32:
            raise UsageError("--seed from 0 up", f"--seed {self.seed}", "leave it out to have 0")
        _check_ops(self.keep_float)
        mode = MODES[self.mode]
        if self.repeat > 1 and not mode.calibrated:
            raise UsageError(
                "--repeat with a mode that representative samples decide",
                f"--mode {self.mode} takes none: every repetition would be the same bytes",
                "leave out --repeat",
            )
        self._check_mixed(mode)

    def _check_mixed(self, mode: Mode) -> None:
        able = [name for name, m in MODES.items() if m.mixed]
        for option, given in (
            ("--keep-float", bool(self.keep_float)),
            ("--denylist", bool(self.denylist)),
            (f"--calibration {self.calibration}", self.calibration != "minmax"),
        ):
            if given and not mode.mixed:
                raise UsageError(
                    f"{option} with a mode for which the converter allows it",
                    f"--mode {self.mode}",
                    f"use --mode {' or '.join(able)}, or leave it out",
                )


def _check_ops(names: Sequence[str]) -> None:
    known = enum_values("BuiltinOperator") if names else {}
    for name in names:
        if name not in known:
            close = difflib.get_close_matches(name, known, 1)
            todo = f"did you mean {close[0]}?" if close else "such as SOFTMAX"
            raise UsageError("--keep-float with names of TFLite's ops", name, todo)


def _one_of(option: str, value: str, names: Sequence[str]) -> None:
    if value not in names:
        close = difflib.get_close_matches(value, names, 1)
        todo = f"did you mean {close[0]}?" if close else "choose one of them"
        raise UsageError(f"{option} is one of {', '.join(names)}", f"{option} {value}", todo)


@dataclass(frozen=True)
class Paths:
    """Where things are.

    Attributes:
        model: the user's.
        out: the .tflite to write.
        log: of TensorFlow's process; None keeps none.
    """

    model: Path
    out: Path
    log: Path | None = None
