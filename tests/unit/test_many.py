"""Which boards a bench of several is for, and on which ports, before any of them starts."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest

from tinybench.errors import UsageError
from tinybench.flash.ports import Port
from tinybench.project import Project
from tinybench.workflow.many import Target, bench_boards, find_targets
from tinybench.workflow.watch import Silent

BRIDGE = Port("/dev/ttyUSB0", "10c4:ea60", "0001", "CP2102")
PROJECT = Project(Path("p"))


@pytest.fixture(autouse=True)
def one_bridge(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tinybench.flash.ports.list_ports", lambda: [BRIDGE])
    monkeypatch.delenv("ESPPORT", raising=False)


def refused(targets: Sequence[Target]) -> UsageError:
    with pytest.raises(UsageError) as caught:
        bench_boards(targets, [None] * len(targets), [Silent()] * len(targets))
    return caught.value


def test_two_boards_that_would_be_found_on_one_port_are_refused() -> None:
    """Both have a CP2102, and only one is plugged in."""
    error = refused(find_targets(PROJECT, ["esp32dev", "esp32c3-devkitm"], [], None))
    assert error.seen == "esp32dev and esp32c3-devkitm on /dev/ttyUSB0"
    assert "plug all of them in" in error.todo


def test_espport_can_name_only_one_board(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ESPPORT", "socket://host:1")
    error = refused(find_targets(PROJECT, ["esp32cam", "xiao-c3"], [], None))
    assert error.seen == "esp32cam and xiao-c3 on socket://host:1"


def test_two_names_of_one_port_are_one_port(tmp_path: Path) -> None:
    (tmp_path / "there").touch()
    (tmp_path / "by-id").symlink_to("there")
    ports = [str(tmp_path / "there"), str(tmp_path / "by-id")]
    error = refused(find_targets(Project(Path("p"), board="esp32cam"), [], ports, None))
    assert error.seen.startswith("esp32cam-1 and esp32cam-2 on ")


def test_one_port_for_two_kinds_of_boards_is_refused() -> None:
    with pytest.raises(UsageError, match="2 boards and 1 port"):
        find_targets(PROJECT, ["esp32cam", "xiao-c3"], ["/dev/ttyUSB0"], None)


@pytest.mark.parametrize(
    ("boards", "ports"), [(["esp32cam", "xiao-c3"], []), (["esp32cam"], ["a", "b"])]
)
def test_a_mac_is_one_boards(boards: list[str], ports: list[str]) -> None:
    with pytest.raises(UsageError, match="one board with a MAC"):
        find_targets(Project(Path("p"), mac="24:0a:c4:00:00:01"), boards, ports, None)


def test_in_a_lab_each_board_has_its_own_place(tmp_path: Path) -> None:
    lab = tmp_path / "lab.toml"
    lab.write_text('[a]\nboard = "esp32cam"\nmac = "24:0a:c4:00:00:01"\n[b]\nboard = "virt-c3"\n')
    targets = find_targets(Project(Path("p"), port="/dev/ttyUSB0"), [], [], lab)
    assert [(t.project.port, t.project.mac) for t in targets] == [
        (None, "24:0a:c4:00:00:01"),
        (None, None),
    ]
    with pytest.raises(UsageError, match="write port or mac into the lab"):
        find_targets(Project(Path("p"), mac="24:0a:c4:00:00:01"), [], [], lab)
