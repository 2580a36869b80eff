"""A link over anything that pyserial opens: a port, ``socket://``, ``rfc2217://``, ``loop://``."""

from __future__ import annotations

import serial

from tinybench.errors import LinkError

_DEFAULT_BAUD = 115200
_WRITE_TIMEOUT_S = 10.0


class SerialLink:
    """An open serial port."""

    runs_device = False

    def __init__(self, port: serial.SerialBase) -> None:
        self._port = port
        self._problem: str | None = None

    def read(self, timeout_s: float) -> bytes:
        """See :class:`~tinybench.link.base.Link`."""
        if self._problem is not None:
            return b""
        try:
            self._port.timeout = max(timeout_s, 0.0)
            first = bytes(self._port.read(1))
            return first + bytes(self._port.read(self._port.in_waiting)) if first else b""
        except (OSError, serial.SerialException) as error:
            self._problem = f"{self._port.name} was lost: {error}"
            return b""

    def write(self, data: bytes) -> None:
        """See :class:`~tinybench.link.base.Link`."""
        if self._problem is not None:
            return
        try:
            self._port.write(data)
        except (OSError, serial.SerialException) as error:
            self._problem = f"{self._port.name} was lost: {error}"

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
        """See :class:`~tinybench.link.base.Link`."""
        self._port.close()


def open_serial(url: str, baud: int = 0) -> SerialLink:
    """Open a port.

    Args:
        url: a device ("/dev/ttyUSB0", "COM3") or a pyserial URL.
        baud: 0 for the usual 115200.

    Raises:
        LinkError: no such port, no right to use it, somebody else does.
    """
    try:
        port = serial.serial_for_url(url, baud or _DEFAULT_BAUD, write_timeout=_WRITE_TIMEOUT_S)
    except (OSError, ValueError, serial.SerialException) as error:
        raise LinkError(f"open {url}", str(error), "tinybench ports lists the ports") from error
    return SerialLink(port)
