"""Graph -> Program: fold, lower, merge, plan."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial

import numpy as np

from tinybench.compiler.buffers import Frame, make_buffers
from tinybench.compiler.check import MAX_ARENA_BYTES, check_op, check_size, check_whole
from tinybench.compiler.coded import code_filters
from tinybench.compiler.dead import Kept, drop_channels
from tinybench.compiler.diagnose import diagnose_precision
from tinybench.compiler.fold import Folded, fold
from tinybench.compiler.groups import with_group_rows
from tinybench.compiler.joins import place_early
from tinybench.compiler.lower import OPS
from tinybench.compiler.lower.context import Lowering, Unsupported
from tinybench.compiler.merge import merge_lookups
from tinybench.compiler.order import choose_orders, want_bands
from tinybench.compiler.pairs import pair_pixels
from tinybench.compiler.plan import plan_arena
from tinybench.compiler.program import (
    Boundary,
    DeviceTensor,
    FilterCoding,
    Plan,
    Problem,
    Program,
    Step,
    Target,
)
from tinybench.compiler.replay import replay
from tinybench.compiler.schedule import least_peak_of, schedule
from tinybench.compiler.sparse import skip_zeros, zero_blocks
from tinybench.compiler.stack import peak
from tinybench.errors import UnsupportedModel
from tinybench.model.graph import Graph

PORTABLE = Target()


def compile_graph(model: Graph, target: Target = PORTABLE) -> Program:
    """Compiles a model.

    Raises:
        UnsupportedModel: every op that cannot be compiled, each with its reason.
    """
    problems = check_size(model)
    if problems:
        raise _refusal(model, problems)
    folded, kept = _drop(fold(model), target)
    lowered = _lower(folded)
    if lowered.problems:
        raise _refusal(model, lowered.problems)
    inputs, outputs = ([t for t, _ in edge] for edge in (folded.inputs, folded.outputs))
    frame = Frame(folded.graph, inputs, outputs, folded.views)
    steps = tuple(merge_lookups(lowered.steps, outputs, folded.views))

    steps = place_early(steps, partial(least_peak_of, frame=frame, target=target))
    graph, rows = with_group_rows(folded.graph, steps)
    frame = replace(frame, graph=graph)
    steps = schedule(steps, frame, target, rows)
    steps, coding = _refine(steps, frame, target)
    plan = _plan(steps, frame, target)
    if plan.arena_bytes > MAX_ARENA_BYTES:
        raise _too_large(plan)
    program = Program(
        graph=graph,
        target=target,
        steps=choose_orders(steps, plan, graph, target),
        plan=plan,
        inputs=tuple(_device_tensor(folded, plan, t, edge) for t, edge in folded.inputs),
        outputs=tuple(_device_tensor(folded, plan, t, edge) for t, edge in folded.outputs),
        notes=(*_dead(model, kept), *_notes(steps)),
        folded=dict(folded.why),
        kept=kept,
        coding=coding,
    )
    replay(program, folded.views)
    return program


def _refine(
    steps: Sequence[Step], frame: Frame, target: Target
) -> tuple[tuple[Step, ...], tuple[FilterCoding, ...]]:
    """Kernels that leave out zeros, read code, take pixels in pairs; and what was coded."""
    if target.zeros == "leave out":
        steps = skip_zeros(steps, target)
    top = partial(_peak, frame=frame, target=target)
    coded, coding = code_filters(steps, target, top)
    return pair_pixels(coded, target, top), coding


def _plan(steps: Sequence[Step], frame: Frame, target: Target) -> Plan:
    """With room for bands of rows, where the arena does not grow for it."""
    plan = plan_arena(make_buffers(steps, frame), target.alignment)
    banded = want_bands(steps, target, partial(_peak, frame=frame, target=target))
    if all(step.band == 1 for step in banded):
        return plan
    roomy = plan_arena(make_buffers(banded, frame), target.alignment)
    return roomy if roomy.arena_bytes <= plan.arena_bytes else plan


def _peak(steps: Sequence[Step], frame: Frame, target: Target) -> int:
    return peak(make_buffers(steps, frame), target.alignment)[0]


def _drop(folded: Folded, target: Target) -> tuple[Folded, Kept]:
    return drop_channels(folded) if target.zeros == "leave out" else (folded, {})


def check_graph(graph: Graph) -> tuple[Problem, ...]:
    """Everything in the model that cannot be compiled; empty where it can."""
    return check_size(graph) or _lower(fold(graph)).problems


@dataclass(frozen=True)
class _Lowered:
    steps: tuple[Step, ...]
    problems: tuple[Problem, ...]


def _lower(folded: Folded) -> _Lowered:
    steps: list[Step] = []
    problems: list[Problem] = []
    for op in folded.graph.ops:
        try:
            check_op(folded.graph, op)
            with np.errstate(over="ignore"):  # what overflows is refused where it is used
                steps += OPS[op.name].calls(Lowering(folded.graph, op))
        except (Unsupported, OverflowError) as reason:
            problems.append(Problem(op.index, op.name, str(reason)))
    return _Lowered(tuple(steps), tuple(problems) + check_whole(folded))


def _refusal(graph: Graph, problems: tuple[Problem, ...]) -> UnsupportedModel:
    kind = diagnose_precision(graph)
    if kind is not None:
        return UnsupportedModel(
            "an int8 model was wanted",
            f"this is a {kind} model",
            "`tinybench quantize` makes an int8 one of a Keras model, a SavedModel or a float "
            ".tflite; so does tf.lite.TFLiteConverter with optimizations=[tf.lite.Optimize."
            "DEFAULT], a representative_dataset and supported_ops=[tf.lite.OpsSet."
            "TFLITE_BUILTINS_INT8]",
            details=tuple(str(p) for p in problems),
        )
    ops = len({p.op_index for p in problems if p.op_index >= 0})
    return UnsupportedModel(
        "a model that the aot engine can compile was wanted",
        f"{ops} of {len(graph.ops)} ops cannot be compiled"
        if ops
        else "this one, as a whole, cannot be compiled",
        "replace these layers, or see docs/ops.md for what is supported"
        if ops
        else "see docs/ops.md for what is supported",
        details=tuple(str(p) for p in problems),
    )


def _too_large(plan: Plan) -> UnsupportedModel:
    return UnsupportedModel(
        "a model for a microcontroller was wanted",
        f"this one needs an arena of {plan.arena_bytes} bytes",
        "make its input or its layers smaller",
    )


def _device_tensor(
    folded: Folded, plan: Plan, index: int, boundary: Boundary | None
) -> DeviceTensor:
    tensor = folded.graph.tensors[index]
    offset = next(b.offset for b in plan.buffers if index in b.tensors)
    quant = tensor.quant
    return DeviceTensor(
        tensor=index,
        name=tensor.name,
        dtype=tensor.dtype,
        shape=tensor.shape,
        scale=float(quant.scale[0]) if quant is not None else 0.0,
        zero_point=int(quant.zero_point[0]) if quant is not None else 0,
        offset=offset,
        boundary=boundary,
    )


def _dead(graph: Graph, kept: Mapping[int, Sequence[int]]) -> tuple[str, ...]:
    lost = {t: graph.tensors[t].shape[-1] - len(left) for t, left in kept.items()}
    if not lost:
        return ()
    return (
        f"{sum(lost.values())} channels of {len(lost)} tensors are not computed: nothing reads "
        "them, or they have one value for every input",
    )


def _notes(steps: tuple[Step, ...]) -> tuple[str, ...]:
    shares = [(s, share) for s in steps if (share := zero_blocks(s)) is not None]
    zeros = [
        f"op {s.ops[0]} {s.label}: {share:.0%} of its blocks of four weights are zero and left out"
        for s, share in shares
    ]
    soft = [f"op {s.ops[0]} {s.label}" for s in steps if s.soft_float]
    if not soft:
        return tuple(zeros)
    return (
        *zeros,
        f"floating point in software inside the measured window: {', '.join(soft)}",
    )
