"""The line's rate, negotiated with a sanitized firmware over cables that carry more or less."""

from __future__ import annotations

import contextlib
import socket
import struct
from collections.abc import Iterator
from pathlib import Path

import pytest

from support.toy import build_native, toy_inputs, toy_outputs
from tinybench.bench import rate
from tinybench.bench.device import Device, Expected
from tinybench.bench.rate import rates_of
from tinybench.bench.steady import SteadyDevice
from tinybench.link.cable import CableLink, CableSpec
from tinybench.link.child import Child
from tinybench.link.process import ProcessLink, Started

EXPECTED = Expected("native", "host", "toy", (b"py" + bytes(30)).hex(), (b"B" + bytes(15)).hex())
RATES = (2_000_000, 921_600, 460_800)
BOOT = 115_200


class Rated:
    """A toy whose line has a rate, on a cable that knows it."""

    def __init__(self, folder: Path, spec: CableSpec) -> None:
        self._rate = folder / "rate"
        self._rate.touch()
        self._log = folder / "log"
        self.cable = CableLink(ProcessLink(self._start), spec, self.far_baud)

    def far_baud(self) -> int:
        """What the device's end has now."""
        data = self._rate.read_bytes()
        return struct.unpack("=I", data)[0] if data else BOOT

    def _start(self, again: bool) -> Started:
        ours, theirs = socket.socketpair()
        with theirs, self._rate.open("r+b") as file:
            fds = [theirs.fileno(), file.fileno()]
            command = [str(build_native()), f"--fd={fds[0]}", f"--rate-fd={fds[1]}"]
            return Started(Child("the toy", command, fds, self._log, again=again), ours)


@contextlib.contextmanager
def steady_on(
    rated: Rated, timeout_s: float = 3, rates: tuple[int, ...] = RATES
) -> Iterator[SteadyDevice]:
    device = Device(rated.cable, reply_timeout_s=timeout_s, patience_s=0.5)
    steady = SteadyDevice(device, EXPECTED, rates=rates)
    steady.check()
    yield steady


def expect_samples(steady: SteadyDevice, numbers: range) -> None:
    for sample in numbers:
        inputs = toy_inputs(sample)
        assert steady.infer(sample, inputs).outputs == toy_outputs(inputs)


@pytest.mark.parametrize(
    ("most", "agreed"),
    [
        (0, 2_000_000),
        (1_000_000, 921_600),
        pytest.param(500_000, 460_800, marks=pytest.mark.slow),
        pytest.param(200_000, BOOT, marks=pytest.mark.slow),
    ],
)
def test_the_highest_rate_that_carries_is_taken(tmp_path: Path, most: int, agreed: int) -> None:
    rated = Rated(tmp_path, CableSpec(baud=BOOT, max_baud=most))
    with steady_on(rated, timeout_s=30) as steady, steady.device:  # a busy computer is no hang
        expect_samples(steady, range(3))
        assert (steady.stats().baud, rated.far_baud()) == (agreed, agreed)
        assert steady.stats().resets == 0


def test_a_rate_at_which_only_the_answers_are_lost(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The device has heard pings there: it takes more noise until it gives that rate up."""
    carries = rate._carries
    monkeypatch.setattr(rate, "_carries", lambda device, baud: carries(device, baud) and False)
    monkeypatch.setattr(rate, "_TRIES", 1)
    monkeypatch.setattr(rate, "_TRIAL_S", 0.5)
    rated = Rated(tmp_path, CableSpec(baud=BOOT))
    with steady_on(rated, timeout_s=30, rates=RATES[:1]) as steady, steady.device:
        expect_samples(steady, range(2))
        assert (steady.stats().baud, rated.far_baud()) == (BOOT, BOOT)
        assert steady.stats().resets == 0


def test_a_device_that_lost_its_power_is_found_at_its_first_rate(tmp_path: Path) -> None:
    rated = Rated(tmp_path, CableSpec(baud=BOOT, max_baud=1_000_000))
    with steady_on(rated) as steady, steady.device:
        expect_samples(steady, range(2))
        rated.cable.reset()
        expect_samples(steady, range(2, 4))
        assert steady.stats().resets >= 1  # on a busy computer its silence is met by another
        assert steady.stats().baud == 921_600


def test_a_device_that_another_host_left_at_a_high_rate(tmp_path: Path) -> None:
    rated = Rated(tmp_path, CableSpec(baud=BOOT))
    with steady_on(rated) as steady:
        expect_samples(steady, range(1))
    assert rated.far_baud() == 2_000_000
    rated.cable.set_baud(BOOT)  # as a port that is opened anew
    with steady_on(rated) as steady, steady.device:
        expect_samples(steady, range(2))
        assert steady.stats().baud == 2_000_000


@pytest.mark.parametrize(
    ("most", "only", "rates"),
    [
        (0, (), ()),
        (115_200, (), (115_200,)),
        (921_600, (), (921_600, 460_800, 230_400)),
        (500_000, (115_200, 500_000, 1_500_000), (500_000, 115_200)),
    ],
)
def test_rates_to_try(most: int, only: tuple[int, ...], rates: tuple[int, ...]) -> None:
    assert rates_of(most, only) == rates
