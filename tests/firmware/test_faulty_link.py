"""A short session with something going wrong at every single byte of it, in both directions.

The firmware is a sanitized host build. One harm must be mended: the result is right. Several at
once may end in an error, but never in a wrong or misattributed result.
"""

from __future__ import annotations

import random
from collections.abc import Generator
from pathlib import Path
from typing import get_args

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from support.toy import build_native, toy_inputs, toy_outputs
from tinybench.bench.device import Device
from tinybench.errors import DeviceError
from tinybench.link import Link, open_link
from tinybench.link.faulty import Direction, Fault, FaultyLink, Harm

SEED = 20260101
BYTES = 12  # both inputs hold zeros: COBS has something to do
SESSION_BYTES: dict[Direction, int] = {"to_device": 135, "to_host": 560}
"""Somewhat more than a session has, so that the first bytes after it are hit as well."""


@pytest.fixture(scope="module")
def link(tmp_path_factory: pytest.TempPathFactory) -> Generator[Link]:
    """One device for all sessions: what one leaves behind on the line is the next one's problem."""
    url = f"process:{build_native(f'-DTOY_BYTES={BYTES}')}"
    opened = open_link(url, log=tmp_path_factory.mktemp("faulty") / "log")
    yield opened
    opened.close()


class KeepOpen(FaultyLink):
    """Leaves the link open for the next session."""

    def close(self) -> None:
        pass


def session(link: Link, faults: list[Fault], sample: int) -> None:
    """Greet, run one sample, compare."""
    inputs = toy_inputs(sample, BYTES)
    with Device(KeepOpen(link, faults), reply_timeout_s=1.5, patience_s=0.004) as device:
        device.hello()
        inference = device.infer(sample, inputs)
    assert inference.outputs == toy_outputs(inputs)


def test_the_session_is_as_long_as_said(link: Link) -> None:
    seen = dict.fromkeys(SESSION_BYTES, 0)

    class Counting(KeepOpen):
        def read(self, timeout_s: float) -> bytes:
            data = super().read(timeout_s)
            seen["to_host"] += len(data)
            return data

        def write(self, data: bytes) -> None:
            seen["to_device"] += len(data)
            super().write(data)

    with Device(Counting(link, [])) as device:
        device.hello()
        device.infer(1, toy_inputs(1, BYTES))
    for direction, count in seen.items():
        assert 0.8 * SESSION_BYTES[direction] < count <= SESSION_BYTES[direction], (
            direction,
            count,
        )


@pytest.mark.parametrize("direction", get_args(Direction))
@pytest.mark.parametrize("harm", get_args(Harm))
def test_one_harm_anywhere_is_mended(link: Link, direction: Direction, harm: Harm) -> None:
    rng = random.Random(f"{SEED} {direction} {harm}")
    for at in range(SESSION_BYTES[direction]):
        value = rng.randrange(1, 256 if harm in ("flip", "insert") else 12)
        fault = Fault(direction, at, harm, value)
        print(f"seed={SEED} {fault}")
        session(link, [fault], sample=at)


faults = st.builds(
    Fault,
    st.sampled_from(get_args(Direction)),
    st.integers(0, max(SESSION_BYTES.values())),
    st.sampled_from(get_args(Harm)),
    st.integers(1, 20),
)


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(several=st.lists(faults, min_size=2, max_size=12), sample=st.integers(0, 0xFFFFFFFF))
def test_many_harms_never_make_a_wrong_result(
    link: Link, several: list[Fault], sample: int
) -> None:
    try:
        session(link, several, sample)
    except DeviceError as error:
        assert error.wanted and error.seen


def test_resends_are_counted(link: Link, tmp_path: Path) -> None:
    inputs = toy_inputs(1, BYTES)
    harm = Fault("to_device", 40, "flip", 4)
    log = tmp_path / "device.log"
    with Device(KeepOpen(link, [harm]), log=log, patience_s=5) as device:
        device.hello()
        assert device.infer(1, inputs).resends == 1
        assert device.infer(2, toy_inputs(2, BYTES)).resends == 0
    assert "received a damaged frame" in log.read_text()
