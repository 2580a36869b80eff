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
from tinybench.boards import Board, load_board
from tinybench.errors import DeviceCrashed, DeviceSilent
from tinybench.link import open_link
from tinybench.link.emulator import board_url
from tinybench.link.process import ProcessLink
from tinybench.wire.messages import ResetReason

BOARDS = [load_board("virt-c3"), load_board("virt-esp32")]
FAULTS = "-DTOY_FAULTS=1"
MISSING = [
    program
    for board in BOARDS
    for program in (board.link.emulator, board.build.toolchain + "gcc")
    if not shutil.which(program)
]
pytestmark = pytest.mark.skipif(bool(MISSING), reason=f"not installed: {MISSING}; see tools/setup")


@pytest.fixture(params=BOARDS, ids=lambda board: board.name)
def board(request: pytest.FixtureRequest) -> Board:
    chosen: Board = request.param
    return chosen


def url_of(board: Board, *flags: str) -> str:
    return board_url(board, build_virtual(*flags, name=board.name))


def open_toy(board: Board, folder: Path, *flags: str) -> ProcessLink:
    link = open_link(url_of(board, *flags), log=folder / "emulator.log")
    assert isinstance(link, ProcessLink)
    return link


def is_running(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except (FileNotFoundError, ProcessLookupError):
        return False


def test_samples_are_computed_and_counted(board: Board, tmp_path: Path) -> None:
    with Device(open_toy(board, tmp_path)) as device:
        hello = device.hello()
        ticks = set()
        for sample in range(5):
            inference = device.infer(sample, toy_inputs(sample))
            assert inference.outputs == toy_outputs(toy_inputs(sample))
            ticks.add(inference.ticks)
        marks = device.measure_memory(9, toy_inputs(9))
    assert (hello.board, hello.chip) == (board.name, board.chip.name)
    step = 25 if board.chip.isa == "xtensa-lx106" else 0  # within what its counter counts
    assert max(ticks) - min(ticks) <= step, "instructions do not depend on the data here"
    assert FIRST_BYTES * 4 < ticks.pop() < FIRST_BYTES * 100
    assert marks.arena_used == 629
    assert marks.stack_used is not None
    assert 17 * 64 < marks.stack_used < board.memory.stack_bytes
    said = (tmp_path / "emulator.log").read_text().splitlines()
    assert all("terminating on signal 15" in line for line in said)


def test_a_trap_is_a_crash_with_cause_and_place(board: Board, tmp_path: Path) -> None:
    log = tmp_path / "device.log"
    with Device(open_toy(board, tmp_path, FAULTS), log=log) as device:
        device.hello()
        with pytest.raises(DeviceCrashed) as caught:
            device.infer(1, fault_inputs(1))
    cause, words = {
        "virt-c3": (r"mcause=0x00000007 mepc=0x8\w+ mtval=0x00000000", "no writable memory"),
        "virt-esp32": (r"exccause=0x0000001d epc1=0x5\w+ excvaddr=0x00000000", "no memory"),
    }[board.name]
    cause = f"tb-trap: {cause}"
    place = rf"\(store to where {words} is in \w+\+0x\w+\)"
    assert re.search(rf"the emulator exited with status \d+: {cause} {place}", caught.value.seen)
    assert re.search(f"text: {cause}", log.read_text())


def test_a_hang_says_where(board: Board, tmp_path: Path) -> None:
    link = open_toy(board, tmp_path, FAULTS)
    with Device(link, reply_timeout_s=3) as device:
        device.hello()
        with pytest.raises(DeviceSilent, match="no answer in 3 s, nothing came back") as caught:
            device.infer(1, fault_inputs(2))
    where = r"CPU at pc=0x[58]\w+ in (invoke|misbehave)\+0x\w+"
    assert re.match(where, caught.value.details[0])
    assert not is_running(link.child.pid)


def test_noise_without_end_is_silence(board: Board, tmp_path: Path) -> None:
    with Device(open_toy(board, tmp_path, FAULTS), reply_timeout_s=2) as device:
        device.hello()
        with pytest.raises(DeviceSilent, match="bytes that are no frame"):
            device.infer(1, fault_inputs(7))


def test_a_reset_is_noticed_and_survived(board: Board, tmp_path: Path) -> None:
    with Device(open_toy(board, tmp_path, FAULTS)) as device:
        first = device.hello()
        with pytest.raises(DeviceCrashed, match="was reset, reset reason software"):
            device.infer(1, fault_inputs(8))
        second = device.hello()
        third = device.reset()
        assert len({first.boot_id, second.boot_id, third.boot_id}) == 3
        assert third.reset_reason == ResetReason.SOFTWARE
        assert device.infer(2, toy_inputs(2)).outputs == toy_outputs(toy_inputs(2))


def test_a_killed_emulator_is_a_crash(board: Board, tmp_path: Path) -> None:
    link = open_toy(board, tmp_path)
    with Device(link) as device:
        device.hello()
        os.kill(link.child.pid, signal.SIGKILL)
        with pytest.raises(DeviceCrashed, match="the emulator was killed by SIGKILL"):
            device.infer(1, toy_inputs(1))


def test_an_emulator_that_refuses_its_arguments_is_quoted(board: Board, tmp_path: Path) -> None:
    url = url_of(board) + "&argument=-no-such-option"
    device = Device(open_link(url, log=tmp_path / "emulator.log"))
    with device, pytest.raises(DeviceCrashed, match="the emulator exited with status 1") as caught:
        device.hello()
    assert any("-no-such-option: invalid option" in line for line in caught.value.details)


def test_the_emulator_dies_when_the_parent_is_killed(board: Board, tmp_path: Path) -> None:
    command = [sys.executable, orphan.__file__, url_of(board), str(tmp_path / "log")]
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
