"""The bare-metal port on its emulator: line, counter, reset, guards, memory functions."""

from __future__ import annotations

import re
import time
from pathlib import Path

import pytest

from support.probe import FRAME_BYTES, Probe, build_probe
from tinybench.boards import load_board
from tinybench.link.symbols import locate

BOARD = load_board("virt-c3")
RAM_LOW, RAM_HIGH = BOARD.memory.ram_origin, BOARD.memory.ram_origin + BOARD.memory.ram_bytes
FLASH_LOW = BOARD.memory.flash_origin
FETCH_FAULT, ILLEGAL, LOAD_FAULT, STORE_FAULT = 1, 2, 5, 7


@pytest.fixture(scope="module")
def elf(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build_probe(BOARD, tmp_path_factory.mktemp("probe"))


def trap_of(elf: Path, cause: bytes) -> tuple[int, int, int]:
    """mcause, mepc and mtval after a letter that ends the run."""
    with Probe(BOARD, elf) as probe:
        probe.send(cause)
        words, status = probe.last_words()
    found = re.fullmatch(
        r"\0\ntb-trap: mcause=0x([0-9a-f]{8}) mepc=0x([0-9a-f]{8}) mtval=0x([0-9a-f]{8})\n\0",
        words,
    )
    assert found, words
    assert status == 70
    mcause, mepc, mtval = (int(digits, 16) for digits in found.groups())
    return mcause, mepc, mtval


@pytest.mark.parametrize(
    ("letter", "mcause", "mtval"),
    [
        pytest.param(b"0", STORE_FAULT, 0, id="store at NULL"),
        pytest.param(b"1", STORE_FAULT, None, id="store to flash"),
        pytest.param(b"2", STORE_FAULT, RAM_HIGH, id="store beyond RAM"),
        pytest.param(b"3", STORE_FAULT, RAM_LOW - 1, id="store before RAM"),
        pytest.param(b"4", LOAD_FAULT, RAM_HIGH + 0x1000, id="load beyond RAM"),
        pytest.param(b"5", LOAD_FAULT, FLASH_LOW - 1, id="load before flash"),
        pytest.param(b"6", FETCH_FAULT, None, id="jump into RAM"),
        pytest.param(b"8", ILLEGAL, 0x100B, id="no such instruction"),
        pytest.param(b"9", ILLEGAL, 0x1005202F, id="an instruction that the C3 lacks"),
    ],
)
def test_what_must_not_be_traps(elf: Path, letter: bytes, mcause: int, mtval: int | None) -> None:
    seen_cause, mepc, seen_value = trap_of(elf, letter)
    assert seen_cause == mcause
    if mtval is not None:
        assert seen_value == mtval
    if mcause != FETCH_FAULT:
        assert "tb_main" in locate(elf, mepc)


def test_a_stack_overflow_traps_below_ram(elf: Path) -> None:
    mcause, mepc, mtval = trap_of(elf, b"7")
    assert mcause == STORE_FAULT
    assert RAM_LOW - 512 <= mtval < RAM_LOW
    assert "recurse" in locate(elf, mepc)


def test_bytes_come_back_as_they_were(elf: Path) -> None:
    frame = bytes(range(256)) * (FRAME_BYTES // 256)
    with Probe(BOARD, elf) as probe:
        for _ in range(20):
            probe.send(b"e" + frame)
            assert probe.read(FRAME_BYTES) == frame
        probe.send(b"e")
        for at in range(0, FRAME_BYTES, 37):  # in drops
            probe.send(frame[at : at + 37])
        assert probe.read(FRAME_BYTES) == frame


def test_the_line_is_fast_and_waiting_costs_nothing(elf: Path) -> None:
    with Probe(BOARD, elf) as probe:
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


def test_a_reset_is_a_new_boot(elf: Path) -> None:
    with Probe(BOARD, elf) as probe:
        boots = [(probe.ask(b"b"), probe.ask(b"r"))]
        for _ in range(3):
            probe.send(b"R")
            boots.append((probe.ask(b"b"), probe.ask(b"r")))
    with Probe(BOARD, elf) as probe:
        boots.append((probe.ask(b"b"), probe.ask(b"r")))
    assert [reason for _, reason in boots] == [1, 2, 2, 2, 1]
    assert len({boot_id for boot_id, _ in boots}) == 5


def test_counts_repeat_exactly(elf: Path) -> None:
    with Probe(BOARD, elf) as probe:
        costs = {probe.ask(b"t") for _ in range(20)}
        assert probe.ask(b"s") == BOARD.memory.stack_bytes
    assert len(costs) == 1
    assert 0 < costs.pop() < 20


def test_memory_functions_agree_with_plain_loops(elf: Path) -> None:
    with Probe(BOARD, elf) as probe:
        assert probe.ask(b"m") == 0
