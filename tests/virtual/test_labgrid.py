"""A lab of virtual boards, run by labgrid's own coordinator and exporter on this computer."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
from collections.abc import Generator
from pathlib import Path

import pytest

from support import cli
from support.cli import Running, tinybench
from tinybench.errors import LinkError
from tinybench.link.labgrid import Place, parse_labgrid_url

BIN = Path(sys.executable).parent
pytestmark = [
    pytest.mark.slow,
    pytest.mark.timeout(900),  # dozens of labgrid-client processes
    pytest.mark.skipif(
        not (BIN / "labgrid-coordinator").exists(), reason="labgrid is not installed"
    ),
]
SAMPLES = 20


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as server:
        return int(server.getsockname()[1])


def client(coordinator: str, *words: str) -> subprocess.CompletedProcess[str]:
    command = [BIN / "labgrid-client", "-x", coordinator, *words]
    return subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)


def wait_for_words(coordinator: str, words: tuple[str, ...], wanted: str) -> None:
    deadline = time.monotonic() + 60
    while wanted not in (said := client(coordinator, *words)).stdout:
        assert time.monotonic() < deadline, (said.stdout, said.stderr)
        time.sleep(0.3)


@pytest.fixture(scope="module")
def lab(desk: Path, tmp_path_factory: pytest.TempPathFactory) -> Generator[str]:
    """A coordinator with two places, ``bench-1`` and ``empty``; a virtual board is at the first."""
    folder = tmp_path_factory.mktemp("lab")
    cli.write_data(desk, SAMPLES)
    assert tinybench("flash", "model.tflite", "-b", "virt-c3", cwd=desk).status == 0
    address = f"127.0.0.1:{free_port()}"
    os.environ["PATH"] = f"{BIN}{os.pathsep}{os.environ['PATH']}"
    with Running("cable", "-b", "virt-c3", cwd=desk) as board:
        assert board.process.stdout
        port = int(board.process.stdout.readline().rpartition(":")[2])
        (folder / "exported.yaml").write_text(
            f"boards:\n  NetworkSerialPort:\n    host: 127.0.0.1\n    port: {port}\n"
            "    speed: 115200\n    protocol: raw\n"
        )
        log = (folder / "log").open("wb")
        coordinator = subprocess.Popen(
            [BIN / "labgrid-coordinator", "-l", address], cwd=folder, stdout=log, stderr=log
        )
        exporter = None
        try:
            wait_for_words(address, ("places",), "")
            exporter = subprocess.Popen(
                [BIN / "labgrid-exporter", "-c", address, "-n", "shelf", "exported.yaml"],
                cwd=folder,
                stdout=log,
                stderr=log,
            )
            wait_for_words(address, ("resources",), "shelf/boards")
            for name in ("bench-1", "empty"):
                assert client(address, "-p", name, "create").returncode == 0
            match = "shelf/boards/NetworkSerialPort"
            assert client(address, "-p", "bench-1", "add-match", match).returncode == 0
            yield address
        finally:
            for process in filter(None, (exporter, coordinator)):
                process.terminate()
                process.wait(20)
            log.close()


def test_a_bench_on_a_board_of_the_lab(lab: str, desk: Path, tmp_path: Path) -> None:
    data = f"data-{SAMPLES}.npz"
    words = ("bench", "model.tflite", "-b", "virt-c3", "--data", data)
    said = tinybench(
        *words, "--port", f"labgrid://{lab}/bench-1", "--out", tmp_path / "run", cwd=desk
    )
    assert said.status == 0, said.err
    result = cli.read_result(tmp_path / "run")
    assert result["agreement"]["outputs_byte_equal"] == SAMPLES
    assert "acquired: None" in client(lab, "-p", "bench-1", "show").stdout, "it was given back"


def test_a_place_that_is_taken_is_told(lab: str, desk: Path) -> None:
    assert client(lab, "-p", "bench-1", "acquire").returncode == 0
    try:
        said = tinybench("cable", "--port", f"labgrid://{lab}/bench-1", cwd=desk)
    finally:
        client(lab, "-p", "bench-1", "release")
    assert said.status == 3
    assert "already acquired" in said.err


@pytest.mark.parametrize(
    ("place", "seen"), [("empty", "it has no NetworkSerialPort"), ("nowhere", "nowhere")]
)
def test_a_place_without_a_board_is_told(lab: str, desk: Path, place: str, seen: str) -> None:
    said = tinybench("cable", "--port", f"labgrid://{lab}/{place}", cwd=desk)
    assert said.status == 3
    assert seen in said.err


def test_urls() -> None:
    assert parse_labgrid_url("labgrid:bird-1") == Place("bird-1")
    assert parse_labgrid_url("labgrid://lab:20408/bird-1") == Place("bird-1", "lab:20408")
    with pytest.raises(LinkError, match="PLACE"):
        parse_labgrid_url("labgrid:")
