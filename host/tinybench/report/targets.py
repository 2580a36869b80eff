"""Which engines can run a quantized model, and what to put in place of what they cannot."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from tinybench.boards import load_board
from tinybench.build.fit import check_fit
from tinybench.compiler import check_graph, compile_graph
from tinybench.errors import DoesNotFit, ModelError, UnsupportedModel
from tinybench.model.graph import Graph
from tinybench.model.oracle import TflmRunner, available
from tinybench.model.read import parse_tflite

if TYPE_CHECKING:
    from tinybench.train.ptq.options import QuantizeOptions

_CONV = "Conv1D or DS-CNN layers over the window (`tinybench new ds-cnn1d`)"
_RELU6 = "relu6 (`tinybench compress activation` puts it in)"
_NORMALIZATION = "BatchNormalization for LayerNormalization"

INSTEAD = {
    **dict.fromkeys(
        (
            "UNIDIRECTIONAL_SEQUENCE_LSTM", "UNIDIRECTIONAL_SEQUENCE_RNN", "LSTM", "RNN", "WHILE",
            "BATCH_MATMUL", "EINSUM", "TILE",
        ),
        _CONV,
    ),
    **dict.fromkeys(("NEG", "RSQRT", "SQUARED_DIFFERENCE"), _NORMALIZATION),
    **dict.fromkeys(("ELU", "GELU", "EXP", "HARD_SWISH", "ERF"), _RELU6),
}  # fmt: skip
"""Op -> what can replace the layers that it is made of."""

_INTEGER = frozenset({"int8", "int16", "int32", "int64", "bool"})


class Targets:
    """The engine and the board that a model is meant for.

    Args:
        engine: "aot" or "tflm".
        board: name or file; None checks against no board.

    Raises:
        ConfigError: there is no such board.
    """

    def __init__(self, engine: str, board: str | None) -> None:
        self.engine = engine
        self.board = load_board(board) if board else None

    def check(self, model: bytes, options: QuantizeOptions) -> None:
        """Refuses an int8 model that the engine cannot run, unless float was asked for in it.

        Raises:
            UnsupportedModel: all ops that are in the way, with what could replace them.
        """
        if options.mode != "int8" or options.keep_float or options.denylist:
            return
        graph = parse_tflite(model)
        lines = _left_in_float(graph)
        if not lines and self.engine == "tflm":
            reason = _tflm_reason(model)
            lines = [] if reason is None else [reason]
        elif not lines:
            lines = [_line(p.op_index, p.op_name, p.reason) for p in check_graph(graph)]
        if lines:
            raise UnsupportedModel(
                f"an int8 model that the engine {self.engine} runs",
                f"{len(lines)} of {len(graph.ops)} ops it cannot",
                "replace their layers as said above; to have the model nevertheless, "
                "--mode dynamic or float32 makes one for the desktop",
                details=tuple(lines),
            )

    def facts(self, model: bytes) -> dict[str, Any]:
        """What runs the model: per engine whether, and if not why; and whether it fits."""
        graph = parse_tflite(model)
        problems = [_line(p.op_index, p.op_name, p.reason) for p in check_graph(graph)]
        reason = _tflm_reason(model)
        engines: dict[str, dict[str, Any]] = {
            "aot": {"runs": not problems, "reasons": problems, "how": "compiled"},
            "tflm": {
                "runs": None if available() else reason is None,
                "reasons": [] if reason is None else [reason],
                "how": available() or "allocated and run once by the tflite-micro wheel",
            },
        }
        return {
            "engine": self.engine,
            "board": self.board.name if self.board else None,
            "engines": engines,
            "desktop_only": not any(e["runs"] for e in engines.values()),
            "memory": _memory(graph) if not problems else None,
            "fits": self._fit(graph) if not problems else None,
        }

    def _fit(self, graph: Graph) -> dict[str, Any] | None:
        if self.board is None or self.engine != "aot":
            return None
        try:
            check_fit(compile_graph(graph), self.board)
        except DoesNotFit as error:
            return {"fits": False, "reason": f"{error.wanted}: {error.seen}"}
        return {"fits": True, "reason": ""}


def _memory(graph: Graph) -> dict[str, Any] | None:
    try:
        program = compile_graph(graph)
    except UnsupportedModel:
        return None
    return {
        "arena_bytes": program.arena_bytes,
        "constants_bytes": program.weights_bytes,
        "how": "planned by the compiler for engine aot",
    }


def _left_in_float(graph: Graph) -> list[str]:
    """Ops with float tensors; the converter leaves them so without a word."""
    lines = []
    for op in graph.ops:
        kinds = {graph.tensors[i].dtype for i in (*op.inputs, *op.outputs) if i >= 0}
        if kinds - _INTEGER and op.name not in ("QUANTIZE", "DEQUANTIZE"):
            lines.append(_line(op.index, op.name, "the converter left it in float"))
    return lines


def _line(index: int, name: str, reason: str) -> str:
    instead = f"; instead: {INSTEAD[name]}" if name in INSTEAD else ""
    where = f"op {index} {name}" if index >= 0 else name.lower()
    return f"{where}: {reason}{instead}"


def _tflm_reason(model: bytes) -> str | None:
    """Why TFLM does not run a model; None where it does, or cannot be asked here."""
    if available():
        return None
    graph = parse_tflite(model)
    zeros = [np.zeros(graph.tensors[i].shape, graph.tensors[i].dtype) for i in graph.inputs]
    try:
        runner = TflmRunner(model)
        try:
            runner.run(zeros)
        finally:
            runner.close()
    except ModelError as error:
        return error.seen
    return None
