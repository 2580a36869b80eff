"""Every method is tried on one small trained network, in one TensorFlow process."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from support.once import make_once
from tinybench.train.isolated import run_job


@pytest.fixture(scope="session")
def trials(test_jobs: None, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """Facts of each trial of support/compressing.py, by its name."""

    def make(folder: Path) -> None:
        request = {"folder": str(folder)}
        made = run_job("support.compressing:run_trials", request, purpose="try compression methods")
        (folder / "facts.json").write_text(json.dumps(made))

    facts: dict[str, Any] = json.loads(
        (make_once(tmp_path_factory, "trials", make) / "facts.json").read_text()
    )
    return facts
