"""Between real values and integers, exactly as TFLite Micro's QUANTIZE and DEQUANTIZE do it.

Sources: reference_ops::AffineQuantize and Dequantize in
tensorflow/lite/kernels/internal/reference/quantize.h and dequantize.h.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray


def quantize_real(
    real: NDArray[np.float32], scale: float, zero_point: int, dtype: str = "int8"
) -> NDArray[Any]:
    """Real values to integers: round(real / scale) + zero_point, saturated.

    The division is in float32 and halves go away from zero, as in AffineQuantize. Beyond the
    range of int32, where the C code is undefined, the value saturates; NaN becomes the zero
    point.

    Args:
        real: any shape.
        scale, zero_point: of the result.
        dtype: of the result: "int8", "uint8", ...
    """
    limits = np.iinfo(dtype)
    with np.errstate(over="ignore", invalid="ignore"):
        ratio = (real.astype(np.float32) / np.float32(scale)).astype(np.float64)
    rounded = np.copysign(np.floor(np.abs(ratio) + 0.5), ratio) + zero_point
    rounded = np.where(np.isnan(rounded), zero_point, rounded)
    clipped: NDArray[Any] = np.clip(rounded, limits.min, limits.max).astype(dtype)
    return clipped


def dequantize(values: NDArray[Any], scale: float, zero_point: int) -> NDArray[np.float32]:
    """Integers to float32: scale * (value - zero_point), rounded once."""
    exact = np.float64(np.float32(scale)) * (values.astype(np.int64) - zero_point)
    return exact.astype(np.float32)
