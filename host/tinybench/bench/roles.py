"""What a run is made of, as run() sees it: device, desktop, data, and what lies between."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from concurrent.futures import Future
from typing import Any, Protocol

from numpy.typing import NDArray

Array = NDArray[Any]


class Inference(Protocol):
    """What a device answers; see bench/device.py."""

    @property
    def outputs(self) -> Sequence[bytes]:
        """The output tensors' bytes, in the model's order."""

    @property
    def ticks(self) -> int:
        """The latency counter's difference."""

    @property
    def arena_used(self) -> int | None:
        """Bytes of arena touched; None unless painted."""

    @property
    def stack_used(self) -> int | None:
        """Bytes of stack used; None unless painted, or where the board cannot tell."""

    @property
    def resends(self) -> int:
        """Frames sent again."""

    @property
    def input_crc(self) -> int:
        """CRC-32 of what was computed on."""

    @property
    def output_crc(self) -> int:
        """CRC-32 of what was computed."""


class Device(Protocol):
    """What runs the model."""

    def infer(self, sample: int, inputs: Sequence[bytes]) -> Inference:
        """One inference."""

    def stream(self, samples: Iterator[tuple[int, Sequence[bytes]]]) -> Iterator[Inference]:
        """One inference after the other, the next inputs on their way meanwhile."""

    @property
    def bytes_sent(self) -> int:
        """To the device, since the start."""

    def measure_memory(self, sample: int, inputs: Sequence[bytes]) -> Inference:
        """Painted inferences, for their high-water marks only."""


class Reference(Protocol):
    """Answers of the desktop runtimes; see model/reference.py."""

    def submit(self, inputs: Sequence[Array]) -> Future[Any]:
        """Starts one sample; the result has ``desktop``, ``oracle`` and ``desktop_us``."""


class Edge(Protocol):
    """Between the file's tensors and the device's bytes; see compiler/boundary.py."""

    @property
    def output_steps(self) -> tuple[float, ...]:
        """One quantization step of each output, in the file's units."""

    def encode(self, values: Sequence[Array]) -> list[bytes]:
        """The file's inputs as the device's bytes."""

    def decode(self, raw: Sequence[bytes]) -> list[Array]:
        """The device's bytes as the file's outputs."""


class Samples(Protocol):
    """What is measured; see bench/dataset.py."""

    def __len__(self) -> int:
        """How many samples."""

    def name(self, index: int) -> str:
        """A sample's name."""

    def label(self, index: int) -> int | None:
        """A sample's class."""

    def tensor(self, index: int) -> Array:
        """A sample as the model's input.

        Raises:
            DataError: it cannot be read.
        """
