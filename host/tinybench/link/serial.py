"""A link over anything that pyserial opens: a port, ``socket://``, ``rfc2217://``, ``loop://``."""

from __future__ import annotations

import contextlib
import time

import serial

from tinybench.errors import LinkError

DEFAULT_BAUD = 115200
_WRITE_TIMEOUT_S = 10.0
_RESET_S = 0.1


class SerialLink:
    """An open serial port.

    Args:
        url: a device ("/dev/ttyUSB0", "COM3") or a pyserial URL.
        baud: of the port.

    Raises:
        LinkError: no such port, no right to use it, somebody else does.
    """

    runs_device = False

    def __init__(self, url: str, baud: int) -> None:
        self._url = url
        self._baud = baud
        self._problem: str | None = None
        try:
            self._port = _open(url, baud)
        except (OSError, ValueError, serial.SerialException) as error:
            raise LinkError(f"open {url}", str(error), "tinybench ports lists the ports") from error

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
        """See :class:`~tinybench.link.base.Link`. By RTS, as ESP32 boards are wired.

        RTS pulls EN low by way of the two transistors, as long as DTR does not hold GPIO0: the chip
        starts from flash.
        """
        if self._problem is not None or self.baud is None:
            return False
        try:
            self._port.dtr = False
            self._port.rts = True
            time.sleep(_RESET_S)
            self._port.rts = False
        except (OSError, serial.SerialException) as error:
            self._lose(error)
        return self._problem is None

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


def _open(url: str, baud: int) -> serial.SerialBase:
    """Both lines are let go before the port opens: asserted, they hold or reset some boards."""
    port = serial.serial_for_url(url, baud, do_not_open=True)
    if not url.startswith("rfc2217:"):  # pyserial has none there
        port.write_timeout = _WRITE_TIMEOUT_S
    port.dtr = port.rts = False
    port.open()
    return port
