"""Which ops TFLite Micro has, and what MicroMutableOpResolver calls them.

The names are those of micro_mutable_op_resolver.h in espressif/esp-tflite-micro 1.4.0 (99f49e1);
with a checkout at hand, tests/unit/tflm compares the two.
"""

from __future__ import annotations

from tinybench.errors import UnsupportedModel
from tinybench.model.graph import Graph

PINNED = "esp-tflite-micro 1.4.0"

_NAMES = """
ABS ADD ADD_N ARG_MAX ARG_MIN ASSIGN_VARIABLE AVERAGE_POOL_2D BATCH_MATMUL BATCH_TO_SPACE_ND
BROADCAST_ARGS BROADCAST_TO CALL_ONCE CAST CEIL CONCATENATION CONV_2D COS CUMSUM DEPTHWISE_CONV_2D
DEPTH_TO_SPACE DEQUANTIZE DIV DYNAMIC_UPDATE_SLICE ELU EMBEDDING_LOOKUP EQUAL EXP EXPAND_DIMS FILL
FLOOR FLOOR_DIV FLOOR_MOD FULLY_CONNECTED GATHER GATHER_ND GREATER GREATER_EQUAL HARD_SWISH IF
L2_NORMALIZATION L2_POOL_2D LEAKY_RELU LESS LESS_EQUAL LOG LOGICAL_AND LOGICAL_NOT LOGICAL_OR
LOGISTIC LOG_SOFTMAX MAXIMUM MAX_POOL_2D MEAN MINIMUM MIRROR_PAD MUL NEG NOT_EQUAL PACK PAD PADV2
PRELU QUANTIZE READ_VARIABLE REDUCE_ALL REDUCE_MAX REDUCE_MIN RELU RELU6 RESHAPE RESIZE_BILINEAR
RESIZE_NEAREST_NEIGHBOR REVERSE_V2 ROUND RSQRT SELECT_V2 SHAPE SIN SLICE SOFTMAX SPACE_TO_BATCH_ND
SPACE_TO_DEPTH SPLIT SPLIT_V SQRT SQUARE SQUARED_DIFFERENCE SQUEEZE STRIDED_SLICE SUB SUM SVDF
TANH TRANSPOSE TRANSPOSE_CONV UNIDIRECTIONAL_SEQUENCE_LSTM UNPACK VAR_HANDLE WHILE ZEROS_LIKE
"""
OPS = frozenset(_NAMES.split())
"""Builtin operators that can be registered, by the schema's names."""

_UNLIKE_THE_RULE = {
    "BATCH_MATMUL": "AddBatchMatMul",
    "CUMSUM": "AddCumSum",
    "PADV2": "AddPadV2",
    "UNIDIRECTIONAL_SEQUENCE_LSTM": "AddUnidirectionalSequenceLSTM",
}


def method(op: str) -> str:
    """The resolver's method for an op: "CONV_2D" -> "AddConv2D"."""
    words = (word.upper() if word == "2d" else word.capitalize() for word in op.lower().split("_"))
    return _UNLIKE_THE_RULE.get(op, "Add" + "".join(words))


def methods(graph: Graph) -> tuple[str, ...]:
    """The methods that register exactly the ops of a graph, sorted.

    Raises:
        UnsupportedModel: ops that TFLM does not have, all of them.
    """
    missing = [op for op in graph.ops if op.name not in OPS]
    if missing:
        names = ", ".join(sorted({op.name for op in missing}))
        raise UnsupportedModel(
            f"ops that TFLite Micro ({PINNED}) can register",
            f"it has no {names}",
            "convert the model without them: `tinybench inspect` lists its ops",
            details=tuple(
                f"op {op.index} {op.name}: not in MicroMutableOpResolver" for op in missing
            ),
        )
    return tuple(sorted({method(op.name) for op in graph.ops}))
