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


def without_dead_taps(window: Window) -> tuple[Window, tuple[slice, slice]]:
    """A window without the filter's outer rows and columns that lie outside for every output.

    Small images have such. Returns the rows and columns of the filter that are left, too.
    """
    w = window
    rows = _taps_met(w.in_h, w.out_h, w.kernel_h, w.stride_h, w.dilation_h, w.pad_top)
    columns = _taps_met(w.in_w, w.out_w, w.kernel_w, w.stride_w, w.dilation_w, w.pad_left)
    cut = w._replace(
        kernel_h=rows.stop - rows.start,
        kernel_w=columns.stop - columns.start,
        pad_top=w.pad_top - rows.start * w.dilation_h,
        pad_left=w.pad_left - columns.start * w.dilation_w,
    )
    return cut, (rows, columns)


def _taps_met(size: int, outputs: int, taps: int, stride: int, dilation: int, pad: int) -> slice:
    """From the first to the last tap along one axis that meets the image; all if none does."""
    origins = range(-pad, outputs * stride - pad, stride)
    met = [k for k in range(taps) if any(0 <= o + k * dilation < size for o in origins)]
    # Padding stays padding: a window must not begin inside.
    first = min(met[0], pad // dilation) if met else 0
    return slice(first, met[-1] + 1 if met else taps)
