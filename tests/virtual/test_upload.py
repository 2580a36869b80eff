"""PlatformIO itself uploads to a mock chip; see support/upload_project.py for the real platform."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any, NamedTuple

import pytest

import tinybench.flash.upload as uploading
from support.mock_chip import mock_chip
from support.standin_images import standin_parts
from support.upload_project import upload_project
from tinybench.flash.diagnose import find_cause
from tinybench.flash.merge import Recipe, merge_image
from tinybench.flash.program import Said


class Built(NamedTuple):
    """A project, built; what a merged image of the same parts holds; and the log."""

    project: Path
    data: bytes
    log: Path


@pytest.fixture
def built(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Built:
    parts = standin_parts("esp32", tmp_path)
    project, core = upload_project(tmp_path, parts)
    monkeypatch.setenv("PLATFORMIO_CORE_DIR", str(core))
    run_program = uploading.run_program

    def without_build(command: list[str], *told: Any, **how: Any) -> Said:
        """PlatformIO empties its build folder when a project is new: put the parts there then."""
        target = project / ".pio" / "build" / "esp32cam"
        for part in parts:
            shutil.copy(part.file, target)
        at = command.index("-t")
        return run_program([*command[:at], "-t", "nobuild", *command[at:]], *told, **how)

    monkeypatch.setattr(uploading, "run_program", without_build)
    (project / ".pio" / "build" / "esp32cam").mkdir(parents=True)
    uploading.upload(project, "esp32cam", "socket://127.0.0.1:1", 115_200, tmp_path / "first.log")
    facts = ("esp32cam", "esp32", "aot", "m", "a" * 64, "b" * 32, 4 << 20, "dio", 80_000_000)
    image = merge_image(Recipe(*facts, parts), tmp_path / "image.bin", tmp_path / "merge.log")
    return Built(project, image.path.read_bytes(), tmp_path / "upload.log")


def test_platformio_writes_what_a_merged_image_holds(built: Built) -> None:
    with mock_chip("esp32") as mock:
        said = uploading.upload(built.project, "esp32cam", mock.port, 230_400, built.log)
        assert said.status == 0, said.text
        assert mock.flash.data[: len(built.data)] == built.data
    assert f"Using manually specified: {mock.port}" in said.text
    assert "Changing baud rate to 230400" in said.text, "ESPBAUD wins over upload_speed"
    with mock_chip("esp32s3") as mock:
        said = uploading.upload(built.project, "esp32cam", mock.port, 230_400, built.log)
        assert said.status != 0
        found = find_cause(said.text)
        assert found is not None and found[0].name == "wrong-chip", said.text
        assert set(mock.flash.data) == {0xFF}
