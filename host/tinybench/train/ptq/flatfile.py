"""Dynamic range and float16 from a float .tflite, which TensorFlow's converter does not take.

By litert-quantizer's own recipes; 8-bit weights per channel, as the converter has them.
"""

from __future__ import annotations

from importlib.metadata import version
from pathlib import Path
from typing import Any


def quantize_file_job(request: dict[str, Any]) -> dict[str, Any]:
    """Writes ``made`` from ``base``; ``mode`` is "dynamic" or "float16".

    Returns:
        ``converter``.
    """
    from litert_quantizer import algorithm_manager, qtyping, quantizer, recipe

    maker = quantizer.Quantizer(request["base"])
    if request["mode"] == "dynamic":
        maker.load_quantization_recipe(recipe.dynamic_wi8_afp32())
    else:
        maker.update_quantization_recipe(
            regex=".*",
            operation_name=qtyping.TFLOperationName.ALL_SUPPORTED,
            op_config=qtyping.OpQuantizationConfig(
                weight_tensor_config=qtyping.TensorQuantizationConfig(
                    num_bits=16, dtype=qtyping.TensorDataType.FLOAT
                ),
                compute_precision=qtyping.ComputePrecision.FLOAT,
                explicit_dequantize=True,
            ),
            algorithm_key=algorithm_manager.AlgorithmName.FLOAT_CASTING,
        )
    data = bytes(maker.quantize().quantized_model)
    Path(request["made"]).write_bytes(data)
    return {"converter": f"litert-quantizer {version('litert-quantizer')}"}
