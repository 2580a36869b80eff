"""A disk that is full ends a run with a sentence, and what was measured is kept."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from support import cli
from support.cli import Said

SAMPLES = 2000


def bench_on_small_disk(desk: Path, kib: int, *words: object) -> Said:
    """`tinybench bench` in the desk, with a file system of so many KiB at desk/small."""
    private = ["unshare", "--mount", "--map-root-user"]
    if subprocess.run([*private, "true"], capture_output=True, check=False).returncode:
        pytest.skip("this computer does not let a test mount a small disk")
    (desk / "small").mkdir(exist_ok=True)
    cli.write_data(desk, SAMPLES)
    script = (
        f'mount -t tmpfs -o size={kib}k none small && "$@"; status=$?;'
        "cp small/run/samples.csv kept.csv 2>/dev/null; exit $status"
    )
    command = [*private, "sh", "-c", script, "sh", cli.COMMAND, "bench", "model.tflite"]
    command += ["-b", "virt-c3", "--data", f"data-{SAMPLES}.npz", *map(str, words)]
    done = subprocess.run(command, cwd=desk, capture_output=True, text=True, check=False)
    assert "Traceback" not in done.stderr, done.stderr
    return Said(done.returncode, done.stdout, done.stderr)


@pytest.mark.parametrize("room", ["for nothing", "for the firmware", "for some samples"])
def test_of_the_run_folder(desk: Path, room: str) -> None:
    built = desk.glob(".tinybench/build/virt-c3-*/project/.pio/build/*/firmware.elf")
    firmware = max(elf.stat().st_size for elf in built) // 1024  # one has no model
    kib = {"for nothing": 16, "for the firmware": firmware + 16, "for some samples": firmware + 64}
    said = bench_on_small_disk(desk, kib[room], "--out", "small/run")
    assert said.status == 2
    assert "No space left on device" in said.err
    assert "  next: free some space" in said.err
    if room == "for some samples":
        assert len((desk / "kept.csv").read_text().splitlines()) > 100


def test_of_the_project(desk: Path) -> None:
    said = bench_on_small_disk(desk, 64, "-C", "small")
    assert said.status == 4
    assert "No space left on device" in said.err
