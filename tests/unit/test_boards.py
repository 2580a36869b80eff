"""Board files: those that tinybench comes with, and files with mistakes."""

from __future__ import annotations

from pathlib import Path

import pytest

from tinybench import resources
from tinybench.boards import list_boards, load_board
from tinybench.errors import ConfigError
from tinybench.machine import machine_bytes

GOOD = (resources.boards() / "virt-c3.toml").read_text(encoding="utf-8")


def write(folder: Path, text: str) -> Path:
    path = folder / "virt-c3.toml"
    path.write_text(text, encoding="utf-8")
    return path


def test_every_board_file_loads_and_names_folders_that_exist() -> None:
    for board in list_boards("virtual"):
        assert (resources.firmware() / board.build.platform / "platform.json").is_file()
        for folder in (board.build.port, *board.build.shared):
            assert (resources.firmware() / folder).is_dir()
    for board in list_boards():
        assert load_board(board.name) == board


def test_hardware_boards_say_where_their_facts_are_from_and_that_nothing_was_tried() -> None:
    boards = list_boards("hardware")
    assert {"esp32cam", "esp32dev", "m5timercam", "xiao-s3-sense", "esp-eye"} <= {
        board.name for board in boards
    }
    for board in boards:
        assert board.facts_from, board.name
        assert board.wiring, board.name
        assert board.tried == "", (
            f"{board.name}: a board that was tried belongs into docs/boards.md"
        )
    old = {board.name for board in boards if board.status == "end-of-life"}
    assert old == {"esp-eye", "esp32s3-eye"}


def test_virt_c3_has_the_sizes_of_an_esp32_c3() -> None:
    memory = load_board("virt-c3").memory
    assert (memory.ram_bytes, memory.flash_bytes) == (321_296, 4 << 20)


def test_virt_esp32_has_the_sizes_of_an_esp32_and_nothing_behind_them() -> None:
    board = load_board("virt-esp32")
    memory = board.memory
    assert (memory.ram_bytes - memory.stack_bytes, memory.flash_bytes) == (180_736, 4 << 20)
    assert machine_bytes(board.link.arguments) == memory.ram_bytes
    assert memory.ram_bytes % 8192 == 0, "or the emulator would round it up"


@pytest.mark.parametrize(
    ("old", "new", "seen"),
    [
        ("ram_bytes = 188_416", "ram_bytes = 188_417", "memory.ram_bytes=188,417"),
        ("ram_origin = 0x60000000", "ram_origin = 0x3FFB0000", "memory.ram_origin=0x3ffb0000"),
        ("flash_origin = 0x50000000", "flash_origin = 0x40080000", "flash_origin=0x40080000"),
        ("flash_bytes = 0x400000", "flash_bytes = 0x4000001", "memory.flash_bytes=67,108,865"),
    ],
)
def test_beyond_the_memories_of_an_emulated_xtensa(
    tmp_path: Path, old: str, new: str, seen: str
) -> None:
    text = (resources.boards() / "virt-esp32.toml").read_text(encoding="utf-8")
    assert old in text
    path = tmp_path / "virt-esp32.toml"
    path.write_text(text.replace(old, new), encoding="utf-8")
    with pytest.raises(ConfigError, match="within the emulated machine's") as caught:
        load_board(path)
    assert seen in caught.value.seen


@pytest.mark.parametrize("name", ["virt-c3", "virt-c3-8m"])
def test_a_guarded_board_ends_its_memories_on_pages(name: str) -> None:
    memory = load_board(name).memory
    assert (memory.ram_origin + memory.ram_bytes) % 4096 == 0
    assert (memory.flash_origin + memory.flash_bytes) % 4096 == 0
    assert memory.ram_origin % 16 == 0
    assert memory.stack_bytes % 16 == 0
    assert memory.ram_origin > memory.flash_origin + memory.flash_bytes, "no room for a guard"


def test_a_path_loads_a_board_of_the_users_own(tmp_path: Path) -> None:
    board = load_board(write(tmp_path, GOOD))
    assert board.source == str(tmp_path / "virt-c3.toml")
    marked = load_board(write(tmp_path, "\ufeff" + GOOD))  # as Windows' editor saves it
    assert marked == board


def test_boards_of_one_name_are_told_apart_by_their_facts(tmp_path: Path) -> None:
    shipped = load_board("virt-c3")
    copy = load_board(write(tmp_path, GOOD))
    other = load_board(write(tmp_path, GOOD.replace("321_296", "321_280")))
    assert copy.facts_sha256 == shipped.facts_sha256, "where the file lies does not count"
    assert other.facts_sha256 != shipped.facts_sha256


