"""A virtual board behind a bad cable: the same bytes as behind a good one."""

from __future__ import annotations

import json
import signal
from collections.abc import Generator
from pathlib import Path

import pytest

from support import cli
from support.cli import Running, tinybench

SAMPLES = 60
BAD = (
    "seed=20260103,ber=1e-4,drop=5e-5,duplicate=5e-5,reorder=5e-5,truncate=5e-5,text=5e-5,"
    "reset=2e-4"
)


@pytest.fixture(scope="module")
def clean(desk: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run without a cable, which also flashes the board."""
    cli.write_data(desk, SAMPLES)
    run = tmp_path_factory.mktemp("clean") / "run"
    said = bench(desk, run)
    assert said.status == 0, said.err
    return run


def bench(desk: Path, run: Path, *words: object) -> cli.Said:
    data = f"data-{SAMPLES}.npz"
    facts = ("model.tflite", "-b", "virt-c3", "--data", data, "--out", run)
    return tinybench("bench", *facts, *words, cwd=desk)


def check_equal(run: Path, clean: Path) -> None:
    """All that was computed is the same, byte for byte; so is what it cost on the device."""
    assert (run / "outputs.bin").read_bytes() == (clean / "outputs.bin").read_bytes()
    columns = [
        [row.split(",") for row in (r / "samples.csv").read_text().splitlines()]
        for r in (run, clean)
    ]
    times = [columns[0][0].index(name) for name in ("desktop_us", "resends")]
    for mine, theirs in zip(*columns, strict=True):
        assert [v for i, v in enumerate(mine) if i not in times] == [
            v for i, v in enumerate(theirs) if i not in times
        ]


def test_a_bad_cable_and_resets_change_nothing(desk: Path, clean: Path, tmp_path: Path) -> None:
    said = bench(desk, tmp_path / "run", "--cable", BAD, "--json")
    assert said.status == 0, said.err
    check_equal(tmp_path / "run", clean)
    link = said.json["link"]
    print(link)
    assert link["cable"]["spec"].startswith("seed=20260103,")
    faults = link["cable"]["faults"]
    assert faults["flip"] >= 5
    assert 1 <= link["resets"] <= faults["reset"]
    assert link["resends"] >= 5
    assert min(int(size) for size in link["chunks"]) < 1024, "smaller pieces on a bad cable"


def test_without_a_cable_nothing_is_counted(clean: Path) -> None:
    link = cli.read_result(clean)["link"]
    assert link["cable"] is None
    assert link["cable_reason"]
    assert link["resets"] == link["reconnects"] == link["damaged_to_host"] == 0


@pytest.fixture
def proxy(desk: Path, clean: Path) -> Generator[tuple[Running, str]]:
    with Running("cable", "ber=1e-5,seed=5", "-b", "virt-c3", "--json", cwd=desk) as running:
        assert running.process.stdout
        yield running, json.loads(running.process.stdout.readline())["url"]


def test_a_bench_through_the_tool(
    proxy: tuple[Running, str], desk: Path, clean: Path, tmp_path: Path
) -> None:
    running, url = proxy
    said = bench(desk, tmp_path / "run", "--port", url)
    assert said.status == 0, said.err
    check_equal(tmp_path / "run", clean)
    running.signal(signal.SIGINT)
    left = list(cli.children(running.process.pid))
    ended = running.end()
    assert ended.status == 0
    counts = json.loads(ended.out.splitlines()[-1])
    assert counts["bytes_to_device"] > SAMPLES * 192
    assert cli.are_gone(left)


def test_the_tool_starts_over_in_the_middle_of_a_bench(
    proxy: tuple[Running, str], desk: Path, clean: Path, tmp_path: Path
) -> None:
    """As a lab server that is restarted, the board behind it losing its power."""
    first, url = proxy
    run = tmp_path / "run"
    data = f"data-{SAMPLES}.npz"
    words = ("bench", "model.tflite", "-b", "virt-c3", "--data", data, "--out", run, "--port", url)
    with Running(*words, cwd=desk) as running:
        running.wait_for(lambda: cli.rows_in(run) >= 3)
        first.signal(signal.SIGINT)
        assert first.end().status == 0
        address = url.removeprefix("socket://")
        with Running("cable", "-b", "virt-c3", "--listen", address, cwd=desk):
            said = running.end()
    assert said.status == 0, said.err
    check_equal(run, clean)
    link = cli.read_result(run)["link"]
    assert (link["reconnects"], link["resets"]) == (1, 1)


@pytest.mark.parametrize(
    ("words", "seen"),
    [
        (("cable",), "error: a device"),
        (("cable", "--port", "/dev/no-such-port", "bre=1"), "did you mean 'ber'?"),
        (("bench", "model.tflite", "-b", "virt-c3", "--cable", "ber=2"), "a chance from 0 to 1"),
    ],
)
def test_a_wrong_word_is_told(desk: Path, words: tuple[str, ...], seen: str) -> None:
    said = tinybench(*words, cwd=desk)
    assert said.status == 2
    assert seen in said.err, said.err
