"""A bench from project to run folder."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tinybench.errors import MismatchError, TinybenchError, UsageError
from tinybench.project import Project
from tinybench.workflow.firmware import (
    Compiled,
    compile_model,
    expected,
    find_flashed,
    flash_compiled,
    open_device,
)
from tinybench.workflow.watch import Silent, Watch

if TYPE_CHECKING:
    from tinybench.bench.dataset import Dataset
    from tinybench.bench.records import Measured
    from tinybench.flash.slot import Flashed
    from tinybench.model.answers import Facts
    from tinybench.report.result import RunFacts
    from tinybench.wire.messages import Hello


@dataclass(frozen=True)
class BenchReport:
    """A run that was written to its folder.

    Attributes:
        folder: result.json, samples.csv and the logs.
        result: the content of result.json.
        error: why the run is not a success (a mismatch, a device that failed), or None.
        interrupted: ended by Ctrl-C.
    """

    folder: Path
    result: dict[str, Any]
    error: TinybenchError | None
    interrupted: bool


@dataclass(frozen=True)
class _Session:
    """All that is settled before the first sample."""

    project: Project
    compiled: Compiled
    samples: Dataset
    flashed: Flashed
    started: datetime


def bench_model(
    project: Project,
    *,
    out: Path | None = None,
    flash: bool = True,
    watch: Watch | None = None,
) -> BenchReport:
    """Measures the project's model on its board against desktop TFLite.

    Args:
        project: model, board, engine and data.
        out: run folder; by default a new one below the project's runs.
        flash: build and flash first; False: use what is flashed, if it is of these ingredients.
        watch: told of steps and samples.

    Raises:
        UsageError: model, board or data cannot be used.
        BuildError: building or flashing failed.
        DeviceError: the board could not be reached at all; later failures are in the report.
    """
    watch = watch or Silent()
    compiled = compile_model(project)
    samples = _open_samples(project, compiled)
    if flash:
        flashed = flash_compiled(project, compiled, True, watch)
    else:
        flashed = find_flashed(project, compiled)
    session = _Session(project, compiled, samples, flashed, datetime.now(UTC))
    return _run(session, out, watch)


def _open_samples(project: Project, compiled: Compiled) -> Dataset:
    from tinybench.bench.dataset import open_dataset
    from tinybench.bench.preprocess import input_spec

    if project.data.path is None:
        raise UsageError("Data to measure with", "none is named", "--data FOLDER or FILE.npz")
    return open_dataset(
        project.data.path,
        input_spec(compiled.graph),
        labels=compiled.labels,
        pixel_range=project.data.pixel_range,
        limit=project.data.limit or None,
    )


def _data_facts(samples: Dataset) -> dict[str, Any]:
    return {
        "path": str(samples.path),
        "kind": samples.kind,
        "preparation": samples.preparation,
        "no_labels_reason": samples.no_labels or None,
        "notes": list(samples.notes),
    }


def _run(session: _Session, out: Path | None, watch: Watch) -> BenchReport:
    from tinybench.bench.run import Bench, run
    from tinybench.compiler.boundary import Edge
    from tinybench.model.reference import ReferenceWorker
    from tinybench.report.folder import RunFolder, new_run_path
    from tinybench.report.result import build_result

    compiled, board = session.compiled, session.compiled.board
    program = compiled.program
    path = out or new_run_path(
        session.project.runs_folder, board.name, compiled.model.stem, session.started
    )
    with (
        RunFolder(path) as folder,
        ReferenceWorker(compiled.data) as reference,
        open_device(session.flashed, board, path) as device,
    ):
        hello = device.check(expected(session.flashed, board))
        facts = reference.facts()
        watch.phase(f"measuring {len(session.samples):,} samples on {board.name}")
        watch.start(len(session.samples))

        def on_record(record: Any) -> None:
            folder.add(record)
            watch.record(record)

        measured, error = run(
            Bench(
                edge=Edge(program.inputs, program.outputs),
                samples=session.samples,
                device=device,
                reference=reference,
                strict=session.project.data.strict,
                on_record=on_record,
                on_unreadable=watch.unreadable,
            )
        )
        result = build_result(_run_facts(session, hello, facts), measured)
        folder.finish(result)
    return BenchReport(path, result, error or _mismatch(measured), measured.status == "interrupted")


def _mismatch(measured: Measured) -> MismatchError | None:
    """The device must answer as TFLM does, byte for byte."""
    wrong = [r for r in measured.records if r.outputs_equal is False]
    if not wrong:
        return None
    return MismatchError(
        "Every output byte as TFLite Micro computes it",
        f"{len(wrong)} of {len(measured.records)} samples differ",
        "This is a bug in tinybench or in the firmware on the board: keep the run folder and "
        "report it",
        details=tuple(
            f"{r.name}: by up to {r.largest_difference:g} quantization steps" for r in wrong[:5]
        ),
    )


def _run_facts(session: _Session, hello: Hello, reference: Facts) -> RunFacts:
    from tinybench.build.elf import read_sizes
    from tinybench.report.result import ReferenceFacts, RunFacts

    compiled, flashed = session.compiled, session.flashed
    sizes = read_sizes(flashed.elf)
    program = compiled.program
    return RunFacts(
        started=session.started.isoformat(timespec="seconds"),
        finished=datetime.now(UTC).isoformat(timespec="seconds"),
        board=compiled.board,
        engine={"name": flashed.engine, "build_id": flashed.build_id},
        model={
            "name": compiled.model.name,
            "sha256": program.graph.sha256,
            "file_bytes": program.graph.file_bytes,
            "macs": program.macs,
            "notes": list(program.notes),
        },
        data=_data_facts(session.samples),
        device={
            "protocol": hello.protocol,
            "chip": hello.chip,
            "clock_hz": hello.clock_hz or None,
            "boot_id": hello.boot_id,
            "options": hello.options,
        },
        arena_bytes=program.arena_bytes,
        flash={
            "total": sizes.flash_total,
            "weights": sizes.weights,
            "code": sizes.code,
            "ram_static": sizes.ram_static,
        },
        reference=ReferenceFacts(
            **{k: v for k, v in asdict(reference).items() if k in ReferenceFacts.__annotations__}
        ),
    )


def train_demo(folder: Path, board: str, *, watch: Watch | None = None) -> tuple[Any, Project]:
    """Trains the digits model in a folder and makes a project of it.

    Returns:
        The trained model's facts (train/digits.py: DemoModel), and the project.

    Raises:
        ToolMissing: TensorFlow or scikit-learn is not installed.
        ModelError: training or conversion failed.
    """
    from tinybench.project import DataConfig
    from tinybench.train.digits import train_digits

    (watch or Silent()).phase("training a small CNN on scikit-learn's digits, quantizing to int8")
    made = train_digits(folder)
    data = DataConfig(path=made.data, labels=made.labels)
    return made, Project(root=folder, model=made.model, board=board, data=data)
