"""Where a model's arena and weights go on a board, and by how much it is too large."""

from __future__ import annotations

import pytest

from support.models import one_op_model
from tinybench.boards import list_boards, load_board
from tinybench.boards.partitions import app_bytes
from tinybench.boards.room import Need, Placement, Shortage, boards_with_room, place
from tinybench.build.fit import check_fit
from tinybench.compiler import compile_graph
from tinybench.errors import DoesNotFit
from tinybench.model.read import parse_tflite

CAM = load_board("esp32cam")  # 153,600 B for the arena, 4 MiB of PSRAM


@pytest.mark.parametrize(
    ("need", "wanted"),
    [
        (Need(0, 0), ("internal RAM", "flash")),
        (Need(153_600, 4_000_000), ("internal RAM", "flash")),
        (Need(153_601, 0), ("PSRAM", "flash")),
        (Need(4 << 20, 0), ("PSRAM", "flash")),
        (Need(100_000, 53_600, "ram"), ("internal RAM", "internal RAM")),
        (Need(100_000, 53_601, "ram"), ("PSRAM", "internal RAM")),
        (Need(4 << 20, 153_600, "ram"), ("PSRAM", "internal RAM")),
    ],
)
def test_internal_ram_comes_first(need: Need, wanted: tuple[str, str]) -> None:
    found = place(need, CAM)
    assert isinstance(found, Placement)
    assert (found.arena, found.weights) == wanted


@pytest.mark.parametrize(
    ("board", "need", "of", "words"),
    [
        ("esp32cam", Need((4 << 20) + 5, 0), "RAM", ["at least 5 B too many", "PSRAM 4,194,304 B"]),
        ("esp32dev", Need(153_607, 0), "RAM", ["7 B too many", "less stack 16,384 B", "10,752 B"]),
        ("esp32dev", Need(153_600, 7, "ram"), "RAM", ["7 B too many", "and 7 B of weights"]),
        ("esp32cam", Need(0, 153_603, "ram"), "RAM for weights", ["they take 153,603 B, 3 B too"]),
        ("esp32cam", Need(0, 0x3F0001), "flash", ["app partition (4mb.csv)", "1 B too many"]),
        ("virt-c3", Need(0, (4 << 20) + 1), "flash", ["flash of 4,194,304 B", "1 B too many"]),
        ("virt-c3", Need(313_105, 0), "RAM", ["RAM 321,296 B less stack 8,192 B)", "1 B too many"]),
    ],
)
def test_a_shortage_is_told_in_bytes(board: str, need: Need, of: str, words: list[str]) -> None:
    found = place(need, load_board(board))
    assert isinstance(found, Shortage)
    assert found.of == of
    for word in words:
        assert word in f"{found.wanted}: {found.seen}"


def test_an_esp32_uses_no_more_psram_than_it_can_address() -> None:
    board = load_board("m5timercam")
    assert board.psram is not None
    assert board.psram.fitted_bytes == 8 << 20
    assert isinstance(place(Need((4 << 20) + 1, 0), board), Shortage)


def test_the_boards_with_room_are_those_on_which_it_can_be_placed() -> None:
    everywhere = {board.name for board in list_boards()}
    assert set(boards_with_room(Need(1, 1))) == everywhere
    large = set(boards_with_room(Need(6 << 20, 0)))
    assert large == {"esp32s3-devkitc-psram", "esp32s3-eye", "freenove-s3", "xiao-s3-sense"} | {
        board.name for board in list_boards("virtual") if board.memory.for_arena >= 6 << 20
    }
    assert boards_with_room(Need(1 << 40, 0)) == []


def test_a_model_that_fits_elsewhere_is_told_where() -> None:
    program = compile_graph(parse_tflite(one_op_model("RELU", (1, 384, 384, 3))))
    with pytest.raises(DoesNotFit) as caught:
        check_fit(program, load_board("esp32dev"))
    assert "take a board with the room: " in caught.value.todo
    assert "esp32cam" in caught.value.todo
    assert "esp32dev" not in caught.value.todo
    assert any("1x384x384x3" in line for line in caught.value.details)
    assert check_fit(program, CAM).arena == "PSRAM"


def test_the_app_has_all_of_the_flash_but_its_beginning() -> None:
    assert app_bytes(CAM) == (4 << 20) - 0x10000
    assert app_bytes(load_board("virt-c3")) == 4 << 20
