"""Checkpoints belong to one work; what kept none is in nobody's way."""

from __future__ import annotations

from pathlib import Path

import pytest

from tinybench.errors import ModelError
from tinybench.train.compress.job import BEFORE, claim


def test_a_wrong_path_can_be_mended(tmp_path: Path) -> None:
    """The first command failed over its data; the next one names others."""
    work = tmp_path / ".small.checkpoints"
    claim(work, {"data": "fotos"}, None)
    (work / BEFORE).touch()
    claim(work, {"data": "photos"}, None)
    (work / "train.npz").touch()
    claim(work, {"data": "photos"}, None)
    with pytest.raises(ModelError, match="another data"):
        claim(work, {"data": "fotos"}, None)
