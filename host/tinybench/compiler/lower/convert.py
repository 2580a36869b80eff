"""QUANTIZE and DEQUANTIZE that stay in the graph."""

from __future__ import annotations

from tinybench.compiler.fixedpoint import clamp8, multiply, quantize_multiplier
from tinybench.compiler.kernel import Value
from tinybench.compiler.lower.context import Lowering, Unsupported
from tinybench.compiler.lower.tables import lookup
from tinybench.compiler.program import Step


def quantize(lowering: Lowering) -> list[Step]:
    """int8 -> int8 by table; float32 -> int8 in software floating point."""
    source, out = lowering.input(0), lowering.output
    out_scale = lowering.int8_scale(out)
    if source.dtype == "float32" and source.data is None:
        fields: dict[str, Value] = {
            "count": lowering.same_elements(),
            "scale": float(out_scale.scale),
            "zero_point": out_scale.zero,
        }
        return [lowering.step("tb_quantize_float", fields, (source.index,), soft_float=True)]
    if source.dtype != "int8":
        raise Unsupported(f"input is {source.dtype}, int8 or float32 is needed")
    in_scale = lowering.int8_scale(source)
    m = quantize_multiplier(float(in_scale.scale) / float(out_scale.scale))
    return lookup(lowering, lambda v: clamp8(multiply(v - in_scale.zero, m) + out_scale.zero))


def dequantize(lowering: Lowering) -> list[Step]:
    """int8 -> float32 in software floating point."""
    source, out = lowering.input(0), lowering.output
    if out.dtype != "float32":
        raise Unsupported(f"output is {out.dtype}, float32 is needed")
    if source.data is not None:
        raise Unsupported("a constant stored in reduced precision (float16 model?)")
    in_scale = lowering.int8_scale(source)
    fields: dict[str, Value] = {
        "count": lowering.same_elements(),
        "scale": float(in_scale.scale),
        "zero_point": in_scale.zero,
    }
    return [lowering.step("tb_dequantize_float", fields, (source.index,), soft_float=True)]
