"""Keras model file -> full-integer int8 .tflite, checked before anyone gets to see it."""

from __future__ import annotations

import hashlib
import tempfile
import time
import zipfile
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from tinybench.errors import ModelError
from tinybench.model.graph import Graph
from tinybench.model.read import read_tflite
from tinybench.train.isolated import Progress, run_job
from tinybench.whole import write_whole

_INTEGER = frozenset({"int8", "int32", "bool"})


@dataclass(frozen=True)
class Quantized:
    """A quantized model on disk.

    Attributes:
        path: the .tflite file.
        sha256: of its bytes.
        nbytes: its size.
        converter: what made it, with version.
        seconds: how long that took, wall time.
    """

    path: Path
    sha256: str
    nbytes: int
    converter: str
    seconds: float


def quantize_int8(
    model: Path,
    representative: NDArray[np.float32],
    out: Path,
    *,
    per_channel_dense: bool = True,
    log: Path | None = None,
    progress: Progress | None = None,
) -> Quantized:
    """Quantizes a Keras model: int8 in, int8 out, int8 inside, batch 1.

    `tinybench quantize` does more; this is for inputs that only your own program can prepare::

        from tinybench.train import quantize_int8
        quantize_int8(Path("bird.keras"), train_x[:200], Path("bird.tflite"))

    Args:
        model: a .keras or .h5 file that Keras 3 loads.
        representative: float32, (n, *input shape): some hundred real inputs, preprocessed as in
            training. The ranges of all activations come from them.
        out: the .tflite to write; replaced in one step, never half-written.
        per_channel_dense: scales per output channel in FULLY_CONNECTED.
        log: where the converter's output goes.
        progress: given a line of news now and then.

    Raises:
        ModelError: the file cannot be loaded or converted, or part of it stayed float.
        ToolMissing: TensorFlow is not installed.
    """
    if not model.exists():
        raise ModelError("read a Keras model", f"no such file: {model}", "check the path")
    if model.suffix == ".keras" and not zipfile.is_zipfile(model):
        raise ModelError(f"read {model}", "it is no Keras 3 file, or cut off", "save it again")
    started = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="tinybench-quantize-") as folder:
        samples, made = Path(folder, "representative.npy"), Path(folder, "model.tflite")
        np.save(samples, np.asarray(representative, np.float32))
        request = {
            "model": str(model.resolve()),
            "representative": str(samples),
            "out": str(made),
            "per_channel_dense": per_channel_dense,
        }
        reply = run_job(
            "tinybench.train.convert:quantize_job",
            request,
            purpose=f"quantize {model.name}",
            log=log,
            progress=progress,
        )
        check_full_integer(read_tflite(made))
        data = made.read_bytes()
    write_whole(out, data)
    return Quantized(
        path=out,
        sha256=hashlib.sha256(data).hexdigest(),
        nbytes=len(data),
        converter=reply["converter"],
        seconds=time.monotonic() - started,
    )


def check_full_integer(graph: Graph) -> None:
    """Refuses a graph in which something is not integer, or whose batch is not 1.

    The converter leaves an op that it cannot quantize in float without a word.

    Raises:
        ModelError: all such ops at once, with their index.
    """
    lines = []
    for op in graph.ops:
        kinds = {graph.tensors[i].dtype for i in (*op.inputs, *op.outputs) if i >= 0}
        if wrong := kinds - _INTEGER:
            lines.append(f"op {op.index} {op.name}: {', '.join(sorted(wrong))}")
    if lines:
        raise ModelError(
            "a model that is integer throughout",
            f"{len(lines)} of {len(graph.ops)} ops are not",
            "replace these layers by ones that TFLite can quantize (e.g. ELU by ReLU)",
            details=tuple(lines),
        )
    for index in graph.inputs:
        if graph.tensors[index].shape[:1] != (1,):
            seen = f"input shape={graph.tensors[index].shape}"
            raise ModelError("a batch of 1", seen, "make the model with an Input of batch size 1")
