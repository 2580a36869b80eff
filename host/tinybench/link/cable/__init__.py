"""A bad cable: what passes through it is late, damaged, lost or doubled, from a seed.

``spec`` says how bad, ``damage`` does it to a stream of bytes, ``line`` lets bytes take their time,
``link`` puts all of it around a link, ``proxy`` between a device and whoever connects.
"""

from tinybench.link.cable.link import CableLink
from tinybench.link.cable.spec import CableSpec, parse_cable

__all__ = ["CableLink", "CableSpec", "parse_cable"]