@pytest.mark.parametrize(
    ("arguments", "size"),
    [
        ((), 128 << 20),
        (("-m", "16M"), 16 << 20),
        (("-m", "16"), 16 << 20),
        (("-m", "512k", "-m", "1g"), 1 << 30),
        (("-cpu", "x", "-m", "size=2G,slots=1"), 2 << 30),
        (("-m", "some"), None),
    ],
)
def test_the_size_of_an_emulated_machine(arguments: tuple[str, ...], size: int | None) -> None:
    assert machine_bytes(arguments) == size


@pytest.mark.parametrize(
    ("name", "todo"),
    [
        ("virt-c4", "did you mean 'virt-c3'?"),
        ("nativ", "did you mean 'native'?"),
        ("VIRT-C3", "did you mean 'virt-c3'?"),
        ("0", "known boards: esp-eye, "),
        ("", "known boards"),
        ("../boards/virt-c", "did you mean"),
    ],
)
def test_an_unknown_board_is_answered_with_what_is_known(name: str, todo: str) -> None:
    with pytest.raises(ConfigError) as caught:
        load_board(name)
    assert todo in caught.value.todo


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("ram_bytes =", "ram_byte =", ["memory.ram_byte", "did you mean 'ram_bytes'?"]),
        ("ram_bytes = 321_296", "ram_bytes = 4_000_000_000", ["0x100000000", "4,000,000,000"]),
        ("ram_bytes = 321_296", "ram_bytes = 40_000_000", ["16,777,216 B", "raise -m"]),
        ("flash_bytes = 0x400000", "flash_bytes = 0x1000001", ["16,777,216 B", "16,777,217 B"]),
        ('"-m", "16M"', '"-m", "4M"', ["machine's 4,194,304 B", "they take 5,242,880 B"]),
        ('"-m", "16M"', '"-m", "much"', ["link.arguments with a size"]),
        ("stack_bytes = 8_192", "", ["memory.stack_bytes", "missing"]),
        ("stack_bytes = 8_192", "stack_bytes = 0", ["memory.stack_bytes", "above 0"]),
        ("stack_bytes = 8_192", "stack_bytes = 999_999", ["below memory.ram_bytes"]),
        ("stack_bytes = 8_192", 'stack_bytes = "8K"', ["memory.stack_bytes", "type int", "'8K'"]),
        ("stack_bytes = 8_192", "stack_bytes = true", ["memory.stack_bytes", "type int", "True"]),
        ('kind = "virtual"', 'kind = "imaginary"', ["'virtual', 'hardware'", "'imaginary'"]),
        ('kind = "virtual"', 'kind = "hardware"', ["link.kind='qemu'", "kind='hardware'"]),
        (
            '["qemu-system-misc | qemu-system-riscv"]',
            '"qemu"',
            ["link.packages", "a list of strings"],
        ),
        ("reply_timeout_s = 30.0", "reply_timeout_s = -1", ["link.reply_timeout_s", "-1"]),
        ('name = "virt-c3"', 'name = "virt-x"', ["rename the file to virt-x.toml"]),
        ("[counter]", "[counters]", ["counters", "did you mean 'counter'?"]),
        ("[chip]", "[chip", ["line", "column"]),
    ],
)
def test_a_mistake_is_named(tmp_path: Path, old: str, new: str, words: list[str]) -> None:
    assert old in GOOD
    with pytest.raises(ConfigError) as caught:
        load_board(write(tmp_path, GOOD.replace(old, new)))
    for word in [*words, str(tmp_path)]:
        assert word in str(caught.value)


