"""One op -> kernel calls. ``OPS`` is the table of what the aot engine can run."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from tinybench.compiler.lower import (
    activations,
    convert,
    convolution,
    elementwise,
    indexed,
    matmul,
    move,
    reduction,
    strided,
    tables,
)
from tinybench.compiler.lower.context import Lowering, Unsupported
from tinybench.compiler.lower.int16 import elementwise as wide_elementwise
from tinybench.compiler.lower.int16 import reduction as wide_reduction
from tinybench.compiler.lower.int16 import tables as wide_tables
from tinybench.compiler.lower.int16 import weighted
from tinybench.compiler.program import Step

_NOT_IN_TFLM = "TFLite Micro itself has this op in int8 only"


@dataclass(frozen=True)
class OpSpec:
    """How an op is lowered.

    Attributes:
        lower: makes the kernel calls.
        max_version: the newest version of the op that is understood.
        max_inputs: None where there may be any number.
        kernels: the C functions that it may become, the usual one first.
        limits: what the op must be, in the words that docs/ops.md explains.
        wide: as ``lower``, for int16 activations; None where those are not understood.
        wide_kernels: the C functions that it may become then.
        why_narrow: why ``wide`` is None, where that is not for want of a kernel here.
    """

    lower: Callable[[Lowering], list[Step]]
    max_version: int
    max_inputs: int | None
    kernels: tuple[str, ...]
    limits: str = ""
    wide: Callable[[Lowering], list[Step]] | None = None
    wide_kernels: tuple[str, ...] = ()
    why_narrow: str = ""

    def calls(self, lowering: Lowering) -> list[Step]:
        """The kernel calls of an op, by the dtype of its activations.

        Raises:
            Unsupported: why there are none.
        """
        wide = lowering.wide_tensor()
        if wide is None:
            return self.lower(lowering)
        if self.wide is None:
            reason = f": {self.why_narrow}" if self.why_narrow else ""
            raise Unsupported(f"tensor '{wide.name}' is int16, int8 is needed{reason}")
        return self.wide(lowering)


_DEPTHWISE = ("tb_depthwise", "tb_depthwise_any")
_TABLE = ("tb_lookup",)
_ROWS = ("tb_copy_rows",)
_WALK = ("tb_copy_strided",)
_INDEX = ("tb_copy_indexed",)
_ARG = ("tb_arg_max",)
_EXTREME = ("tb_reduce_max",)

_AXES = "axes that are neighbours"
_WEIGHTS = "batch 1; symmetric filter"
_SPREAD = "broadcasts; one constant at most"

# lowering, newest version, most inputs, kernels, limits
OPS: Mapping[str, OpSpec] = {
    "ABS": OpSpec(activations.absolute, 5, 1, _TABLE),
    "ADD": OpSpec(
        elementwise.add,
        4,
        2,
        ("tb_add", *_TABLE),
        _SPREAD,
        wide=wide_elementwise.add,
        wide_kernels=("tb_add16",),
    ),
    "ARG_MAX": OpSpec(reduction.arg_max, 3, 2, _ARG, "one axis; to int32", why_narrow=_NOT_IN_TFLM),
    "ARG_MIN": OpSpec(reduction.arg_min, 3, 2, _ARG, "one axis; to int32", why_narrow=_NOT_IN_TFLM),
    "AVERAGE_POOL_2D": OpSpec(
        reduction.average_pool,
        3,
        1,
        ("tb_average_pool",),
        "batch 1; one scale",
        wide=wide_reduction.average_pool,
        wide_kernels=("tb_average_pool16",),
    ),
    "BATCH_MATMUL": OpSpec(
        matmul.batch_matmul, 4, 2, ("tb_batch_matmul",), "2 to 5 axes; one constant at most"
    ),
    "CONCATENATION": OpSpec(
        move.concatenation,
        4,
        None,
        _ROWS,
        "one scale; no activation; no constant",
        wide=move.concatenation,
        wide_kernels=_ROWS,
    ),
    "CONV_2D": OpSpec(
        convolution.conv_2d,
        8,
        3,
        ("tb_conv2d", *_DEPTHWISE),
        _WEIGHTS,
        wide=weighted.conv_2d,
        wide_kernels=("tb_conv2d16",),
    ),
    "DEPTHWISE_CONV_2D": OpSpec(
        convolution.depthwise_conv_2d,
        7,
        3,
        (*_DEPTHWISE, "tb_conv2d"),
        _WEIGHTS,
        wide=weighted.depthwise_conv_2d,
        wide_kernels=("tb_depthwise16",),
    ),
    "DEPTH_TO_SPACE": OpSpec(strided.depth_to_space, 2, 1, _WALK, "one scale"),
    "DEQUANTIZE": OpSpec(convert.dequantize, 6, 1, ("tb_dequantize_float",), "to float32"),
    "FULLY_CONNECTED": OpSpec(
        convolution.fully_connected,
        13,
        3,
        ("tb_conv2d",),
        "symmetric weights",
        wide=weighted.fully_connected,
        wide_kernels=("tb_conv2d16",),
    ),
    "HARD_SWISH": OpSpec(
        activations.hard_swish,
        1,
        1,
        _TABLE,
        "output scale > input scale / 128",
        why_narrow=_NOT_IN_TFLM,
    ),
    "LEAKY_RELU": OpSpec(
        activations.leaky_relu,
        2,
        1,
        _TABLE,
        wide=wide_elementwise.leaky_relu,
        wide_kernels=("tb_leaky_relu16",),
    ),
    "LOGISTIC": OpSpec(
        activations.logistic,
        3,
        1,
        _TABLE,
        "output zero point -128",
        wide=wide_tables.logistic,
        wide_kernels=("tb_logistic16",),
    ),
    "MAXIMUM": OpSpec(
        elementwise.maximum,
        4,
        2,
        ("tb_maximum", *_TABLE),
        f"one scale; {_SPREAD}",
        wide=wide_elementwise.maximum,
        wide_kernels=("tb_maximum16",),
    ),
    "MAX_POOL_2D": OpSpec(
        reduction.max_pool,
        3,
        1,
        ("tb_max_pool",),
        "batch 1; one scale",
        wide=wide_reduction.max_pool,
        wide_kernels=("tb_max_pool16",),
    ),
    "MEAN": OpSpec(
        reduction.mean,
        3,
        2,
        ("tb_mean",),
        _AXES,
        wide=wide_reduction.mean,
        wide_kernels=("tb_mean16",),
    ),
    "MINIMUM": OpSpec(
        elementwise.minimum,
        4,
        2,
        ("tb_minimum", *_TABLE),
        f"one scale; {_SPREAD}",
        wide=wide_elementwise.minimum,
        wide_kernels=("tb_minimum16",),
    ),
    "MIRROR_PAD": OpSpec(indexed.mirror_pad, 3, 2, _INDEX, "one scale; 4 axes"),
    "MUL": OpSpec(
        elementwise.mul,
        7,
        2,
        ("tb_mul", *_TABLE),
        _SPREAD,
        wide=wide_elementwise.mul,
        wide_kernels=("tb_mul16",),
    ),
    "PACK": OpSpec(
        move.pack, 4, None, _ROWS, "one scale; no constant", wide=move.pack, wide_kernels=_ROWS
    ),
    "PAD": OpSpec(
        move.pad, 4, 2, ("tb_pad",), "one scale; 4 axes", wide=move.pad, wide_kernels=("tb_pad",)
    ),
    "PADV2": OpSpec(
        move.pad, 4, 3, ("tb_pad",), "one scale; 4 axes", wide=move.pad, wide_kernels=("tb_pad",)
    ),
    "PRELU": OpSpec(
        elementwise.prelu,
        1,
        2,
        ("tb_prelu", *_TABLE),
        _SPREAD,
        wide=wide_elementwise.prelu,
        wide_kernels=("tb_prelu16",),
    ),
    "QUANTIZE": OpSpec(
        convert.quantize,
        3,
        1,
        (*_TABLE, "tb_quantize_float"),
        "from int8 or float32",
        wide=wide_elementwise.quantize,
        wide_kernels=("tb_requantize16", "tb_narrow16", "tb_widen16"),
    ),
    "REDUCE_MAX": OpSpec(reduction.reduce_max, 3, 2, _EXTREME, f"one scale; {_AXES}"),
    "REDUCE_MIN": OpSpec(reduction.reduce_min, 3, 2, _EXTREME, f"one scale; {_AXES}"),
    "RELU": OpSpec(
        activations.relu,
        3,
        1,
        _TABLE,
        wide=wide_elementwise.relu,
        wide_kernels=("tb_requantize16",),
    ),
    "RELU6": OpSpec(
        activations.relu6,
        3,
        1,
        _TABLE,
        "one scale",
        wide=wide_elementwise.relu6,
        wide_kernels=("tb_requantize16",),
    ),
    "RESIZE_BILINEAR": OpSpec(
        indexed.resize_bilinear, 4, 2, ("tb_resize_bilinear",), "batch 1; one scale"
    ),
    "RESIZE_NEAREST_NEIGHBOR": OpSpec(
        indexed.resize_nearest_neighbor,
        4,
        2,
        _INDEX,
        "one scale",
        wide=indexed.resize_nearest_neighbor,
        wide_kernels=_INDEX,
    ),
    "SLICE": OpSpec(
        strided.slice_, 6, 3, _WALK, "one scale", wide=strided.slice_, wide_kernels=_WALK
    ),
    "SOFTMAX": OpSpec(
        tables.softmax,
        3,
        1,
        ("tb_softmax",),
        "output scale 1/256, zero point -128",
        wide=wide_tables.softmax,
        wide_kernels=("tb_softmax16",),
    ),
    "SPACE_TO_DEPTH": OpSpec(strided.space_to_depth, 2, 1, _WALK, "one scale"),
    "SPLIT": OpSpec(
        strided.split, 4, 2, _WALK, "one scale", wide=strided.split, wide_kernels=_WALK
    ),
    "SPLIT_V": OpSpec(
        strided.split_v, 2, 3, _WALK, "one scale", wide=strided.split_v, wide_kernels=_WALK
    ),
    "STRIDED_SLICE": OpSpec(
        strided.strided_slice,
        8,
        4,
        _WALK,
        "one scale; no ellipsis; no new axis",
        wide=strided.strided_slice,
        wide_kernels=_WALK,
    ),
    "SUB": OpSpec(
        elementwise.sub,
        5,
        2,
        ("tb_add", *_TABLE),
        _SPREAD,
        wide=wide_elementwise.sub,
        wide_kernels=("tb_add16",),
    ),
    "SUM": OpSpec(
        reduction.sum_,
        2,
        2,
        ("tb_mean",),
        _AXES,
        wide=wide_reduction.sum_,
        wide_kernels=("tb_mean16",),
    ),
    "TANH": OpSpec(
        activations.tanh,
        3,
        1,
        _TABLE,
        "output zero point 0",
        wide=wide_tables.tanh,
        wide_kernels=("tb_tanh16",),
    ),
    "TRANSPOSE": OpSpec(
        strided.transpose, 6, 2, _WALK, "one scale", wide=strided.transpose, wide_kernels=_WALK
    ),
    "TRANSPOSE_CONV": OpSpec(
        convolution.transpose_conv,
        5,
        4,
        ("tb_transpose_conv",),
        _WEIGHTS,
        wide=weighted.transpose_conv,
        wide_kernels=("tb_transpose_conv16",),
    ),
    "UNPACK": OpSpec(
        strided.unpack, 4, 1, _WALK, "one scale", wide=strided.unpack, wide_kernels=_WALK
    ),
}
