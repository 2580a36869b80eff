"""Keras files that can be compressed."""

from __future__ import annotations

import runpy
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from tinybench.errors import ModelError


def load_model(path: Path, code: Sequence[str] = ()) -> Any:
    """Loads a .keras or .h5 file.

    Args:
        path: the file.
        code: Python files to run first; they register the model's own layers with
            ``@keras.saving.register_keras_serializable()``.

    Raises:
        ModelError: it cannot be loaded, is another kind of file, or has several inputs.
    """
    import keras

    import tinybench.train.fakequant
    import tinybench.train.layers  # noqa: F401

    for file in code:
        runpy.run_path(str(file))
    if path.is_dir() or path.suffix not in (".keras", ".h5", ".hdf5"):
        raise ModelError(
            "a Keras model to retrain: a .keras or .h5 file",
            str(path),
            "save it with model.save('model.keras'); a .tflite or SavedModel holds no layers "
            "that Keras 3 could train",
        )
    if not path.is_file():
        raise ModelError("read a Keras model", f"no such file: {path}", "check the path")
    try:
        model = keras.models.load_model(path, compile=False)
    except Exception as error:
        raise ModelError(
            f"load {path.name} with Keras {keras.__version__}",
            f"{type(error).__name__}: {' '.join(str(error).split())[:300]}",
            "layers of your own: name the Python file that registers them with --code FILE.py",
        ) from error
    if len(model.inputs) != 1 or len(model.outputs) != 1:
        raise ModelError(
            "a model with one input and one output",
            f"inputs={len(model.inputs)}, outputs={len(model.outputs)}",
            "give the model one of each, or split it",
        )
    return model
