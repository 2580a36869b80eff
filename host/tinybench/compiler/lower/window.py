"""The sliding window shared by convolutions and pools."""

from __future__ import annotations

from tinybench.compiler.fold import EXPLICIT_PADDING
from tinybench.compiler.lower.context import Lowering, Unsupported
from tinybench.compiler.window import Window

MAX_REACH = 1 << 16  # positions in int32 cannot overflow


def window_of(lowering: Lowering, kernel: tuple[int, int], dilation: tuple[int, int]) -> Window:
    """The window of an op.

    Args:
        lowering: an op with NHWC input 0 and an NHWC output, strides and padding.
        kernel, dilation: (height, width).

    Raises:
        Unsupported: a batch, a shape or padding that does not fit together.
    """
    source, out = lowering.input(0).shape, lowering.output.shape
    if len(source) != 4 or len(out) != 4:
        raise Unsupported(f"shapes {source} -> {out}, NHWC is needed")
    if source[0] != 1 or out[0] != 1:
        raise Unsupported(f"batch of {source[0]}, 1 is needed")
    strides = int(lowering.option("stride_h", 1)), int(lowering.option("stride_w", 1))
    reach = max(1 + (k - 1) * d for k, d in zip(kernel, dilation, strict=True))
    if min(*strides, *kernel, *dilation) < 1 or max(*strides, reach) > MAX_REACH:
        raise Unsupported(f"strides={strides} kernel={kernel} dilation={dilation}")
    before, size = zip(
        *(_padding(lowering, i, source[1 + i], kernel[i], strides[i], dilation[i]) for i in (0, 1)),
        strict=True,
    )
    if size != out[1:3]:
        raise Unsupported(f"output is {out[1:3]}, {size} follows from its input and options")
    return Window(*source[1:], *out[1:], *kernel, *strides, *dilation, *before)


def _padding(
    lowering: Lowering, axis: int, size: int, kernel: int, stride: int, dilation: int
) -> tuple[int, int]:
    """(padding before, output size) along one axis: ComputePaddingHeightWidth() in padding.h."""
    reach = (kernel - 1) * dilation + 1
    explicit = lowering.option(EXPLICIT_PADDING, None)
    if explicit is not None:
        before, after = explicit[2 * axis : 2 * axis + 2]
        return before, (size + before + after - reach) // stride + 1
    kind = lowering.option("padding", "VALID")
    if kind == "VALID":
        return 0, (size - reach) // stride + 1
    if kind != "SAME":
        raise Unsupported(f"padding {kind}")
    out = (size + stride - 1) // stride
    return max(0, (out - 1) * stride + reach - size) // 2, out
