"""What is known of each sample after it was measured, and of the run as a whole."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from tinybench.bench.link_stats import LinkStats

Status = Literal["complete", "interrupted", "failed"]
Mode = Literal["latency", "throughput"]


@dataclass(frozen=True)
class Stream:
    """Samples one after the other, as fast as they went.

    Attributes:
        n: samples.
        seconds: wall time from the first byte of the first one's input to the last one's outputs.
        input_bytes: of all their inputs.
        bytes_to_device: that were sent for them, framing and requests included.
    """

    n: int
    seconds: float
    input_bytes: int
    bytes_to_device: int


@dataclass(frozen=True)
class SampleRecord:
    """One image through device, desktop and oracle.

    Attributes:
        index: position in the dataset.
        name: file name, or number where the data has no names.
        label: true class, None without labels.
        device_top1, desktop_top1, oracle_top1: class with the highest score, the first of equals.
        device_score: that score as the device's output element; likewise ``desktop_score``.
        outputs_equal: every output byte as the oracle's; None without an oracle.
        desktop_top5: the desktop's best classes and their scores, e.g. "3:0.9 7:0.05".
        desktop_equal: every output byte as the desktop runtime's.
        largest_difference: between device and oracle, in quantization steps; None likewise.
        latency: in the board's unit; None in throughput mode, where the link was busy meanwhile.
        desktop_us: wall time of the desktop inference in microseconds.
        resends: frames sent again.
        input_crc: CRC-32 of the bytes that the device computed on.
        output_crc: CRC-32 of the bytes that it computed.
    """

    index: int
    name: str
    label: int | None
    device_top1: int
    device_score: float
    desktop_top1: int
    desktop_score: float
    desktop_top5: str
    desktop_equal: bool
    oracle_top1: int | None
    outputs_equal: bool | None
    largest_difference: float | None
    latency: int | None
    desktop_us: float
    resends: int
    input_crc: int
    output_crc: int


@dataclass(frozen=True)
class Footprint:
    """Memory that two painted inferences touched, the larger of each; bytes.

    None where the board cannot tell.
    """

    arena_used: int | None
    stack: int | None


@dataclass(frozen=True)
class Measured:
    """A run's measurements.

    Attributes:
        status: "complete"; "interrupted" by the user; "failed": device, data, disk.
        reason: why it ended early; "" when complete.
        planned: samples that were to be measured.
        unreadable: names of images that could not be read, with the reason.
        records: one per measured sample, in order.
        link: what the link went through; None where the device never answered.
        stream: how fast samples went through; None in latency mode.
    """

    status: Status
    reason: str
    planned: int
    unreadable: tuple[str, ...]
    records: tuple[SampleRecord, ...]
    footprint: Footprint | None
    link: LinkStats | None = None
    stream: Stream | None = None
