"""The run itself: every sample through the device, the desktop runtime and the oracle."""

from __future__ import annotations

import itertools
import time
import zlib
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future
from dataclasses import dataclass
from typing import Any

from tinybench.bench.comparing import compare
from tinybench.bench.records import Footprint, Measured, Mode, SampleRecord, Status, Stream
from tinybench.bench.roles import Array, Device, Edge, Inference, Reference, Samples
from tinybench.errors import DataError, Interrupted, TinybenchError, system_error

AHEAD = 4  # samples handed to the reference process before the device needs their answers


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
            answer = _answer(bench, ready)
            record = compare(bench.samples, ready.index, inference, answer, bench.edge, bench.mode)
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
    return Interrupted(
        "measure every sample",
        f"interrupted after {measured:,} of {planned:,}",
        "`tinybench bench --resume RUN_FOLDER` goes on where it stopped",
    )


def _status(error: TinybenchError | None) -> Status:
    if error is None:
        return "complete"
    return "interrupted" if isinstance(error, Interrupted) else "failed"


def _nothing_readable(unreadable: list[str]) -> DataError:
    return DataError(
        "at least one readable sample",
        f"none of {len(unreadable)} could be read",
        "mend the data; this is what is wrong with the first",
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


def _answer(bench: Bench, ready: _Ready) -> Any:
    """The desktop runtimes' answer; answers come in order, so an error is this sample's own."""
    try:
        return ready.answer.result()
    except DataError as error:
        wanted = f"{error.wanted}, on sample {bench.samples.name(ready.index)}"
        raise DataError(wanted, error.seen, error.todo, details=error.details) from error
