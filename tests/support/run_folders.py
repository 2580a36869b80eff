"""Run folders as a bench leaves them, without a bench."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from pathlib import Path
from typing import Any

from support.fake_run import FakeSamples, fake_result, make_bench
from tinybench.bench.records import SampleRecord
from tinybench.bench.run import run
from tinybench.report.folder import open_run_folder

Bend = Callable[[SampleRecord], SampleRecord]


def write_run(
    path: Path, count: int = 8, *, bend: Bend = lambda record: record, **changes: Any
) -> Path:
    """A run of fakes in a folder.

    Args:
        path: where; must not be there.
        count: samples.
        bend: changes each record.
        changes: laid over result.json, e.g. ``status="failed"`` or ``board={"name": "x"}``.
    """
    bench, seen = make_bench(FakeSamples(count))
    measured = run(bench)[0]
    records = tuple(bend(record) for record in measured.records)
    result = fake_result(dataclasses.replace(measured, records=records))
    for key, value in changes.items():
        result[key] = {**result[key], **value} if isinstance(value, dict) else value
    with open_run_folder(path) as folder:
        folder.begin({})
        for record, output in zip(records, seen.outputs, strict=True):
            folder.add(record, [output])
        folder.finish(result, records)
    return path
