"""The emulator as a link: a real bare-metal firmware in QEMU that works, crashes, hangs, resets."""

from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from support import orphan
from support.toy import FIRST_BYTES, build_virtual, fault_inputs, toy_inputs, toy_outputs
from tinybench.bench.device import Device
from tinybench.boards import load_board
from tinybench.errors import DeviceCrashed, DeviceSilent
from tinybench.link import open_link
from tinybench.link.emulator import board_url
from tinybench.link.process import ProcessLink
from tinybench.wire.messages import ResetReason

BOARD = load_board("virt-c3")
FAULTS = "-DTOY_FAULTS=1"
MISSING = [p for p in (BOARD.link.emulator, BOARD.build.toolchain + "gcc") if not shutil.which(p)]
pytestmark = pytest.mark.skipif(bool(MISSING), reason=f"not installed: {MISSING}; see tools/setup")


def url_of(*flags: str) -> str:
    return board_url(BOARD, build_virtual(*flags))


def open_toy(folder: Path, *flags: str) -> ProcessLink:
    link = open_link(url_of(*flags), log=folder / "emulator.log")
    assert isinstance(link, ProcessLink)
    return link


def is_running(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except (FileNotFoundError, ProcessLookupError):
        return False


def test_samples_are_computed_and_counted(tmp_path: Path) -> None:
    with Device(open_toy(tmp_path)) as device:
        hello = device.hello()
        ticks = set()
        for sample in range(5):
            inference = device.infer(sample, toy_inputs(sample))
            assert inference.outputs == toy_outputs(toy_inputs(sample))
            ticks.add(inference.ticks)
        marks = device.measure_memory(9, toy_inputs(9))
    assert (hello.board, hello.chip) == (BOARD.name, BOARD.chip.name)
    assert len(ticks) == 1, "instructions are exact and do not depend on the data here"
    assert FIRST_BYTES * 4 < ticks.pop() < FIRST_BYTES * 100
    assert marks.arena_used == 629
    assert marks.stack_used is not None
    assert 17 * 64 < marks.stack_used < BOARD.memory.stack_bytes
    said = (tmp_path / "emulator.log").read_text().splitlines()
    assert all("terminating on signal 15" in line for line in said)


def test_a_trap_is_a_crash_with_cause_and_place(tmp_path: Path) -> None:
    log = tmp_path / "device.log"
    with Device(open_toy(tmp_path, FAULTS), log=log) as device:
        device.hello()
        with pytest.raises(DeviceCrashed) as caught:
            device.infer(1, fault_inputs(1))
    cause = r"tb-trap: mcause=0x00000007 mepc=0x8\w+ mtval=0x00000000"
    place = r"\(store to where no writable memory is in \w+\+0x\w+\)"
    assert re.search(rf"the emulator exited with status \d+: {cause} {place}", caught.value.seen)
    assert re.search(f"text: {cause}", log.read_text())


def test_a_hang_says_where(tmp_path: Path) -> None:
    link = open_toy(tmp_path, FAULTS)
    with Device(link, reply_timeout_s=3) as device:
        device.hello()
        with pytest.raises(DeviceSilent, match="no answer in 3 s, nothing came back") as caught:
            device.infer(1, fault_inputs(2))
    where = r"CPU at pc=0x8\w+ in (invoke|misbehave|tb_port_ticks)\+0x\w+"
    assert re.match(where, caught.value.details[0])
    assert not is_running(link.child.pid)


def test_noise_without_end_is_silence(tmp_path: Path) -> None:
    with Device(open_toy(tmp_path, FAULTS), reply_timeout_s=2) as device:
        device.hello()
        with pytest.raises(DeviceSilent, match="bytes that are no frame"):
            device.infer(1, fault_inputs(7))


def test_a_reset_is_noticed_and_survived(tmp_path: Path) -> None:
    with Device(open_toy(tmp_path, FAULTS)) as device:
        first = device.hello()
        with pytest.raises(DeviceCrashed, match="was reset, reset reason software"):
            device.infer(1, fault_inputs(8))
        second = device.hello()
        third = device.reset()
        assert len({first.boot_id, second.boot_id, third.boot_id}) == 3
        assert third.reset_reason == ResetReason.SOFTWARE
        assert device.infer(2, toy_inputs(2)).outputs == toy_outputs(toy_inputs(2))


def test_a_killed_emulator_is_a_crash(tmp_path: Path) -> None:
    link = open_toy(tmp_path)
    with Device(link) as device:
        device.hello()
        os.kill(link.child.pid, signal.SIGKILL)
        with pytest.raises(DeviceCrashed, match="the emulator was killed by SIGKILL"):
            device.infer(1, toy_inputs(1))


def test_an_emulator_that_refuses_its_arguments_is_quoted(tmp_path: Path) -> None:
    url = url_of() + "&argument=-no-such-option"
    device = Device(open_link(url, log=tmp_path / "emulator.log"))
    with device, pytest.raises(DeviceCrashed, match="the emulator exited with status 1") as caught:
        device.hello()
    assert any("-no-such-option: invalid option" in line for line in caught.value.details)


def test_the_emulator_dies_when_the_parent_is_killed(tmp_path: Path) -> None:
    command = [sys.executable, orphan.__file__, url_of(), str(tmp_path / "log")]
    parent = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    assert parent.stdout
    emulator = int(parent.stdout.readline())
    time.sleep(0.5)
    assert is_running(emulator)
    parent.kill()
    parent.wait()
    parent.stdout.close()
    deadline = time.monotonic() + 10
    while is_running(emulator):
        if time.monotonic() > deadline:
            os.kill(emulator, signal.SIGKILL)
            pytest.fail("the emulator lived on")
        time.sleep(0.02)
