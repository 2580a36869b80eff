"""The run itself: every sample through the device, the desktop runtime and the oracle."""

from __future__ import annotations

import itertools
import time
import zlib
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from tinybench.bench.records import Footprint, Measured, Mode, SampleRecord, Status, Stream
from tinybench.errors import DataError, Interrupted, TinybenchError, system_error

Array = NDArray[Any]

AHEAD = 4  # samples handed to the reference process before the device needs their answers


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


@dataclass(frozen=True)
class Bench:
    """Everything that a run needs.

    Attributes:
        edge: what lies between the file's tensors and the device's bytes.
        strict: stop at an unreadable image instead of counting it.
        mode: "latency": the link is quiet while the device computes; "throughput": it is not, and
            no latency is taken.
        done: measured before the run was broken off; checked, not measured again.
        on_record: called after each sample with the device's output bytes (progress, run folder);
            a sample counts as measured when this returns.
    """

    edge: Edge
    samples: Samples
    device: Device
    reference: Reference
    strict: bool = False
    done: tuple[SampleRecord, ...] = ()
    mode: Mode = "latency"
    on_record: Callable[[SampleRecord, Sequence[bytes]], None] = lambda record, outputs: None
    on_unreadable: Callable[[str], None] = lambda name: None


@dataclass(frozen=True)
class _Ready:
    index: int
    tensor: Array
    answer: Future[Any]


def run(bench: Bench) -> tuple[Measured, TinybenchError | None]:
    """Measures every sample.

    Returns:
        What was measured, complete or not, and the error that ended it early, if any: the
        device's; DataError where ``strict`` met an unreadable image, nothing was readable, or a
        desktop runtime died of a sample, which it names; Interrupted after Ctrl-C.
    """
    records: list[SampleRecord] = list(bench.done)
    unreadable: list[str] = []
    footprint: Footprint | None = None
    error: TinybenchError | None = None
    planned = len(bench.samples)
    clock = _StreamClock(bench.device)
    try:
        readies = _prepare(bench, unreadable)
        first = next(readies, None)
        if first is not None:
            footprint = _probe_memory(bench, *_first(bench, first))
            readies = itertools.chain([first], readies)
        for ready, inference in _inferences(bench, readies, clock):
            record = _compare(bench, ready, inference)
            bench.on_record(record, inference.outputs)
            records.append(record)
        if not records:
            raise _nothing_readable(unreadable)
    except (TinybenchError, OSError, KeyboardInterrupt) as failure:
        error = _explain_end(failure, planned, len(records))
    measured = Measured(
        status=_status(error),
        reason=str(error) if error else "",
        planned=planned,
        unreadable=tuple(unreadable),
        records=tuple(records),
        footprint=footprint,
        stream=clock.stream() if bench.mode == "throughput" else None,
    )
    return measured, error


class _StreamClock:
    """Takes the time of a stream, and counts what it sends."""

    def __init__(self, device: Device) -> None:
        self._device = device
        self._n = self._input_bytes = self._before = self._sent = 0
        self._started = self._ended = 0.0

    def start(self) -> None:
        self._started, self._before = time.monotonic(), self._device.bytes_sent

    def done(self, inputs: Sequence[bytes]) -> None:
        """A sample's outputs are here."""
        self._n += 1
        self._input_bytes += sum(len(data) for data in inputs)
        self._ended, self._sent = time.monotonic(), self._device.bytes_sent

    def stream(self) -> Stream | None:
        if not self._n:
            return None
        seconds, sent = self._ended - self._started, self._sent - self._before
        return Stream(self._n, seconds, self._input_bytes, sent)


def _inferences(
    bench: Bench, readies: Iterator[_Ready], clock: _StreamClock
) -> Iterator[tuple[_Ready, Inference]]:
    """Each sample with what the device makes of it."""
    if bench.mode == "latency":
        for ready in readies:
            yield ready, bench.device.infer(ready.index, bench.edge.encode([ready.tensor]))
        return
    waiting: deque[tuple[_Ready, Sequence[bytes]]] = deque()

    def sent() -> Iterator[tuple[int, Sequence[bytes]]]:
        for ready in readies:
            inputs = bench.edge.encode([ready.tensor])
            waiting.append((ready, inputs))
            yield ready.index, inputs

    clock.start()
    for inference in bench.device.stream(sent()):
        ready, inputs = waiting.popleft()
        clock.done(inputs)
        yield ready, inference


def never_ran(failure: BaseException | None, planned: int) -> tuple[Measured, TinybenchError]:
    """What run() returns, for a run that something ended before its first sample."""
    error = _explain_end(failure, planned, 0)
    return Measured(_status(error), str(error), planned, (), (), None), error


def _explain_end(failure: BaseException | None, planned: int, measured: int) -> TinybenchError:
    """What ended a run, as an error of ours."""
    if isinstance(failure, TinybenchError):
        return failure
    if isinstance(failure, OSError):
        return system_error("keep what was measured", failure)
    return Interrupted("measure every sample", f"interrupted after {measured:,} of {planned:,}")


