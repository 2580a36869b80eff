"""The .tflite schema's own names, and reading its tables without trusting them.

A .tflite file is a flatbuffer: tables that point at each other by offsets. Nothing stops a
damaged or hostile file from pointing outside itself, at the same place a million times, or from
claiming a vector of four billion elements. :class:`Walk` is the one way in: it checks every
vector against the file and counts what was read, so that work and memory stay proportional to
the file's size.

The accessors are generated from TensorFlow's schema (``ai_edge_litert.schema_py_generated``),
imported when first needed.
"""

from __future__ import annotations

import functools
import importlib
import re
import struct
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tinybench.errors import ModelError

TODO_DAMAGED = "the file is damaged or cut short: copy or convert it again"

# More than any model for a microcontroller has; bounds the time that a hostile file can take.
MAX_TABLES = 65_536

# Bytes that a table is taken to cost, whatever its fields: offset, vtable offset, one field.
_TABLE_COST = 12


@functools.cache
def schema() -> Any:
    """The generated accessors."""
    return importlib.import_module("ai_edge_litert.schema_py_generated")


@functools.cache
def enum_names(enum: str) -> dict[int, str]:
    """Value -> name of one of the schema's enums, e.g. ``enum_names("Padding")[0] == "SAME"``."""
    members = vars(getattr(schema(), enum))
    return {value: name for name, value in members.items() if isinstance(value, int)}


@functools.cache
def enum_values(enum: str) -> dict[str, int]:
    """Name -> value of one of the schema's enums."""
    return {name: value for value, name in enum_names(enum).items()}


def enum_name(enum: str, value: int) -> str:
    """The name of ``value``; "UNKNOWN:<value>" where the schema has none, for others to refuse."""
    return enum_names(enum).get(value, f"UNKNOWN:{value}")


def snake_case(name: str) -> str:
    """The schema's field name as Python writes it: dilationWFactor -> dilation_w_factor."""
    return re.sub(r"(?<!^)(?=[A-Z])", "_", name).lower()


def damaged(seen: str) -> ModelError:
    """The error for a file that is not what a .tflite must be."""
    return ModelError("a .tflite model was expected", seen, TODO_DAMAGED)


class Walk:
    """One pass over a flatbuffer, bounded by the size of its file.

    Args:
        file_bytes: the file's size.
    """

    def __init__(self, file_bytes: int) -> None:
        self._file_bytes = file_bytes
        # Writers may share a vector between tables, so the sum may exceed the file a little.
        self._budget = 2 * file_bytes + 1024

    def spend(self, nbytes: int, what: str) -> None:
        """Counts bytes as read.

        Raises:
            ModelError: the total is more than the file can hold.
        """
        self._budget -= nbytes
        if self._budget < 0:
            raise damaged(f"{what}: its parts claim more than the file's {self._file_bytes} bytes")

    def length(self, table: Any, field: str, item_bytes: int) -> int:
        """Number of elements of a vector, none where it is absent.

        Raises:
            ModelError: it would not fit the file.
        """
        count = int(getattr(table, f"{field}Length")())
        if not 0 <= count * item_bytes <= self._file_bytes:
            raise damaged(f"{field} claims {count} elements in a file of {self._file_bytes} bytes")
        return count

    def vector(self, table: Any, field: str) -> NDArray[Any]:
        """A vector of numbers as a read-only view of the file; empty where it is absent."""
        # A byte each is the least that the elements can take; NumPy checks the real size.
        if self.length(table, field, 1) == 0:
            return np.empty(0, np.int32)
        values: NDArray[Any] = getattr(table, f"{field}AsNumpy")()
        self.spend(values.nbytes, field)
        return values

    def integers(self, table: Any, field: str) -> tuple[int, ...]:
        """A vector of integers."""
        return tuple(int(value) for value in self.vector(table, field))

    def tables(self, parent: Any, field: str) -> Iterator[Any]:
        """The tables of a vector of tables, in order.

        Raises:
            ModelError: there are more than a model may have.
        """
        count = self.length(parent, field, 4)
        if count > MAX_TABLES:
            raise damaged(f"{field} has {count} elements; at most {MAX_TABLES} are read")
        for index in range(count):
            self.spend(_TABLE_COST, field)
            yield getattr(parent, field)(index)

    def text(self, raw: bytes | None, what: str) -> str:
        """A string's bytes as text; unreadable characters are replaced, not refused."""
        if not raw:
            return ""
        self.spend(len(raw), what)
        return raw.decode("utf-8", "replace")


@contextmanager
def reading() -> Iterator[None]:
    """Turns what the accessors raise on a bad offset into a :class:`ModelError`."""
    try:
        yield
    except (struct.error, ValueError, TypeError, IndexError, OverflowError) as error:
        raise damaged(f"an offset or a length in it points nowhere ({error})") from error
