"""`tinybench bench` from a model and data to a run folder, on real virtual boards."""

from __future__ import annotations

import csv
import dataclasses
import hashlib
import json
import os
import shutil
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from typer.testing import CliRunner

from support import cli
from support.cli import Said, tinybench
from tinybench.bench.preprocess import input_spec, pixels_to_tensor, settle_pixel_range
from tinybench.bench.records import SampleRecord
from tinybench.boards import load_board
from tinybench.cli.main import app
from tinybench.model.oracle import TflmRunner
from tinybench.model.read import parse_tflite
from tinybench.train.digits import DemoModel
from tinybench.workflow import bench_model, load_project, overlay
from tinybench.workflow.compare import check_run

SAMPLES = 12


@pytest.fixture(scope="module", params=["virt-c3", "virt-esp32", "native"])
def ran(request: pytest.FixtureRequest, desk: Path) -> tuple[Said, Path]:
    """A run on a board with --json, and its folder."""
    cli.write_data(desk, SAMPLES)
    run = desk / f"run-{request.param}"
    words = ["model.tflite", "-b", request.param, "--data", f"data-{SAMPLES}.npz", "--json"]
    return tinybench("bench", *words, "--out", run, cwd=desk), run


def missing(result: Any, path: str = "") -> Iterator[str]:
    """Paths of values that are null, or empty, with no reason beside them."""
    for key, value in result.items():
        if isinstance(value, dict):
            yield from missing(value, f"{path}{key}.")
        elif value is None and not result.get(f"{key}_reason"):
            yield path + key


def test_a_run_is_whole(ran: tuple[Said, Path], desk: Path) -> None:
    said, run = ran
    assert said.status == 0, said.err
    result = said.json
    assert result == cli.read_result(run), "stdout is result.json"
    assert list(missing(result)) == []
    board = load_board(result["board"]["name"])
    facts = [
        (result["schema"], "tinybench.result/3"),
        (result["status"], "complete"),
        (result["board"]["kind"], "virtual"),
        (result["engine"]["name"], "aot"),
        (result["engine"]["elf_sha256"], sha256(run / "firmware.elf")),
        (result["model"]["sha256"], sha256(desk / "model.tflite")),
        (result["samples"]["planned"], SAMPLES),
        (result["samples"]["measured"], SAMPLES),
        (result["agreement"]["outputs_byte_equal"], SAMPLES),
        (result["agreement"]["argmax_equal"], SAMPLES),
        (result["agreement"]["largest_difference_steps"], 0),
        (result["latency"]["n"], SAMPLES),
        (result["latency"]["unit"], board.counter.unit),
        (result["latency"]["method"], board.counter.method),
        (result["memory"]["arena_bytes"], 212),
        (result["accuracy"]["device_top1"], result["accuracy"]["desktop_top1"]),
    ]
    assert [seen for seen, _ in facts] == [wanted for _, wanted in facts]
    assert result["agreement"]["oracle"].startswith("TFLM")
    assert result["accuracy"]["desktop"].startswith("LiteRT")
    assert 0 < result["memory"]["arena_used_bytes"] <= 212
    assert result["flash"]["weights_bytes"] < result["flash"]["total_bytes"]
    latency = result["latency"]
    figures = [latency[key] for key in ("min", "median", "p90", "p99", "max")]
    assert figures == sorted(figures)
    assert figures[0] > 0


def test_every_sample_has_its_row(ran: tuple[Said, Path]) -> None:
    said, run = ran
    with (run / "samples.csv").open() as file:
        rows = list(csv.DictReader(file))
    assert [row["index"] for row in rows] == [str(i) for i in range(SAMPLES)]
    assert list(rows[0]) == [field.name for field in dataclasses.fields(SampleRecord)]
    right = sum(row["label"] == row["device_top1"] for row in rows)
    assert said.json["accuracy"]["device_top1"] == pytest.approx(right / SAMPLES)
    assert {row["outputs_equal"] for row in rows} == {"True"}


def test_the_run_folder_holds_what_it_rests_on(ran: tuple[Said, Path]) -> None:
    said, run = ran
    names = {path.name for path in run.iterdir()}
    logs = {"device.log", "emulator.log"}
    made = {"result.json", "samples.csv", "outputs.bin", "firmware.elf", "memory.svg"}
    made |= {"run.json"}
    assert names == {*made, *logs, "manifest.json"}
    assert check_run(run).files == len(made | logs)
    assert said.json["engine"]["build_id"] in (run / "device.log").read_text()
    assert "run folder: " in said.err
    assert "building" in said.err


