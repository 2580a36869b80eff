"""A pipeline makes each thing once, of the same things; and goes on where it was stopped."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tinybench.errors import ModelError
from tinybench.pipeline import load_pipeline
from tinybench.workflow import pipeline as module
from tinybench.workflow.compress import Order, keras_file
from tinybench.workflow.device import OnDevice

TEXT = """
[pipeline]
seeds = [0, 1, 2]
[data]
path = "samples.npz"
[steps.base]
new = "lenet"
[steps.half]
from = "base"
method = "prune"
sparsity = 0.5
[steps.less]
from = "half"
method = "cluster"
"""


class Workshop:
    """Stands in for training and for the board; keeps a list of what it was asked for."""

    def __init__(self) -> None:
        self.asked: list[str] = []
        self.broken: set[str] = set()

    def create(self, network: str, out: Path, **given: Any) -> Mapping[str, Any]:
        return self._make(f"new {network}", out, given["training"].seed)

    def compress(self, order: Order, **given: Any) -> Mapping[str, Any]:
        told = " ".join([order.method, *(f"{v}" for v in order.options.values())])
        return self._make(told, keras_file(order.out), order.training.seed)

    def measure(self, model: Path, data: Path, board: str, folder: Path, **given: Any) -> OnDevice:
        weights = given["weights"]
        return OnDevice(board, weights, flash_bytes=9, arena_bytes=8, ticks=7, unit="instructions")

    def _make(self, what: str, out: Path, seed: int) -> Mapping[str, Any]:
        self.asked.append(f"{what} seed {seed}")
        if what.split()[0] in self.broken:
            raise ModelError("train", "stopped", "")
        text = f"{what} {seed}".encode()
        out.write_bytes(text)
        out.with_suffix(".tflite").write_bytes(text)
        accuracy = {"value": 0.5 if "random" in what else 0.9, "low": 0.4, "high": 1.0, "n": 9}
        after = {
            **{"parameters": 5, "nonzero_share": 1.0, "gzip_bytes": 4},
            **{"float_top1": accuracy, "int8_top1": accuracy},
        }
        made = {"sha256": hashlib.sha256(text).hexdigest()}
        report = {"after": after, "facts": {}, "made": made}
        out.with_suffix(".json").write_text(json.dumps(report))
        return report


@pytest.fixture
def workshop(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Workshop:
    shop = Workshop()
    monkeypatch.setattr(module, "create_model", shop.create)
    monkeypatch.setattr(module, "compress_model", shop.compress)
    monkeypatch.setattr(module, "measure_on_device", shop.measure)
    np.savez(tmp_path / "samples.npz", x=np.zeros((4, 8, 8), np.uint8), y=np.arange(4))
    return shop


def run(folder: Path, text: str = TEXT, keep: Any = None) -> list[Any]:
    (folder / "p.toml").write_text(text)
    return module.run_pipeline(load_pipeline(folder / "p.toml"), keep=keep)


def test_each_step_is_made_once(workshop: Workshop, tmp_path: Path) -> None:
    first = run(tmp_path)
    assert workshop.asked == ["new lenet seed 0", "prune 0.5 seed 0", "cluster seed 0"]
    assert [row.step for row in first] == ["base", "half", "less"]
    assert run(tmp_path) == first
    assert len(workshop.asked) == 3


def test_a_change_makes_anew_what_depends_on_it(workshop: Workshop, tmp_path: Path) -> None:
    run(tmp_path)
    run(tmp_path, TEXT.replace("0.5", "0.6"))
    assert workshop.asked[3:] == ["prune 0.6 seed 0", "cluster seed 0"]
    run(tmp_path)
    assert len(workshop.asked) == 5, "both are kept"


def test_other_data_makes_everything_anew(workshop: Workshop, tmp_path: Path) -> None:
    run(tmp_path)
    np.savez(tmp_path / "samples.npz", x=np.ones((5, 8, 8), np.uint8), y=np.arange(5))
    run(tmp_path)
    assert len(workshop.asked) == 6


def test_what_was_done_before_a_failure_is_kept(workshop: Workshop, tmp_path: Path) -> None:
    workshop.broken = {"prune"}
    kept: list[list[str]] = []
    with pytest.raises(ModelError):
        run(tmp_path, keep=lambda rows: kept.append([row.step for row in rows]))
    assert kept == [["base"]]
    workshop.broken = set()
    run(tmp_path)
    assert workshop.asked.count("new lenet seed 0") == 1
    assert workshop.asked.count("prune 0.5 seed 0") == 2


def test_a_control_runs_beside_the_method_with_every_seed(
    workshop: Workshop, tmp_path: Path
) -> None:
    rows = run(tmp_path, TEXT.replace("sparsity = 0.5", "sparsity = 0.5\ncontrol = true"))
    control = rows[1].control
    assert control["name"] == "a random cut"
    assert control["method_top1"] == [0.9] * 3 and control["control_top1"] == [0.5] * 3
    assert "beats its control (a random cut) with each of 3 seeds" in " ".join(rows[1].verdict)
    for seed in (0, 1, 2):
        assert f"prune 0.5 random seed {seed}" in workshop.asked
