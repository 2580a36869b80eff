"""Program -> model.cc and labels.h."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tinybench import resources
from tinybench.boards.room import INTERNAL, Placement
from tinybench.compiler.program import (
    ConstArray,
    DeviceTensor,
    Program,
    Scratch,
    Step,
    Value,
    all_values,
)
from tinybench.compiler.rowwise import beside_row_bytes
from tinybench.render.files import render_template
from tinybench.render.instrument import Instrument

_CTYPES = {name: f"{name}_t" for name in ("int8", "uint8", "int16", "uint16", "int32", "int64")}
_DTYPES = {
    "float32": "TB_FLOAT32",
    "int32": "TB_INT32",
    "uint8": "TB_UINT8",
    "int16": "TB_INT16",
    "int8": "TB_INT8",
}
_VALUES_PER_LINE = 32

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
class ArraySource:
    """A constant array as C text."""

    name: str
    ctype: str
    count: int
    alignment: int
    body: str


@dataclass(frozen=True)
class FieldSource:
    """One designated initializer."""

    name: str
    value: str


@dataclass(frozen=True)
class OpSource:
    """The parameter struct of one kernel call."""

    name: str
    struct: str
    comment: str
    fields: tuple[FieldSource, ...]


@dataclass(frozen=True)
class ChainSource:
    """A tb_chain_t and the initializers of its tb_link_t.

    Attributes:
        windows: of links whose kernels have none.
    """

    name: str
    links_name: str
    comment: str
    windows: tuple[FieldSource, ...]
    links: tuple[str, ...]


@dataclass(frozen=True)
class CallSource:
    """A kernel call, and where what it makes lies.

    Attributes:
        code: the call.
        tensor: index of the tensor that it makes; -1 where its rows are told of one by one.
        offset, nbytes: of that tensor, in the arena.
    """

    code: str
    tensor: int
    offset: int
    nbytes: int


@dataclass(frozen=True)
class TensorSource:
    """One tb_tensor_t."""

    offset: int
    nbytes: int
    scale_bits: int
    zero_point: int
    dtype: str
    dims: tuple[int, ...]


@dataclass(frozen=True)
class TensorGroup:
    """All inputs, or all outputs."""

    name: str
    tensors: tuple[TensorSource, ...]


@dataclass(frozen=True)
class ModelContext:
    """What templates/model.cc.j2 needs."""

    kernels_version: int
    model_sha256: str
    sha256_bytes: str
    build_id_bytes: str
    macs: int
    weights_bytes: int
    arena_bytes: int
    arena_place: str
    weights_place: str
    arrays: tuple[ArraySource, ...]
    ops: tuple[OpSource, ...]
    chains: tuple[ChainSource, ...]
    calls: tuple[CallSource, ...]
    instrument: Instrument
    tensor_groups: tuple[TensorGroup, TensorGroup]


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
        for j, (name, part) in enumerate(_named_parts(step, i)):
            arrays += _arrays(program, part, name)
            ops.append(_op(part, name, _scratch_addresses(program, i, j)))
        if step.links:
            chains.append(_chain(program, step, i, instrument))
        calls.append(_call(program, step, str(i)))
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


# --- constants ---------------------------------------------------------------------------


def _weight_name(step: str, role: str) -> str:
    return f"tb_w_{step}_{role}"


def _operand_name(step: str, position: int) -> str:
    return _weight_name(step, f"input{position}")


def _arrays(program: Program, step: Step, number: str) -> Iterable[ArraySource]:
    for value in all_values(step.kernel.fields):
        if isinstance(value, ConstArray):
            yield _array(_weight_name(number, value.role), value.data)
    for position, tensor in enumerate(step.inputs):
        data = program.graph.tensors[tensor].data
        if data is not None:
            yield _array(_operand_name(number, position), data)


def _array(name: str, data: NDArray[Any]) -> ArraySource:
    flat = data.reshape(-1)
    words = [_literal(int(v)) for v in flat]
    lines = (
        ", ".join(words[i : i + _VALUES_PER_LINE]) for i in range(0, len(words), _VALUES_PER_LINE)
    )
    return ArraySource(
        name=name,
        ctype=_CTYPES[data.dtype.name],
        count=flat.size,
        alignment=max(4, data.dtype.itemsize),
        body=",\n".join(lines),
    )


def _literal(value: int) -> str:
    """INT32_MIN has no literal of its own in C."""
    return str(value) if value != -(2**31) else "(-2147483647 - 1)"


# --- calls -------------------------------------------------------------------------------


def _op(step: Step, number: str, scratches: Mapping[str, str]) -> OpSource:
    fields = (
        FieldSource(name, _field(number, value, scratches))
        for name, value in step.kernel.fields.items()
    )
    return OpSource(
        name=f"tb_op_{number}",
        struct=f"{step.kernel.function}_t",
        comment=_comment(step),
        fields=tuple(fields),
    )


def _scratch_addresses(program: Program, number: int, part: int) -> dict[str, str]:
    """What the fields of a step's part that point to scratch are set to, by role."""
    return {
        scratch.role: f"reinterpret_cast<{_CTYPES[scratch.dtype]} *>(tb_arena + {offset})"
        for owner, scratch in program.steps[number].scratches
        if owner == part
        for offset in (program.plan.scratch_offset(number, part, scratch.role),)
    }


