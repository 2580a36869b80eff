"""Where the time goes: the latency counter read around every kernel call."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from statistics import median_low
from typing import TYPE_CHECKING, Any

from tinybench.project import Project
from tinybench.render.instrument import Instrument
from tinybench.workflow.firmware import Compiled, compile_model
from tinybench.workflow.look import open_instrumented, some_inputs
from tinybench.workflow.watch import Silent, Watch

if TYPE_CHECKING:
    from tinybench.bench.device import Device
    from tinybench.compiler.program import Program, Step
    from tinybench.tflm.program import Interpreted

SCHEMA = "tinybench.profile/2"
SAMPLES = 3


@dataclass(frozen=True)
class ProfiledCall:
    """One kernel call: an op, several that are fused, or a chain of them.

    Attributes:
        ops: indices of the graph's ops that it computes.
        label: their names.
        kernel: the C function.
        ticks: median, in the board's unit.
        share: of the sum over all calls.
        macs: multiply-accumulates.
        weight_bytes: constants that it reads.
        streamed_bytes: of them and again, what comes from flash in one inference, where a cache
            holds as much as the compiler's target says; None: not known of TFLM's kernels.
    """

    ops: tuple[int, ...]
    label: str
    kernel: str
    ticks: int
    share: float
    macs: int
    weight_bytes: int
    streamed_bytes: int | None


@dataclass(frozen=True)
class Profile:
    """A profile of one inference.

    Attributes:
        unit, method: of ticks.
        n: samples; figures are their medians.
        data: what they were.
        calls: in the order of execution.
        profiled: ticks of the whole inference, with the counter being read.
        shipped: ticks of the whole inference as the firmware that ships does it.
    """

    model: str
    model_sha256: str
    board: str
    kind: str
    engine: str
    unit: str
    method: str
    n: int
    data: str
    calls: tuple[ProfiledCall, ...]
    profiled: int
    shipped: int

    @property
    def overhead(self) -> int:
        """Ticks that profiling itself costs."""
        return self.profiled - self.shipped


def profile_model(project: Project, *, watch: Watch | None = None) -> Profile:
    """Profiles the project's model on its board, on a few samples.

    Args:
        project: model and board; of data the first samples, else seeded random inputs.
        watch: told of the steps.

    Raises:
        UsageError, DoesNotFit, BuildError, DeviceError: as bench_model().
    """
    from tinybench.compiler.boundary import Edge

    watch = watch or Silent()
    compiled = compile_model(project, watch)
    looked = some_inputs(project, compiled, SAMPLES)
    program, board = compiled.program, compiled.board
    edge = Edge(program.inputs, program.outputs)
    inputs = [edge.encode(values) for values in looked.values]
    with open_instrumented(project, compiled, Instrument.NONE, watch) as device:
        shipped = [device.infer(n, data).ticks for n, data in enumerate(inputs)]
    with open_instrumented(project, compiled, Instrument.PROFILE, watch) as device:
        profiled, per_call = _read(device, inputs)
    return Profile(
        model=compiled.model.name,
        model_sha256=program.graph.sha256,
        board=board.name,
        kind=board.kind,
        engine=project.engine,
        unit=board.counter.unit,
        method=board.counter.method,
        n=len(inputs),
        data=looked.what,
        calls=_calls(compiled, per_call),
        profiled=median_low(profiled),
        shipped=median_low(shipped),
    )


def _read(device: Device, inputs: list[list[bytes]]) -> tuple[list[int], list[list[int]]]:
    """Ticks of each whole inference, and of each call in each inference."""
    import numpy as np

    whole, calls = [], []
    for number, data in enumerate(inputs):
        inference = device.infer(number, data)
        whole.append(inference.ticks)
        calls.append(np.frombuffer(inference.outputs[-1], "<u8").tolist())
    return whole, calls


def _calls(compiled: Compiled, per_call: list[list[int]]) -> tuple[ProfiledCall, ...]:
    program = compiled.program
    ticks = [median_low(column) for column in zip(*per_call, strict=True)]
    total = max(1, sum(ticks))
    return tuple(
        ProfiledCall(
            ops=step.ops,
            label=step.label,
            kernel=step.kernel.function,
            ticks=spent,
            share=spent / total,
            macs=step.macs,
            weight_bytes=_constant_bytes(program, step),
            streamed_bytes=_streamed_bytes(program, step),
        )
        for step, spent in zip(program.steps, ticks, strict=True)
    )


def _constant_bytes(program: Program | Interpreted, step: Step) -> int:
    from tinybench.compiler import Program

    if isinstance(program, Program):
        return program.constant_bytes(step)
    read = {t for op in step.ops for t in program.graph.ops[op].inputs if t >= 0}
    return sum(
        program.graph.tensors[t].nbytes for t in read if program.graph.tensors[t].data is not None
    )


def _streamed_bytes(program: Program | Interpreted, step: Step) -> int | None:
    from tinybench.compiler import Program
    from tinybench.compiler.traffic import streamed_bytes

    if not isinstance(program, Program):
        return None
    return streamed_bytes(step, program.operand_bytes(step), program.target)


def profile_json(profile: Profile) -> dict[str, Any]:
    """What `profile --json` prints."""
    return {"schema": SCHEMA, **asdict(profile), "overhead": profile.overhead}
