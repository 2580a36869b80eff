"""PAD, CONCATENATION and PACK: bytes that only change their place."""

from __future__ import annotations

import math
from collections.abc import Callable

from tinybench.compiler.kernel import Value
from tinybench.compiler.lower.context import Lowering, Scale, Unsupported
from tinybench.compiler.program import Step
from tinybench.model.graph import Tensor


def pad(lowering: Lowering) -> list[Step]:
    """PAD with the zero point, PADV2 with a constant around up to four axes."""
    source, out = lowering.input(0), lowering.output
    in_scale, out_scale = lowering.any_scale(source), lowering.any_scale(out)
    if in_scale != out_scale:
        raise Unsupported("input and output differ in scale or zero point")
    paddings = lowering.constant(1, "int32")
    rank = len(source.shape)
    if rank > 4 or paddings.shape != (rank, 2) or (paddings < 0).any():
        raise Unsupported(f"paddings {paddings.tolist()} of shape {source.shape}")
    before = tuple(int(p) for p in paddings[:, 0])
    after = tuple(int(p) for p in paddings[:, 1])
    size = tuple(b + s + a for b, s, a in zip(before, source.shape, after, strict=True))
    if size != out.shape:
        raise Unsupported(f"output is {out.shape}, {size} follows from the paddings")
    fields: dict[str, Value] = {
        "in_size": _four_axes(source.shape, 1, out_scale.itemsize),
        "before": _four_axes(before, 0, out_scale.itemsize),
        "after": _four_axes(after, 0, out_scale.itemsize),
        "value": _border(lowering, out_scale),
    }
    return [lowering.step("tb_pad", fields, (source.index,))]


def _four_axes(values: tuple[int, ...], missing: int, itemsize: int) -> tuple[int, ...]:
    """One number per axis, of the last one in bytes."""
    *outer, last = (missing,) * (4 - len(values)) + values
    return (*outer, last * itemsize)


def _border(lowering: Lowering, out_scale: Scale) -> int:
    """The byte that the border is made of."""
    if lowering.optional_input(2) is None:
        return out_scale.zero
    value = lowering.constant(2, out_scale.dtype)
    if value.size != 1 or lowering.any_scale(lowering.input(2)) != out_scale:
        raise Unsupported("the border is not one value in the output's scale")
    border = int(value.reshape(-1)[0])
    if border and out_scale.itemsize > 1:
        raise Unsupported(f"a border of {border}; in {out_scale.dtype} 0 is needed")
    return border


def concatenation(lowering: Lowering) -> list[Step]:
    """One copy per input; scales must agree, as TFLite Micro demands."""
    if lowering.option("fused_activation_function", "NONE") != "NONE":
        raise Unsupported("a fused activation")
    return _join(lowering, lambda source, axis: source.shape)


def pack(lowering: Lowering) -> list[Step]:
    """PACK: a concatenation along an axis that the inputs do not have."""
    return _join(lowering, lambda source, axis: (*source.shape[:axis], 1, *source.shape[axis:]))


def _join(lowering: Lowering, shape_of: Callable[[Tensor, int], tuple[int, ...]]) -> list[Step]:
    """The inputs after one another along the op's axis.

    Args:
        lowering: the op.
        shape_of: an input, the axis -> its shape as a part of the output.
    """
    out = lowering.output
    out_scale = lowering.any_scale(out)
    rank = len(out.shape)
    axis = int(lowering.option("axis", 0))
    if not -rank <= axis < rank:
        raise Unsupported(f"axis {axis} of rank {rank}")
    axis %= rank
    step = math.prod(out.shape[axis:])
    steps: list[Step] = []
    offset = 0
    for position in range(len(lowering.op.inputs)):
        source = lowering.input(position)
        if lowering.any_scale(source) != out_scale:
            raise Unsupported(f"input {position} differs from the output in scale or zero point")
        shape = shape_of(source, axis)
        same = shape[:axis] + shape[axis + 1 :]
        if len(shape) != rank or same != out.shape[:axis] + out.shape[axis + 1 :]:
            raise Unsupported(f"input {position} of shape {source.shape} for {out.shape}")
        if source.data is not None:
            raise Unsupported(f"input {position} is constant")
        piece = math.prod(shape[axis:])
        fields: dict[str, Value] = {
            "rows": math.prod(shape[:axis]),
            "bytes": piece * out_scale.itemsize,
            "out_step": step * out_scale.itemsize,
            "out_offset": offset * out_scale.itemsize,
        }
        steps.append(lowering.step("tb_copy_rows", fields, (source.index,)))
        offset += piece
    if offset != step:
        raise Unsupported(f"inputs fill {offset} of {step} elements a row")
    return steps
