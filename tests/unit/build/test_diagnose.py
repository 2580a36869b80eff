"""What a build's log says, and the error that it becomes."""

from __future__ import annotations

from pathlib import Path

import pytest

from tinybench.boards import load_board
from tinybench.build.diagnose import RamOverflow, explain_failure
from tinybench.errors import BuildError, DoesNotFit, TinybenchError, ToolMissing

LD = "/usr/lib/riscv64-unknown-elf/bin/ld"
BOARD = load_board("virt-c3")


def explain(folder: Path, text: str) -> TinybenchError:
    log = folder / "build.log"
    log.write_text(text, encoding="utf-8")
    return explain_failure(log, BOARD)


def test_an_overflow_becomes_numbers(tmp_path: Path) -> None:
    error = explain(
        tmp_path,
        f"{LD}: firmware.elf section `.bss' will not fit in region `ram'\n"
        f"{LD}: region `ram' overflowed by 78688 bytes\n"
        "collect2: error: ld returned 1 exit status\n",
    )
    assert isinstance(error, RamOverflow)
    assert "ram: 399,984 B needed, 78,688 B too many" in error.seen
    assert "321,296" in error.wanted


def test_both_memories_can_overflow(tmp_path: Path) -> None:
    error = explain(
        tmp_path,
        f"{LD}: region `flash' overflowed by 1 bytes\n{LD}: region 'ram' overflowed by 2 bytes\n",
    )
    assert isinstance(error, RamOverflow)
    assert "flash: 4,194,305 B needed, 1 B too many; ram: 321,298 B needed" in error.seen


def test_of_flash_alone_the_arena_is_not_to_blame(tmp_path: Path) -> None:
    error = explain(tmp_path, f"{LD}: region `flash' overflowed by 1 bytes\n")
    assert type(error) is DoesNotFit
    assert error.seen == "flash: 4,194,305 B needed, 1 B too many"


def test_the_first_errors_are_shown_with_their_places(tmp_path: Path) -> None:
    lines = [f"src/model.cc:{i}:7: error: number {i}" for i in range(1, 9)]
    error = explain(tmp_path, "\n".join(["In file included from x:", *lines, lines[0], "noise"]))
    assert type(error) is BuildError
    assert error.details == (*lines[:5], "... and 3 more")
    assert str(tmp_path / "build.log") in error.todo


@pytest.mark.parametrize(
    "line",
    [
        "src/a.c:3: error: unterminated #if",
        "src/a.c:3:10: fatal error: nowhere.h: No such file or directory",
        f"{LD}: src/port/port.c:43: undefined reference to `tb_main'",
        f"{LD}: ./src/b.c:16: multiple definition of `x'; a.c:24: first defined here",
        f"{LD}: cannot find -lc: No such file or directory",
    ],
)
def test_other_errors_are_quoted(tmp_path: Path, line: str) -> None:
    error = explain(tmp_path, f"Compiling\n{line}\nfailed\n")
    assert type(error) is BuildError
    assert error.details == (line,)


def test_a_missing_library_says_how_to_install_it(tmp_path: Path) -> None:
    error = explain(tmp_path, "Error: gcc does not find picolibc.specs: picolibc is missing\n")
    assert isinstance(error, ToolMissing)
    assert "apt-get install" in error.todo
    assert "picolibc-riscv64-unknown-elf" in error.todo


def test_missing_cxx_headers_say_how_to_install_them(tmp_path: Path) -> None:
    said = "Error: xtensa-lx106-elf-g++ has no C++ headers, and there is no arm-none-eabi-g++\n"
    error = explain(tmp_path, said)
    assert isinstance(error, ToolMissing)
    assert error.todo == "sudo apt-get install libstdc++-arm-none-eabi-newlib"


def test_a_full_disk_is_said(tmp_path: Path) -> None:
    error = explain(tmp_path, "fatal error: error writing to /tmp/x.s: No space left on device\n")
    assert "no free disk space" in error.seen


def test_what_is_not_understood_is_shown(tmp_path: Path) -> None:
    error = explain(tmp_path, "\n".join(f"line {i}" for i in range(100)))
    assert error.details[-1] == "line 99"
    assert len(error.details) == 15


# real boards --------------------------------------------------------------------------------------

CAM = load_board("esp32cam")


def explained(tmp_path: Path, text: str) -> TinybenchError:
    log = tmp_path / "build.log"
    log.write_text(text)
    return explain_failure(log, CAM, tmp_path / "my project")


def test_no_network_says_what_to_pre_install_and_how_to_do_without(tmp_path: Path) -> None:
    # PlatformIO 6.2.0, run without network
    text = "Platform Manager: Installing platformio/espressif32 @ 6.13.0\nHTTPClientError: \n"
    error = explained(tmp_path, text)
    assert isinstance(error, ToolMissing)
    assert "platformio/espressif32@6.13.0" in error.wanted
    assert "HTTPClientError" in error.seen
    assert error.todo.startswith("pre-install it, once, with network: platformio run -d ")
    assert f"'{tmp_path / 'my project'}'" in error.todo, "as a shell wants it"
    assert any("flash --image" in line for line in error.details)


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("region `dram0_0_seg' overflowed by 41976 bytes", "ram: 222,712 B needed, 41,976 B too"),
        ("region `extern_ram_seg' overflowed by 1 bytes", "PSRAM: 4,194,305 B needed, 1 B too"),
        ("region `drom0_0_seg' overflowed by 2 bytes", "flash: 4,128,770 B needed, 2 B too"),
        (
            "Error: The program size (4128769 bytes) is greater than maximum allowed "
            "(4128768 bytes)",
            "flash: 4,128,769 B needed, 1 B too many",
        ),
    ],
)
def test_what_esp_idfs_linker_has_no_room_for(tmp_path: Path, line: str, words: str) -> None:
    error = explained(tmp_path, f"{line}\n")
    assert isinstance(error, DoesNotFit)
    assert words in error.seen
