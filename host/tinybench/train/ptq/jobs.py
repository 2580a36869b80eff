"""TensorFlow's side of quantization; called in :mod:`tinybench.train.isolated`'s child only.

A model is converted once, to a float .tflite that is ready to be calibrated; each calibration
then runs that file on samples and quantizes it, which is what ``TFLiteConverter.convert`` does
in one go and ``QuantizationDebugger`` in these steps.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tinybench.errors import ModelError
from tinybench.model.desktop import DesktopRunner
from tinybench.model.read import parse_tflite
from tinybench.train.convert import converter_name
from tinybench.train.isolated import report
from tinybench.train.load import (
    Loaded,
    every_layer,
    leave_out_softmax,
    load_model,
    predictor,
    refuse_recurrent,
)
from tinybench.train.ptq.ranges import narrow_ranges

_PROBES = 4
_PROBE_TOLERANCE = 1e-3  # of the outputs' largest value


def prepare_job(request: dict[str, Any]) -> dict[str, Any]:
    """Loads ``model`` and writes ``base``, a float .tflite ready for calibration.

    Args:
        request: paths ``model``, ``base`` and ``made``; ``mode``, which is written to ``made``
            where no samples are needed for it; ``logits``.

    Returns:
        ``library``, ``converter``, ``parameters`` (None where not known), ``probe``: the largest
        difference between the model in its own library and ``base``; ``layers``: names of
        scopes -> of layers.

    Raises:
        ModelError: the model cannot be loaded or converted.
    """
    loaded = load_model(Path(request["model"]))
    report("loaded by " + loaded.library)
    refuse_recurrent(loaded.model)
    if request["logits"]:
        leave_out_softmax(loaded)
    report("converting to TFLite")
    converting = _Converting(loaded)
    base = converting.to("base")
    Path(request["base"]).write_bytes(base)
    if request["mode"] in ("dynamic", "float16", "float32"):
        Path(request["made"]).write_bytes(converting.to(request["mode"]))
    return {
        "library": loaded.library,
        "converter": converter_name(),
        "parameters": None if loaded.keras is None else int(loaded.model.count_params()),
        "probe": _probe(loaded, base),
        "layers": _layer_names(loaded, base),
    }


class _Converting:
    """A model as a function with batch 1, traced once: all its conversions share their names.

    A dynamic batch would leave SHAPE, STRIDED_SLICE and PACK in the graph. Keras 3 models are
    not seen by the converter as what holds their variables, so a ``tf.Module`` does.
    """

    def __init__(self, loaded: Loaded) -> None:
        import tensorflow as tf

        self.shape = (1, *loaded.input_shape)
        model, self.holder = loaded.model, loaded.owner
        call = model
        if loaded.keras is not None:
            self.holder = tf.Module()
            self.holder.kept = [getattr(v, "value", v) for v in model.variables]
            if loaded.keras.__name__ == "tf_keras":
                self.holder.kept = list(model.variables)

            def call(x: Any) -> Any:
                return model(x, training=False)

        spec = tf.TensorSpec(self.shape, tf.float32)
        self.function = tf.function(call).get_concrete_function(spec)

    def to(self, mode: str) -> bytes:
        """One conversion; "base" is float, ready for calibration.

        Raises:
            ModelError: the converter refuses the model.
        """
        import tensorflow as tf

        converter = tf.lite.TFLiteConverter.from_concrete_functions([self.function], self.holder)
        if mode != "float32":
            converter.optimizations = [tf.lite.Optimize.DEFAULT]
        if mode == "float16":
            converter.target_spec.supported_types = [tf.float16]
        if mode == "base":
            zeros = np.zeros(self.shape, np.float32)
            converter.representative_dataset = lambda: iter([[zeros]])
            converter._experimental_calibrate_only = True
        try:
            data: bytes = converter.convert()
        except Exception as error:  # MLIR's own words are long; its last lines are in the log
            said = " ".join(str(error).split())
            raise ModelError(
                "convert the model to TFLite",
                f"{type(error).__name__}: {said[:400]}",
                "build it of layers that TFLite has ops for",
            ) from error
        return data


def _layer_names(loaded: Loaded, base: bytes) -> dict[str, str]:
    """Scopes in tensors' names -> the layers that they are of, where Keras has altered them.

    Keras 3 appends a number to each scope ("stem" gives "stem_1"), so that the scope "conv_1"
    can be of the layer "conv" or "conv_1": it is of the first in order that has none yet.
    """
    if loaded.keras is None:
        return {}
    left = [layer.name for layer in every_layer(loaded.model)]
    last = left[-1]
    found: dict[str, str] = {}
    graph = parse_tflite(base)
    for op in graph.ops:
        for scope in graph.tensors[op.outputs[0]].name.split(";")[0].split("/"):
            fits = (x for x in left if scope == x or re.fullmatch(re.escape(x) + r"_\d+", scope))
            if scope not in found and (layer := next(fits, None)) is not None:
                found[scope] = layer
                left.remove(layer)
    return found | {graph.tensors[graph.outputs[0]].name: last}


def _probe(loaded: Loaded, base: bytes) -> float:
    """The largest difference of outputs between the model and its conversion.

    Raises:
        ModelError: it is more than rounding makes.
    """
    x = np.random.default_rng(0).uniform(0, 1, (_PROBES, *loaded.input_shape)).astype(np.float32)
    wanted = predictor(loaded)(x)
    runner = DesktopRunner(base)
    seen = np.concatenate([runner.run([row[np.newaxis]])[0] for row in x]).reshape(wanted.shape)
    worst = float(np.abs(seen - wanted).max())
    if not worst <= _PROBE_TOLERANCE * max(1.0, float(np.abs(wanted).max())):
        raise ModelError(
            f"a conversion that computes what {loaded.library} does",
            f"outputs differ by up to {worst:.3g} on {_PROBES} random inputs",
            "the converter made another model of it: leave out layers one by one to find which",
        )
    return worst


def quantize_job(request: dict[str, Any]) -> dict[str, Any]:
    """Quantizes ``base`` once for each of ``drafts``.

    Args:
        request: path ``base``; ``mode`` ("int8", "int16x8"), ``calibration``,
            ``per_channel_dense``, ``keep_float``, ``denylist`` (names of tensors); ``drafts``: a
            list of ``representative`` (.npy, float32, samples first) and ``out``.

    Returns:
        ``converter``.
    """
    base = Path(request["base"]).read_bytes()
    make = _int16x8 if request["mode"] == "int16x8" else _int8
    for number, draft in enumerate(request["drafts"], 1):
        report(f"calibration {number} of {len(request['drafts'])}")
        samples = np.load(draft["representative"])
        Path(draft["out"]).write_bytes(make(base, samples, request))
    return {"converter": converter_name()}


def _calibrator(base: bytes) -> Any:
    from tensorflow.lite.python.optimize import calibrator

    return calibrator.Calibrator(calibrator.add_intermediate_tensors(base))


def _feed(samples: NDArray[np.float32]) -> Any:
    return lambda: ([sample[np.newaxis]] for sample in samples)


def _int8(base: bytes, samples: NDArray[np.float32], request: dict[str, Any]) -> bytes:
    import tensorflow as tf
    from tensorflow.lite.python.convert import mlir_quantize

    calibrated: bytes = _calibrator(base).calibrate(_feed(samples))
    if request["calibration"] != "minmax":
        calibrated = narrow_ranges(calibrated, samples, request["calibration"])
    data: bytes = mlir_quantize(
        calibrated,
        input_data_type=tf.int8,
        output_data_type=tf.int8,
        disable_per_channel_for_dense_layers=not request["per_channel_dense"],
        denylisted_ops=set(request["keep_float"]) or None,
        denylisted_nodes=set(request["denylist"]) or None,
    )
    return data


def _int16x8(base: bytes, samples: NDArray[np.float32], request: dict[str, Any]) -> bytes:
    import tensorflow as tf

    data: bytes = _calibrator(base).calibrate_and_quantize(
        _feed(samples),
        tf.int16,
        tf.int16,
        False,
        activations_type=tf.int16,
        bias_type=tf.int64,
        disable_per_channel_quantization_for_dense_layers=not request["per_channel_dense"],
    )
    return data
