"""Op by op against TFLite Micro, on the schedule that ships."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from tinybench.errors import MismatchError, UsageError
from tinybench.project import Project
from tinybench.render.instrument import Instrument
from tinybench.workflow.firmware import Compiled, compile_model
from tinybench.workflow.look import open_instrumented, some_inputs
from tinybench.workflow.made import Made, made_by
from tinybench.workflow.watch import Silent, Watch

if TYPE_CHECKING:
    from tinybench.bench.device import Device
    from tinybench.bench.tapped import Taps
    from tinybench.compiler.program import Step
    from tinybench.model.reference import ReferenceWorker
    from tinybench.model.runner import Array

SCHEMA = "tinybench.verify/1"
SAMPLES = 3
_NUMBERS_APART = 16  # sample numbers that one sample may use up when frames are lost


@dataclass(frozen=True)
class Difference:
    """The first op whose tensor is not TFLM's.

    Attributes:
        sample: its number, from 0.
        ops: the op, or those that one kernel call computes; the tensor is the last one's output.
        label: their names.
        kernel: the C function.
        tensor: index in the model file; ``name`` and ``shape`` are its.
        differing: how many of its elements differ.
        index: the first of them.
        device, tflm: its values.
        inputs: shapes that the op reads.
    """

    sample: int
    ops: tuple[int, ...]
    label: str
    kernel: str
    tensor: int
    name: str
    inputs: tuple[tuple[int, ...], ...]
    shape: tuple[int, ...]
    differing: int
    elements: int
    index: tuple[int, ...]
    device: float
    tflm: float


@dataclass(frozen=True)
class Verified:
    """What a verification found.

    Attributes:
        oracle: what it was compared with.
        data: what the samples were.
        samples: how many were run, up to the one that differs.
        tensors, nbytes: compared per sample.
        ops: computed by the calls whose tensors were compared.
        fused: op index -> why its output does not exist on the device.
        difference: the first one, or None.
    """

    model: str
    board: str
    engine: str
    oracle: str
    data: str
    samples: int
    tensors: int
    nbytes: int
    ops: int
    fused: Mapping[int, str]
    difference: Difference | None


def verify_model(project: Project, *, watch: Watch | None = None) -> Verified:
    """Compares every tensor that the device makes with TFLM's.

    Args:
        project: model and board; of data the first samples, else seeded random inputs.
        watch: told of the steps.

    Raises:
        UsageError, DoesNotFit, BuildError, DeviceError: as bench_model(); UsageError also where
            TFLM does not run here.
    """
    from tinybench.model.reference import ReferenceWorker

    watch = watch or Silent()
    compiled = compile_model(project, watch)
    looked = some_inputs(project, compiled, project.data.limit or SAMPLES)
    made = made_by(compiled.program.graph, compiled.program.steps)
    outputs = {m.part.output for m in made}
    with (
        ReferenceWorker(compiled.data, keep=sorted(outputs)) as reference,
        open_instrumented(project, compiled, Instrument.TAP, watch) as device,
    ):
        oracle = _oracle(reference)
        watch.phase(f"verifying {len(outputs)} tensors on {compiled.board.name}")
        difference, run = _first_difference(compiled, made, looked.values, reference, device)
    return Verified(
        model=compiled.model.name,
        board=compiled.board.name,
        engine=project.engine,
        oracle=oracle,
        data=looked.what,
        samples=run,
        tensors=len(outputs),
        nbytes=sum(_nbytes(compiled, m) for m in made),
        ops=len({op for m in made for op in m.part.ops}),
        fused=_fused(compiled, [m.part for m in made]),
        difference=difference,
    )


def _oracle(reference: ReferenceWorker) -> str:
    facts = reference.facts()
    if facts.oracle is None:
        raise UsageError(
            "TFLite Micro on this computer, to verify against",
            facts.oracle_reason or "it does not run",
            "verify on x86-64 Linux, where its wheel exists",
        )
    return facts.oracle


def _fused(compiled: Compiled, parts: Sequence[Step]) -> dict[int, str]:
    """Ops whose output the device never has."""
    from tinybench.compiler import Program

    program = compiled.program
    fused = dict(program.folded) if isinstance(program, Program) else {}
    own = {part.ops[-1] for part in parts}
    for part in parts:
        fused |= {op: f"computed with op {part.ops[-1]}" for op in part.ops[:-1] if op not in own}
    return dict(sorted(fused.items()))


def _nbytes(compiled: Compiled, made: Made) -> int:
    tensor = compiled.program.graph.tensors[made.part.output]
    return tensor.nbytes * math.prod(made.shape) // max(tensor.elements, 1)


def _first_difference(
    compiled: Compiled,
    made: Sequence[Made],
    inputs: list[list[Array]],
    reference: ReferenceWorker,
    device: Device,
) -> tuple[Difference | None, int]:
    """The first difference and how many samples were run."""
    from tinybench.compiler.boundary import Edge

    program = compiled.program
    edge = Edge(program.inputs, program.outputs)
    sizes = {m.tap: _nbytes(compiled, m) for m in made}
    for number, values in enumerate(inputs):
        answer = reference.submit(values)
        taps = device.tap(number * _NUMBERS_APART, edge.encode(values), sizes)
        difference = _difference(compiled, made, number, taps, answer.result().kept)
        if difference is not None:
            return difference, number + 1
    return None, len(inputs)


def _difference(
    compiled: Compiled,
    made: Sequence[Made],
    sample: int,
    taps: Taps,
    wanted: Mapping[int, Array],
) -> Difference | None:
    """The first tensor, in the order of execution, that is not TFLM's."""
    import numpy as np

    tensors = compiled.program.graph.tensors
    for m in made:
        part, tensor = m.part, tensors[m.part.output]
        tflm = _as_computed(compiled, part.output, wanted[part.output]).reshape(tensor.shape)
        tflm = tflm[..., m.channels] if tflm.ndim else tflm
        device = np.frombuffer(taps.tensor(m.tap), tensor.dtype).reshape(m.shape)
        where = np.argwhere(_unlike(device, tflm))
        if len(where):
            first = tuple(int(i) for i in where[0])
            index = (*first[:-1], first[-1] + (m.channels.start or 0)) if first else first
            return Difference(
                sample=sample,
                ops=part.ops,
                label=part.label,
                kernel=part.kernel.function,
                tensor=part.output,
                name=tensor.name,
                inputs=tuple(tensors[i].shape for i in part.inputs),
                shape=tensor.shape,
                differing=len(where),
                elements=int(tflm.size),
                index=index,
                device=device[first].item(),
                tflm=tflm[first].item(),
            )
    return None


