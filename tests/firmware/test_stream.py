"""Throughput mode: streams of samples give what single samples give, whatever the cable does."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

from support.fake_device import SIZE, FakeDevice
from support.toy import SECOND_BYTES, build_native, toy_inputs, toy_outputs
from tinybench.bench.device import Device, Expected
from tinybench.bench.pipeline import Pipeline
from tinybench.bench.steady import SteadyDevice
from tinybench.link import open_link
from tinybench.link.cable import CableLink, parse_cable
from tinybench.wire.frame import ENCODED_MAX

EXPECTED = Expected("native", "host", "toy", (b"py" + bytes(30)).hex(), (b"B" + bytes(15)).hex())
SEED = 20260104


def samples(count: int, size: int) -> Iterator[tuple[int, Sequence[bytes]]]:
    return ((sample, toy_inputs(sample, size)) for sample in range(count))


def toy_on(cable: str, folder: Path, *flags: str) -> Device:
    url = f"process:{build_native(*flags, sanitize=not flags)}"
    print(f"cable {cable}")
    link = CableLink(open_link(url, log=folder / "log"), parse_cable(cable))
    return Device(link, patience_s=0.2)


@pytest.mark.parametrize(
    "cable",
    [
        "",
        f"seed={SEED},ber=1e-5",
        f"seed={SEED},ber=1e-4,drop=1e-4,duplicate=1e-4,reorder=1e-4,truncate=1e-4,text=1e-4",
        f"seed={SEED},ber=2e-5,reset=1e-4",
    ],
)
def test_a_stream_is_what_single_samples_are(cable: str, tmp_path: Path) -> None:
    count = 150
    with toy_on(cable, tmp_path) as device:
        steady = SteadyDevice(device, EXPECTED)
        steady.check()
        answers = list(steady.stream(samples(count, 300)))
        stats = steady.stats()
    assert len(answers) == count
    for sample, answer in enumerate(answers):
        assert answer.outputs == toy_outputs(toy_inputs(sample)), sample
    assert ("reset" in cable) == (stats.resets > 0)
    assert sum(stats.faults.values()) > 0 or not cable


def test_without_faults_everything_is_streamed(tmp_path: Path) -> None:
    with toy_on("", tmp_path) as device:
        pipeline = Pipeline(device)
        assert len(list(pipeline.run(samples(50, 300)))) == 50
        assert pipeline.streamed == 50


class Ring(FakeDevice):
    """A receive buffer of so many bytes, which loses what does not fit; a slow reader.

    Attributes:
        fullest: most bytes that lay in it.
    """

    credits = 3
    room = credits * (ENCODED_MAX + 2)

    def __init__(self) -> None:
        super().__init__()
        self.fullest = 0
        self._lengths: list[int] = []

    def write(self, data: bytes) -> None:
        super().write(data)
        self._lengths += [len(frame) + 2 for frame in data.split(b"\0") if frame]
        self.fullest = max(self.fullest, sum(self._lengths))
        assert self.fullest <= self.room, "the ring would overflow"

    def read(self, timeout_s: float) -> bytes:
        if self._lengths:  # a frame leaves the ring when it is answered
            self._lengths.pop(0)
        return super().read(timeout_s)


def test_no_ring_overflows_and_all_of_it_is_used() -> None:
    ring = Ring()
    inputs = [bytes([sample]) * SIZE for sample in range(20)]
    with Device(ring, patience_s=5) as device:
        pipeline = Pipeline(device)
        answers = list(pipeline.run((n, [data]) for n, data in enumerate(inputs)))
    assert [a.outputs[0][:1] for a in answers] == [bytes([n]) for n in range(20)]
    assert pipeline.streamed == 20
    assert ring.fullest > 0.6 * ring.room


@pytest.mark.slow
def test_the_line_is_used_when_transfer_is_the_bottleneck(tmp_path: Path) -> None:
    """A sample of 27,648 bytes is 0.3 s at 921,600 baud; the toy computes in no time."""
    size, count, baud = 27_648 - SECOND_BYTES, 60, 921_600
    with toy_on(f"seed=1,baud={baud},latency=1", tmp_path, f"-DTOY_BYTES={size}") as device:
        device.infer(99_999, toy_inputs(1, size))
        before, started = device.stats().bytes_to_device, time.monotonic()
        assert sum(1 for _ in Pipeline(device).run(samples(count, size))) == count
        took = time.monotonic() - started
        sent = device.stats().bytes_to_device - before
    share = sent * 10 / baud / took
    framing = 1 - count * (size + SECOND_BYTES) / sent
    print(f"line used {share:.4f}, of it framing {framing:.4f}")
    assert share >= 0.97
    assert framing < 0.05
