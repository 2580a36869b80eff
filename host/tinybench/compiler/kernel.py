"""A call of a kernel in C: its function, its fields, and what they hold."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Union

from numpy.typing import NDArray


@dataclass(frozen=True)
class ConstArray:
    """A constant in flash; its C type follows from the dtype.

    Attributes:
        role: part of the C symbol's name ("filter", "bias", "multiplier").
        data: values, written in C order.
    """

    role: str
    data: NDArray[Any]


@dataclass(frozen=True)
class Scratch:
    """Bytes of the arena that a kernel has for itself while its step runs.

    The field of its parameter struct points to them; what they hold is lost afterwards. In a chain
    they are there for the whole chain.

    Attributes:
        role: tells a kernel's scratches from each other.
        nbytes: at least 1; aligned as every buffer in the arena.
        dtype: what the field points to, "int8", "uint8" or "int32".
    """

    role: str
    nbytes: int
    dtype: str = "int8"


Value = Union[int, float, str, tuple[int, ...], ConstArray, Scratch, Mapping[str, "Value"]]  # noqa: UP007


@dataclass(frozen=True)
class Kernel:
    """A C kernel and its parameters.

    Attributes:
        function: the C function; its parameter struct is ``function + "_t"``.
        fields: the struct's fields in the order of its declaration; a struct in it is a mapping.
    """

    function: str
    fields: Mapping[str, Value]


def number_of(value: Value) -> int:
    """A field that is a number."""
    assert isinstance(value, int)
    return value


def array_of(value: Value) -> NDArray[Any]:
    """A field that is a constant array."""
    assert isinstance(value, ConstArray)
    return value.data


def const_arrays(kernel: Kernel) -> tuple[ConstArray, ...]:
    """The kernel's constant arrays, in field order."""
    return tuple(v for v in all_values(kernel.fields) if isinstance(v, ConstArray))


def all_values(fields: Mapping[str, Value]) -> Iterator[Value]:
    """All that the fields of a struct are set to, those of structs in it too."""
    for value in fields.values():
        if isinstance(value, Mapping):
            yield from all_values(value)
        else:
            yield value
