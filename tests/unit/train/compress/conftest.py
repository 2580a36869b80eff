"""Every method is tried on one small trained network, in one TensorFlow process."""

from __future__ import annotations

from typing import Any

import pytest

from tinybench.train.isolated import run_job


@pytest.fixture(scope="session")
def trials(test_jobs: None, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """Facts of each trial of support/compressing.py, by its name."""
    request = {"folder": str(tmp_path_factory.mktemp("trials"))}
    return run_job("support.compressing:run_trials", request, purpose="try compression methods")
