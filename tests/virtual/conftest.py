"""What the tests of the whole path share."""

from __future__ import annotations

from pathlib import Path

import pytest

from support import cli


@pytest.fixture(scope="session")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A project folder with a model, built for virt-c3, and data; runs go elsewhere (--out)."""
    folder = tmp_path_factory.mktemp("desk")
    cli.write_model(folder)
    cli.write_images(folder, damaged=2)
    said = cli.tinybench("build", "model.tflite", "-b", "virt-c3", cwd=folder)
    assert said.status == 0, said.err
    return folder