HARDWARE = (resources.boards() / "esp32cam.toml").read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ('name = "esp32"', 'name = "esp32s2"', ["chip.name", "esp32, esp32s3, esp32c3"]),
        ('isa = "xtensa-lx6"', 'isa = "xtensa-lx7"', ["chip.isa", "xtensa-lx6"]),
        ("240_000_000", "400_000_000", ["chip.clock_hz", "240 MHz"]),
        ("0x400000", "4_000_000", ["memory.flash_bytes", "4000000"]),
        ("flash_hz = 80_000_000", "flash_hz = 100_000_000", ["memory.flash_hz"]),
        (
            'flash_mode = "dio"',
            'flash_mode = "qoi"',
            ["memory.flash_mode one of 'dio', 'qio'", "'qoi'"],
        ),
        ("arena_bytes = 153_600", "arena_bytes = 180_736", ["memory.arena_bytes", "164352"]),
        ("mapped_bytes = 0x400000", "mapped_bytes = 0x800000", ["psram.mapped_bytes"]),
        ("xclk = 0", "xclk = 26", ["GPIO26 (xclk and sda)"]),
        ("xclk = 0", "xclk = -1", ["camera.xclk"]),
        ("xclk = 0", "xclk = 40", ["GPIO39", "GPIO40 (xclk)"]),
        ("data = [5, 18,", "data = [18,", ["camera.data"]),
        ("data = [5, 18,", 'data = ["5", 18,', ["camera.data", "a list of whole numbers"]),
        ("xclk = 0", "", ["camera.xclk", "missing"]),
        ("xclk = 0", "xclock = 0", ["camera.xclock", "did you mean 'xclk'?"]),
        ('transport = "uart"', 'transport = "usb-serial-jtag"', ["link.transport", "on esp32"]),
        ('"1a86:7523"', '"1A86:7523"', ["link.usb_ids", "lower-case"]),
        ("baud = 460_800\nupload", "baud = 0\nupload", ["link.baud above 0"]),
        ("reply_timeout_s", "bauds = [115_200]\nreply_timeout_s", ["link.baud among"]),
        ('reset = "unguarded"', "", ["link.reset"]),
        ("@6.13.0", "", ["build.platform", "exact version"]),
        ('board_id = "esp32cam"', "", ["build.board_id"]),
        ('partitions = "4mb.csv"', "", ["build.partitions"]),
        ('"4mb.csv"', '"5mb.csv"', ["build.partitions", "2mb.csv, 32mb.csv, 4mb.csv"]),
        ('"4mb.csv"', '"../partitions/4mb.csv"', ["build.partitions"]),
        ('"4mb.csv"', '"8mb.csv"', ["8mb.csv reaches to 8,388,608 B", '"4mb.csv"']),
        ("flash_bytes = 0x400000", "flash_bytes = 0x200000", ["reaches to 4,194,304", '"2mb.csv"']),
        ('port = "esp32"', 'port = "esp33"', ["build.port", "'esp33'"]),
        ('kind = "quad"', 'kind = "octal"', ["psram.kind of an esp32: 'quad'"]),
        ("mapped_bytes = 0x400000", "mapped_bytes = -1", ["psram.mapped_bytes above 0"]),
        ("0x400000\nclock_hz = 80", "0x400000\nclock_hz = 40", ["psram.clock_hz: 80 MHz"]),
        ("flash_hz = 80_000_000", "flash_hz = 40_000_000", ["memory.flash_hz", "PSRAM"]),
        ("upload_baud = 460_800", "upload_baud = 99_000_000", ["link.upload_baud up to 5,000,000"]),
        ("data = [5, 18,", "data = [6, 18,", ["GPIO6 (D0): the flash has it"]),
        ("data = [5, 18,", "data = [17, 18,", ["GPIO17 (D0): the PSRAM has it"]),
        ("data = [5, 18,", "data = [3, 18,", ["GPIO3 (D0): the serial line has it"]),
        ("data = [5, 18,", "data = [24, 18,", ["GPIO24 (D0): the chip lacks it"]),
        ("power_down = 32", "power_down = 38", ["camera.power_down", "only be read"]),
    ],
)
def test_facts_of_a_real_board_that_cannot_be_true_are_named(
    tmp_path: Path, old: str, new: str, words: list[str]
) -> None:
    assert old in HARDWARE
    path = tmp_path / "esp32cam.toml"
    path.write_text(HARDWARE.replace(old, new, 1), encoding="utf-8")
    with pytest.raises(ConfigError) as caught:
        load_board(path)
    for word in words:
        assert word in str(caught.value)


def test_a_c3_has_no_camera(tmp_path: Path) -> None:
    camera = HARDWARE[HARDWARE.index("[camera]") : HARDWARE.index("[link]")]
    text = (resources.boards() / "xiao-c3.toml").read_text(encoding="utf-8")
    (tmp_path / "xiao-c3.toml").write_text(text + "\n" + camera, encoding="utf-8")
    with pytest.raises(ConfigError, match="esp32-camera supports"):
        load_board(tmp_path / "xiao-c3.toml")


def test_a_board_file_that_is_no_text_is_refused(tmp_path: Path) -> None:
    (tmp_path / "b.toml").write_bytes(b"\xff\xfe")
    with pytest.raises(ConfigError, match=r"b\.toml"):
        load_board(tmp_path / "b.toml")
    with pytest.raises(ConfigError, match="no file"):
        load_board(tmp_path / "none.toml")


def test_a_name_that_platformio_refuses_is_refused_here(tmp_path: Path) -> None:
    path = tmp_path / "my.board.toml"
    path.write_text(GOOD.replace('name = "virt-c3"', 'name = "my.board"'))
    with pytest.raises(ConfigError, match="letters, digits"):
        load_board(path)
