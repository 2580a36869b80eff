"""A model as TFLite Micro runs it: every op of the file a step, in the file's order."""

from __future__ import annotations

import math
from dataclasses import dataclass, field, replace
from functools import cached_property

from tinybench.compiler.kernel import Kernel
from tinybench.compiler.program import DeviceTensor, Step
from tinybench.errors import UnsupportedModel
from tinybench.model.graph import Graph, Op
from tinybench.tflm.checkouts import Checkouts, Taken, digest, take_files
from tinybench.tflm.resolver import methods

_DTYPES = {"float32", "int32", "uint8", "int16", "int8"}  # that the link can carry
_MAX_DIMS = 6


@dataclass(frozen=True)
class Interpreted:
    """A model for the engine tflm.

    Attributes:
        graph: the model as it is in the file.
        flatbuffer: the file's bytes.
        methods: of the op resolver, one per kind of op.
        steps: one per op.
        inputs, outputs: in the file's order; nothing is done to them on the host.
        kernels: "esp-nn" or "reference".
        taken: what is built from checkouts; nothing where ESP-IDF's components bring it.
        arena_bytes: 0 until it is known.
        arena_method: how it was found.
        weights_in: TFLM reads the file where it lies.
        notes: what a reader of the results should know.
    """

    graph: Graph
    flatbuffer: bytes = field(repr=False)
    methods: tuple[str, ...]
    steps: tuple[Step, ...]
    inputs: tuple[DeviceTensor, ...]
    outputs: tuple[DeviceTensor, ...]
    kernels: str
    taken: tuple[Taken, ...] = ()
    arena_bytes: int = 0
    arena_method: str = ""
    notes: tuple[str, ...] = ()
    weights_in: str = "flash"

    @property
    def options(self) -> dict[str, str]:
        """What its firmware depends on beside the model."""
        own = {"kernels": self.kernels, "arena": str(self.arena_bytes)}
        return own | ({"tflm_sources": self.sources_sha256} if self.taken else {})

    @cached_property
    def sources_sha256(self) -> str:
        """Of all that is taken from checkouts."""
        return digest(self.taken)

    @property
    def weights_bytes(self) -> int:
        """Constants: the file as it is."""
        return len(self.flatbuffer)

    @property
    def macs(self) -> int:
        """Multiply-accumulates of one inference."""
        return sum(step.macs for step in self.steps)


def interpret_graph(
    graph: Graph, flatbuffer: bytes, kernels: str, checkouts: Checkouts | None
) -> Interpreted:
    """Settles all but the arena.

    Args:
        graph: the model.
        flatbuffer: the file that it was read from.
        kernels: "esp-nn" or "reference".
        checkouts: None where ESP-IDF's components bring the sources.

    Raises:
        UnsupportedModel: ops that TFLM does not have, or an input or output that the link cannot
            carry.
    """
    if graph.unsupported:
        raise UnsupportedModel(
            "a model of one plain graph, whose ops can be told to TFLM's resolver",
            graph.unsupported[0],
            "convert it without that: docs/quantize.md says how, docs/engines.md what can run",
            details=graph.unsupported,
        )
    wanted = methods(graph)
    return Interpreted(
        graph=graph,
        flatbuffer=flatbuffer,
        methods=wanted,
        kernels=kernels,
        taken=tuple(take_files(checkouts, wanted)) if checkouts is not None else (),
        steps=tuple(_step(graph, op) for op in graph.ops),
        inputs=tuple(_device_tensor(graph, index, "INPUT") for index in graph.inputs),
        outputs=tuple(_device_tensor(graph, index, "OUTPUT") for index in graph.outputs),
    )


def _step(graph: Graph, op: Op) -> Step:
    step = Step(
        ops=(op.index,),
        label=op.name,
        kernel=Kernel(f"TFLM {op.name}", {}),
        inputs=tuple(i for i in op.inputs if i >= 0 and graph.tensors[i].data is None),
        output=op.outputs[0],
        macs=_macs(graph, op),
    )
    if len(op.outputs) == 1:
        return step
    return replace(step, links=tuple(replace(step, output=index) for index in op.outputs))


def _macs(graph: Graph, op: Op) -> int:
    """As the compiler counts them: every filter value once per place of its window."""
    if op.name not in {"CONV_2D", "DEPTHWISE_CONV_2D", "FULLY_CONNECTED", "TRANSPOSE_CONV"}:
        return 0
    output, filters = graph.tensors[op.outputs[0]], graph.tensors[op.inputs[1]]
    if op.name == "FULLY_CONNECTED":
        return output.elements // filters.shape[0] * filters.elements
    image = graph.tensors[op.inputs[2]] if op.name == "TRANSPOSE_CONV" else output
    return math.prod(image.shape[:3]) * filters.elements


def _device_tensor(graph: Graph, index: int, what: str) -> DeviceTensor:
    tensor = graph.tensors[index]
    if tensor.dtype not in _DTYPES or len(tensor.shape) > _MAX_DIMS:
        raise UnsupportedModel(
            f"an {what.lower()} of {', '.join(sorted(_DTYPES))} and at most {_MAX_DIMS} dimensions",
            f"tensor {index} {tensor.name}: {tensor.dtype} {list(tensor.shape)}",
            "convert the model so that its inputs and outputs are of one of these",
        )
    quant = tensor.quant
    return DeviceTensor(
        tensor=index,
        name=tensor.name,
        dtype=tensor.dtype,
        shape=tensor.shape,
        scale=float(quant.scale[0]) if quant is not None and quant.scale.size else 0.0,
        zero_point=int(quant.zero_point[0]) if quant is not None and quant.zero_point.size else 0,
        offset=0,
    )
