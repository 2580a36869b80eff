"""`--engine tflm` without the sources, or of what is not for it."""

from __future__ import annotations

from pathlib import Path

from support import cli
from support.cli import tinybench

NONE = {"TINYBENCH_TFLM_SOURCE": "", "TINYBENCH_ESP_NN_SOURCE": ""}


def test_without_sources_it_is_said_how_to_get_them(tmp_path: Path) -> None:
    cli.write_model(tmp_path)
    words = ["build", "model.tflite", "-b", "virt-c3", "--engine", "tflm"]
    said = tinybench(*words, cwd=tmp_path, **NONE)
    assert said.status == 2
    assert "--tflm-source DIR, or TINYBENCH_TFLM_SOURCE=DIR" in said.err
    assert "git clone https://github.com/espressif/esp-tflite-micro" in said.err
    said = tinybench(*words, "--tflm-source", tmp_path, cwd=tmp_path, **NONE)
    assert said.status == 2
    assert "it has no tensorflow/lite/micro/micro_mutable_op_resolver.h" in said.err


def test_unknown_kernels_are_refused(tmp_path: Path) -> None:
    said = tinybench("build", "m.tflite", "--kernels", "cmsis", cwd=tmp_path)
    assert said.status == 2
    assert "kernels as one of esp-nn, reference" in said.err


def test_engines_side_by_side_go_on_when_one_cannot(tmp_path: Path) -> None:
    """aot is measured, tflm has no sources; the exit code is that of the failure."""
    cli.write_model(tmp_path)
    cli.write_data(tmp_path, 2)
    words = ["model.tflite", "-b", "native", "--engine", "tflm", "--engine", "aot"]
    words += ["--data", "data-2.npz", "--out", "runs"]
    said = tinybench("bench", *words, cwd=tmp_path, **NONE)
    assert said.status == 2
    rows = [line.split() for line in said.out.splitlines()[2:4]]
    assert [row[:2] for row in rows] == [["native", "tflm"], ["native", "aot"]]
    assert rows[0][-3:] == ["did", "not", "begin"]
    assert (tmp_path / "runs" / "aot" / "result.json").is_file()
    assert not (tmp_path / "runs" / "tflm").exists()
    assert "[native tflm]" in said.err
