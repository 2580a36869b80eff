"""A link over anything that pyserial opens: a port, ``socket://``, ``rfc2217://``, ``loop://``."""

from __future__ import annotations

import contextlib
import errno
import os
import time
from dataclasses import dataclass

import serial

from tinybench.errors import LinkError

_WRITE_TIMEOUT_S = 10.0


@dataclass(frozen=True)
class Pulse:
    """How long RTS is asserted to reset a chip, and how long nothing is done afterwards."""

    hold_s: float
    rest_s: float


# As esptool's HardReset. RTS pulls EN low, by way of two transistors or directly; DTR, which pulls
# GPIO0 low, stays let go, so that the chip starts from flash.
_BY_EN = Pulse(hold_s=0.1, rest_s=0.0)
_PULSES = {
    "auto": _BY_EN,
    "unguarded": _BY_EN,  # never DTR with it: both together hold the chip
    "usb": Pulse(hold_s=0.2, rest_s=0.2),  # the chip's own USB sees no lines while it starts
    "manual": None,  # a button
}
"""By what DTR and RTS do on a board: its ``link.reset``."""

_NO_LINES = (errno.ENOTTY, errno.EINVAL)
"""What a pseudo terminal says of DTR and RTS."""
_BUSY = ("exclusively lock", "Resource busy", "Device or resource busy", "Access is denied")


class SerialLink:
    """An open serial port.

    Args:
        url: a device ("/dev/ttyUSB0", "COM3") or a pyserial URL.
        baud: of the port.
        wiring: the board's ``link.reset``; "": not known, taken for "auto".

    Raises:
        LinkError: no such port, no right to use it, somebody else does.
    """

    runs_device = False

    def __init__(self, url: str, baud: int, wiring: str = "") -> None:
        self._url = url
        self._baud = baud
        self._pulse = _PULSES[wiring or "auto"]
        self._problem: str | None = None
        try:
            self._port = _open(url, baud)
        except (OSError, ValueError, serial.SerialException) as error:
            raise LinkError(f"open {url}", str(error), _todo(url, str(error))) from error

    @property
    def baud(self) -> int | None:
        """See :class:`~tinybench.link.base.Link`. A socket has none."""
        return None if self._url.startswith("socket:") else self._baud

    def read(self, timeout_s: float) -> bytes:
        """See :class:`~tinybench.link.base.Link`."""
        if self._problem is not None:
            return b""
        try:
            self._port.timeout = max(timeout_s, 0.0)
            first = bytes(self._port.read(1))
            return first + bytes(self._port.read(self._port.in_waiting)) if first else b""
        except (OSError, TypeError, serial.SerialException) as error:
            self._lose(error)
            return b""

    def write(self, data: bytes) -> None:
        """See :class:`~tinybench.link.base.Link`."""
        if self._problem is not None:
            return
        try:
            self._port.write(data)
        except (OSError, serial.SerialException) as error:
            self._lose(error)

    def set_baud(self, baud: int) -> bool:
        """See :class:`~tinybench.link.base.Link`. What was written before leaves at the old one."""
        if self._problem is not None or self.baud is None:
            return False
        try:
            self._port.flush()
            self._port.baudrate = baud
        except (OSError, ValueError, serial.SerialException):
            return False
        self._baud = baud
        return True

    def reset(self) -> bool:
        """See :class:`~tinybench.link.base.Link`. By RTS, where the board has wired it."""
        if self._problem is not None or self.baud is None or self._pulse is None:
            return False
        try:
            self._port.dtr = False
            self._set_rts(True)
            time.sleep(self._pulse.hold_s)
            self._set_rts(False)
            time.sleep(self._pulse.rest_s)
        except (OSError, serial.SerialException) as error:
            if getattr(error, "errno", None) in _NO_LINES:
                return False
            self._lose(error)
        return self._problem is None

    def _set_rts(self, asserted: bool) -> None:
        """Windows' driver for USB of the chip's own sends RTS only together with DTR."""
        self._port.rts = asserted
        self._port.dtr = self._port.dtr

    def reopen(self) -> bool:
        """See :class:`~tinybench.link.base.Link`. At the rate that it had last."""
        with contextlib.suppress(OSError, serial.SerialException):
            self._port.close()
        try:
            self._port = _open(self._url, self._baud)
        except (OSError, ValueError, serial.SerialException):
            return False
        self._problem = None
        return True

    def problem(self) -> str | None:
        """See :class:`~tinybench.link.base.Link`."""
        return self._problem

    def evidence(self) -> tuple[str, ...]:
        """See :class:`~tinybench.link.base.Link`. A wire knows nothing more."""
        return ()

    def where(self, address: int) -> str:
        """See :class:`~tinybench.link.base.Link`. A wire does not know its firmware."""
        return ""

    def close(self) -> None:
        """See :class:`~tinybench.link.base.Link`. RTS first: where DTR alone is let go, as some
        systems do it, the board would be reset.
        """
        with contextlib.suppress(OSError, ValueError, serial.SerialException):
            self._port.rts = False
        self._port.close()

    def _lose(self, error: Exception) -> None:
        self._problem = f"{self._url} was lost: {error}"


def _todo(url: str, said: str) -> str:
    """What helps, by the words of pyserial and the system."""
    if any(words in said for words in _BUSY):
        return f"end what has it open: a serial monitor, another bench; `fuser -v {url}` names it"
    if "Permission denied" in said:
        return "sudo usermod -a -G dialout $USER (on Arch: uucp), then log in again"
    return "`tinybench ports` lists the ports"


def _open(url: str, baud: int) -> serial.SerialBase:
    """Both lines are let go before the port opens: asserted, they hold or reset some boards."""
    port = serial.serial_for_url(url, baud, do_not_open=True)
    if not url.startswith("rfc2217:"):  # pyserial has none there
        port.write_timeout = _WRITE_TIMEOUT_S
    if isinstance(port, serial.Serial) and os.name == "posix":  # elsewhere the system sees to it
        port.exclusive = True  # two readers would each get half of what the board says
    port.dtr = port.rts = False
    port.open()
    return port
