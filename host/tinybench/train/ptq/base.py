"""Any model as a float .tflite: what quantization begins with."""

from __future__ import annotations

import difflib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tinybench.errors import DataError, ModelError
from tinybench.model.graph import Graph
from tinybench.model.read import parse_tflite, read_model_bytes
from tinybench.train.data import Samples
from tinybench.train.finite import check_finite
from tinybench.train.ptq.layers import layer_name
from tinybench.train.ptq.options import QuantizeOptions

Job = Callable[..., dict[str, Any]]
"""Runs a job by its name with its request as keywords."""


@dataclass(frozen=True)
class Base:
    """A model as a float .tflite, ready to be quantized.

    Attributes:
        data: its bytes.
        graph: what they hold.
        made: the quantized model, where the mode takes no samples.
        library: what loaded the user's file.
        converter: what converted it.
        parameters: of the model; None where not known.
        probe: largest difference of outputs to the model in its own library; None for a
            .tflite, which is run as it is.
        layers: scopes in tensors' names -> names of layers, where they differ.
    """

    data: bytes
    graph: Graph
    made: bytes | None
    library: str
    converter: str
    parameters: int | None
    probe: float | None
    layers: Mapping[str, str]

    @property
    def sample_shape(self) -> tuple[int, ...]:
        """The shape of one sample, without the batch."""
        return self.graph.tensors[self.graph.inputs[0]].shape[1:]

    @property
    def outputs(self) -> int | None:
        """How many classes the model tells apart; None where its output is no row of scores.

        One sigmoid tells two apart.
        """
        tensor = self.graph.tensors[self.graph.outputs[0]]
        if tensor.elements == 1:
            return 2 if self.graph.ops and self.graph.ops[-1].name == "LOGISTIC" else None
        return tensor.elements if max(tensor.shape) == tensor.elements else None


def prepare_base(model: Path, options: QuantizeOptions, work: Path, job: Job) -> Base:
    """The float .tflite, and where no samples are needed the quantized one.

    Args:
        model: as the user gives it.
        options: mode, and whether a softmax is left out.
        work: folder for files on the way.
        job: runs a job of TensorFlow's process.

    Raises:
        ModelError: it cannot be loaded or converted.
    """
    if not model.exists():
        raise ModelError("read a model", f"no such file: {model}", "check the path")
    if model.suffix.lower() == ".tflite":
        return _read_flat(model, options, work, job)
    base, made = work / "base.tflite", work / "made.tflite"
    reply = job(
        "tinybench.train.ptq.jobs:prepare_job",
        model=str(model.resolve()),
        base=str(base),
        made=str(made),
        mode=options.mode,
        logits=options.logits,
    )
    data = base.read_bytes()
    return Base(
        data=data,
        graph=parse_tflite(data),
        made=made.read_bytes() if made.is_file() else None,
        library=reply["library"],
        converter=reply["converter"],
        parameters=reply["parameters"],
        probe=reply["probe"],
        layers=reply["layers"],
    )


def _read_flat(model: Path, options: QuantizeOptions, work: Path, job: Job) -> Base:
    data = read_model_bytes(model)
    graph = parse_tflite(data)
    _check_flat(graph)
    if options.logits:
        raise ModelError(
            "a Keras model, to leave out its softmax",
            f"{model.name} is converted already",
            "give the Keras model that it was made of, or leave out --logits",
        )
    made, converter = (data, "none") if options.mode == "float32" else (None, "")
    if options.mode in ("dynamic", "float16"):
        path = work / "made.tflite"
        reply = job(
            "tinybench.train.ptq.flatfile:quantize_file_job",
            base=str(model.resolve()),
            made=str(path),
            mode=options.mode,
        )
        made, converter = path.read_bytes(), reply["converter"]
    weights = [t.data for t in graph.tensors if t.data is not None and t.dtype == "float32"]
    parameters = sum(w.size for w in weights)
    return Base(data, graph, made, "a float .tflite", converter, parameters, None, {})


def _check_flat(graph: Graph) -> None:
    """Refuses a .tflite that is no float model with one input, or whose weights are not finite."""
    if len(graph.inputs) != 1 or len(graph.outputs) != 1:
        raise ModelError(
            "a model with one input and one output",
            f"inputs={len(graph.inputs)}, outputs={len(graph.outputs)}",
            "give the model one input, or split it",
        )
    dtype = graph.tensors[graph.inputs[0]].dtype
    quantized = [t.name for t in graph.tensors if t.dtype in ("int8", "uint8") and t.data is None]
    if dtype != "float32" or quantized:
        seen = f"its input is {dtype}" + (", its activations are quantized" if quantized else "")
        raise ModelError("a float .tflite, to quantize", seen, "give the model before it was")
    check_finite(
        (t.name, t.data) for t in graph.tensors if t.data is not None and t.data.dtype.kind == "f"
    )


def check_labels(options: QuantizeOptions, samples: Samples, *, scored: bool = True) -> None:
    """Refuses to select the best by labels that there are not.

    Args:
        options: whether that is asked for.
        samples: to select by.
        scored: whether the model gives scores.

    Raises:
        DataError: there is nothing to select by.
    """
    if options.select == "best" and (samples.labels is None or not scored):
        seen = f"{samples.path} has none that suit"
        raise DataError("labels, to select the best by", seen, "leave out --select best")


def check_ops(base: Base, names: Sequence[str]) -> None:
    """Refuses ops to keep in float that the model does not have.

    Raises:
        ModelError: with those that it has.
    """
    have = sorted({op.name for op in base.graph.ops})
    for name in names:
        if name not in have:
            seen, todo = f"it has no {name}", f"its ops are {', '.join(have)}"
            raise ModelError("ops of the model in --keep-float", seen, todo)


def tensors_of(base: Base, layers: tuple[str, ...]) -> list[str]:
    """Names of tensors that belong to layers, which are named as the report names them.

    Raises:
        ModelError: a layer that no tensor belongs to.
    """
    graph = base.graph
    names = [graph.tensors[t].name for op in graph.ops for t in op.outputs]
    found = []
    for layer in layers:
        mine = [n for n in names if layer in (n, layer_name(n, base.layers))]
        if not mine:
            known = sorted({layer_name(n, base.layers) for n in names})
            close = difflib.get_close_matches(layer, known, 1)
            raise ModelError(
                "layers of the model in --denylist",
                f"no tensor belongs to {layer!r}",
                f"did you mean {close[0]}?" if close else f"layers are {', '.join(known[:10])}",
            )
        found += mine
    return found
