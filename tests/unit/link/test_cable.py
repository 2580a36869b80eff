"""The bad cable: as bad as it says, from its seed alone, and honest about what it did."""

from __future__ import annotations

import time
from collections.abc import Generator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import binomtest

from support.toy import build_native, toy_inputs, toy_outputs
from tinybench.bench.device import Device
from tinybench.errors import UsageError
from tinybench.link import open_link
from tinybench.link.cable import CableLink, CableSpec, parse_cable
from tinybench.link.cable.damage import Damage, ResetDevice, Stall
from tinybench.link.cable.line import Line

SEED = 20260102
ALL = CableSpec(
    seed=SEED, ber=1e-3, drop=1e-2, duplicate=1e-2, reorder=1e-2, truncate=1e-2, stall=1e-2,
    text=1e-2, reset=1e-2,
)  # fmt: skip


def pass_all(damage: Damage, data: bytes, cuts: list[int]) -> list[object]:
    """All outcomes, bytes joined, as nobody sees where they were cut."""
    joined: list[object] = []
    for start, end in zip([0, *cuts], [*cuts, len(data)], strict=True):
        for outcome in damage.through(data[start:end]):
            if isinstance(outcome, bytes) and joined and isinstance(joined[-1], bytes):
                joined[-1] += outcome
            elif outcome != b"":
                joined.append(outcome)
    return joined


@given(data=st.binary(min_size=200, max_size=800), cuts=st.lists(st.integers(0, 200), max_size=20))
def test_how_the_stream_is_cut_makes_no_difference(data: bytes, cuts: list[int]) -> None:
    for direction in ("to_device", "to_host"):
        whole = pass_all(Damage(ALL, direction), data, [])
        assert pass_all(Damage(ALL, direction), data, sorted(cuts)) == whole


def test_no_fault_is_no_fault() -> None:
    damage = Damage(CableSpec(), "to_host")
    assert list(damage.through(b"abc")) == [b"abc"]
    assert not damage.faults


@pytest.mark.parametrize("kind", ["drop", "duplicate", "reorder", "truncate", "stall", "text"])
def test_faults_come_as_often_as_the_spec_says(kind: str) -> None:
    n = 200_000
    damage = Damage(CableSpec(seed=SEED, **{kind: 1e-3}), "to_host")  # type: ignore[arg-type]
    outcomes = list(damage.through(bytes(n)))
    assert binomtest(damage.faults[kind], n, 1e-3).pvalue > 1e-4
    assert list(damage.faults) == [kind]
    size = sum(len(o) for o in outcomes if isinstance(o, bytes))
    if kind in ("drop", "truncate"):
        assert size < n
    elif kind in ("duplicate", "text"):
        assert size > n
    else:
        assert n - 128 <= size <= n, "what is moved, or waits, is not lost"


@pytest.mark.parametrize("ber", [1e-4, 0.05, 1.0])
def test_bits_are_turned_as_often_as_the_spec_says(ber: float) -> None:
    n = 100_000
    damage = Damage(CableSpec(seed=SEED, ber=ber), "to_host")
    out = b"".join(o for o in damage.through(bytes(n)) if isinstance(o, bytes))
    turned = int.from_bytes(out, "big").bit_count()
    assert len(out) == n
    assert binomtest(turned, 8 * n, ber).pvalue > 1e-4 if ber < 1 else turned == 8 * n
    assert damage.faults["flip"] == sum(byte != 0 for byte in out)


def test_reordering_loses_nothing() -> None:
    data = bytes(i & 0xFF for i in range(20_000))
    damage = Damage(CableSpec(seed=SEED, reorder=1e-3), "to_host")
    out = b"".join(o for o in damage.through(data) if isinstance(o, bytes)) + damage.release()
    assert damage.faults["reorder"] > 5
    assert out != data
    assert sorted(out) == sorted(data)


def test_resets_go_to_the_device_and_no_more_than_wanted() -> None:
    spec = CableSpec(seed=SEED, reset=0.01, resets=3)
    assert (
        sum(isinstance(o, ResetDevice) for o in Damage(spec, "to_device").through(bytes(5000))) == 3
    )
    assert not any(isinstance(o, ResetDevice) for o in Damage(spec, "to_host").through(bytes(5000)))


def test_a_stall_says_for_how_long() -> None:
    damage = Damage(CableSpec(seed=SEED, stall=0.01), "to_host")
    stalls = [o for o in damage.through(bytes(5000)) if isinstance(o, Stall)]
    assert stalls
    assert all(1 <= stall.ms <= 100 for stall in stalls)


def test_a_line_takes_its_time() -> None:
    line = Line(baud=100_000, latency_s=0.02)
    started = time.monotonic()
    line.push(bytes(500))  # 50 ms
    line.push(bytes(500))
    got = bytearray()
    while len(got) < 1000:
        got += line.pull(1.0)
    took = time.monotonic() - started
    assert 0.12 <= took < 0.25
    assert line.pull(0.01) == b""


@pytest.mark.parametrize(
    ("text", "spec"),
    [
        ("seed=7", CableSpec(seed=7)),
        ("ber=1e-4, drop=1e-5 ,seed=1", CableSpec(ber=1e-4, drop=1e-5)),
        ("baud=921600,latency=1.5,seed=1", CableSpec(baud=921600, latency=1.5)),
        ("reset=1e-5,resets=20,seed=1", CableSpec(reset=1e-5, resets=20)),
    ],
)
def test_a_spec_is_read_and_written(text: str, spec: CableSpec) -> None:
    assert parse_cable(text) == spec
    assert parse_cable(spec.words()) == spec


def test_without_a_seed_a_new_one_is_drawn_and_said() -> None:
    first, second = parse_cable("ber=1e-4"), parse_cable("ber=1e-4")
    assert first.seed != second.seed
    assert parse_cable(first.words()) == first


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("bre=1e-4", "did you mean 'ber'"),
        ("ber", "a number for the cable's ber"),
        ("ber=x", "a number for the cable's ber"),
        ("ber=1.5", "a chance from 0 to 1"),
        ("drop=-1", "a chance from 0 to 1"),
        ("ber=nan", "a chance from 0 to 1"),
        ("latency=inf", "a number from 0 up"),
        ("seed=1.5", "a number for the cable's seed"),
        ("resets=5", "reset=1e-5"),
    ],
)
def test_a_wrong_spec_is_refused(text: str, words: str) -> None:
    with pytest.raises(UsageError, match=words):
        parse_cable(text)


@pytest.fixture
def cable(tmp_path: Path) -> Generator[CableLink]:
    link = CableLink(open_link(f"process:{build_native()}", log=tmp_path / "log"), CableSpec())
    yield link
    link.close()


def test_what_passes_is_counted(cable: CableLink) -> None:
    with Device(cable) as device:
        inputs = toy_inputs(1)
        assert device.infer(1, inputs).outputs == toy_outputs(inputs)
        stats = device.stats()
    counts = cable.counts()
    assert counts.bytes_to_device == stats.bytes_to_device > 300
    assert counts.bytes_to_host == stats.bytes_to_host > 300
    assert counts.faults == {}


def test_a_reset_device_is_another_boot(cable: CableLink) -> None:
    with Device(cable) as device:
        before = device.hello().boot_id
        assert cable.reset()
        assert device.hello().boot_id != before
