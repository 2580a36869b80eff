"""One run: from firmware and samples that are settled to the written result."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tinybench.errors import Interrupted, MismatchError, TinybenchError
from tinybench.project import Project
from tinybench.workflow.firmware import Compiled, draw
from tinybench.workflow.reach import expected, open_device
from tinybench.workflow.watch import Watch

if TYPE_CHECKING:
    from tinybench.bench.dataset import Dataset
    from tinybench.bench.link_stats import LinkStats
    from tinybench.bench.records import Measured, Mode, SampleRecord
    from tinybench.bench.steady import SteadyDevice
    from tinybench.flash.slot import Flashed
    from tinybench.model.answers import Facts
    from tinybench.model.reference import ReferenceWorker
    from tinybench.report.folder import RunFolder
    from tinybench.report.result import RunFacts
    from tinybench.wire.messages import Hello


@dataclass(frozen=True)
class BenchReport:
    """A run that was written to its folder.

    Attributes:
        folder: result.json, samples.csv, outputs.bin, the firmware and the logs.
        result: the content of result.json.
        error: why the run is not a success (a mismatch, a device that failed, Ctrl-C), or None.
    """

    folder: Path
    result: dict[str, Any]
    error: TinybenchError | None

    @property
    def interrupted(self) -> bool:
        """Ended by the user."""
        return isinstance(self.error, Interrupted)


@dataclass(frozen=True)
class Session:
    """All that is settled before the device is started.

    Attributes:
        project: its port settled.
        asked: as it was asked for: a board that has to be found is found anew by `--resume`.
        done: samples that were measured before the run was broken off.
    """

    project: Project
    compiled: Compiled
    samples: Dataset
    flashed: Flashed
    started: datetime
    watch: Watch
    asked: Project
    done: tuple[SampleRecord, ...] = ()


@dataclass
class _Seen:
    """What a run has brought to light so far."""

    hello: Hello | None = None
    facts: Facts | None = None
    link: LinkStats | None = None
    ended: tuple[Measured, TinybenchError | None] | None = None
    failure: BaseException | None = None


def run_session(session: Session, folder: RunFolder) -> BenchReport:
    """From the started device to the written result, whatever happens in between."""
    from tinybench.compiler import Program
    from tinybench.report.memory import PICTURE
    from tinybench.report.resume import describe_run

    seen = _Seen()
    try:
        folder.begin(describe_run(session.asked, session.started))
        if isinstance(session.compiled.program, Program):
            draw(session.compiled.program, folder.path / PICTURE)
        _drive(session, folder, seen)
    except (TinybenchError, OSError, KeyboardInterrupt) as failure:
        seen.failure = failure
    try:
        return _conclude(session, folder, seen)
    except KeyboardInterrupt:  # a second Ctrl-C; the result is written all the same
        return _conclude(session, folder, seen)


def _drive(session: Session, folder: RunFolder, seen: _Seen) -> None:
    from tinybench.bench.rate import rates_of
    from tinybench.bench.steady import SteadyDevice
    from tinybench.model.reference import ReferenceWorker

    compiled = session.compiled
    with (
        ReferenceWorker(compiled.data) as reference,
        open_device(session.project, session.flashed, compiled.board, folder.path) as device,
    ):
        board = compiled.board
        rates = rates_of(board.link.baud, board.link.bauds)
        steady = SteadyDevice(device, expected(session.flashed, board), rates=rates)
        steady.on_state = session.watch.board
        try:
            seen.hello = steady.check()
            seen.facts = reference.facts()
            seen.ended = _measure(session, folder, reference, steady)
        finally:
            seen.link = steady.stats()


def _conclude(session: Session, folder: RunFolder, seen: _Seen) -> BenchReport:
    from tinybench.bench.run import never_ran
    from tinybench.report.gates import as_json, failure, judge
    from tinybench.report.result import build_result

    gates = session.project.gates
    measured, error = seen.ended or never_ran(seen.failure, len(session.samples))
    if seen.hello is not None:
        measured = replace(measured, link=seen.link)
    result = build_result(_run_facts(session, seen.hello, seen.facts), measured)
    result["gates"] = as_json(judge(gates, result))
    folder.finish(result, measured.records)
    if gates.min_byte_agreement is None:  # who sets it says how much may differ
        error = error or _mismatch(session.flashed.engine, measured)
    return BenchReport(folder.path, result, error or failure(result["gates"]))


def _measure(
    session: Session, folder: RunFolder, reference: ReferenceWorker, device: SteadyDevice
) -> tuple[Measured, TinybenchError | None]:
    from tinybench.bench.run import Bench, run
    from tinybench.compiler.boundary import Edge

    watch, program, planned = session.watch, session.compiled.program, len(session.samples)
    watch.phase(
        f"measuring {planned:,} sample{'s' * (planned != 1)} on {session.compiled.board.name}"
    )
    watch.start(planned)
    for record in session.done:
        watch.record(record)

    def on_record(record: SampleRecord, outputs: Sequence[bytes]) -> None:
        folder.add(record, outputs)
        watch.record(record)

    return run(
        Bench(
            edge=Edge(program.inputs, program.outputs),
            samples=session.samples,
            device=device,
            reference=reference,
            strict=session.project.data.strict,
            done=session.done,
            mode=_mode(session.project),
            on_record=on_record,
            on_unreadable=watch.unreadable,
        )
    )


def _mode(project: Project) -> Mode:
    return "throughput" if project.link_mode == "throughput" else "latency"


_MISMATCH = {
    "aot": "this is a bug in tinybench, or the firmware was altered: keep the run folder, report "
    "it",
    "tflm": "`tinybench verify --engine tflm` names the op; docs/engines.md tells which versions "
    "of ESP-NN are known to be wrong, and --kernels reference does without it",
}


def _mismatch(engine: str, measured: Measured) -> MismatchError | None:
    """The device must answer as TFLM does, byte for byte."""
    wrong = [r for r in measured.records if r.outputs_equal is False]
    if not wrong:
        return None
    return MismatchError(
        "every output byte as TFLite Micro computes it",
        f"{len(wrong)} of {len(measured.records)} samples differ",
        _MISMATCH[engine],
        details=tuple(
            f"{r.name}: by up to {r.largest_difference:g} quantization steps" for r in wrong[:5]
        ),
    )


def _run_facts(session: Session, hello: Hello | None, reference: Facts | None) -> RunFacts:
    from tinybench.bench.preprocess import input_spec
    from tinybench.build.elf import read_sizes
    from tinybench.build.fit import check_fit
    from tinybench.compiler import Program
    from tinybench.compiler.traffic import all_streamed_bytes
    from tinybench.flash.slot import elf_sha256
    from tinybench.report.result import RunFacts

    compiled, flashed, samples = session.compiled, session.flashed, session.samples
    sizes = read_sizes(flashed.elf)
    program = compiled.program
    place = check_fit(program, compiled.board)
    return RunFacts(
        started=session.started.isoformat(timespec="seconds"),
        finished=datetime.now(UTC).isoformat(timespec="seconds"),
        board=compiled.board,
        engine={
            "name": flashed.engine,
            **program.options,
            **({"weights": session.project.weights} if isinstance(program, Program) else {}),
            "build_id": flashed.build_id,
            "elf_sha256": elf_sha256(flashed.elf),
        },
        model={
            "name": compiled.model.name,
            "sha256": program.graph.sha256,
            "file_bytes": program.graph.file_bytes,
            "macs": program.macs,
            "streamed_bytes": (
                all_streamed_bytes(program) if isinstance(program, Program) else None
            ),
            "notes": list(program.notes),
        },
        data={
            "path": str(samples.path),
            "kind": samples.kind,
            "preparation": samples.preparation,
            "notes": list(samples.notes),
        },
        classes=input_spec(compiled.graph).classes,
        no_labels=samples.no_labels,
        device=None if hello is None else _device_facts(hello),
        outputs=program.outputs,
        arena_bytes=program.arena_bytes,
        arena_method=program.arena_method,
        arena_place=place.arena,
        weights_place=place.weights,
        flash={
            "total": sizes.flash_total,
            "weights": sizes.weights,
            "code": sizes.code,
            "ram_static": sizes.ram_static,
        },
        largest=sizes.largest,
        reference=reference,
        mode=_mode(session.project),
    )


def _device_facts(hello: Hello) -> dict[str, Any]:
    return {
        "protocol": hello.protocol,
        "chip": hello.chip,
        "boot_id": hello.boot_id,
        "options": hello.options,
        "system": hello.system,
    }
