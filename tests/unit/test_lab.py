"""lab.toml: boards by names of one's own."""

from __future__ import annotations

from pathlib import Path

import pytest

from tinybench.errors import ConfigError
from tinybench.lab import LabBoard, load_lab

LAB = """
[feeder]
board = "esp32cam"
port = "/dev/ttyUSB0"
mac = "24:0a:c4:00:00:01"

[emulated]
board = "mine/virt-x.toml"
cable = "ber=1e-4,seed=1"
"""


@pytest.fixture
def lab(tmp_path: Path) -> Path:
    path = tmp_path / "lab.toml"
    path.write_text(LAB)
    return path


def test_all_boards_in_order(lab: Path) -> None:
    assert load_lab(lab) == [
        LabBoard("feeder", "esp32cam", "/dev/ttyUSB0", "24:0a:c4:00:00:01"),
        LabBoard("emulated", str(lab.parent / "mine/virt-x.toml"), cable="ber=1e-4,seed=1"),
    ]


def test_some_boards_in_the_order_asked_for(lab: Path) -> None:
    assert [b.name for b in load_lab(lab, ["emulated", "feeder"])] == ["emulated", "feeder"]


@pytest.mark.parametrize(
    ("text", "names", "words"),
    [
        (LAB, ["feedr"], "did you mean 'feeder'"),
        ("", [], "it has none"),
        ("[a", [], "as TOML"),
        ("a = 1", [], "a table for each board"),
        ("[a]\nport = 'x'", [], "it has no board"),
        ("[a]\nboard = 'x'\nprot = 'y'", [], "did you mean 'port'"),
        ("[a]\nboard = 3", [], "a.board as a string"),
    ],
)
def test_what_is_no_lab_is_told(tmp_path: Path, text: str, names: list[str], words: str) -> None:
    path = tmp_path / "lab.toml"
    path.write_text(text)
    with pytest.raises(ConfigError, match=words):
        load_lab(path, names)
