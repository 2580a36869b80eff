"""The line's rate: as high as both ends and the cable carry, shown by pings; else as it was.

A device boots at a low rate. Asked for a higher one it answers at the old, then listens at the new.
What the host sends there must come back whole, every byte of it; otherwise the host returns to the
old rate and speaks there until the device, which hears noise, has returned too.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from typing import TYPE_CHECKING

from tinybench.errors import DeviceError, DeviceSilent
from tinybench.wire.messages import DEAF_BYTES, TRIAL_BYTES, Baud, BaudAck, Ping, Pong

if TYPE_CHECKING:
    from tinybench.bench.device import Device

_PINGS = 8
_PING_BYTES = 512
_TRIAL_S = 2.0
_TRIES = 2  # of each rate: one bit error is no reason to go slower for a whole run
_NOISE = b"\x55"
"""Many edges: heard as at least a byte at any higher rate."""

_LADDER = (230_400, 460_800, 921_600, 1_500_000, 2_000_000, 3_000_000)


def rates_of(most: int, only: Sequence[int]) -> tuple[int, ...]:
    """Rates to try, the highest first.

    Args:
        most: highest that the board's link is known to carry, bit/s; 0: none to try.
        only: the rates that its bridge does; empty: any.
    """
    known = {rate for rate in (*_LADDER, *only, most) if 0 < rate <= most}
    return tuple(sorted((r for r in known if not only or r in only), reverse=True))


def raise_rate(device: Device, rates: Sequence[int]) -> int | None:
    """Goes to the first of these rates that works; the rate that holds in the end.

    Args:
        device: greeted, at the rate that it boots with.
        rates: bit/s, the highest first; those that are not above the present one are left out.

    Returns:
        None where the line has no rate.

    Raises:
        DeviceError: it no longer answers at any rate.
    """
    first = device.link.baud
    if first is None:
        return None
    for rate in (rate for rate in rates if rate > first for _ in range(_TRIES)):
        agreed = _agree(device, rate)
        if agreed == 0:
            return first
        if agreed == rate and device.link.set_baud(rate) and _carries(device, rate):
            device.log.add("host", f"{rate} baud: {_PINGS} pings came back")
            return rate
        device.log.add("host", f"{rate} baud does not work")
        _bring_back(device, first)
    return first


def _bring_back(device: Device, first: int) -> None:
    """Returns from a rate that does not work, or at which answers came too late."""
    return_to(device, first, proven=False)
    try:
        device.hello(_TRIAL_S)
    except DeviceSilent:  # then it has heard something there, which is not given up so soon
        return_to(device, first)
        device.hello()


def _agree(device: Device, rate: int) -> int | None:
    """The rate that the device goes to; 0: it has none; None: no answer, so it may have gone."""
    try:
        return device.ask_all([Baud(rate)], BaudAck, f"agree on {rate:,} baud", _TRIAL_S)[0].baud
    except DeviceSilent:
        return None


def return_to(device: Device, first: int, proven: bool = True) -> None:
    """Has a device that may listen at another rate return to the one that it boots with.

    Args:
        first: that rate.
        proven: the other one has carried something; it then takes longer to be given up.
    """
    device.link.set_baud(first)
    device.link.write(_NOISE * ((DEAF_BYTES if proven else TRIAL_BYTES) + 64) + b"\0")


def _carries(device: Device, rate: int) -> bool:
    """Whether pings come back at the first try, nothing else with them."""
    chance = random.Random(rate)
    pings = [Ping(chance.randbytes(_PING_BYTES)) for _ in range(_PINGS)]
    before = device.stats()
    try:
        pongs = device.ask_all(pings, Pong, f"a ping at {rate:,} baud", _TRIAL_S)
    except DeviceError:
        return False
    after = device.stats()
    whole = [pong.data for pong in pongs] == [ping.data for ping in pings]
    return whole and after.resends == before.resends and not after.damage_since(before)
