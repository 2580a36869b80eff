"""Everything around bench/run.py, without a device: what each side answers is made up here."""

from __future__ import annotations

import json
import zlib
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tinybench.bench.inference import Inference
from tinybench.bench.link_stats import LinkStats
from tinybench.bench.records import Measured, SampleRecord
from tinybench.bench.run import Bench, run
from tinybench.boards import load_board
from tinybench.compiler.program import DeviceTensor
from tinybench.errors import DataError, TinybenchError
from tinybench.gates import Gates
from tinybench.model.answers import Facts, Outputs
from tinybench.report.gates import as_json, judge
from tinybench.report.result import RunFacts, build_result

Array = NDArray[Any]
FACTS = Facts("LiteRT", "TFLM", None, 4096, "by a fake", ())
TICKS = 1000


def right_answer(tensor: Array) -> Array:
    """What device and references make of a sample: its first values, backwards."""
    return tensor.reshape(-1)[:4][::-1].reshape(1, 4)


@dataclass
class FakeSamples:
    """So many samples; some cannot be read."""

    count: int
    damaged: frozenset[int] = frozenset()
    labelled: bool = True

    def __len__(self) -> int:
        return self.count

    def name(self, index: int) -> str:
        return f"{index}.png"

    def label(self, index: int) -> int | None:
        return index % 4 if self.labelled else None

    def tensor(self, index: int) -> Array:
        if index in self.damaged:
            raise DataError(f"read {index}", "it is damaged", "mend it")
        return np.random.default_rng(index).integers(-128, 128, (1, 8)).astype(np.int8)


@dataclass
class FakeDevice:
    """Computes the right answer, until told otherwise.

    Attributes:
        before: called with the sample's number before each inference; may raise.
        bend: turns the right output bytes into those that are answered.
        painted: samples that memory was measured on.
    """

    before: Callable[[int], None] = lambda sample: None
    bend: Callable[[int, bytes], bytes] = lambda sample, output: output
    painted: list[int] = field(default_factory=list)

    def infer(self, sample: int, inputs: Sequence[bytes]) -> Inference:
        self.before(sample)
        right = right_answer(np.frombuffer(inputs[0], np.int8)).tobytes()
        output = self.bend(sample, right)
        return Inference(
            outputs=[output],
            ticks=TICKS + sample,
            arena_used=None,
            stack_used=None,
            resends=sample % 2,
            input_crc=zlib.crc32(inputs[0]),
            output_crc=zlib.crc32(output),
        )

    def measure_memory(self, sample: int, inputs: Sequence[bytes]) -> Inference:
        self.painted.append(sample)
        self.before(sample)
        return Inference([b""], TICKS, 200, None, 0, 0, 0)


@dataclass
class FakeReference:
    """Answers at once, or with an error for one of the samples.

    Attributes:
        with_oracle: whether TFLM runs.
        failing: from which submission on it answers with ``error``.
        submitted: how many samples it was given.
    """

    with_oracle: bool = True
    failing: int = 1 << 30
    error: TinybenchError | None = None
    submitted: int = 0

    def submit(self, inputs: Sequence[Array]) -> Future[Outputs]:
        future: Future[Outputs] = Future()
        self.submitted += 1
        answer = [right_answer(inputs[0])]
        if self.submitted > self.failing and self.error is not None:
            future.set_exception(self.error)
        else:
            future.set_result(Outputs(answer, answer if self.with_oracle else None, 12.5))
        return future


class FakeEdge:
    """int8 on both sides."""

    output_steps = (1.0,)

    def encode(self, values: Sequence[Array]) -> list[bytes]:
        return [value.tobytes() for value in values]

    def decode(self, raw: Sequence[bytes]) -> list[Array]:
        return [np.frombuffer(data, np.int8).reshape(1, 4) for data in raw]


@dataclass
class Seen:
    """What a watcher was told."""

    records: list[SampleRecord] = field(default_factory=list)
    outputs: list[bytes] = field(default_factory=list)
    unreadable: list[str] = field(default_factory=list)

    def record(self, record: SampleRecord, outputs: Sequence[bytes]) -> None:
        self.records.append(record)
        self.outputs.append(b"".join(outputs))


def make_bench(
    samples: FakeSamples,
    device: FakeDevice | None = None,
    reference: FakeReference | None = None,
    *,
    strict: bool = False,
) -> tuple[Bench, Seen]:
    """A run of fakes, and what it will tell."""
    seen = Seen()
    bench = Bench(
        edge=FakeEdge(),
        samples=samples,
        device=device or FakeDevice(),
        reference=reference or FakeReference(),
        strict=strict,
        on_record=seen.record,
        on_unreadable=seen.unreadable.append,
    )
    return bench, seen


def measure(samples: FakeSamples, **fakes: Any) -> Measured:
    """What a run of fakes brings."""
    return run(make_bench(samples, **fakes)[0])[0]


def fake_result(
    measured: Measured,
    reference: Facts | None = FACTS,
    no_labels: str = "",
    classes: int | None = 4,
    gates: Gates | None = None,
    link: LinkStats | None = None,
) -> Any:
    """result.json of a run, as it is after reading it back."""
    facts = RunFacts(
        started="2026-11-23T10:15:30+00:00",
        finished="2026-11-23T10:15:40+00:00",
        board=load_board("virt-c3"),
        engine={"name": "aot", "build_id": "ab"},
        model={"name": "m.tflite", "sha256": "cd", "notes": []},
        data={"path": "d.npz", "kind": "npz", "preparation": "none", "notes": []},
        classes=classes,
        no_labels=no_labels,
        device={"boot_id": 1} if reference else None,
        outputs=[DeviceTensor(1, "scores", "int8", (1, 4), 0.5, -3, 0)],
        arena_place="internal RAM",
        weights_place="flash",
        arena_bytes=272,
        arena_method="planned at build time",
        flash={"total": 100, "weights": 60, "code": 30, "ram_static": 300},
        largest=(("tb_w_0", 60), ("tb_conv2d", 30)),
        reference=reference,
    )
    result = build_result(facts, replace(measured, link=link))
    result["gates"] = as_json(judge(gates or Gates(), result))
    return json.loads(json.dumps(result))
