"""`tinybench quantize`: a float model to one that a board can run, and what that cost."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tinybench.errors import system_error
from tinybench.project import Project
from tinybench.workflow.early import check_calibration, check_quantize
from tinybench.workflow.watch import Silent, Watch

if TYPE_CHECKING:
    from tinybench.train.data import Samples, Split
    from tinybench.train.ptq.options import QuantizeOptions


@dataclass(frozen=True)
class DataChoice:
    """Which data, and how it is divided; the same for every command that takes data.

    Attributes:
        path: a file, a folder, or a name of ``keras.datasets``.
        exclude, only: patterns of class names.
        split_seed: of the division into parts.
        shares: of the parts; None for the usual ones.
    """

    path: str
    exclude: tuple[str, ...] = ()
    only: tuple[str, ...] = ()
    split_seed: int = 0
    shares: Mapping[str, float] | None = None


def open_divided(project: Project, choice: DataChoice) -> tuple[Samples, Split]:
    """Opens data and divides it; the division is kept in the project's ``.tinybench/splits``.

    Raises:
        DataError: there is no such data, or it has changed since it was divided.
    """
    from tinybench.bench.labels import read_labels
    from tinybench.train.data import SHARES, open_samples, split_samples

    labels = read_labels(project.data.labels) if project.data.labels else None
    samples = open_samples(choice.path, labels=labels, exclude=choice.exclude, only=choice.only)
    try:
        split = split_samples(
            samples,
            seed=choice.split_seed,
            shares=choice.shares or SHARES,
            store=project.state / "splits",
        )
    except OSError as error:
        raise system_error(f"keep the division of {choice.path}", error) from error
    return samples, split


def quantize_model(
    project: Project,
    model: Path,
    data: DataChoice,
    options: QuantizeOptions,
    out: Path,
    *,
    watch: Watch | None = None,
) -> dict[str, Any]:
    """Quantizes, checks, measures, and writes the .tflite.

    Args:
        project: board and engine to check against, labels, and where divisions are kept.
        model: .keras, .h5, SavedModel folder or .zip of one, or float .tflite.
        data: what it is calibrated and scored on.
        options: how.
        out: the .tflite to write; as it was until all has gone well.

    Returns:
        What ``tinybench quantize --json`` prints (``schema`` "tinybench.quantize/1").

    Raises:
        UsageError: model, data, labels and options do not go together.
        UnsupportedModel: the engine has no kernel for some of its ops; all are named.
        ToolMissing: TensorFlow is not installed.
    """
    watch = watch or Silent()
    started = time.monotonic()
    check_quantize(model, data.path, options, out, project.data.labels, project.board)
    watch.phase(f"opening {data.path}")
    samples, split = open_divided(project, data)
    check_calibration(model, samples, options)

    from tinybench.report.quantization import quantization_facts  # imported when all is well
    from tinybench.report.targets import Targets
    from tinybench.train.ptq.run import quantize
    from tinybench.whole import write_whole

    targets = Targets(project.engine, project.board)
    done = quantize(
        model,
        samples,
        split,
        options,
        check=lambda made: targets.check(made, options),
        log=project.state / "logs" / "quantize.log",
        progress=watch.phase,
    )
    facts = quantization_facts(done, split, options, model, targets)
    try:
        write_whole(out, done.data)
    except OSError as error:
        raise system_error(f"write {out}", error) from error
    facts["output"]["path"] = str(out)
    facts["seconds"] = round(time.monotonic() - started, 1)
    return facts


def parse_shares(texts: Sequence[str]) -> dict[str, float] | None:
    """``--split test=0.5,train=0``: the usual shares with these instead; None where none is given.

    What is not named keeps its part of the rest.

    Raises:
        UsageError: no such part, or no share.
    """
    from tinybench.errors import UsageError
    from tinybench.train.data import SHARES
    from tinybench.train.data.classes import split_patterns

    given: dict[str, float] = {}
    for text in split_patterns(texts):
        name, _, value = text.partition("=")
        try:
            given[name] = float(value)
        except ValueError:
            given[name] = -1.0
        if name not in SHARES or not 0 <= given[name] <= 1:
            wanted = f"--split PART=SHARE with parts {', '.join(SHARES)}, a share from 0 to 1"
            raise UsageError(wanted, text, "such as --split test=0.3: the others share the rest")
    if not given:
        return None
    left, others = 1 - sum(given.values()), [name for name in SHARES if name not in given]
    total = sum(SHARES[name] for name in others)
    if left < -1e-9 or (not others and abs(left) > 1e-6):
        raise UsageError(
            "shares that sum to 1",
            f"{', '.join(texts)}, which is {sum(given.values()):g}",
            "leave one part out: it has the rest",
        )
    rest = {name: max(0.0, left) * SHARES[name] / total for name in others}
    return {name: given.get(name, rest.get(name, 0.0)) for name in SHARES}
