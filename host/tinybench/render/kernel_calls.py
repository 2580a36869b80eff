"""Steps of a program as C text: constants, parameters and calls."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tinybench.compiler.groups import tap_of
from tinybench.compiler.kernel import ConstArray, Scratch, Value, all_values
from tinybench.compiler.program import Program, Step
from tinybench.compiler.rowwise import beside_row_bytes
from tinybench.render.instrument import Instrument
from tinybench.render.model_context import (
    ArraySource,
    CallSource,
    ChainSource,
    FieldSource,
    OpSource,
)

_CTYPES = {name: f"{name}_t" for name in ("int8", "uint8", "int16", "uint16", "int32", "int64")}
_VALUES_PER_LINE = 32

# --- constants ---------------------------------------------------------------------------


def _weight_name(step: str, role: str) -> str:
    return f"tb_w_{step}_{role}"


def _operand_name(step: str, position: int) -> str:
    return _weight_name(step, f"input{position}")


def arrays_of(program: Program, step: Step, number: str) -> Iterable[ArraySource]:
    """The constants of a call: of its kernel's parameters, and operands."""
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


def op_source(step: Step, number: str, scratches: Mapping[str, str]) -> OpSource:
    """The parameters of a call, ``number`` in their names."""
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


def scratch_addresses(program: Program, number: int, part: int) -> dict[str, str]:
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


def call_source(program: Program, step: Step, number: str) -> CallSource:
    """A step's call, ``number`` in its parameters' name."""
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


def named_parts(step: Step, number: int) -> list[tuple[str, Step]]:
    """A chain's links as "7_0", "7_1", ...; any other step as "7"."""
    if not step.links:
        return [(str(number), step)]
    return [(f"{number}_{j}", link) for j, link in enumerate(step.links)]


def chain_source(program: Program, step: Step, number: int, instrument: Instrument) -> ChainSource:
    """The links of a chain, step ``number`` of the program."""
    rings = [*step.rings, (None, 0)]
    links = (
        f"{part.kernel.function}_row, &tb_op_{name}, {_window_name(part, name)}, "
        + (f"tb_arena + {_offset(program, tensor)}, {rows}" if tensor is not None else "nullptr, 0")
        + f", {_beside(program, part, name)}"
        + (f", {tap_of(program.graph, number, i, part)}" if instrument is Instrument.TAP else "")
        for i, ((name, part), (tensor, rows)) in enumerate(
            zip(named_parts(step, number), rings, strict=True)
        )
    )
    return ChainSource(
        name=f"tb_op_{number}",
        links_name=f"tb_links_{number}",
        comment=_comment(step),
        windows=tuple(
            FieldSource(_own_window(name), _field(name, part.window, {}))
            for name, part in named_parts(step, number)
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
