"""labwired as a link: a chip by its own registers, in virtual time that moves while we read.

The package ``labwired``: its ``esp32c3`` has the chip's memory map, and a UART0 whose
FIFOs are 128 bytes and overflow as the chip's do.
"""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

from tinybench.link.symbols import locate

_SLICE = "100us"
_FIFO_BYTES = 128
_STATUS = 0x6000001C


class LabwiredLink:
    """See :class:`~tinybench.link.base.Link`.

    Args:
        elf: the firmware.
        chip: as labwired names it.
    """

    runs_device = True

    def __init__(self, elf: Path, chip: str) -> None:
        import labwired

        self.sim: Any = labwired.Sim(elf, chip=chip)
        self._elf = elf
        self._unsent = b""

    def read(self, timeout_s: float) -> bytes:
        """What has arrived, after as much virtual time as it takes."""
        deadline = time.monotonic() + timeout_s
        while True:
            self._feed()
            self.sim.run_for(_SLICE)
            data: bytes = self.sim.read_uart_bytes()
            if data or time.monotonic() > deadline:
                return data

    def _feed(self) -> None:
        """As much as the receiver has room for: what comes too fast is lost there, as on a chip."""
        room = _FIFO_BYTES - (self.sim.read_u32(_STATUS) & 0x3FF)
        if self._unsent and room > 0:
            self.sim.send_bytes(self._unsent[:room])
            self._unsent = self._unsent[room:]

    def write(self, data: bytes) -> None:
        """Sent while reading."""
        self._unsent += data

    def problem(self) -> str | None:
        """Nothing ends it."""
        return None

    def evidence(self) -> tuple[str, ...]:
        """What is known besides."""
        return (f"labwired has run {self.sim.cycles:,} cycles",)

    def where(self, address: int) -> str:
        """The function at an address."""
        return locate(self._elf, address)

    def close(self) -> None:
        """Ends the emulator, which lives in this process."""
        self.sim.close()
