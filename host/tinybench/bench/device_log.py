"""The device's log: what it says besides answers. On disk in full, its tail in memory."""

from __future__ import annotations

import time
from pathlib import Path

from tinybench.bench.traps import RomWatch

_TAIL_LINES = 20
_LIMIT_BYTES = 4 << 20
_SHOWN_BYTES = 32
_NOISE_STREAK = 3
"""Lines of noise in a row that the tail keeps; more would push out what explains them."""


class DeviceLog:
    """Collects lines, each with the seconds since the start.

    Args:
        path: the file; None keeps the tail only.

    Attributes:
        rom: what the boot ROM said since the firmware last answered.
    """

    def __init__(self, path: Path | None = None) -> None:
        self.path = path
        self._started = time.monotonic()
        self._tail: dict[str, int] = {}  # how often each line came, in the order of its last time
        self._room = _LIMIT_BYTES
        self._streak = 0
        self.rom = RomWatch()
        self._file = None
        if path is not None:
            path.parent.mkdir(parents=True, exist_ok=True)
            self._file = path.open("w", encoding="utf-8", errors="replace")

    def add(self, source: str, line: str) -> None:
        """One line.

        Args:
            source: who says so: "device" (a Log message), "text", "noise", "host".
            line: what.
        """
        self._streak = self._streak + 1 if source == "noise" else 0
        if self._streak <= _NOISE_STREAK:
            self._remember(f"{source}: {line}")
        if self._file is None or self._room <= 0:
            return
        entry = f"{time.monotonic() - self._started:9.3f} {source}: {line}\n"
        self._room -= len(entry)
        self._file.write(entry if self._room > 0 else "... (log full)\n")
        self._file.flush()

    def add_stray(self, data: bytes) -> bool:
        """Bytes that were no frame. True if they look like a damaged frame rather than text."""
        if not data:
            return False
        if _is_text(data):
            for line in data.decode(errors="replace").splitlines():
                if line.strip():
                    self.add("text", line)
            return False
        more = f" ... {len(data)} B" if len(data) > _SHOWN_BYTES else ""
        self.add("noise", data[:_SHOWN_BYTES].hex(" ") + more)
        return True

    def _remember(self, line: str) -> None:
        self._tail[line] = self._tail.pop(line, 0) + 1
        if len(self._tail) > _TAIL_LINES:
            del self._tail[next(iter(self._tail))]

    def lines(self) -> tuple[str, ...]:
        """The last lines, each once, at the place of its last time."""
        return tuple(self._tail)

    def tail(self) -> tuple[str, ...]:
        """The last lines for a reader, with how often each came."""
        told = [line if n == 1 else f"{line} ({n} times)" for line, n in self._tail.items()]
        hidden = self._streak - _NOISE_STREAK
        return (*told, *([f"noise: ... {hidden} more pieces"] if hidden > 0 else []))

    def forget_tail(self) -> None:
        """A new conversation: what went wrong in the one before is no longer a reason."""
        self._tail.clear()
        self.rom = RomWatch()
        self._streak = 0

    def close(self) -> None:
        """Close the file."""
        if self._file is not None:
            self._file.close()
            self._file = None


def _is_text(data: bytes) -> bool:
    return all(byte >= 0x20 or byte in b"\t\r\n\x1b" for byte in data) and _decodes(data)


def _decodes(data: bytes) -> bool:
    try:
        data.decode()
    except UnicodeDecodeError:
        return False
    return True
