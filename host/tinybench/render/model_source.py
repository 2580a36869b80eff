"""Program -> model.cc and labels.h."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from tinybench import resources
from tinybench.boards.room import INTERNAL, Placement
from tinybench.compiler.program import DeviceTensor, Program
from tinybench.render.files import render_template
from tinybench.render.instrument import Instrument
from tinybench.render.kernel_calls import (
    arrays_of,
    call_source,
    chain_source,
    named_parts,
    op_source,
    scratch_addresses,
)
from tinybench.render.model_context import (
    ArraySource,
    CallSource,
    ChainSource,
    ModelContext,
    OpSource,
    TensorGroup,
    TensorSource,
)

_DTYPES = {
    "float32": "TB_FLOAT32",
    "int32": "TB_INT32",
    "uint8": "TB_UINT8",
    "int16": "TB_INT16",
    "int8": "TB_INT8",
}

# What makes a static variable go there. ESP-IDF's EXT_RAM_BSS_ATTR names this section; the header
# that has it is the vendor's.
ARENA_PLACES = {
    "internal RAM": "",
    "PSRAM": '__attribute__((section(".ext_ram.bss.tb_arena"))) ',
}
# Initialized variables: whatever starts the firmware copies them.
WEIGHTS_PLACES = {
    "flash": "",
    "internal RAM": '__attribute__((section(".data.tb_weights"))) ',
}


@dataclass(frozen=True)
class LabelsContext:
    """What templates/labels.h.j2 needs; ``labels`` are C string literals."""

    labels: tuple[str, ...]


@dataclass(frozen=True)
class NullContext:
    """What templates/null.cc.j2 needs."""

    build_id_bytes: str


def render_model(
    program: Program,
    labels: Sequence[str] | None,
    build_id: str,
    instrument: Instrument = Instrument.NONE,
    placement: Placement = INTERNAL,
) -> dict[str, str]:
    """The generated sources by file name.

    Args:
        program: what to render.
        labels: one per output element, None where the model has none.
        build_id: 32 hex digits that identify all that the firmware is made of.
        instrument: what the firmware does besides.
        placement: where arena and weights go.
    """
    if instrument is Instrument.NULL:
        return render_null(build_id)
    context = _model_context(program, build_id, instrument, placement)
    return {"model.cc": render_template("model.cc.j2", context), **render_labels(labels)}


def render_null(build_id: str) -> dict[str, str]:
    """The generated sources of a firmware without a model."""
    null = NullContext(byte_list(bytes.fromhex(build_id)))
    return {"model.cc": render_template("null.cc.j2", null)}


def render_labels(labels: Sequence[str] | None) -> dict[str, str]:
    """labels.h by its name."""
    context = LabelsContext(tuple(c_string(s) for s in labels or ()))
    return {"labels.h": render_template("labels.h.j2", context)}


def c_string(text: str) -> str:
    """A C string literal; everything but printable ASCII as octal escapes of its UTF-8.

    Where a folder's name was no text, a question mark stands for each byte.
    """
    data = text.encode("utf-8", "replace")
    plain = [chr(b) if 32 <= b < 127 and b not in b'"\\?' else f"\\{b:03o}" for b in data]
    return '"' + "".join(plain) + '"'


def _model_context(
    program: Program, build_id: str, instrument: Instrument, placement: Placement
) -> ModelContext:
    arrays: list[ArraySource] = []
    ops: list[OpSource] = []
    calls: list[CallSource] = []
    chains: list[ChainSource] = []
    for i, step in enumerate(program.steps):
        for j, (name, part) in enumerate(named_parts(step, i)):
            arrays += arrays_of(program, part, name)
            ops.append(op_source(part, name, scratch_addresses(program, i, j)))
        if step.links:
            chains.append(chain_source(program, step, i, instrument))
        calls.append(call_source(program, step, str(i)))
    return ModelContext(
        kernels_version=kernels_version(),
        model_sha256=program.graph.sha256,
        sha256_bytes=byte_list(bytes.fromhex(program.graph.sha256)),
        build_id_bytes=byte_list(bytes.fromhex(build_id)),
        macs=program.macs,
        weights_bytes=program.weights_bytes,
        arena_bytes=program.arena_bytes,
        arena_place=ARENA_PLACES[placement.arena],
        weights_place=WEIGHTS_PLACES[placement.weights],
        arrays=tuple(arrays),
        ops=tuple(ops),
        chains=tuple(chains),
        calls=tuple(calls),
        instrument=instrument,
        tensor_groups=(
            TensorGroup("inputs", tuple(tensor_source(t) for t in program.inputs)),
            TensorGroup("outputs", tuple(tensor_source(t) for t in program.outputs)),
        ),
    )


def kernels_version() -> int:
    """The version that the kernels' header declares."""
    header = (resources.firmware() / "kernels" / "tb_kernels.h").read_text("utf-8")
    found = re.search(r"#define TB_KERNELS_VERSION (\d+)", header)
    assert found is not None
    return int(found[1])


def byte_list(data: bytes) -> str:
    """An initializer of bytes, without its braces."""
    return ", ".join(f"0x{b:02x}" for b in data)


def tensor_source(tensor: DeviceTensor) -> TensorSource:
    """One of a model's inputs or outputs."""
    return TensorSource(
        offset=tensor.offset,
        nbytes=tensor.nbytes,
        scale_bits=int(np.float32(tensor.scale).view(np.uint32)),
        zero_point=tensor.zero_point,
        dtype=_DTYPES[tensor.dtype],
        dims=tensor.shape,
    )
