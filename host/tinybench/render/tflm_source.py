"""A model for TFLite Micro -> model.cc: the flatbuffer, an arena, a resolver with its ops."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from tinybench.boards.room import INTERNAL, Placement
from tinybench.render.files import render_template
from tinybench.render.instrument import Instrument
from tinybench.render.model_context import TensorGroup
from tinybench.render.model_source import (
    ARENA_PLACES,
    byte_list,
    render_labels,
    render_null,
    tensor_source,
)
from tinybench.tflm.program import Interpreted

_BYTES_PER_LINE = 24


@dataclass(frozen=True)
class TflmContext:
    """What templates/tflm.cc.j2 needs."""

    model_sha256: str
    sha256_bytes: str
    build_id_bytes: str
    macs: int
    flatbuffer_bytes: int
    flatbuffer: str
    arena_bytes: int
    arena_place: str
    methods: tuple[str, ...]
    op_count: int
    instrument: Instrument
    tensor_groups: tuple[TensorGroup, TensorGroup]


def render_interpreted(
    program: Interpreted,
    labels: Sequence[str] | None,
    build_id: str,
    instrument: Instrument = Instrument.NONE,
    placement: Placement = INTERNAL,
) -> dict[str, str]:
    """The generated sources by file name, as render_model() makes them for the engine aot."""
    if instrument is Instrument.NULL:
        return render_null(build_id)
    data = program.flatbuffer
    lines = (data[i : i + _BYTES_PER_LINE] for i in range(0, len(data), _BYTES_PER_LINE))
    context = TflmContext(
        model_sha256=program.graph.sha256,
        sha256_bytes=byte_list(bytes.fromhex(program.graph.sha256)),
        build_id_bytes=byte_list(bytes.fromhex(build_id)),
        macs=program.macs,
        flatbuffer_bytes=len(data),
        flatbuffer=",\n".join(",".join(map(str, line)) for line in lines),
        arena_bytes=program.arena_bytes,
        arena_place=ARENA_PLACES[placement.arena],
        methods=program.methods,
        op_count=len(program.graph.ops),
        instrument=instrument,
        tensor_groups=(
            TensorGroup("inputs", tuple(tensor_source(t) for t in program.inputs)),
            TensorGroup("outputs", tuple(tensor_source(t) for t in program.outputs)),
        ),
    )
    return {"model.cc": render_template("tflm.cc.j2", context), **render_labels(labels)}
