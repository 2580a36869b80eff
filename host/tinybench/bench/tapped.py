"""What a tap build says while it computes: tensors, put together from rows."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from tinybench.wire.messages import Tap


@dataclass
class Taps:
    """Collects Tap messages of one inference.

    Args:
        sizes: bytes of each tensor that is expected, by its index in the model file.
    """

    sizes: Mapping[int, int]
    _bytes: dict[int, bytearray] = field(default_factory=dict)
    _seen: dict[int, bytearray] = field(default_factory=dict)

    def add(self, tap: Tap) -> None:
        """Puts a piece in its place; what lies outside of its tensor is left out."""
        size = self.sizes.get(tap.tensor, 0)
        end = tap.offset + len(tap.data)
        if end > size:
            return
        self._bytes.setdefault(tap.tensor, bytearray(size))[tap.offset : end] = tap.data
        seen = self._seen.setdefault(tap.tensor, bytearray(size))
        seen[tap.offset : end] = b"\1" * len(tap.data)

    def incomplete(self) -> list[int]:
        """Tensors of which a byte is missing, e.g. as its frame was lost."""
        return [t for t, size in self.sizes.items() if sum(self._seen.get(t, b"")) != size]

    def tensor(self, index: int) -> bytes:
        """A complete tensor's bytes."""
        return bytes(self._bytes[index])