def _as_computed(compiled: Compiled, tensor: int, value: Array) -> Array:
    """A tensor of the file without the channels that the device does not compute."""
    from tinybench.compiler import Program

    program = compiled.program
    kept = program.kept.get(tensor) if isinstance(program, Program) else None
    return value if kept is None else value[..., list(kept)]


def _unlike(a: Array, b: Array) -> Array:
    """Which elements differ in any byte: a NaN equals itself here."""
    import numpy as np

    width = a.dtype.itemsize
    pairs = [np.ascontiguousarray(x).view(np.uint8).reshape(*x.shape, width) for x in (a, b)]
    return np.asarray(np.any(pairs[0] != pairs[1], axis=-1))


_BLAME = {
    "aot": "this is a bug in tinybench, or the firmware was altered: report it with this output",
    "tflm": "TFLM's own kernel for this op, or ESP-NN's, computes otherwise than the reference: "
    "docs/engines.md tells which versions are known to",
}


def mismatch(verified: Verified) -> MismatchError | None:
    """The error that names the first op that differs, or None."""
    found = verified.difference
    if found is None:
        return None
    shapes = " and ".join(str(list(shape)) for shape in found.inputs)
    return MismatchError(
        f"every tensor as {verified.oracle} computes it",
        f"op {found.ops[-1]} {found.label} is the first that differs, on sample {found.sample}",
        _BLAME[verified.engine],
        details=(
            f"kernel {found.kernel}: {shapes} to {list(found.shape)}, tensor {found.tensor} "
            f"{found.name}",
            f"{found.differing:,} of {found.elements:,} elements differ; the first, "
            f"{list(found.index)}, is {found.device:g} on the device and {found.tflm:g} in TFLM",
        ),
    )


def verified_json(verified: Verified) -> dict[str, Any]:
    """What `verify --json` prints."""
    return {"schema": SCHEMA, **asdict(verified)}
