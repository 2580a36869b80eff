"""What is in a model, what the compiler makes of it, and whether it fits a board."""

from __future__ import annotations

from dataclasses import asdict, replace
from typing import Any

from tinybench.boards import Board
from tinybench.boards.partitions import app_bytes
from tinybench.boards.room import boards_with_room
from tinybench.build.fit import check_fit, need_of, peak_lines
from tinybench.compiler import PORTABLE, Problem, Program, Target, check_graph, compile_graph
from tinybench.compiler.coded import DECODER_BYTES
from tinybench.compiler.traffic import all_streamed_bytes
from tinybench.errors import DoesNotFit, UnsupportedModel
from tinybench.model.graph import Graph, Op, Tensor
from tinybench.report.memory import memory_over_time

SCHEMA = "tinybench.inspect/1"

Json = dict[str, Any]


def inspect_graph(graph: Graph, board: Board | None = None, target: Target = PORTABLE) -> Json:
    """Everything that `tinybench inspect` tells.

    Args:
        graph: the model.
        board: to be checked against, or None.
        target: what the compiler compiles for.
    """
    problems = check_graph(graph)
    try:
        program, refusal = compile_graph(graph, target), None
    except UnsupportedModel as error:
        program, refusal = None, error
        problems = problems or (Problem(-1, "MODEL", error.seen),)
    return {
        "schema": SCHEMA,
        "model": {
            "sha256": graph.sha256,
            "file_bytes": graph.file_bytes,
            "description": graph.description,
            "inputs": [_tensor(graph.tensors[i]) for i in graph.inputs],
            "outputs": [_tensor(graph.tensors[i]) for i in graph.outputs],
        },
        "ops": [_op(graph, op, program, problems) for op in graph.ops],
        "macs": program.macs if program else None,
        "weights_bytes": program.weights_bytes if program else None,
        "streamed_bytes": all_streamed_bytes(program) if program else None,
        "arena": _arena(program) if program else None,
        "coding": _coding(graph, program) if program and program.coding else None,
        "notes": list(program.notes) if program else [],
        "unsupported": [vars(p) for p in problems],
        "todo": refusal.todo if refusal else None,
        "fits": _fit(program, board) if program and board else None,
    }


def _tensor(tensor: Tensor) -> Json:
    quant = tensor.quant
    return {
        "name": tensor.name,
        "dtype": tensor.dtype,
        "shape": list(tensor.shape),
        "scale": float(quant.scale[0]) if quant is not None and quant.scale.size else None,
        "zero_point": int(quant.zero_point[0]) if quant is not None and quant.scale.size else None,
    }


def _op(graph: Graph, op: Op, program: Program | None, problems: tuple[Problem, ...]) -> Json:
    calls = [part for step in program.steps for part in step.parts] if program else []
    steps = [call for call in calls if op.index in call.ops]
    first = steps[0].ops[0] if steps else None
    if any(p.op_index == op.index for p in problems):
        state = "unsupported"
    elif any(p.op_name == "MODEL" for p in problems):
        state = "not looked at"
    elif program is not None and op.index in program.folded:
        state = f"folded: {program.folded[op.index]}"
    elif program is None:
        state = "supported"
    elif first != op.index:
        state = f"merged into op {first}"
    else:
        state = steps[0].kernel.function + _chain_of(program, op.index)
    activations = [i for i in op.inputs if i >= 0 and graph.tensors[i].data is None]
    return {
        "index": op.index,
        "name": op.name,
        "version": op.version,
        "inputs": [list(graph.tensors[i].shape) for i in activations],
        "outputs": [list(graph.tensors[i].shape) for i in op.outputs],
        "macs": sum(s.macs for s in steps),
        "parameter_bytes": sum(
            t.nbytes for i in op.inputs if i >= 0 for t in (graph.tensors[i],) if t.data is not None
        ),
        "state": state,
    }


def _chain_of(program: Program, op: int) -> str:
    """Which chain runs an op row by row; "" where none does."""
    ops = next((s.ops for s in program.steps if s.links and op in s.ops), ())
    return f", row by row in ops {ops[0]}-{ops[-1]}" if ops else ""


def _arena(program: Program) -> Json:
    plan = program.plan
    return {
        "bytes": plan.arena_bytes,
        "bound_bytes": plan.bound,
        "gap_bytes": plan.arena_bytes - plan.bound,
        "live_bytes": plan.live_bytes,
        "proven_optimal": plan.arena_bytes == plan.bound,
        "peak": list(peak_lines(program)),
        "over_time": memory_over_time(program),
        "buffers": [
            {
                "tensors": [program.graph.tensors[t].name for t in b.tensors],
                "offset": b.offset,
                "bytes": b.nbytes,
                "first_step": b.first,
                "last_step": b.last,
            }
            for b in plan.buffers
        ],
    }


# Instructions per decoded value on RV32IMC: 16 where words are short, 25 where they are long.
_DECODING = 20


def _coding(graph: Graph, program: Program) -> Json:
    """What keeping filters in code saves and costs, against the same model with plain ones."""
    plain = compile_graph(graph, replace(program.target, weights="plain"))
    values = sum(c.plain_bytes for c in program.coding if not c.reason)
    return {
        "saved_bytes": plain.weights_bytes - program.weights_bytes,
        "decoder_bytes": DECODER_BYTES if values else 0,
        "arena_bytes_more": program.arena_bytes - plain.arena_bytes,
        "instructions_more": values * _DECODING,
        "instructions_method": f"estimated, about {_DECODING} per value; bench counts them",
        "filters": [asdict(c) | {"saved_bytes": c.saved_bytes} for c in program.coding],
    }


def _fit(program: Program, board: Board) -> Json:
    out: Json = {
        "board": board.name,
        "arena_bytes": program.arena_bytes,
        "ram_for_arena_bytes": board.memory.for_arena,
        "psram_bytes": board.psram.mapped_bytes if board.psram else 0,
        "weights_bytes": program.weights_bytes,
        "flash_bytes": board.memory.flash_bytes,
        "app_bytes": app_bytes(board),
        "method": "planned; the firmware's own few KB are checked by the linker",
    }
    try:
        placement = check_fit(program, board)
    except DoesNotFit as error:
        has_room = boards_with_room(need_of(program))
        reason = f"{error.wanted}: {error.seen}"
        return out | {"fits": False, "reason": reason, "boards_with_room": has_room}
    return out | {"fits": True, "arena_place": placement.arena}
