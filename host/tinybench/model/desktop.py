"""The desktop TFLite that accuracy is compared with: LiteRT with its reference kernels.

Reference kernels, because the optimized ones (XNNPACK) differ from any microcontroller's by up to
1 per operator, and fail on some int8 models altogether.
"""

from __future__ import annotations

import importlib
import struct
import time
from collections.abc import Sequence
from importlib.metadata import version
from typing import Any

import numpy as np

from tinybench.errors import ModelError
from tinybench.model.graph import Graph
from tinybench.model.read import parse_tflite
from tinybench.model.runner import Array, check_inputs
from tinybench.model.schema import schema

_QUANTIZED_DIMENSION = 16  # the field's slot in QuantizationParameters' vtable


class DesktopRunner:
    """LiteRT with one thread and reference kernels.

    Args:
        model_bytes: the .tflite file.

    Raises:
        ModelError: the file is not a model, or LiteRT does not take it.
    """

    def __init__(self, model_bytes: bytes) -> None:
        self.name = f"LiteRT {version('ai-edge-litert')}, reference kernels"
        self.last_us = 0.0
        self._graph = parse_tflite(model_bytes)
        self._model, self.notes = mend_bias_axes(model_bytes, self._graph)
        self._interpreter = _load(self._model)
        self._inputs = [detail["index"] for detail in self._interpreter.get_input_details()]
        self._outputs = [detail["index"] for detail in self._interpreter.get_output_details()]

    def run(self, inputs: Sequence[Array]) -> list[Array]:
        """One inference; see :class:`~tinybench.model.runner.Runner`.

        Raises:
            DataError: the arrays are not what the model takes.
            ModelError: LiteRT refuses to run the model.
        """
        check_inputs(self._graph, inputs)
        for index, array in zip(self._inputs, inputs, strict=True):
            self._interpreter.set_tensor(index, array)
        start = time.perf_counter_ns()
        try:
            self._interpreter.invoke()
        except (RuntimeError, ValueError) as error:
            raise _refused(error) from error
        self.last_us = (time.perf_counter_ns() - start) / 1000
        return [np.array(self._interpreter.get_tensor(index)) for index in self._outputs]

    def close(self) -> None:
        """Frees the model."""
        self._interpreter = None


def _load(model: bytes) -> Any:
    litert = importlib.import_module("ai_edge_litert.interpreter")
    try:
        interpreter = litert.Interpreter(
            model_content=model,
            experimental_op_resolver_type=litert.OpResolverType.BUILTIN_REF,
            num_threads=1,
        )
        interpreter.allocate_tensors()
    except (RuntimeError, ValueError) as error:
        raise _refused(error) from error
    return interpreter


def _refused(error: Exception) -> ModelError:
    reason = " ".join(str(error).split())
    return ModelError("run the model with LiteRT on this machine", reason, "check the model")


def mend_bias_axes(model_bytes: bytes, graph: Graph) -> tuple[bytes, tuple[str, ...]]:
    """Resets the quantized dimension of one-dimensional tensors that claim another.

    Old converters (person_detect, as it is published) wrote the weights' dimension, 3, on the
    biases too. TFLM does not look at it, LiteRT refuses the model.

    Returns:
        The model's bytes (the same object where nothing was wrong), and a note where not.
    """
    model = schema().Model.GetRootAs(model_bytes, 0)
    subgraph = model.Subgraphs(0)
    mended = bytearray()
    count = 0
    for tensor in graph.tensors:
        quantization = subgraph.Tensors(tensor.index).Quantization()
        if quantization is None or len(tensor.shape) != 1 or quantization.QuantizedDimension() == 0:
            continue
        mended = mended or bytearray(model_bytes)
        table = quantization._tab
        struct.pack_into("<i", mended, table.Pos + table.Offset(_QUANTIZED_DIMENSION), 0)
        count += 1
    if count == 0:
        return model_bytes, ()
    note = f"LiteRT ran the model with the quantized dimension of {count} biases reset to 0"
    return bytes(mended), (note,)
