"""BATCH_MATMUL of two computed tensors."""

from __future__ import annotations

import math

from tinybench.compiler.fixedpoint import quantize_multiplier
from tinybench.compiler.kernel import Value
from tinybench.compiler.lower.context import Lowering, Unsupported
from tinybench.compiler.lower.packing import stored_shift
from tinybench.compiler.lower.strided import strides_of
from tinybench.compiler.program import Step

MAX_RANK = 5  # as TFLite Micro has it
MAX_DEPTH = (2**31 - 1) // 255**2  # so many products of two differences fit int32


def batch_matmul(lowering: Lowering) -> list[Step]:
    """BATCH_MATMUL, with its batches broadcast.

    Source: BatchMatMulPrepare() in batch_matmul.cc. It multiplies two scales in float32; TFLite
    Micro as it is distributed does that in double precision.

    Raises:
        Unsupported: two constants, or shapes that do not fit together.
    """
    a, b, out = lowering.input(0), lowering.input(1), lowering.output
    a_scale, b_scale, out_scale = (lowering.int8_scale(t) for t in (a, b, out))
    if a.data is not None and b.data is not None:
        raise Unsupported("both operands are constant")
    rank = len(out.shape)
    if not 2 <= min(len(a.shape), len(b.shape)) <= max(len(a.shape), len(b.shape)) == rank:
        raise Unsupported(f"shapes {a.shape} and {b.shape} -> {out.shape}")
    if rank > MAX_RANK:
        raise Unsupported(f"{rank} axes, {MAX_RANK} are possible")
    shape_a, shape_b = ((1,) * (rank - len(t.shape)) + t.shape for t in (a, b))
    (rows, depth), (row_a, depth_a) = _matrix(shape_a, bool(lowering.option("adj_x", False)))
    (depth_of_b, columns), (depth_b, column_b) = _matrix(
        shape_b, bool(lowering.option("adj_y", False))
    )
    batches = tuple(max(pair) for pair in zip(shape_a[:-2], shape_b[:-2], strict=True))
    if depth != depth_of_b or out.shape != (*batches, rows, columns):
        raise Unsupported(f"shapes {a.shape} and {b.shape} -> {out.shape}")
    if depth > MAX_DEPTH:
        raise Unsupported(f"sums of {depth} products, at most {MAX_DEPTH} fit 32 bits")
    m = quantize_multiplier(float(a_scale.scale) * float(b_scale.scale) / float(out_scale.scale))
    fields: dict[str, Value] = {
        "batch": (1,) * (MAX_RANK - rank) + batches,
        "batch_a": _batch_steps(shape_a, batches),
        "batch_b": _batch_steps(shape_b, batches),
        "rows": rows,
        "depth": depth,
        "columns": columns,
        "row_a": row_a,
        "depth_a": depth_a,
        "column_b": column_b,
        "depth_b": depth_b,
        "a_offset": -a_scale.zero,
        "b_offset": -b_scale.zero,
        "multiplier": m.value,
        "shift": stored_shift(m, depth * 255**2),
        "out_offset": out_scale.zero,
    }
    macs = out.elements * depth
    return [lowering.step("tb_batch_matmul", fields, (a.index, b.index), macs=macs)]


def _matrix(shape: tuple[int, ...], transposed: bool) -> tuple[tuple[int, int], tuple[int, int]]:
    """Rows and columns of an operand's matrices, and the elements from one to the next."""
    height, width = shape[-2:]
    return ((width, height), (1, width)) if transposed else ((height, width), (width, 1))


def _batch_steps(shape: tuple[int, ...], batches: tuple[int, ...]) -> tuple[int, ...]:
    """Elements from batch to batch along each axis; 0 where the operand repeats.

    Raises:
        Unsupported: it does not broadcast.
    """
    sizes = shape[:-2]
    if any(size not in (1, batch) for size, batch in zip(sizes, batches, strict=True)):
        raise Unsupported(f"batches of {sizes} in {batches}")
    matrix = math.prod(shape[-2:])
    steps = [
        0 if s == 1 else step * matrix for s, step in zip(sizes, strides_of(sizes), strict=True)
    ]
    return (0,) * (MAX_RANK - len(shape)) + tuple(steps)
