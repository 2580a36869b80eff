"""result.json: all keys always there; null only with a reason beside it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from support.fake_run import (
    FACTS,
    TICKS,
    FakeDevice,
    FakeReference,
    FakeSamples,
    fake_result,
    measure,
)
from tinybench.bench.run import never_ran
from tinybench.errors import DeviceCrashed
from tinybench.model.answers import Facts

KEYS = {
    "board": ("name", "kind", "flash_bytes", "ram_bytes", "facts_sha256"),
    "engine": ("name",),
    "model": ("sha256",),
    "samples": ("planned", "measured"),
    "accuracy": ("device_top1", "desktop_top1", "desktop"),
    "agreement": ("argmax_equal", "outputs_byte_equal", "oracle"),
    "latency": ("unit", "method", "n", "min", "median", "p90", "p99", "max"),
    "desktop": ("latency_us_median", "latency_method", "memory_bytes", "memory_method"),
    "memory": ("arena_bytes", "arena_used_bytes", "stack_bytes"),
    "flash": ("total_bytes", "weights_bytes", "code_bytes"),
}
NO_ORACLE = Facts("LiteRT", None, "not installed", None, "by a fake", ("a note",))


def nulls(result: Any, path: str = "") -> Iterator[tuple[str, str | None]]:
    """Each value that is null, with its reason."""
    for key, value in result.items():
        if isinstance(value, dict):
            yield from nulls(value, f"{path}{key}.")
        elif value is None:
            yield path + key, result.get(f"{key}_reason")


def check_keys(result: Any) -> None:
    assert {"schema", "status"} < result.keys()
    for section, keys in KEYS.items():
        assert set(keys) <= result[section].keys()
    assert all(reason for _, reason in nulls(result)), dict(nulls(result))


def test_a_complete_run() -> None:
    result = fake_result(measure(FakeSamples(8)))
    check_keys(result)
    assert result["schema"] == "tinybench.result/3"
    assert (result["status"], "status_reason" in result) == ("complete", False)
    assert result["samples"]["resends"] == 4
    assert result["accuracy"]["n"] == 8
    assert result["accuracy"]["device_top1"] == result["accuracy"]["oracle_top1"]
    assert result["agreement"]["outputs_byte_equal"] == 8
    assert result["agreement"]["oracle"] == "TFLM"
    assert [result["latency"][k] for k in ("n", "min", "median", "max")] == [
        *(8, TICKS, TICKS + 3, TICKS + 7)
    ]
    assert result["desktop"]["latency_us_median"] == 12.5
    assert result["memory"]["arena_used_bytes"] == 200
    assert result["memory"]["stack_bytes_reason"] == "the board cannot tell"


def test_a_run_that_broke_off() -> None:
    def before(sample: int) -> None:
        if sample == 3:
            raise DeviceCrashed("run sample 3", "it trapped", "")

    result = fake_result(measure(FakeSamples(8), device=FakeDevice(before=before)))
    check_keys(result)
    assert (result["status"], result["status_reason"]) == ("failed", "run sample 3: it trapped")
    assert (result["samples"]["measured"], result["latency"]["n"]) == (3, 3)


@pytest.mark.parametrize("reference", [FACTS, None])
def test_a_run_that_never_began(reference: Facts | None) -> None:
    measured, _ = never_ran(DeviceCrashed("greet the device", "it exited", ""), 8)
    result = fake_result(measured, reference)
    check_keys(result)
    empty = {key: reason for key, reason in nulls(result) if key.startswith("latency.")}
    assert set(empty.values()) == {"no sample was measured"}
    assert len(empty) == 5
    assert (result["device"] is None) == (reference is None)


def test_without_labels_the_data_says_why() -> None:
    reason = "the images lie in no class folders"
    accuracy = fake_result(measure(FakeSamples(3, labelled=False)), no_labels=reason)["accuracy"]
    tops = ("device_top1", "desktop_top1", "oracle_top1")
    assert [accuracy[key] for key in tops] == [None] * 3
    assert [accuracy[f"{key}_reason"] for key in tops] == [reason] * 3


def test_without_an_oracle_the_comparison_is_with_litert() -> None:
    measured = measure(FakeSamples(3), reference=FakeReference(with_oracle=False))
    result = fake_result(measured, NO_ORACLE)
    check_keys(result)
    agreement = result["agreement"]
    assert (agreement["oracle"], agreement["outputs_byte_equal"]) == ("LiteRT", 3)
    assert agreement["oracle_note"].endswith("not installed")
    assert result["desktop"]["memory_bytes_reason"] == "this system does not tell"
    assert result["desktop"]["notes"] == ["a note"]
