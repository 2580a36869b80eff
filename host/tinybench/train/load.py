"""Loads models of every kind that can be quantized; called in TensorFlow's process only.

====================================  ================================================
.keras or .h5 of Keras 3, of Keras 2  Keras 3, else ``tf_keras`` (Keras 2)
SavedModel folder of Keras 2, or a    ``tf_keras``; regularizers that it does not know are put
.zip that holds one                   aside, since they matter to training alone
any other SavedModel                  its signature ``serving_default``
====================================  ================================================
"""

from __future__ import annotations

import re
import tempfile
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tinybench.errors import ModelError
from tinybench.train.finite import check_finite

RECURRENT = frozenset({"LSTM", "GRU", "SimpleRNN", "RNN", "ConvLSTM1D", "ConvLSTM2D", "ConvLSTM3D"})
"""Layers that the converter makes a loop of, unless they are unrolled."""

_WRAPPED = ("layer", "forward_layer", "backward_layer")  # TimeDistributed, Bidirectional

_KERAS_SUFFIXES = (".keras", ".h5", ".hdf5")


@dataclass(frozen=True)
class Loaded:
    """A model in memory.

    Attributes:
        model: a ``keras.Model``, a ``tf_keras.Model``, or a SavedModel's signature.
        library: what loaded it, with version.
        keras: the module that its layers are of (``keras`` or ``tf_keras``); None for a
            SavedModel without layers.
        input_shape: of one sample, without the batch.
        owner: object that must outlive the signature; None for Keras models.
    """

    model: Any
    library: str
    keras: Any
    input_shape: tuple[int, ...]
    owner: Any = None


def load_model(path: Path, *, retrain: bool = False) -> Loaded:
    """Loads a model with one input and finite weights.

    Args:
        path: the file or folder.
        retrain: take what Keras 3 can train only: its own .keras and .h5 files.

    Raises:
        ModelError: it cannot be loaded, has several inputs, free dimensions, or weights that are
            not finite; says which.
    """
    check_kind(path, retrain=retrain)
    if path.is_dir():
        loaded = _load_saved_model(path)
    elif path.suffix.lower() == ".zip":
        loaded = _load_zip(path)
    else:
        loaded = _load_keras(path, retrain=retrain)
    if loaded.keras is not None:
        check_finite(named_weights(loaded.model))
    return loaded


def check_kind(path: Path, *, retrain: bool = False) -> None:
    """Refuses what no model lies in, by name and form: before TensorFlow is loaded.

    Args:
        path: the file or folder.
        retrain: as :func:`load_model`.

    Raises:
        ModelError: it is not there, of another kind, or cut off.
    """
    keras = path.suffix.lower() in _KERAS_SUFFIXES
    if retrain and (path.is_dir() or not keras):
        raise ModelError(
            "a Keras model to retrain: a .keras or .h5 file",
            str(path),
            "save it with model.save('model.keras'); a .tflite or SavedModel holds no layers "
            "that Keras 3 could train",
        )
    if not path.exists():
        raise ModelError("read a model", f"no such file: {path}", "check the path")
    if keras and path.is_file() and not _is_whole(path):
        raise ModelError(
            f"load the model {path}",
            f"its {path.stat().st_size:,} B are neither a whole zip archive nor HDF5",
            "copy it anew, or save it anew with model.save('model.keras')",
        )
    if not (keras or path.is_dir() or path.suffix.lower() == ".zip"):
        raise _unknown(path, f"a file that ends in {path.suffix or 'nothing'}")


def _is_whole(path: Path) -> bool:
    """Whether a .keras or .h5 file may be one: an archive has its table at its end."""
    with path.open("rb") as file:
        return file.read(4) == b"\x89HDF" or zipfile.is_zipfile(file)


def _unknown(path: Path, seen: str) -> ModelError:
    return ModelError(
        f"load the model {path}", seen, "give a .keras or .h5 file, a SavedModel or a float .tflite"
    )


