"""Ways to reach a device: a serial port, a socket, an emulator, a host process; all are a Link.

``link = open_link(url, log=path)``. A link carries bytes and knows why the other side is gone; what
the bytes mean is not its business.
"""

from tinybench.link.base import Link
from tinybench.link.open import open_link

__all__ = ["Link", "open_link"]
