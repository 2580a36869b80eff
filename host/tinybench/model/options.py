"""An operator's builtin options as a plain dict, whatever the operator."""

from __future__ import annotations

import functools
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from tinybench.model.schema import Walk, damaged, enum_name, schema, snake_case

# The options table of operators that cannot be read without one. Operators that are not listed
# get whatever the file says.
OPTIONS_OF: Mapping[str, str] = MappingProxyType(
    {
        "ADD": "AddOptions",
        "ARG_MAX": "ArgMaxOptions",
        "ARG_MIN": "ArgMinOptions",
        "AVERAGE_POOL_2D": "Pool2DOptions",
        "BATCH_MATMUL": "BatchMatMulOptions",
        "CONCATENATION": "ConcatenationOptions",
        "CONV_2D": "Conv2DOptions",
        "DEPTHWISE_CONV_2D": "DepthwiseConv2DOptions",
        "DEPTH_TO_SPACE": "DepthToSpaceOptions",
        "FULLY_CONNECTED": "FullyConnectedOptions",
        "LEAKY_RELU": "LeakyReluOptions",
        "MAX_POOL_2D": "Pool2DOptions",
        "MEAN": "ReducerOptions",
        "MIRROR_PAD": "MirrorPadOptions",
        "MUL": "MulOptions",
        "PACK": "PackOptions",
        "REDUCE_MAX": "ReducerOptions",
        "REDUCE_MIN": "ReducerOptions",
        "RESHAPE": "ReshapeOptions",
        "RESIZE_BILINEAR": "ResizeBilinearOptions",
        "RESIZE_NEAREST_NEIGHBOR": "ResizeNearestNeighborOptions",
        "SHAPE": "ShapeOptions",
        "SOFTMAX": "SoftmaxOptions",
        "SPACE_TO_DEPTH": "SpaceToDepthOptions",
        "SPLIT": "SplitOptions",
        "SPLIT_V": "SplitVOptions",
        "STRIDED_SLICE": "StridedSliceOptions",
        "SUB": "SubOptions",
        "SUM": "ReducerOptions",
        "TRANSPOSE_CONV": "TransposeConvOptions",
        "UNPACK": "UnpackOptions",
    }
)

# Which enum a field holds, by the field's snake_case name.
ENUM_OF: Mapping[str, str] = MappingProxyType(
    {
        "fused_activation_function": "ActivationFunctionType",
        "in_data_type": "TensorType",
        "kernel_type": "LSTMKernelType",
        "mode": "MirrorPadMode",
        "out_data_type": "TensorType",
        "out_type": "TensorType",
        "output_type": "TensorType",
        "padding": "Padding",
        "quantized_bias_type": "TensorType",
        "weights_format": "FullyConnectedOptionsWeightsFormat",
    }
)


@functools.cache
def option_fields(table: str) -> Mapping[str, str]:
    """An options table's fields: snake_case name -> the schema's field name."""
    fields = vars(getattr(schema(), f"{table}T")())
    return MappingProxyType({snake_case(field): field for field in fields})


def read_options(walk: Walk, operator: Any, op: str) -> Mapping[str, Any]:
    """The operator's options, the schema's defaults where the file leaves a field out.

    Args:
        walk: counts what is read.
        operator: the schema's ``Operator`` table.
        op: "CONV_2D", ...; operators in :data:`OPTIONS_OF` always get all their fields.

    Returns:
        Fields by snake_case name: numbers, enum names, tuples of numbers. Empty where the
        operator has no options.

    Raises:
        ModelError: the options are those of another operator.
    """
    kind = enum_name("BuiltinOptions", operator.BuiltinOptionsType())
    union = operator.BuiltinOptions()
    wanted = OPTIONS_OF.get(op)
    if kind == "NONE" or union is None:
        return _defaults(wanted) if wanted else MappingProxyType({})
    if wanted not in (None, kind):
        raise damaged(f"operator {op} carries {kind} instead of {wanted}")
    if not hasattr(schema(), kind):
        return MappingProxyType({})
    table = getattr(schema(), kind)()
    table.Init(union.Bytes, union.Pos)
    fields = option_fields(kind)
    return MappingProxyType(
        {name: _read_field(walk, table, name, field) for name, field in fields.items()}
    )


def _defaults(table: str) -> Mapping[str, Any]:
    """A table's fields as they are when the file leaves all of them out."""
    defaults = vars(getattr(schema(), f"{table}T")())
    return MappingProxyType(
        {snake_case(field): _named(snake_case(field), value) for field, value in defaults.items()}
    )


def _named(name: str, value: Any) -> Any:
    """An enum's number as its name, an absent vector as an empty one, the rest unchanged."""
    if value is None:
        return ()
    return enum_name(ENUM_OF[name], value) if name in ENUM_OF else value


def _read_field(walk: Walk, table: Any, name: str, field: str) -> Any:
    accessor = field[0].upper() + field[1:]
    if hasattr(table, f"{accessor}AsNumpy"):
        return tuple(walk.vector(table, accessor).tolist())
    if hasattr(table, f"{accessor}Length"):  # a vector of tables: only operators nobody runs
        return ()
    value = getattr(table, accessor)()
    if isinstance(value, bytes):
        return walk.text(value, accessor)
    return _named(name, value) if isinstance(value, int | float) else ()
