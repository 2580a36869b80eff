"""Class names from files, and which folder is which class."""

from __future__ import annotations

from pathlib import Path

import pytest

from support.realdata import real
from tinybench.bench.labels import (
    check_labels,
    fold,
    guess_folder_classes,
    match_folders,
    read_labels,
)
from tinybench.errors import DataError


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("cat\ndog\n", ("cat", "dog")),
        ("\ufeffcat\r\ndog\r\n\r\n", ("cat", "dog")),
        (
            "ABBOTTS BABBLER, COCK OF THE  ROCK,\tDOVE \n",
            ("ABBOTTS BABBLER", "COCK OF THE ROCK", "DOVE"),
        ),
        ("crane, bird\ncrane, machine\n", ("crane, bird", "crane, machine")),
        ("only", ("only",)),
        ("a,b,", ("a", "b")),
    ],
)
def test_reads_lines_or_one_line_of_commas(tmp_path: Path, text: str, names: tuple[str]) -> None:
    path = tmp_path / "labels.txt"
    path.write_bytes(text.encode())
    assert read_labels(path) == names


@pytest.mark.parametrize(
    ("content", "seen"),
    [(b"", "no name"), (b"a\n\nb", "name 1"), (b"a,,b", "name 1"), (b"\xff\xfe\x00", "not UTF-8")],
)
def test_refuses_what_is_no_list_of_names(tmp_path: Path, content: bytes, seen: str) -> None:
    path = tmp_path / "labels.txt"
    path.write_bytes(content)
    with pytest.raises(DataError, match=seen):
        read_labels(path)


def test_refuses_files_that_cannot_be_read(tmp_path: Path) -> None:
    for path in (tmp_path, tmp_path / "none.txt"):
        with pytest.raises(DataError, match="read the labels"):
            read_labels(path)


def test_the_number_of_labels_must_be_the_models() -> None:
    check_labels(["a", "b"], 2)
    check_labels(["a", "b"], None)
    with pytest.raises(DataError, match="2 labels") as caught:
        check_labels(["a", "b"], 3)
    assert "3 classes" in caught.value.wanted


def test_folders_match_labels_with_white_space_folded() -> None:
    assert match_folders(["COCK OF THE  ROCK", "A"], ["A", "B", "COCK OF THE ROCK"]) == [2, 0]
    assert match_folders([" A"], ["A "]) == [0]


def test_strange_folders_are_all_named_with_the_closest_label() -> None:
    with pytest.raises(DataError) as caught:
        match_folders(["ALBATROSS", "ALBATROS", "xyz", "DUCK"], ["ALBATROSS", "DUCK", "DUCK"])
    assert caught.value.details == (
        "ALBATROS: no such label; the closest is ALBATROSS",
        "xyz: no such label",
        "DUCK: 2 labels have this name",
    )


def test_folders_alone_are_taken_in_alphabetical_order_and_it_is_said() -> None:
    classes, note = guess_folder_classes(["dog", "cat"], 2)
    assert classes == [1, 0] and "alphabetical" in note


@pytest.mark.parametrize(
    ("folders", "classes", "reason"),
    [
        (["a", "b"], 3, "2 folders and 3 classes"),
        (["a"], None, "not one score per class"),
        ([str(n) for n in range(11)], 11, "count or sort"),
    ],
)
def test_folders_alone_may_not_say_which_is_which(
    folders: list[str], classes: int | None, reason: str
) -> None:
    guess, why = guess_folder_classes(folders, classes)
    assert guess is None and reason in why


@pytest.mark.realdata
def test_bird_labels_match_bird_folders() -> None:
    labels = read_labels(real("birds/labels.txt"))
    folders = sorted(path.name for path in real("birds/images").iterdir())
    assert len(labels) == 411 and all(label == fold(label) for label in labels)
    assert sorted(match_folders(folders, labels)) == list(range(411))