def _field(number: str, value: Value, scratches: Mapping[str, str]) -> str:
    if isinstance(value, Scratch):
        return scratches[value.role]
    if isinstance(value, Mapping):
        inner = (f".{name} = {_field(number, v, scratches)}" for name, v in value.items())
        return "{" + ", ".join(inner) + "}"
    if isinstance(value, ConstArray):
        return _weight_name(number, value.role)
    if isinstance(value, tuple):
        return "{" + ", ".join(_literal(v) for v in value) + "}"
    if isinstance(value, float):
        return f"{float(np.float32(value)).hex()}f"
    return _literal(value) if isinstance(value, int) else value


def _call(program: Program, step: Step, number: str) -> CallSource:
    arguments = [f"&tb_op_{number}"]
    read = step.inputs[:1] if step.links else step.inputs  # links have their second operands
    for position, tensor in enumerate(read):
        if program.graph.tensors[tensor].data is not None:
            arguments.append(_operand_name(number, position))
        else:
            arguments.append(_address(program, tensor))
    arguments.append(_address(program, step.output))
    return CallSource(
        code=f"{step.kernel.function}({', '.join(arguments)})",
        tensor=-1 if step.links else step.output,
        offset=_offset(program, step.output),
        nbytes=program.graph.tensors[step.output].nbytes,
    )


def _named_parts(step: Step, number: int) -> list[tuple[str, Step]]:
    """A chain's links as "7_0", "7_1", ...; any other step as "7"."""
    if not step.links:
        return [(str(number), step)]
    return [(f"{number}_{j}", link) for j, link in enumerate(step.links)]


def _chain(program: Program, step: Step, number: int, instrument: Instrument) -> ChainSource:
    rings = [*step.rings, (None, 0)]
    links = (
        f"{part.kernel.function}_row, &tb_op_{name}, {_window_name(part, name)}, "
        + (f"tb_arena + {_offset(program, tensor)}, {rows}" if tensor is not None else "nullptr, 0")
        + f", {_beside(program, part, name)}"
        + (f", {part.output}" if instrument is Instrument.TAP else "")
        for (name, part), (tensor, rows) in zip(_named_parts(step, number), rings, strict=True)
    )
    return ChainSource(
        name=f"tb_op_{number}",
        links_name=f"tb_links_{number}",
        comment=_comment(step),
        windows=tuple(
            FieldSource(_own_window(name), _field(name, part.window, {}))
            for name, part in _named_parts(step, number)
            if "window" not in part.kernel.fields and part.window is not None
        ),
        links=tuple(links),
    )


def _own_window(name: str) -> str:
    return f"tb_window_{name}"


def _window_name(link: Step, name: str) -> str:
    """A window that the kernel knows of, or one of the link's own."""
    own = "window" not in link.kernel.fields
    return f"&{_own_window(name)}" if own else f"&tb_op_{name}.window"


def _beside(program: Program, link: Step, name: str) -> str:
    """A link's second operand, and the bytes from row to row."""
    if len(link.inputs) == 1:
        return "nullptr, 0"
    tensor = link.inputs[1]
    constant = program.graph.tensors[tensor].data is not None
    place = "reinterpret_cast<const int8_t *>(tb_arena + {})"
    operand = _operand_name(name, 1) if constant else place.format(_offset(program, tensor))
    return f"{operand}, {beside_row_bytes(program.graph, link)}"


def _comment(step: Step) -> str:
    return f"op {', '.join(str(i) for i in step.ops)}: {step.label}"


def _offset(program: Program, tensor: int) -> int:
    return next(b.offset for b in program.plan.buffers if tensor in b.tensors)


def _address(program: Program, tensor: int) -> str:
    return f"at({_offset(program, tensor)})"


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
