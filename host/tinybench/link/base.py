"""What every way to reach a device offers."""

from __future__ import annotations

from typing import Protocol


class Link(Protocol):
    """Bytes to and from one device, in order. Used from one thread."""

    @property
    def runs_device(self) -> bool:
        """Whether the device is a process of this link's own: the link's end is then its end."""
        ...

    @property
    def baud(self) -> int | None:
        """The rate of our end, bit/s; None: there is none to set."""
        ...

    def read(self, timeout_s: float) -> bytes:
        """What has arrived; waits for it. Empty at the timeout, or when :meth:`problem` is set."""
        ...

    def write(self, data: bytes) -> None:
        """Send all of it. If the other side is gone the bytes are lost; :meth:`problem` says so."""
        ...

    def set_baud(self, baud: int) -> bool:
        """Our end's rate from now on, in baud. False: there is none to set; nothing changes."""
        ...

    def reset(self) -> bool:
        """Reset the device by what the link has for it, whatever it does now. False: nothing."""
        ...

    def reopen(self) -> bool:
        """Try to get the other side back, once. False: not yet, or it cannot come back."""
        ...

    def problem(self) -> str | None:
        """Why the other side is gone ("the emulator exited with status 70"), or None.

        Meaningful after an empty read; what came before the end has been read by then.
        """
        ...

    def evidence(self) -> tuple[str, ...]:
        """What else is known: where the device's CPU is, the last lines of the emulator's log."""
        ...

    def where(self, address: int) -> str:
        """The function at an address of the firmware ("in tb_main+0x1c"); "" if not known."""
        ...

    def close(self) -> None:
        """Let go of the device; ends an emulator. May be called twice."""
        ...