def test_byte_equality_can_be_checked_again_from_the_run_folder(
    ran: tuple[Said, Path], desk: Path
) -> None:
    said, run = ran
    outputs = said.json["outputs"]
    (scores,) = outputs["tensors"]
    assert (scores["dtype"], scores["shape"], outputs["bytes_per_sample"]) == ("int8", [1, 4], 4)
    answers = np.fromfile(run / outputs["file"], scores["dtype"]).reshape(-1, *scores["shape"])
    with (run / "samples.csv").open() as file:
        rows = list(csv.DictReader(file))
    assert [str(zlib.crc32(a.tobytes())) for a in answers] == [r["output_crc"] for r in rows]
    pixels = np.load(desk / f"data-{SAMPLES}.npz")["x"]
    graph = parse_tflite((desk / "model.tflite").read_bytes())
    tflm = TflmRunner((desk / "model.tflite").read_bytes())
    spec = input_spec(graph)
    for sample, answer in zip(pixels, answers, strict=True):
        tensor = pixels_to_tensor(sample, spec, settle_pixel_range("auto", spec))
        assert tflm.run([tensor])[0].tobytes() == answer.tobytes()


def sha256(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def test_instructions_are_the_same_each_time(desk: Path, tmp_path: Path) -> None:
    data = cli.write_data(tmp_path, SAMPLES)
    words = ["model.tflite", "-b", "virt-c3", "--data", data, "--limit", 3]
    runs = [
        tinybench("bench", *words, "--json", "--out", tmp_path / name, cwd=desk).json
        for name in ("first", "second")
    ]
    assert runs[0]["latency"] == runs[1]["latency"]
    assert runs[0]["samples"]["planned"] == 3


def test_unreadable_images_are_named_and_counted(desk: Path, tmp_path: Path) -> None:
    run = tmp_path / "run"
    said = tinybench(
        *("bench", "model.tflite", "-b", "virt-c3", "--data", "images", "--out", run), cwd=desk
    )
    assert said.status == 0, said.err
    assert "not readable: a/0.png: cannot identify image file" in said.err
    assert "2 not readable, left out" in said.err
    samples = cli.read_result(run)["samples"]
    assert (samples["planned"], samples["measured"], samples["unreadable"]) == (12, 10, 2)
    assert [name.partition(":")[0] for name in samples["unreadable_names"]] == [
        "a/0.png",
        "a/1.png",
    ]
    assert "10 of 12 samples" in said.out


def test_strict_stops_at_an_unreadable_image(desk: Path, tmp_path: Path) -> None:
    run = tmp_path / "run"
    words = ["model.tflite", "-b", "virt-c3", "--data", "images", "--strict", "--out", run]
    said = tinybench("bench", *words, cwd=desk)
    assert said.status == 2
    assert "error: read a/0.png\n  seen: cannot identify image file" in said.err
    result = cli.read_result(run)
    assert result["status"] == "failed"
    assert "a/0.png" in result["status_reason"]
    assert list(missing(result)) == []


def test_without_labels_accuracy_has_a_reason(desk: Path, tmp_path: Path) -> None:
    cli.write_data(tmp_path, 3, labels=False)
    words = ["model.tflite", "-b", "virt-c3", "--data", tmp_path / "data-3.npz"]
    said = tinybench("bench", *words, "--json", "--out", tmp_path / "run", cwd=desk)
    assert said.status == 0, said.err
    accuracy = said.json["accuracy"]
    assert accuracy["device_top1"] is None
    assert accuracy["device_top1_reason"] == "data-3.npz has no labels"
    assert accuracy["desktop_top1_reason"] == "data-3.npz has no labels"
    assert said.json["agreement"]["outputs_byte_equal"] == 3


def test_without_the_wheel_litert_is_compared_with(desk: Path, tmp_path: Path) -> None:
    hidden = tmp_path / "hidden"
    hidden.mkdir()
    (hidden / "sitecustomize.py").write_text(
        "import importlib.metadata as m\n"
        "real = m.version\n"
        "def version(name):\n"
        "    if name == 'tflite-micro': raise m.PackageNotFoundError(name)\n"
        "    return real(name)\n"
        "m.version = version\n"
    )
    data = cli.write_data(tmp_path, SAMPLES)
    words = ["model.tflite", "-b", "virt-c3", "--data", data]
    run = tmp_path / "run"
    said = tinybench("bench", *words, "--out", run, cwd=desk, PYTHONPATH=str(hidden))
    assert said.status == 0, said.err
    agreement = cli.read_result(run)["agreement"]
    assert agreement["oracle"].startswith("LiteRT")
    assert "tflite-micro is not installed" in agreement["oracle_note"]
    assert agreement["outputs_byte_equal"] == SAMPLES
    assert agreement["largest_difference_steps"] is None
    assert "note: LiteRT in place of TFLM" in said.err
    assert "TFLM" not in said.out


def test_two_runs_at_once_do_not_disturb_each_other(tmp_path: Path) -> None:
    """From nothing: both build, flash and measure in one project, one with labels of its own."""
    cli.write_model(tmp_path)
    cli.write_data(tmp_path, 40)
    (tmp_path / "labels.txt").write_text("a\nb\nc\nd\n")
    words = ["bench", "model.tflite", "-b", "virt-c3", "--data", "data-40.npz", "--json"]
    with (
        cli.Running(*words, cwd=tmp_path) as one,
        cli.Running(*words, cwd=tmp_path) as two,
        cli.Running(*words, "--labels", "labels.txt", cwd=tmp_path) as other,
    ):
        said = [running.end() for running in (one, two, other)]
    assert [s.status for s in said] == [0, 0, 0], said
    results = [s.json for s in said]
    assert [r["agreement"]["outputs_byte_equal"] for r in results] == [40, 40, 40]
    builds = [r["engine"]["build_id"] for r in results]
    assert builds[0] == builds[1] != builds[2]
    runs = sorted((tmp_path / "runs").iterdir())
    assert len(runs) == 3
    assert all(cli.rows_in(run) == 40 for run in runs)


def test_the_typed_api_does_what_the_command_does(desk: Path, tmp_path: Path) -> None:
    data = cli.write_data(tmp_path, 3)
    project = overlay(load_project(desk), model=desk / "model.tflite", board="virt-c3", path=data)
    report = bench_model(project, out=tmp_path / "run")
    assert report.error is None
    assert report.folder == tmp_path / "run"
    assert report.result == cli.read_result(report.folder)
    assert report.result["agreement"]["outputs_byte_equal"] == 3


def test_the_demo_is_byte_equal(
    tmp_path: Path, digits: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its model was trained as the demo trains it, for all tests."""

    def trained(out: Path) -> DemoModel:
        shutil.copytree(digits, out)
        files = (out / name for name in ("digits.tflite", "digits.npz", "labels.txt"))
        return DemoModel(*files, 1347, 450, float_top1=0.97, seed=0, seconds=1.0)

    monkeypatch.setattr("tinybench.train.digits.train_digits", trained)
    monkeypatch.chdir(tmp_path)
    ran = CliRunner().invoke(app, ["demo", "--json"])
    assert ran.exit_code == 0, ran.output
    result = json.loads(ran.stdout)
    planned = result["samples"]["planned"]
    assert planned == 450
    assert result["agreement"]["outputs_byte_equal"] == planned
    assert result["accuracy"]["device_top1"] > 0.9
    assert "top-1 0.9700 on the same 450" in ran.stderr


@pytest.mark.parametrize("locale", [{}, {"LC_ALL": "C", "PYTHONUTF8": "0"}], ids=str)
def test_names_are_bytes(tmp_path: Path, locale: dict[str, str]) -> None:
    """Not every folder and file has a name in Unicode, or one that the locale can show."""
    name = b"k\xff" + "ü".encode()
    folder = tmp_path / os.fsdecode(name)
    folder.mkdir()
    model = cli.write_model(folder).rename(folder / os.fsdecode(name + b".tflite"))
    cli.write_data(folder, 3)
    words = ["bench", model.name, "-b", "virt-c3", "--data", "data-3.npz", "--json"]
    said = tinybench(*words, cwd=folder, PYTHONCOERCECLOCALE="0", **locale)
    assert said.status == 0, said.err
    assert said.json["agreement"]["outputs_byte_equal"] == 3