def _status(error: TinybenchError | None) -> Status:
    if error is None:
        return "complete"
    return "interrupted" if isinstance(error, Interrupted) else "failed"


def _nothing_readable(unreadable: list[str]) -> DataError:
    return DataError(
        "at least one readable sample",
        f"none of {len(unreadable)} could be read",
        details=tuple(unreadable[:5]),
    )


def _prepare(bench: Bench, unreadable: list[str]) -> Iterator[_Ready]:
    """Readable samples in order, each submitted to the reference a few samples ahead."""
    waiting: deque[_Ready] = deque()
    done = {record.index: record for record in bench.done}
    last_done = max(done, default=-1)
    for index in range(len(bench.samples)):
        try:
            tensor = bench.samples.tensor(index)
        except DataError as error:
            name = bench.samples.name(index)
            if bench.strict:
                raise DataError(f"read {name}", error.seen, error.todo) from error
            unreadable.append(f"{name}: {error.seen}")
            bench.on_unreadable(unreadable[-1])
            continue
        if index in done:
            _check_done(bench, done[index], tensor)
            continue
        if index < last_done:
            raise _changed(bench, index, "it has no row")
        waiting.append(_Ready(index, tensor, bench.reference.submit([tensor])))
        if len(waiting) > AHEAD:
            yield waiting.popleft()
    yield from waiting


def _check_done(bench: Bench, record: SampleRecord, tensor: Array) -> None:
    """The data must still be what the record was measured on."""
    name = bench.samples.name(record.index).encode("utf-8", "backslashreplace").decode()
    if (record.name, record.label) != (name, bench.samples.label(record.index)):
        raise _changed(bench, record.index, f"its row is of {record.name}, label {record.label}")
    if zlib.crc32(b"".join(bench.edge.encode([tensor]))) != record.input_crc:
        raise _changed(bench, record.index, "its content is another")


def _changed(bench: Bench, index: int, seen: str) -> DataError:
    return DataError(
        f"sample {index}, {bench.samples.name(index)}, as it was before the run was broken off",
        seen,
        "the data has changed: bench anew",
    )


def _first(bench: Bench, ready: _Ready) -> tuple[int, Array]:
    """The sample that memory is measured with: the run's first, whenever it goes on."""
    if not bench.done:
        return ready.index, ready.tensor
    index = bench.done[0].index
    return index, bench.samples.tensor(index)


def _probe_memory(bench: Bench, index: int, tensor: Array) -> Footprint:
    """High-water marks of one sample; these inferences are not measured otherwise."""
    marks = bench.device.measure_memory(index, bench.edge.encode([tensor]))
    return Footprint(marks.arena_used, marks.stack_used)


def _compare(bench: Bench, ready: _Ready, inference: Inference) -> SampleRecord:
    reference = _answer(bench, ready)
    device = bench.edge.decode(inference.outputs)
    oracle = reference.oracle
    return SampleRecord(
        index=ready.index,
        name=bench.samples.name(ready.index),
        label=bench.samples.label(ready.index),
        device_top1=_top1(device),
        device_score=_score(device),
        desktop_top1=_top1(reference.desktop),
        desktop_score=_score(reference.desktop),
        desktop_top5=_top5(reference.desktop),
        desktop_equal=_same_bytes(device, reference.desktop),
        oracle_top1=None if oracle is None else _top1(oracle),
        outputs_equal=None if oracle is None else _same_bytes(device, oracle),
        largest_difference=None if oracle is None else _difference(bench.edge, device, oracle),
        latency=inference.ticks if bench.mode == "latency" else None,
        desktop_us=reference.desktop_us,
        resends=inference.resends,
        input_crc=inference.input_crc,
        output_crc=inference.output_crc,
    )


def _answer(bench: Bench, ready: _Ready) -> Any:
    """The desktop runtimes' answer; answers come in order, so an error is this sample's own."""
    try:
        return ready.answer.result()
    except DataError as error:
        wanted = f"{error.wanted}, on sample {bench.samples.name(ready.index)}"
        raise DataError(wanted, error.seen, error.todo, details=error.details) from error


def _top1(outputs: Sequence[Array]) -> int:
    """The class with the highest score of the first output; the first of equals."""
    return int(np.argmax(outputs[0].reshape(-1)))


def _score(outputs: Sequence[Array]) -> float:
    return float(np.max(outputs[0]))


def _top5(outputs: Sequence[Array]) -> str:
    scores = outputs[0].reshape(-1)
    best = np.argsort(-scores.astype(np.float64), kind="stable")[:5]
    return " ".join(f"{k}:{float(scores[k]):g}" for k in best)


def _same_bytes(a: Sequence[Array], b: Sequence[Array]) -> bool:
    return all(x.tobytes() == y.tobytes() for x, y in zip(a, b, strict=True))


def _difference(edge: Edge, device: Sequence[Array], oracle: Sequence[Array]) -> float:
    """Largest difference of any output element, in quantization steps."""
    return max(
        float(np.max(np.abs(d.astype(np.float64) - o.astype(np.float64)), initial=0.0) / step)
        for d, o, step in zip(device, oracle, edge.output_steps, strict=True)
    )
