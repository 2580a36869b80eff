"""Whatever ends a run in the middle, what was measured is kept and no process stays behind."""

from __future__ import annotations

import os
import signal
import time
from pathlib import Path

import pytest

from support import cli
from support.cli import Running, tinybench

LONG = 20_000  # samples: minutes, if nothing ended it


def start(desk: Path, run: Path, *words: object) -> Running:
    data = f"data-{LONG}.npz"
    if not (desk / data).exists():
        cli.write_data(desk, LONG)
    return Running(
        *("bench", "model.tflite", "-b", "virt-c3", "--data", data, "--out", run, *words), cwd=desk
    )


def find_helpers(running: Running) -> tuple[int, int]:
    """The process ids of emulator and reference worker."""
    found = cli.children(running.process.pid)
    emulator = [pid for pid, command in found.items() if "qemu-system" in command]
    worker = [pid for pid, command in found.items() if "tinybench.model.worker" in command]
    assert (len(emulator), len(worker)) == (1, 1), found
    return emulator[0], worker[0]


def check_kept(run: Path, status: str) -> None:
    """The run folder is complete up to where the run got, and says so."""
    result = cli.read_result(run)
    assert result["status"] == status
    assert result["status_reason"]
    measured = result["samples"]["measured"]
    assert 3 <= measured < LONG
    assert result["samples"]["planned"] == LONG
    assert cli.rows_in(run) == measured
    agreement, latency = result["agreement"], result["latency"]
    assert agreement["outputs_byte_equal"] == latency["n"] == measured
    assert not list(run.glob("*.tmp"))


def test_a_killed_emulator_fails_the_run(desk: Path, tmp_path: Path) -> None:
    run = tmp_path / "run"
    with start(desk, run) as running:
        running.wait_for(lambda: cli.rows_in(run) >= 3)
        helpers = find_helpers(running)
        os.kill(helpers[0], signal.SIGKILL)
        said = running.end()
    assert said.status == 3
    assert "seen: the emulator was killed by SIGKILL" in said.err
    check_kept(run, "failed")
    assert cli.are_gone([*helpers])


@pytest.mark.parametrize(
    ("number", "group"),
    [
        (signal.SIGINT, True),
        (signal.SIGINT, False),
        (signal.SIGTERM, False),
        (signal.SIGTERM, True),
        (signal.SIGHUP, True),
    ],
)
def test_an_interrupted_run_is_kept(
    desk: Path, tmp_path: Path, number: signal.Signals, group: bool
) -> None:
    run = tmp_path / "run"
    with start(desk, run, "--json") as running:
        running.wait_for(lambda: cli.rows_in(run) >= 3)
        helpers = find_helpers(running)
        running.signal(number, group=group)
        said = running.end()
    assert said.status == 130
    assert "seen: interrupted after" in said.err
    assert said.json == cli.read_result(run)
    check_kept(run, "interrupted")
    assert cli.are_gone([*helpers])


def test_an_impatient_ctrl_c_does_not_lose_the_result(desk: Path, tmp_path: Path) -> None:
    run = tmp_path / "run"
    with start(desk, run) as running:
        running.wait_for(lambda: cli.rows_in(run) >= 3)
        running.signal(signal.SIGINT, group=True)
        time.sleep(0.01)
        running.signal(signal.SIGINT, group=True)
        said = running.end()
    assert said.status in (130, -signal.SIGINT), "to a shell both are 130"
    check_kept(run, "interrupted")


def test_a_killed_command_leaves_no_process(desk: Path, tmp_path: Path) -> None:
    run = tmp_path / "run"
    with start(desk, run) as running:
        running.wait_for(lambda: cli.rows_in(run) >= 3)
        helpers = find_helpers(running)
        running.signal(signal.SIGKILL)
        running.end()
    assert cli.are_gone([*helpers])
    assert cli.rows_in(run) >= 3, "each row was written when it was measured"
    assert not (run / "result.json").exists()


@pytest.mark.parametrize("moment", ["", "firmware.elf", "emulator.log", "device.log"])
def test_ctrl_c_before_the_first_sample(desk: Path, tmp_path: Path, moment: str) -> None:
    """From the start on, there is a folder with a result, or none at all."""
    run = tmp_path / "run"
    with start(desk, run) as running:
        running.wait_for((run / moment).exists)
        running.signal(signal.SIGINT, group=True)
        left = list(cli.children(running.process.pid))
        said = running.end()
    assert said.status == 130
    assert cli.are_gone(left)
    if run.exists():
        result = cli.read_result(run)
        assert result["status"] == "interrupted"
        assert result["samples"]["measured"] == cli.rows_in(run)


def test_ctrl_c_while_building(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))  # all is compiled
    cli.write_model(tmp_path)
    cli.write_data(tmp_path, 5)
    words = ["bench", "model.tflite", "-b", "virt-c3", "--data", "data-5.npz"]
    with Running(*words, cwd=tmp_path) as running:
        running.wait_for(
            lambda: any("platformio" in c for c in cli.children(running.process.pid).values())
        )
        builder = list(cli.children(running.process.pid))
        running.signal(signal.SIGINT, group=True)
        said = running.end()
    assert said.status == 130
    assert said.err.splitlines()[-1] == "interrupted"
    assert cli.are_gone(builder)
    assert list((tmp_path / "runs").iterdir()) == [], "nothing was run"
    assert tinybench(*words, cwd=tmp_path).status == 0, "the next one is not disturbed"


@pytest.mark.parametrize("both", [False, True])
def test_a_reader_that_leaves_early_does_not_change_the_verdict(
    desk: Path, tmp_path: Path, both: bool
) -> None:
    """`tinybench bench --json | head -c 1` would else hide how the run ended."""
    run = tmp_path / "run"
    with start(desk, run, "--json") as running:
        assert running.process.stdout
        assert running.process.stderr
        running.wait_for(lambda: cli.rows_in(run) >= 3)
        running.process.stdout.close()
        if both:
            running.process.stderr.close()
        os.kill(find_helpers(running)[0], signal.SIGKILL)
        running.process.wait(cli.PATIENCE_S)
        assert running.process.returncode == 3
    check_kept(run, "failed")
