"""The bare-metal ports on their emulators: line, counter, reset, guards, memory functions."""

from __future__ import annotations

import functools
import re
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from support.probe import FRAME_BYTES, Probe, build_probe
from tinybench.boards import Board, load_board
from tinybench.link.symbols import locate

C3, ESP32 = load_board("virt-c3"), load_board("virt-esp32")

FETCH_FAULT, ILLEGAL, LOAD_FAULT, STORE_FAULT = 1, 2, 5, 7
"""mcause. A store to flash is as one to where nothing is."""

X_ILLEGAL, X_UNALIGNED, X_NO_MEMORY, X_FETCH_PROHIBITED, X_STORE_PROHIBITED = 0, 9, 15, 20, 29
"""exccause. Where access is allowed there may still be no memory."""


@dataclass(frozen=True)
class Trap:
    """What the probe does at a letter, and what its board must say of it; None: any address."""

    what: str
    letter: bytes
    cause: int
    address: int | None = None
    in_code: bool = True


def traps(board: Board) -> list[Trap]:
    """All that must not be and that the board can tell."""
    memory = board.memory
    ram, ram_end = memory.ram_origin, memory.ram_origin + memory.ram_bytes
    flash = memory.flash_origin
    if board is C3:
        return [
            Trap("store at NULL", b"0", STORE_FAULT, 0),
            Trap("store to flash", b"1", STORE_FAULT),
            Trap("store beyond RAM", b"2", STORE_FAULT, ram_end),
            Trap("store before RAM", b"3", STORE_FAULT, ram - 1),
            Trap("load beyond RAM", b"4", LOAD_FAULT, ram_end + 0x1000),
            Trap("load before flash", b"5", LOAD_FAULT, flash - 1),
            Trap("jump into RAM", b"6", FETCH_FAULT, in_code=False),
            Trap("no such instruction", b"8", ILLEGAL, 0x100B),
            Trap("an instruction that the C3 lacks", b"9", ILLEGAL, 0x1005202F),
        ]
    return [
        Trap("store at NULL", b"0", X_STORE_PROHIBITED, 0),
        Trap("store beyond RAM", b"2", X_NO_MEMORY, ram_end),
        Trap("store before RAM", b"3", X_NO_MEMORY, ram - 1),
        Trap("load beyond RAM", b"4", X_NO_MEMORY, ram_end + 0x1000),
        Trap("load before flash", b"5", X_NO_MEMORY, flash - 1),
        Trap("jump into RAM", b"6", X_FETCH_PROHIBITED, in_code=False),
        Trap("no such instruction", b"8", X_ILLEGAL),
        Trap("an instruction that the lx106 lacks", b"9", X_ILLEGAL),
        Trap("unaligned load", b"u", X_UNALIGNED),
        Trap("unaligned store", b"U", X_UNALIGNED),
    ]


@pytest.fixture(scope="module", params=[C3, ESP32], ids=lambda board: board.name)
def board(request: pytest.FixtureRequest) -> Board:
    chosen: Board = request.param
    return chosen


@pytest.fixture(scope="module")
def elfs(tmp_path_factory: pytest.TempPathFactory) -> Callable[[Board], Path]:
    """The probe for a board, built once."""
    return functools.cache(lambda board: build_probe(board, tmp_path_factory.mktemp("probe")))


@pytest.fixture
def elf(elfs: Callable[[Board], Path], board: Board) -> Path:
    return elfs(board)


def trap_of(board: Board, elf: Path, cause: bytes) -> tuple[int, int, int]:
    """Cause, place and address after a letter that ends the run."""
    with Probe(board, elf) as probe:
        probe.send(cause)
        words, status = probe.last_words()
    names = ("mcause", "mepc", "mtval") if board is C3 else ("exccause", "epc1", "excvaddr")
    numbers = " ".join(f"{name}=0x([0-9a-f]{{8}})" for name in names)
    found = re.fullmatch(rf"\0\ntb-trap: {numbers}\n\0", words)
    assert found, words
    assert status == 70
    seen_cause, place, address = (int(digits, 16) for digits in found.groups())
    return seen_cause, place, address


@pytest.mark.parametrize(
    ("board", "trap"),
    [
        pytest.param(board, trap, id=f"{board.name}-{trap.what}")
        for board in (C3, ESP32)
        for trap in traps(board)
    ],
)
def test_what_must_not_be_traps(elfs: Callable[[Board], Path], board: Board, trap: Trap) -> None:
    elf = elfs(board)
    cause, place, address = trap_of(board, elf, trap.letter)
    assert cause == trap.cause
    assert trap.address in (None, address)
    assert ("tb_main" in locate(elf, place)) == trap.in_code


def test_a_stack_overflow_traps_below_ram(board: Board, elf: Path) -> None:
    cause, place, address = trap_of(board, elf, b"7")
    assert cause == (STORE_FAULT if board is C3 else X_NO_MEMORY)
    assert board.memory.ram_origin - 512 <= address < board.memory.ram_origin
    assert "recurse" in locate(elf, place)


def test_bytes_come_back_as_they_were(board: Board, elf: Path) -> None:
    frame = bytes(range(256)) * (FRAME_BYTES // 256)
    with Probe(board, elf) as probe:
        for _ in range(20):
            probe.send(b"e" + frame)
            assert probe.read(FRAME_BYTES) == frame
        probe.send(b"e")
        for at in range(0, FRAME_BYTES, 37):  # in drops
            probe.send(frame[at : at + 37])
        assert probe.read(FRAME_BYTES) == frame


def test_the_line_is_fast_and_waiting_costs_nothing(board: Board, elf: Path) -> None:
    with Probe(board, elf) as probe:
        probe.ask(b"t")
        busy = probe.cpu_seconds()
        time.sleep(0.5)
        assert probe.cpu_seconds() - busy < 0.1
        start = time.monotonic()
        for _ in range(50):
            probe.send(b"e" + bytes(FRAME_BYTES))
            probe.read(FRAME_BYTES)
        speed = 50 * FRAME_BYTES / (time.monotonic() - start)
    assert speed > 500_000, f"{speed:.0f} bytes/s; a 16550 would make 25,000"


def test_a_reset_is_a_new_boot(board: Board, elf: Path) -> None:
    with Probe(board, elf) as probe:
        boots = [(probe.ask(b"b"), probe.ask(b"r"))]
        for _ in range(3):
            probe.send(b"R")
            boots.append((probe.ask(b"b"), probe.ask(b"r")))
    with Probe(board, elf) as probe:
        boots.append((probe.ask(b"b"), probe.ask(b"r")))
    assert [reason for _, reason in boots] == [1, 2, 2, 2, 1]
    assert len({boot_id for boot_id, _ in boots}) == 5


def test_counts_repeat_exactly(board: Board, elf: Path) -> None:
    with Probe(board, elf) as probe:
        costs = {probe.ask(b"t") for _ in range(20)}
        assert probe.ask(b"s") == board.memory.stack_bytes
    step = 25 if board is ESP32 else 1  # of its counter
    assert all(cost % step == 0 for cost in costs)
    assert max(costs) - min(costs) <= (0 if board is C3 else step)
    assert 0 < min(costs) < 20 + 2 * step


def test_memory_functions_agree_with_plain_loops(board: Board, elf: Path) -> None:
    with Probe(board, elf) as probe:
        assert probe.ask(b"m") == 0
