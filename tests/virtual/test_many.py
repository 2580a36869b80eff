"""Several boards at the same time: a folder each, one table, the worst exit code."""

from __future__ import annotations

import signal
from pathlib import Path

from support import cli
from support.cli import Running, read_result, rows_in, tinybench
from tinybench.report.load import load_run

BOTH = ("-b", "virt-c3", "-b", "native")


def test_each_board_has_a_run_as_if_it_were_alone(desk: Path, tmp_path: Path) -> None:
    cli.write_data(desk, 12)
    words = ["model.tflite", *BOTH, "--data", "data-12.npz", "--out", tmp_path / "runs"]
    said = tinybench("bench", *words, "--json", cwd=desk)
    assert said.status == 0, said.err
    assert [run["board"] for run in said.json] == ["virt-c3", "native"]
    for run in said.json:
        folder = tmp_path / "runs" / run["board"]
        assert run["folder"] == str(folder)
        assert run["result"] == read_result(folder)
        assert run["result"]["agreement"]["outputs_byte_equal"] == 12
        assert run["error"] is None
    outputs = {(tmp_path / "runs" / b / "outputs.bin").read_bytes() for b in ("virt-c3", "native")}
    assert len(outputs) == 1
    assert "[virt-c3] measuring 12 samples" in said.err
    table = tinybench("bench", *words[:-1], tmp_path / "again", cwd=desk).out
    assert [line.split()[0] for line in table.splitlines()[2:4]] == ["virt-c3", "native"]


def test_one_board_that_fails_does_not_stop_the_other(desk: Path, tmp_path: Path) -> None:
    cli.write_data(desk, 12)
    small = (Path(__file__).parents[2] / "boards" / "virt-c3.toml").read_text()
    small = small.replace('name = "virt-c3"', 'name = "tiny"').replace(
        "ram_bytes = 321_296", "ram_bytes = 9_000"
    )
    (tmp_path / "tiny.toml").write_text(small)
    words = ["-b", "native", "-b", tmp_path / "tiny.toml", "--data", "data-12.npz"]
    said = tinybench("bench", "model.tflite", *words, "--out", tmp_path / "runs", cwd=desk)
    assert said.status != 0
    assert load_run(tmp_path / "runs" / "native").result["status"] == "complete"
    assert "did not begin" in said.out
    assert f"[{tmp_path / 'tiny.toml'}]" in said.err


def test_ctrl_c_keeps_what_each_has_measured(desk: Path, tmp_path: Path) -> None:
    cli.write_data(desk, 5000)
    words = ["model.tflite", *BOTH, "--data", "data-5000.npz", "--out", tmp_path / "runs"]
    with Running("bench", *words, cwd=desk) as running:
        boards = ("virt-c3", "native")
        running.wait_for(lambda: all(rows_in(tmp_path / "runs" / b) > 3 for b in boards))
        running.signal(signal.SIGINT, group=True)
        said = running.end()
    assert said.status == 130
    for board in boards:
        run = load_run(tmp_path / "runs" / board)
        assert run.result["status"] == "interrupted"
        assert 3 < len(run.records) < 5000