def _load_keras(path: Path, *, retrain: bool) -> Loaded:
    import keras

    import tinybench.train.fakequant
    import tinybench.train.layers  # noqa: F401

    text = _texts(path)
    try:
        model = keras.models.load_model(path, compile=False, custom_objects=_set_aside(text, keras))
        return _keras_model(model, keras, f"Keras {keras.__version__}")
    except ModelError:
        raise
    except Exception as error:  # Keras raises whatever its parts do
        first = error
    if retrain:
        raise _not_loaded(path, first, _WITH_CODE) from first
    import tf_keras

    try:
        model = tf_keras.models.load_model(
            path, compile=False, custom_objects=_set_aside(text, tf_keras)
        )
    except Exception:
        raise _not_loaded(path, first) from first
    return _keras_model(model, tf_keras, f"tf_keras {tf_keras.__version__}")


def _load_zip(path: Path) -> Loaded:
    with tempfile.TemporaryDirectory(prefix="tinybench-model-") as folder:
        try:
            with zipfile.ZipFile(path) as archive:
                archive.extractall(folder)
        except (zipfile.BadZipFile, OSError) as error:
            todo = "zip the SavedModel's folder again, or give the folder itself"
            raise ModelError(f"unpack the model {path}", str(error), todo) from error
        found = sorted(Path(folder).rglob("saved_model.pb"))
        if len(found) != 1:
            raise _unknown(path, f"the archive holds {len(found)} SavedModels")
        return _load_saved_model(found[0].parent)


def _load_saved_model(path: Path) -> Loaded:
    if not (path / "saved_model.pb").is_file():
        raise _unknown(path, "a folder without saved_model.pb")
    if (path / "keras_metadata.pb").is_file():
        import tf_keras

        text = _texts(path / "keras_metadata.pb")
        try:
            model = tf_keras.models.load_model(
                path, compile=False, custom_objects=_set_aside(text, tf_keras)
            )
        except Exception as error:
            raise _not_loaded(path, error) from error
        return _keras_model(model, tf_keras, f"tf_keras {tf_keras.__version__}")
    return _load_signature(path)


def _load_signature(path: Path) -> Loaded:
    import tensorflow as tf

    owner = tf.saved_model.load(str(path))
    signature = owner.signatures.get("serving_default") or owner.signatures.get("serve")
    if signature is None:
        raise _unknown(path, "a SavedModel without the signature serving_default")
    specs = signature.structured_input_signature[1]
    _check_inputs([tuple(spec.shape) for spec in specs.values()])
    name, spec = next(iter(specs.items()))

    def call(x: Any) -> Any:
        return next(iter(signature(**{name: x}).values()))

    return Loaded(call, f"TensorFlow {tf.__version__}", None, tuple(spec.shape)[1:], owner)


def _keras_model(model: Any, keras: Any, library: str) -> Loaded:
    inputs = getattr(model, "inputs", None)
    if not inputs:
        raise ModelError(
            "a model whose input shape is known",
            "it was never built",
            "give it an Input layer, or call it once before it is saved",
        )
    _check_inputs([tuple(tensor.shape) for tensor in inputs])
    outputs = model.outputs
    if len(outputs) != 1:
        raise ModelError(
            "a model with one output", f"outputs={len(outputs)}", "cut it down to the one to score"
        )
    return Loaded(model, library, keras, tuple(inputs[0].shape)[1:])


def _check_inputs(shapes: list[tuple[int | None, ...]]) -> None:
    if len(shapes) != 1:
        raise ModelError(
            "a model with one input",
            f"inputs={len(shapes)}",
            "give the model one input, or split it",
        )
    if None in shapes[0][1:]:
        raise ModelError(
            "an input whose shape is fixed, but for the batch",
            f"shape={shapes[0]}",
            "save the model with a fixed input shape",
        )


def _texts(path: Path) -> str:
    """All that can name a class: a SavedModel's metadata, a .keras file's JSON, an .h5's header."""
    if zipfile.is_zipfile(path):
        with zipfile.ZipFile(path) as archive:
            names = [name for name in archive.namelist() if name.endswith(".json")]
            return "\n".join(archive.read(name).decode("utf-8", "replace") for name in names)
    return path.read_bytes().decode("latin-1") if path.is_file() else ""


