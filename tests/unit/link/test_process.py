"""A firmware as a host process: how it ends, what it says, and that it never outlives us."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from support import orphan
from support.toy import build_native, fault_inputs, toy_inputs, toy_outputs
from tinybench.bench.device import Device
from tinybench.boards import load_board
from tinybench.errors import DeviceCrashed, DeviceError, DeviceSilent, LinkError
from tinybench.link import open_link
from tinybench.link.emulator import board_url
from tinybench.link.process import ProcessLink

FAULTS = "-DTOY_FAULTS=1"


def open_toy(folder: Path, *flags: str, sanitize: bool = True) -> ProcessLink:
    url = board_url(load_board("native"), build_native(*flags, sanitize=sanitize))
    link = open_link(url, log=folder / "process.log")
    assert isinstance(link, ProcessLink)
    return link


def is_gone(pid: int) -> bool:
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except (FileNotFoundError, ProcessLookupError):
        return True
    return state == "Z"


def expect_gone(pid: int, within_s: float = 10.0) -> None:
    """Fails if the process does not end by itself, and ends it."""
    deadline = time.monotonic() + within_s
    while not is_gone(pid):
        if time.monotonic() > deadline:
            os.kill(pid, signal.SIGKILL)
            pytest.fail(f"process {pid} lived on")
        time.sleep(0.02)


def test_closing_ends_the_process(tmp_path: Path) -> None:
    link = open_toy(tmp_path)
    link.close()
    assert is_gone(link.child.pid)
    link.close()


@pytest.mark.parametrize(
    ("how", "words"),
    [
        (1, r"exited with status 1: .*toy_engine.c:.*runtime error: store to null pointer"),
        (5, r"exited with status 1: .*ERROR: AddressSanitizer: stack-buffer-overflow"),
        (9, r"was killed by SIGILL"),
    ],
)
def test_a_crash_says_why(tmp_path: Path, how: int, words: str) -> None:
    with Device(open_toy(tmp_path, FAULTS)) as device:
        device.hello()
        with pytest.raises(DeviceCrashed, match=words) as caught:
            device.infer(1, fault_inputs(how))
    assert how == 9 or any("toy_engine.c" in line for line in caught.value.details)


def test_a_killed_process_is_a_crash(tmp_path: Path) -> None:
    link = open_toy(tmp_path)
    with Device(link) as device:
        device.hello()
        os.kill(link.child.pid, signal.SIGKILL)
        with pytest.raises(DeviceCrashed, match="was killed by SIGKILL"):
            device.infer(1, toy_inputs(1))


def test_a_hang_is_silence(tmp_path: Path) -> None:
    link = open_toy(tmp_path, FAULTS)
    with Device(link, reply_timeout_s=1) as device:
        device.hello()
        with pytest.raises(DeviceSilent, match="no answer in 1 s, nothing came back"):
            device.infer(1, fault_inputs(2))
    assert is_gone(link.child.pid)


def test_endless_noise_is_silence(tmp_path: Path) -> None:
    with Device(open_toy(tmp_path, FAULTS), reply_timeout_s=1) as device:
        device.hello()
        with pytest.raises(DeviceSilent, match="bytes that are no frame") as caught:
            device.infer(1, fault_inputs(7))
    assert "more pieces" in caught.value.details[-1]
    assert len(caught.value.details) < 30


@pytest.mark.parametrize(
    ("how", "line"),
    [(3, "text: hello from the engine"), (10, "device: warning: what the engine has to say")],
)
def test_words_of_the_engine_go_to_the_log(tmp_path: Path, how: int, line: str) -> None:
    inputs = fault_inputs(how)
    log = tmp_path / "device.log"
    with Device(open_toy(tmp_path, FAULTS), log=log) as device:
        assert device.infer(1, inputs).outputs == toy_outputs(inputs)
    assert line in log.read_text()


def test_a_failing_engine_is_named(tmp_path: Path) -> None:
    with Device(open_toy(tmp_path, FAULTS)) as device:
        with pytest.raises(DeviceError, match="the engine failed, status=-3"):
            device.infer(1, fault_inputs(4))
        assert device.infer(2, toy_inputs(2)).outputs == toy_outputs(toy_inputs(2))


def test_an_engine_that_cannot_start_is_named(tmp_path: Path) -> None:
    with Device(open_toy(tmp_path, "-DTOY_SETUP=-7"), log=tmp_path / "device.log") as device:
        assert device.hello().engine_status == -7
        with pytest.raises(DeviceError, match="ENGINE_FAILED"):
            device.infer(1, toy_inputs(1))
    assert "device: error: the engine's setup failed" in (tmp_path / "device.log").read_text()


def test_a_reset_in_the_middle_is_a_crash_that_can_be_gone_on_from(tmp_path: Path) -> None:
    with Device(open_toy(tmp_path, FAULTS)) as device:
        before = device.hello()
        with pytest.raises(DeviceCrashed, match="was reset, reset reason software"):
            device.infer(1, fault_inputs(8))
        assert device.hello().boot_id != before.boot_id
        assert device.infer(2, toy_inputs(2)).outputs == toy_outputs(toy_inputs(2))


def test_reset_on_request(tmp_path: Path) -> None:
    with Device(open_toy(tmp_path)) as device:
        before = device.hello()
        assert device.reset().boot_id != before.boot_id
        assert device.infer(2, toy_inputs(2)).outputs == toy_outputs(toy_inputs(2))


def test_memory_marks(tmp_path: Path) -> None:
    """Plain build: a sanitizer owns the stack. The toy recurses 17 times over 64 bytes."""
    with Device(open_toy(tmp_path, sanitize=False)) as device:
        quiet = device.infer(1, toy_inputs(1))
        painted = device.measure_memory(1, toy_inputs(1))
    assert (quiet.arena_used, quiet.stack_used) == (None, None)
    assert painted.outputs == quiet.outputs == toy_outputs(toy_inputs(1))
    assert painted.arena_used == 629, "the output's last byte; see toy_engine.c"
    assert painted.stack_used is not None
    assert 17 * 64 < painted.stack_used < 8192


def test_large_inputs_stream(tmp_path: Path) -> None:
    size = 27_648
    with Device(open_toy(tmp_path, f"-DTOY_BYTES={size}")) as device:
        for sample in range(5):
            inputs = toy_inputs(sample, size)
            inference = device.infer(sample, inputs)
            assert inference.outputs == toy_outputs(inputs)
            assert inference.resends == 0


@pytest.mark.skipif(sys.platform != "linux", reason="the parent-death signal is Linux's")
def test_the_child_dies_when_the_parent_is_killed(tmp_path: Path) -> None:
    """Spinning, so that the end of the link alone would not end it."""
    spinner = tmp_path / "spinner"
    spinner.write_text("#!/bin/sh\nwhile :; do :; done\n")
    spinner.chmod(0o755)
    command = [sys.executable, orphan.__file__, f"process:{spinner}", str(tmp_path / "log")]
    parent = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    assert parent.stdout
    child = int(parent.stdout.readline())
    time.sleep(0.3)
    assert not is_gone(child)
    parent.kill()
    parent.wait()
    parent.stdout.close()
    expect_gone(child)


def test_a_program_that_is_not_there(tmp_path: Path) -> None:
    device = Device(open_link(f"process:{tmp_path}/nothing", log=tmp_path / "log"))
    with device, pytest.raises(DeviceCrashed, match="exited with status 1") as caught:
        device.hello()
    assert any("No such file" in line for line in caught.value.details)


def test_a_log_that_cannot_be_written(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(LinkError):
        open_link(f"process:{build_native()}", log=tmp_path / "file" / "log")
