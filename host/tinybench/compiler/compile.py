"""Graph -> Program: fold, lower, merge, plan."""

from __future__ import annotations

from dataclasses import dataclass

from tinybench.compiler.buffers import make_buffers
from tinybench.compiler.diagnose import diagnose_precision
from tinybench.compiler.fold import Folded, fold
from tinybench.compiler.lower import OPS
from tinybench.compiler.lower.context import Lowering, Unsupported
from tinybench.compiler.merge import merge_lookups
from tinybench.compiler.plan import plan_arena
from tinybench.compiler.program import Boundary, DeviceTensor, Plan, Problem, Program, Step, Target
from tinybench.errors import UnsupportedModel
from tinybench.model.graph import Graph

PORTABLE = Target()


def compile_graph(graph: Graph, target: Target = PORTABLE) -> Program:
    """Compiles a model.

    Raises:
        UnsupportedModel: every op that cannot be compiled, each with its reason.
    """
    folded = fold(graph)
    lowered = _lower(folded)
    if lowered.problems:
        raise _refusal(graph, lowered.problems)
    steps = tuple(merge_lookups(lowered.steps, keep={t for t, _ in folded.outputs}))
    buffers = make_buffers(
        folded.graph,
        steps,
        [t for t, _ in folded.inputs],
        [t for t, _ in folded.outputs],
        folded.views,
    )
    plan = plan_arena(buffers, target.alignment)
    return Program(
        graph=folded.graph,
        target=target,
        steps=steps,
        plan=plan,
        inputs=tuple(_device_tensor(folded, plan, t, edge) for t, edge in folded.inputs),
        outputs=tuple(_device_tensor(folded, plan, t, edge) for t, edge in folded.outputs),
        notes=_notes(steps),
        folded=dict(folded.why),
    )


def check_graph(graph: Graph) -> tuple[Problem, ...]:
    """Everything in the model that cannot be compiled; empty where it can."""
    return _lower(fold(graph)).problems


@dataclass(frozen=True)
class _Lowered:
    steps: tuple[Step, ...]
    problems: tuple[Problem, ...]


def _lower(folded: Folded) -> _Lowered:
    steps: list[Step] = []
    problems: list[Problem] = []
    for op in folded.graph.ops:
        spec = OPS.get(op.name)
        try:
            if spec is None:
                raise Unsupported("this op is not supported")
            if op.version > spec.max_version:
                raise Unsupported(f"version {op.version}, up to {spec.max_version} is understood")
            steps += spec.lower(Lowering(folded.graph, op))
        except Unsupported as reason:
            problems.append(Problem(op.index, op.name, str(reason)))
    return _Lowered(tuple(steps), tuple(problems) + _edge_problems(folded))


def _edge_problems(folded: Folded) -> tuple[Problem, ...]:
    """Model outputs that no step computes."""
    computed = {op.outputs[0] for op in folded.graph.ops if op.outputs}
    computed |= {t for t, _ in folded.inputs}
    return tuple(
        Problem(-1, "OUTPUT", f"tensor '{folded.graph.tensors[t].name}' is not computed")
        for t, _ in folded.outputs
        if folded.views.get(t, t) not in computed
    )


def _refusal(graph: Graph, problems: tuple[Problem, ...]) -> UnsupportedModel:
    kind = diagnose_precision(graph)
    if kind is not None:
        return UnsupportedModel(
            "An int8 model was wanted",
            f"this is a {kind} model",
            "Quantize it to full int8: with tf.lite.TFLiteConverter set optimizations="
            "[tf.lite.Optimize.DEFAULT], a representative_dataset and supported_ops="
            "[tf.lite.OpsSet.TFLITE_BUILTINS_INT8]",
            details=tuple(str(p) for p in problems),
        )
    return UnsupportedModel(
        "A model that the aot engine can compile was wanted",
        f"{len(problems)} of {len(graph.ops)} ops cannot be compiled",
        "Replace these layers, or see docs/ops.md for what is supported",
        details=tuple(str(p) for p in problems),
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


def _notes(steps: tuple[Step, ...]) -> tuple[str, ...]:
    soft = [f"op {s.ops[0]} {s.label}" for s in steps if s.soft_float]
    if not soft:
        return ()
    return (f"floating point in software inside the measured window: {', '.join(soft)}",)