def _set_aside(text: str, keras: Any) -> dict[str, Any]:
    """Stand-ins for regularizers that Keras does not know, by class name."""
    pattern = r'"\w*regularizer":\s*\{[^{}]*?"class_name":\s*"([^"]+)"'
    found = {name.split(">")[-1]: name for name in re.findall(pattern, text)}

    class SetAside(keras.regularizers.Regularizer):  # type: ignore[misc]
        def __init__(self, **settings: Any) -> None:
            self.settings = settings

        def __call__(self, x: Any) -> float:
            return 0.0

        def get_config(self) -> dict[str, Any]:
            return self.settings

    known = {name for name in dir(keras.regularizers)}
    return {name: SetAside for short, name in found.items() if short not in known}


_EXPORTED = (
    "build the model of Keras's layers, or export it with model.export(FOLDER): "
    "such a SavedModel can be quantized, not retrained"
)
_WITH_CODE = "layers of your own: name the Python file that registers them with --code FILE.py"


def _not_loaded(path: Path, error: Exception, todo: str = _EXPORTED) -> ModelError:
    said = " ".join(str(error).split())
    layer = re.search(r"(?:Unknown layer:?|Could not locate class)\s+'?\"?([\w>]+)", said)
    if layer:
        return ModelError(
            f"load the model {path}",
            f"the layer {layer[1]} is none of Keras's own",
            todo,
        )
    return ModelError(
        f"load the model {path}",
        f"{type(error).__name__}: {said[:500]}",
        todo if "Lambda" in said else "save it anew with model.save('model.keras')",
    )


def named_weights(model: Any) -> Iterator[tuple[str, NDArray[Any]]]:
    """A Keras model's weights by their paths."""
    for weight in model.weights:
        yield getattr(weight, "path", weight.name), np.asarray(weight)


def every_layer(model: Any) -> list[Any]:
    """A model's layers, those of models and wrappers inside it included."""
    found: list[Any] = []
    for layer in getattr(model, "layers", ()):
        found.append(layer)
        found += every_layer(layer)
        inner = [getattr(layer, name, None) for name in _WRAPPED]
        found += [each for each in inner if each is not None]
    return found


def refuse_recurrent(model: Any) -> None:
    """Refuses recurrent layers that the converter makes a loop of; it may crash on them.

    Raises:
        ModelError: naming them, and what could take their place.
    """
    layers = [
        f"{layer.name} ({type(layer).__name__})"
        for layer in every_layer(model)
        if type(layer).__name__ in RECURRENT and not getattr(layer, "unroll", False)
    ]
    if layers:
        raise ModelError(
            "a model for a microcontroller",
            f"it has recurrent layers, which no engine here runs: {', '.join(layers)}",
            "replace them by Conv1D layers or a DS-CNN over the window "
            "(`tinybench new ds-cnn1d` makes one), or unroll them (unroll=True) where the "
            "window is short: an unrolled layer is plain dense arithmetic",
        )


def leave_out_softmax(loaded: Loaded) -> None:
    """Makes a model give logits, in place; the order of scores is the same without a softmax.

    Raises:
        ModelError: there is no softmax in the last layer.
    """
    last = loaded.model.layers[-1] if loaded.keras is not None else None
    if last is None or last.get_config().get("activation") != "softmax":
        kind = type(last).__name__ if last is not None else "not known"
        raise ModelError(
            "a last layer whose activation is softmax, to leave it out",
            f"the last layer is {kind}",
            "leave out --logits",
        )
    last.activation = loaded.keras.activations.linear


def predictor(loaded: Loaded) -> Callable[[NDArray[np.float32]], NDArray[np.float32]]:
    """Runs the model as its own library does, on a batch."""
    if loaded.keras is not None:
        return lambda x: np.asarray(loaded.model.predict(x, verbose=0), np.float32)
    return lambda x: np.concatenate([np.asarray(loaded.model(row[np.newaxis])) for row in x])
