"""What a run's link went through, counted."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True)
class LinkStats:
    """Counts of one run, from the greeting to the last sample.

    Attributes:
        bytes_to_device, bytes_to_host: that were sent; that came, text and noise included.
        frames_to_device, frames_to_host: sent, resends included; that came intact.
        resends: requests sent again once it was greeted, for whatever reason.
        damaged_to_device: frames that the device found damaged, as far as its words arrived.
        damaged_to_host: pieces that came and were neither frame nor text.
        resets: boots of the device after the first.
        reconnects: times that the port was lost and found.
        chunks: tensor bytes of a piece sent or asked for, to how many such pieces.
        baud: the line's rate at the end; None where it has none that could be set.
        cable: the bad cable that was put in, as its words; "" without one.
        faults: what that cable did, by kind.
    """

    bytes_to_device: int
    bytes_to_host: int
    frames_to_device: int
    frames_to_host: int
    resends: int
    damaged_to_device: int
    damaged_to_host: int
    resets: int = 0
    reconnects: int = 0
    chunks: Mapping[int, int] = field(default_factory=dict)
    baud: int | None = None
    cable: str = ""
    faults: Mapping[str, int] = field(default_factory=dict)

    def damage_since(self, before: LinkStats) -> int:
        """Pieces found damaged since then, by either end."""
        now = self.damaged_to_device + self.damaged_to_host
        return now - before.damaged_to_device - before.damaged_to_host
