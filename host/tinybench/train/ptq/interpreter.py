"""LiteRT as quantization uses it: quick kernels, every tensor on demand.

No default delegates: XNNPACK fails on some int8 models, and keeps no intermediate tensors.
"""

from __future__ import annotations

import importlib
from importlib.metadata import version
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tinybench.errors import ModelError
from tinybench.model.affine import quantize_real
from tinybench.model.graph import Graph
from tinybench.model.read import parse_tflite


def name() -> str:
    """The runtime and its version, for reports."""
    return f"LiteRT {version('ai-edge-litert')}, built-in kernels without delegates"


class Quick:
    """A model loaded in LiteRT, fed with real values whatever its input's type.

    Args:
        model_bytes: a .tflite with one input.
        keep_tensors: keep every intermediate tensor, for :meth:`tensor`.

    Raises:
        ModelError: LiteRT does not take it.
    """

    def __init__(self, model_bytes: bytes, *, keep_tensors: bool = False) -> None:
        litert = importlib.import_module("ai_edge_litert.interpreter")
        self.graph: Graph = parse_tflite(model_bytes)
        self._entry = self.graph.tensors[self.graph.inputs[0]]
        self._exit = self.graph.tensors[self.graph.outputs[0]]
        try:
            self._interpreter: Any = litert.Interpreter(
                model_content=model_bytes,
                experimental_op_resolver_type=(
                    litert.OpResolverType.BUILTIN_WITHOUT_DEFAULT_DELEGATES
                ),
                experimental_preserve_all_tensors=keep_tensors,
                num_threads=1,
            )
            self._interpreter.allocate_tensors()
        except (RuntimeError, ValueError) as error:
            raise _refused(error) from error

    def run(self, sample: NDArray[np.float32]) -> NDArray[np.float32]:
        """One inference.

        Args:
            sample: real values, as many as the input has elements.

        Returns:
            float32, the output's real values, flat.
        """
        self._interpreter.set_tensor(self._entry.index, self._as_input(sample))
        try:
            self._interpreter.invoke()
        except (RuntimeError, ValueError) as error:
            raise _refused(error) from error
        raw = self._interpreter.get_tensor(self._exit.index).reshape(-1)
        return self.real(self._exit.index, raw)

    def tensor(self, index: int) -> NDArray[Any]:
        """A tensor of the last inference as it is; needs ``keep_tensors``."""
        return np.asarray(self._interpreter.get_tensor(index))

    def real(self, index: int, raw: NDArray[Any]) -> NDArray[np.float32]:
        """A tensor's real values: scale * (q - zero point), or as they are."""
        quant = self.graph.tensors[index].quant
        if raw.dtype.kind == "f" or quant is None or not quant.scale.size:
            return raw.astype(np.float32)
        steps = raw.astype(np.int64) - int(quant.zero_point[0])
        return (steps * float(quant.scale[0])).astype(np.float32)

    def _as_input(self, sample: NDArray[np.float32]) -> NDArray[Any]:
        entry = self._entry
        if entry.dtype == "float32":
            return sample.reshape(entry.shape)
        if entry.quant is None or not entry.quant.scale.size:
            seen, todo = (
                f"{entry.dtype} without scale",
                "give the float model, before it was quantized",
            )
            raise ModelError("a float or quantized input", seen, todo)
        scale, zero = float(entry.quant.scale[0]), int(entry.quant.zero_point[0])
        return quantize_real(sample, scale, zero, entry.dtype).reshape(entry.shape)


def _refused(error: Exception) -> ModelError:
    return ModelError(
        "run the model with LiteRT on this machine", " ".join(str(error).split()), "check the model"
    )
