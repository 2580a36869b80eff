"""Keras files that can be compressed."""

from __future__ import annotations

import runpy
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from tinybench.errors import UsageError
from tinybench.train.load import load_model as load_any


def load_model(path: Path, code: Sequence[str] = ()) -> Any:
    """Loads a .keras or .h5 file of Keras 3.

    Args:
        path: the file.
        code: Python files to run first; they register the model's own layers with
            ``@keras.saving.register_keras_serializable()``.

    Raises:
        UsageError: a file of code fails.
        ModelError: it cannot be loaded, is another kind of file, or has several inputs.
    """
    for file in code:
        try:
            runpy.run_path(str(file))
        except Exception as error:
            raise UsageError(
                f"run the Python file {file}, to have its layers",
                f"{type(error).__name__}: {' '.join(str(error).split())[:200]}",
                "it should define and register layers, and import what they need",
            ) from error
    return load_any(path, retrain=True).model
