"""`bench --resume`: a run that was killed ends as if nobody had disturbed it."""

from __future__ import annotations

import json
import shutil
import signal
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from support import cli
from support.cli import Running, read_result, rows_in, tinybench
from tinybench.report.load import load_run
from tinybench.workflow.compare import check_run

SAMPLES = 1500


@pytest.fixture(scope="module")
def killed(desk: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run that was killed in the middle."""
    folder = tmp_path_factory.mktemp("killed")
    cli.write_data(folder, SAMPLES)
    words = ["-b", "virt-c3", "--data", folder / f"data-{SAMPLES}.npz", "--out", folder / "run"]
    with Running("bench", "model.tflite", *words, cwd=desk) as running:
        running.wait_for(lambda: rows_in(folder / "run") > 40)
        running.signal(signal.SIGKILL)
        running.process.wait()
    assert 40 < rows_in(folder / "run") < SAMPLES
    assert not (folder / "run" / "result.json").exists()
    return folder / "run"


@pytest.fixture
def run(killed: Path, tmp_path: Path) -> Path:
    return shutil.copytree(killed, tmp_path / "run")


def without_times(result: Any) -> Any:
    kept = json.loads(json.dumps(result))
    for key in ("started", "finished", "device"):  # the device's boot id
        del kept[key]
    del kept["desktop"]["latency_us_median"]
    del kept["desktop"]["memory_bytes"]
    kept["samples"].pop("resends")
    kept.pop("link")  # of the last sitting
    return kept


def test_the_result_is_that_of_an_undisturbed_run(run: Path, desk: Path, tmp_path: Path) -> None:
    data = json.loads((run / "run.json").read_text())["project"]["data"]["path"]
    words = ["-b", "virt-c3", "--data", data, "--out", tmp_path / "whole"]
    assert tinybench("bench", "model.tflite", *words, cwd=desk).status == 0
    before = rows_in(run)
    said = tinybench("bench", "--resume", run, cwd=tmp_path)
    assert said.status == 0, said.err
    assert without_times(read_result(run)) == without_times(read_result(tmp_path / "whole"))
    assert (run / "outputs.bin").read_bytes() == (tmp_path / "whole/outputs.bin").read_bytes()
    pairs = zip(load_run(run).records, load_run(tmp_path / "whole").records, strict=True)
    assert all(
        (a.name, a.output_crc, a.latency) == (b.name, b.output_crc, b.latency) for a, b in pairs
    )
    assert before < SAMPLES
    assert check_run(run).files > 6
    assert (run / "device.log.before").is_file()
    again = tinybench("bench", "--resume", run, cwd=tmp_path)
    assert again.status == 2
    assert "is complete" in again.err


@pytest.mark.parametrize(
    "torn",
    [
        "row",
        pytest.param("outputs", marks=pytest.mark.slow),
        pytest.param("wrong outputs", marks=pytest.mark.slow),
    ],
)
def test_what_is_not_whole_is_measured_again(run: Path, tmp_path: Path, torn: str) -> None:
    if torn == "row":
        text = (run / "samples.csv").read_bytes()
        (run / "samples.csv").write_bytes(text[:-7])
    elif torn == "outputs":
        data = (run / "outputs.bin").read_bytes()
        (run / "outputs.bin").write_bytes(data[: len(data) // 2 + 1])
    else:
        data = bytearray((run / "outputs.bin").read_bytes())
        data[8] ^= 1
        (run / "outputs.bin").write_bytes(bytes(data))
    said = tinybench("bench", "--resume", run, "--json", cwd=tmp_path)
    assert said.status == 0, said.err
    assert said.json["agreement"]["outputs_byte_equal"] == SAMPLES
    assert [record.index for record in load_run(run).records] == list(range(SAMPLES))


def test_other_data_under_the_same_name_is_refused(run: Path, tmp_path: Path) -> None:
    content = json.loads((run / "run.json").read_text())
    path = Path(content["project"]["data"]["path"])
    with np.load(path) as arrays:
        x, y = arrays["x"].copy(), arrays["y"]
    x[3] ^= 255
    other = tmp_path / path.name
    np.savez(other, x=x, y=y)
    content["project"]["data"]["path"] = str(other)
    (run / "run.json").write_text(json.dumps(content))
    rows = rows_in(run)
    said = tinybench("bench", "--resume", run, cwd=tmp_path)
    assert said.status == 2
    assert "sample 3, 3, as it was before" in said.err
    assert "bench anew" in said.err
    assert rows_in(run) == rows - 1, "what was measured is kept"


def test_other_firmware_is_refused(run: Path, tmp_path: Path) -> None:
    with (run / "firmware.elf").open("ab") as file:
        file.write(b"x")
    said = tinybench("bench", "--resume", run, cwd=tmp_path)
    assert said.status == 4
    assert "this would measure another one" in said.err


@pytest.mark.parametrize("content", ["", "{}", '{"schema": "tinybench.run/1"}', None])
def test_no_run_to_go_on_with(tmp_path: Path, content: str | None) -> None:
    if content is not None:
        (tmp_path / "run.json").write_text(content)
    assert tinybench("bench", "--resume", tmp_path, cwd=tmp_path).status == 2


def test_where_the_board_is_now_is_heeded(run: Path, tmp_path: Path) -> None:
    """The run had no port: its board is emulated. Now it is to be on one, which is not there."""
    said = tinybench("bench", "--resume", run, "--port", "socket://127.0.0.1:1", cwd=tmp_path)
    assert said.status == 3
    assert "open socket://127.0.0.1:1" in said.err
