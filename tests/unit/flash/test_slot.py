"""A virtual board's slot: what is flashed is found again, whole, and known for what it is."""

from __future__ import annotations

import dataclasses
import hashlib
from pathlib import Path

import pytest

from tinybench.boards import load_board
from tinybench.build.cache import Build
from tinybench.build.driver import Artifact
from tinybench.build.elf import Sizes
from tinybench.build.ingredients import Ingredients
from tinybench.errors import StaleBuild
from tinybench.flash.slot import check_slot, elf_sha256, flash_slot, read_slot

BOARD = load_board("virt-c3")


def fake_build(folder: Path, content: bytes, **parts: str) -> Build:
    elf = folder / "firmware.elf"
    elf.write_bytes(content)
    ingredients = Ingredients(BOARD.name, "aot", {"model": "aa", "labels": "bb", **parts})
    sizes = Sizes(1, 1, 1, 1)
    artifact = Artifact(elf, sizes, ingredients.build_id, BOARD.name, "aot", "aa", folder / "log")
    return Build(folder, ingredients, artifact, hashlib.sha256(content).hexdigest())


def test_what_is_flashed_is_found_again(tmp_path: Path) -> None:
    build = fake_build(tmp_path, b"one")
    slots = tmp_path / "slots"
    flashed = flash_slot(build, slots)
    assert read_slot(BOARD, slots) == flashed
    assert flashed.elf.read_bytes() == b"one"
    assert flashed.build_id == build.ingredients.build_id
    check_slot(flashed, build.ingredients)


def test_a_new_flash_replaces_the_old_one_of_this_board_only(tmp_path: Path) -> None:
    slots = tmp_path / "slots"
    flash_slot(fake_build(tmp_path, b"one"), slots)
    (slots / "virt-c3-8m-0123456789abcdef.elf").touch()
    flash_slot(fake_build(tmp_path, b"two"), slots)
    assert read_slot(BOARD, slots).elf.read_bytes() == b"two"
    assert len(list(slots.glob("*.elf"))) == 2


def test_what_differs_is_named(tmp_path: Path) -> None:
    flashed = flash_slot(fake_build(tmp_path, b"one"), tmp_path)
    wanted = Ingredients(BOARD.name, "aot", {"model": "aa", "labels": "cc", "new": "dd"})
    with pytest.raises(StaleBuild, match="differs in: labels, new"):
        check_slot(flashed, wanted)


def test_an_empty_slot_says_how_to_fill_it(tmp_path: Path) -> None:
    with pytest.raises(StaleBuild, match="nothing is flashed") as caught:
        read_slot(BOARD, tmp_path)
    assert caught.value.todo == "tinybench flash"


@pytest.mark.parametrize("text", ["", "{}", "[]", '{"elf": "x"}'])
def test_a_damaged_slot_is_refused(tmp_path: Path, text: str) -> None:
    (tmp_path / "virt-c3.json").write_text(text)
    with pytest.raises(StaleBuild):
        read_slot(BOARD, tmp_path)


def test_a_lost_elf_is_noticed(tmp_path: Path) -> None:
    flashed = flash_slot(fake_build(tmp_path, b"one"), tmp_path)
    flashed.elf.unlink()
    with pytest.raises(StaleBuild, match="no "):
        read_slot(BOARD, tmp_path)


def test_an_altered_elf_is_refused(tmp_path: Path) -> None:
    flashed = flash_slot(fake_build(tmp_path, b"one"), tmp_path)
    flashed.elf.write_bytes(b"two")
    with pytest.raises(StaleBuild, match="altered since it was flashed") as caught:
        read_slot(BOARD, tmp_path)
    assert caught.value.todo == "tinybench flash"
    assert flashed.elf_sha256 in caught.value.seen
    assert elf_sha256(flashed.elf) in caught.value.seen


def test_ingredients_that_differ_give_another_build_id() -> None:
    one = Ingredients("virt-c3", "aot", {"model": "aa", "labels": "bb"})
    ids = {
        one.build_id,
        dataclasses.replace(one, board="virt-c3-8m").build_id,
        dataclasses.replace(one, engine="tflm").build_id,
        dataclasses.replace(one, parts={"model": "aa", "labels": "bc"}).build_id,
        dataclasses.replace(one, parts={"model": "aab", "labels": "b"}).build_id,
    }
    assert len(ids) == 5
    assert all(len(i) == 32 and int(i, 16) >= 0 for i in ids)
