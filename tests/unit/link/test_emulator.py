"""URLs of virtual boards; what needs an emulator is in tests/virtual."""

from __future__ import annotations

import dataclasses
import os
from pathlib import Path

import pytest

from tinybench.boards import list_boards, load_board
from tinybench.errors import LinkError, ToolMissing
from tinybench.link import open_link
from tinybench.link.emulator import board_url, parse_qemu_url

QEMU = load_board("virt-c3")
INSTALL = "sudo apt-get install qemu-system-misc  # on newer releases: qemu-system-riscv"
NO_UNICODE = os.fsdecode(b"/tmp/k\xff.elf")


@pytest.mark.parametrize("board", [b for b in list_boards() if b.link.kind == "qemu"])
@pytest.mark.parametrize("path", ["/tmp/a.elf", "/tmp/with space/ü?#%41.elf", NO_UNICODE])
def test_urls_carry_all_facts(board: object, path: str) -> None:
    from tinybench.boards import Board

    assert isinstance(board, Board)
    plan = parse_qemu_url(board_url(board, Path(path)))
    assert plan.elf == Path(path)
    assert plan.emulator == board.link.emulator
    assert plan.machine == board.link.machine
    assert plan.arguments == board.link.arguments
    assert plan.packages == board.link.packages
    assert plan.console == board.link.console


def test_a_real_board_has_no_emulator() -> None:
    real = dataclasses.replace(QEMU, link=dataclasses.replace(QEMU.link, kind="serial"))
    with pytest.raises(LinkError, match="tinybench ports"):
        board_url(real, Path("x.elf"))


def test_a_missing_emulator_says_how_to_install_it(tmp_path: Path) -> None:
    link = dataclasses.replace(QEMU.link, emulator="qemu-system-none")
    url = board_url(dataclasses.replace(QEMU, link=link), tmp_path)
    with pytest.raises(ToolMissing) as caught:
        open_link(url, log=tmp_path / "log")
    assert caught.value.todo == INSTALL


@pytest.mark.parametrize("url", ["qemu:/a.elf", "qemu:/a.elf?machine=virt", "qemu:"])
def test_incomplete_urls_are_refused(url: str, tmp_path: Path) -> None:
    with pytest.raises(LinkError, match="board_url"):
        open_link(url, log=tmp_path / "log")
