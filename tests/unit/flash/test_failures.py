"""Every failure that people meet is known by the words that tools really use for it."""

from __future__ import annotations

import tomllib
from pathlib import Path
from string import Formatter

import pytest

from tinybench.errors import BuildError
from tinybench.flash.causes import BY_HAND, CAUSES
from tinybench.flash.diagnose import Scene, explain, find_cause

TABLE = Path(__file__).with_name("failure_logs.toml")
LOGS = tomllib.loads(TABLE.read_text(encoding="utf-8"))["log"]
SCENE = Scene("esp32cam", "esp32", "platformio/espressif32@6.13.0", "manual", "/dev/ttyUSB0", "log")


@pytest.mark.parametrize("log", LOGS, ids=lambda log: f"{log['cause']}, {log['by']}")
def test_a_log_is_recognized(log: dict[str, str]) -> None:
    found = find_cause(log["text"])
    assert found is not None, log["text"]
    assert found[0].name == log["cause"], log["source"]


@pytest.mark.parametrize("log", LOGS, ids=lambda log: f"{log['cause']}, {log['by']}")
def test_what_to_do_is_said_whole(log: dict[str, str]) -> None:
    error = explain(log["text"], SCENE)
    assert error.wanted == "flash esp32cam on /dev/ttyUSB0"
    for words in (error.seen, error.todo):
        assert words and "{" not in words and "?" not in words, words
    assert error.exit_code in (3, 4)


def test_every_cause_has_a_log_and_every_log_a_source() -> None:
    assert {log["cause"] for log in LOGS} == {cause.name for cause in CAUSES}
    for log in LOGS:
        assert log["source"].startswith(("http", "espressif/", "PlatformIO ")), log["source"]


def test_names_in_the_table_are_filled_in_by_somebody() -> None:
    filled = {"board", "chip", "platform", "port", "by_hand", "file", "has"}
    for cause in CAUSES:
        named = filled | set(cause.pattern.groupindex)
        for text in (cause.seen, cause.todo):
            assert {name for _, name, _, _ in Formatter().parse(text) if name} <= named, cause.name


def test_figures_of_the_log_are_in_the_answer() -> None:
    text = "ERROR: A fatal error occurred: This chip is ESP32-S3, not ESP32. Wrong chip argument?"
    error = explain(text, SCENE)
    assert error.seen == "the chip is ESP32-S3, the firmware is for ESP32"
    text = "Set flash_size 4MB is larger than the available flash size of 2MB."
    assert explain(text, SCENE).seen == "the flash chip is smaller than esp32cam's: 2MB"


@pytest.mark.parametrize("reset", ["auto", "unguarded", "manual", "usb"])
def test_the_bootloader_by_hand_is_the_boards_own_way(reset: str) -> None:
    scene = Scene("b", "esp32", "p", reset, "COM3", "log")
    text = "Failed to connect to ESP32: Wrong boot mode detected (0x13)!"
    assert explain(text, scene).todo == BY_HAND[reset]


def test_what_nobody_knows_is_shown_as_it_is() -> None:
    error = explain("one\n\x1b[31mtwo\x1b[0m\nNOTE: dull\nWriting at 0x1000\n", SCENE)
    assert type(error) is BuildError
    assert error.details == ("one", "two")
    assert "whole log: log" in error.todo


def test_a_flash_that_succeeds_has_no_cause() -> None:
    assert find_cause("Writing at 0x00010f67 8.0%\nHash of data verified.\nHard resetting") is None
