"""`tinybench compress` as a user meets it; the methods themselves: tests/unit/train/compress."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from support.cli import tinybench
from tinybench.methods import METHODS
from tinybench.train.isolated import run_job


def test_every_method_is_a_subcommand_with_its_own_help(tmp_path: Path) -> None:
    said = tinybench("compress", "--help", cwd=tmp_path)
    for method in METHODS.values():
        assert f"  {method.name} " in said.out
    said = tinybench("compress", "prune", "--help", cwd=tmp_path)
    for option in ("--sparsity", "--structured", "--epochs", "--augment", "--pixel-range"):
        assert option in said.out


@pytest.mark.parametrize(
    ("words", "complaint"),
    [
        (("--sparsity", "1.5"), "sparsity between 0 and 0.9999"),
        (("--criterion", "global-magnitud"), "did you mean 'global-magnitude'?"),
        (("--epochs", "-1"), "epochs between 0 and"),
        (("--augment", "flip,rotat=3"), "did you mean 'rotate'?"),
        (("--pixel-range", "0..1"), "pixel_range is one of"),
        ((), "no such file: none.keras"),
    ],
)
def test_what_cannot_be_is_refused_at_once(
    tmp_path: Path, words: tuple[str, ...], complaint: str
) -> None:
    order = ("none.keras", "--data", "none.npz", "-o", "out.keras")
    said = tinybench("compress", "prune", *order, *words, cwd=tmp_path)
    assert said.status == 2
    assert complaint in said.err
    assert "Traceback" not in said.err


def test_a_pipeline_without_data_leaves_no_empty_folder(tmp_path: Path) -> None:
    text = '[pipeline]\nboard = ""\n[data]\npath = "none.npz"\n[steps.a]\nnew = "lenet"\n'
    (tmp_path / "p.toml").write_text(text)
    said = tinybench("pipeline", "p.toml", cwd=tmp_path)
    assert (said.status, "none.npz" in said.err) == (2, True), said.err
    assert [path.name for path in tmp_path.iterdir()] == ["p.toml"]


@pytest.mark.train
def test_model_tflite_and_report_lie_beside_each_other(tmp_path: Path, test_jobs: None) -> None:
    run_job("support.compressing:save_small", {"folder": str(tmp_path)}, purpose="save a model")
    order = ("small.keras", "--data", "small.npz", "-o", "made/pruned.keras", "--json")
    said = tinybench("compress", "prune", *order, "--epochs", "1", cwd=tmp_path)
    assert said.status == 0, said.err
    report = said.json
    assert sorted(p.name for p in (tmp_path / "made").iterdir()) == [
        "pruned.json",
        "pruned.keras",
        "pruned.npz",
        "pruned.tflite",
    ]
    assert json.loads((tmp_path / "made/pruned.json").read_text()) == report
    _check(report, (tmp_path / "made/pruned.tflite").stat().st_size)
    assert "fine-tune: epoch 1 of" in said.err or "ramp: epoch 1 of" in said.err


def _check(report: dict[str, Any], tflite_bytes: int) -> None:
    before, after = report["before"], report["after"]
    assert after["tflite_bytes"] == tflite_bytes
    assert (before["nonzero_share"], after["nonzero_share"]) == (1.0, 0.5)
    assert after["gzip_bytes"] < before["gzip_bytes"]
    assert after["huffman_bytes"] < before["huffman_bytes"]
    for kind in ("float_top1", "int8_top1"):
        figure = after[kind]
        assert 0 <= figure["low"] <= figure["value"] <= figure["high"] <= 1
        assert figure["n"] == after["samples"] == 60
    assert report["training"]["seed"] == 0
    assert np.isfinite([loss for stage in report["stages"].values() for loss, *_ in stage]).all()
