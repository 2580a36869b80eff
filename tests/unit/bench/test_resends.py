"""A damaged frame costs one frame more, whatever else is under way at the time."""

from __future__ import annotations

import random

import pytest

from support.cabled_device import CabledDevice, StillClock
from support.fake_device import SIZE
from tinybench.bench import clock as waiting
from tinybench.bench.device import Device
from tinybench.link.cable import parse_cable

CABLES = [
    "seed=1,ber=1e-4",
    "seed=2,ber=3e-5,drop=2e-5,duplicate=5e-6,reorder=5e-6,truncate=5e-6,text=5e-6",
    "seed=3,ber=1e-4,drop=2e-4,duplicate=1e-4,reorder=1e-4,truncate=1e-4,text=1e-4",
]


@pytest.mark.parametrize("cable", CABLES)
def test_resends_per_fault(cable: str, monkeypatch: pytest.MonkeyPatch) -> None:
    clock = StillClock()
    monkeypatch.setattr(waiting, "time", clock)
    random.seed(cable)
    link = CabledDevice(parse_cable(cable), clock)
    with Device(link, patience_s=0.5) as device:
        for sample in range(60):
            data = random.randbytes(SIZE)
            assert device.infer(sample, [data]).outputs == [data[::-1]]
        stats = device.stats()
    assert link.faults > 100
    print(f"{link.faults} faults, {stats.resends} resends, {clock.now:.1f} s of silence")
    assert stats.resends <= 1.1 * link.faults
