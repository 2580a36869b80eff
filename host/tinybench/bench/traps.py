"""Trap lines that a firmware prints before it stops, in words."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence

_CAUSE = re.compile(
    r"tb-trap:.*|.*Guru Meditation Error.*|.*ERROR: AddressSanitizer.*|.*runtime error:.*"
    r"|.*abort\(\) was called.*|.*Brownout detector.*"
)
"""Lines that say why a firmware stopped: our own trap handlers', ESP-IDF's, the sanitizers'."""

_TRAP = re.compile(r"tb-trap: (\w+)=0x([0-9a-f]+) \w+=0x([0-9a-f]+)", re.IGNORECASE)

_RISCV_EXCEPTIONS = {
    0: "jump to an odd address",
    1: "jump to where no code is",
    2: "illegal instruction",
    3: "breakpoint",
    4: "unaligned load",
    5: "load from where no memory is",
    6: "unaligned store",
    7: "store to where no writable memory is",
}
"""mcause, RISC-V privileged architecture, table 3.6. The access faults (1, 5, 7) are also what
memory protection raises: a stack overflow, a write to flash."""

_XTENSA_EXCEPTIONS = {
    0: "illegal instruction",
    3: "load or store error",
    9: "unaligned load or store",
    14: "jump to where no code is",
    15: "load from, or store to, where no memory is",
    20: "jump to where no code is",
    28: "load from where no memory is",
    29: "store to where no memory is",
}
"""exccause, Xtensa ISA reference manual, table 4-64."""

_EXCEPTIONS = {"mcause": _RISCV_EXCEPTIONS, "exccause": _XTENSA_EXCEPTIONS}


_ROM_START = re.compile(rb"rst:0x[0-9a-f]+ \(([A-Z0-9_]+)\)")
"""What the boot ROM of every ESP32 prints first; the words are those of esp_rom's rtc.h."""

_ROM_START_BYTES = 64
"""At least as long as that."""


class RomWatch:
    """Counts a boot ROM's starts in what comes, however it is cut: text has no delimiters.

    Attributes:
        reasons: that the ROM gave ("RTCWDT_BROWN_OUT_RESET"), one a start.
    """

    def __init__(self) -> None:
        self.reasons: list[str] = []
        self._recent = b""

    def feed(self, data: bytes) -> None:
        """The next bytes."""
        self._recent += data
        end = 0
        for found in _ROM_START.finditer(self._recent):
            self.reasons.append(found.group(1).decode())
            end = found.end()
        self._recent = self._recent[end:][-_ROM_START_BYTES:]


def gives_cause(line: str) -> bool:
    """Whether a log's line says why a firmware stopped."""
    return _CAUSE.search(line) is not None


def find_cause(lines: Sequence[str], where: Callable[[int], str]) -> str:
    """The first line that gives a reason, explained; "" if none does.

    The first, since what comes after it is consequence.

    Args:
        lines: of logs, oldest first.
        where: the function at an address, "" if unknown.
    """
    for line in lines:
        found = _CAUSE.search(line)
        if found:
            return found.group(0).strip() + _explain(line, where)
    return ""


def _explain(line: str, where: Callable[[int], str]) -> str:
    trap = _TRAP.search(line)
    if trap is None:
        return ""
    register, cause, pc = trap.group(1), int(trap.group(2), 16), int(trap.group(3), 16)
    words = [_EXCEPTIONS.get(register.lower(), {}).get(cause, ""), where(pc)]
    said = " ".join(word for word in words if word)
    return f" ({said})" if said else ""
