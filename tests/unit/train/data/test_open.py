"""Data of every form, opened: what is read is what was written."""

from __future__ import annotations

import csv
import gzip
import struct
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from tinybench.bench.sources.images import read_image
from tinybench.errors import DataError, ModelError, TinybenchError
from tinybench.train.data import named, number_classes, open_samples, to_reals
from tinybench.train.data.classes import matches

RNG = np.random.default_rng(7)


def write_pictures(root: Path, folders: dict[str, int], size: int = 12) -> None:
    for folder, count in folders.items():
        (root / folder).mkdir(parents=True, exist_ok=True)
        for index in range(count):
            pixels = RNG.integers(0, 256, (size, size, 3), np.uint8)
            Image.fromarray(pixels).save(root / folder / f"{index}.png")


def write_idx(path: Path, array: np.ndarray) -> None:
    head = struct.pack(">HBB", 0, 8, array.ndim) + struct.pack(f">{array.ndim}I", *array.shape)
    path.write_bytes(gzip.compress(head + array.tobytes()))


def test_a_folder_per_class(tmp_path: Path) -> None:
    write_pictures(tmp_path, {"crow": 2, "barn owl": 3})
    samples = open_samples(tmp_path)
    assert samples.class_names == ("barn owl", "crow")
    assert samples.labels is not None and samples.labels.tolist() == [0, 0, 0, 1, 1]
    assert samples.pixels and samples.parts == ("",) * 5
    x = samples.read([4], (12, 12, 3))
    with Image.open(tmp_path / "crow/1.png") as image:
        assert np.array_equal(x[0], np.asarray(image))


def test_pictures_are_resized_as_bench_does_it(tmp_path: Path) -> None:
    write_pictures(tmp_path, {"a": 1, "b": 1}, size=20)
    small = open_samples(tmp_path).read([0], (7, 9, 1))
    assert small.shape == (1, 7, 9, 1)
    assert np.array_equal(small[0, ..., 0], read_image(tmp_path / "a/0.png", 9, 7, "L"))


def test_folders_of_parts(tmp_path: Path) -> None:
    write_pictures(tmp_path, {"train/a": 2, "train/b": 1, "valid/a": 1, "test/b": 1})
    samples = open_samples(tmp_path)
    assert samples.class_names == ("a", "b")
    assert sorted(samples.parts) == ["selection", "test", "train", "train", "train"]


def test_labels_number_folders_in_the_models_order(tmp_path: Path) -> None:
    write_pictures(tmp_path, {"crow": 1, "owl": 1})
    samples = open_samples(tmp_path, labels=("owl", "emu", "crow"))
    assert samples.labels is not None and samples.labels.tolist() == [2, 0]
    with pytest.raises(DataError, match="1 are not"):
        open_samples(tmp_path, labels=("owl", "cow"))


def test_idx_with_train_and_test(tmp_path: Path) -> None:
    x, y = RNG.integers(0, 256, (5, 4, 4), np.uint8), np.arange(5, dtype=np.uint8)
    for part, chosen in (("train", slice(0, 3)), ("t10k", slice(3, 5))):
        write_idx(tmp_path / f"{part}-images-idx3-ubyte.gz", x[chosen])
        write_idx(tmp_path / f"{part}-labels-idx1-ubyte.gz", y[chosen])
    samples = open_samples(tmp_path)
    assert len(samples) == 5 and sorted(samples.parts) == ["test"] * 2 + ["train"] * 3
    first_test = samples.names.index("test/0")
    assert samples.labels is not None and samples.labels[first_test] == 3
    assert np.array_equal(samples.read([first_test], (4, 4, 1))[0, ..., 0], x[3])
    assert samples.read([0], (8, 8, 3)).shape == (1, 8, 8, 3)  # grown, grey as colour


@pytest.mark.parametrize("labels", [[2, 0, 1], [[0, 0, 1], [1, 0, 0], [0, 1, 0]], ["c", "a", "b"]])
def test_npz_windows_with_labels_of_any_usual_form(tmp_path: Path, labels: list) -> None:
    x = RNG.normal(size=(3, 16, 2)).astype(np.float32)
    np.savez(tmp_path / "d.npz", x=x, y=np.array(labels))
    samples = open_samples(tmp_path / "d.npz")
    assert not samples.pixels
    assert samples.labels is not None and samples.labels.tolist() == [2, 0, 1]
    assert np.array_equal(samples.read([0, 2], (16, 2)), x[[0, 2]])


def test_a_csv_of_paths(tmp_path: Path) -> None:
    write_pictures(tmp_path, {"pics": 3})
    rows = [("file", "class", "split"), ("pics/0.png", "b", "train"), ("pics/1.png", "a", "test")]
    with (tmp_path / "list.csv").open("w", newline="") as file:
        csv.writer(file).writerows(rows)
    samples = open_samples(tmp_path / "list.csv")
    assert samples.names == ("pics/0.png", "pics/1.png")
    assert samples.class_names == ("a", "b") and samples.parts == ("train", "test")
    assert samples.labels is not None and samples.labels.tolist() == [1, 0]
    (tmp_path / "bare.csv").write_text("pics/2.png,4\n")
    bare = open_samples(tmp_path / "bare.csv")
    assert bare.labels is not None and bare.labels.tolist() == [4]
    (tmp_path / "gone.csv").write_text("pics/9.png,4\n")
    with pytest.raises(DataError, match="1 of 1 are not there"):
        open_samples(tmp_path / "gone.csv")


@pytest.mark.parametrize(
    ("pattern", "name", "meant"),
    [
        ("OWL", "BARN OWL", True),
        ("owl", "SNOWY_OWL", True),
        ("OWL", "GUINEAFOWL", False),
        ("*OWL*", "GUINEAFOWL", True),
        ("BALD EAGLE", "BALD EAGLE", True),
        ("1", "10", False),
    ],
)
def test_patterns_mean_words(pattern: str, name: str, meant: bool) -> None:
    assert matches(pattern, name) is meant


def test_filters_keep_the_models_numbering_until_it_is_known(tmp_path: Path) -> None:
    write_pictures(tmp_path, {"BALD EAGLE": 1, "CROW": 2, "OWL": 1, "WREN": 1})
    kept = open_samples(tmp_path, exclude=("OWL,EAGLE",))
    assert kept.labels is not None and kept.labels.tolist() == [1, 1, 3]
    whole, few = number_classes(kept, 4), number_classes(kept, 2)
    assert whole.labels is not None and whole.labels.tolist() == [1, 1, 3]
    assert few.labels is not None and few.labels.tolist() == [0, 0, 1]
    assert few.class_names == ("CROW", "WREN")
    with pytest.raises(DataError, match="4 classes, 2 of them left"):
        number_classes(kept, 3)
    with pytest.raises(DataError, match="a score for each class"):
        number_classes(kept, 1)
    with pytest.raises(DataError, match="did you mean CROW"):
        open_samples(tmp_path, exclude=("CROWS",))


def test_numbers_without_names_that_do_not_begin_at_0_are_told_of(tmp_path: Path) -> None:
    np.savez(tmp_path / "late.npz", x=np.zeros((4, 2), np.float32), y=[3, 5, 5, 9])
    samples = number_classes(open_samples(tmp_path / "late.npz"), 3)
    assert samples.labels is not None and samples.labels.tolist() == [0, 1, 1, 2]
    assert samples.notes == ("classes 3, 5, 9 are taken for the model's outputs in this order",)


def test_pixels_become_what_they_stand_for() -> None:
    x = np.array([[0, 255]], np.uint8)
    assert to_reals(x, "-1:1").tolist() == [[-1, 1]]
    with pytest.raises(DataError, match="1 of 2 hold NaN"):
        to_reals(np.array([[1.0], [np.nan]], np.float32), "0:1")


@pytest.mark.parametrize(
    ("write", "match"),
    [
        (lambda p: p.mkdir(), "holds none"),
        (lambda p: p.write_bytes(b"hello"), "neither"),
        (lambda p: p.write_bytes(b"PK\3\4broken"), "read the data"),
        (lambda p: None, "no such file"),
    ],
)
def test_what_is_no_data_is_refused(tmp_path: Path, write, match: str) -> None:
    write(tmp_path / "data")
    with pytest.raises(DataError, match=match):
        open_samples(tmp_path / "data")


def test_int8_tensors_are_refused(tmp_path: Path) -> None:
    np.savez(tmp_path / "d.npz", x=np.zeros((2, 4), np.int8))
    with pytest.raises(DataError, match="before it was quantized"):
        open_samples(tmp_path / "d.npz")


def test_a_named_set_says_which_file_to_put_where(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def no_network(*_: object, **__: object) -> dict[str, object]:
        raise ModelError("load keras.datasets.mnist", "URL fetch failure", "")

    monkeypatch.setenv("KERAS_HOME", str(tmp_path / "keras"))
    monkeypatch.setattr(named, "run_job", no_network)
    with pytest.raises(DataError) as caught:
        named.open_named("mnist", tmp_path / "cache")
    assert "URL fetch failure" in caught.value.seen
    assert caught.value.details == (str(tmp_path / "keras/datasets/mnist.npz"),)
    assert "mnist.npz" in caught.value.todo
    assert not list((tmp_path / "cache").glob("*.npz"))


@pytest.mark.train
def test_a_named_set_comes_from_keras_cache(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "keras/datasets/fashion-mnist"
    folder.mkdir(parents=True)
    for part, n in (("train", 6), ("t10k", 4)):
        write_idx(folder / f"{part}-images-idx3-ubyte.gz", np.full((n, 28, 28), n, np.uint8))
        write_idx(folder / f"{part}-labels-idx1-ubyte.gz", np.arange(n, dtype=np.uint8))
    monkeypatch.setenv("KERAS_HOME", str(tmp_path / "keras"))
    samples = named.open_named("fashion_mnist", tmp_path / "cache")
    assert len(samples) == 10 and samples.parts.count("test") == 4
    assert samples.class_names[9] == "Ankle boot"
    monkeypatch.setattr(named, "run_job", None)  # the second time nothing is asked of Keras
    assert len(named.open_named("fashion_mnist", tmp_path / "cache")) == 10


def test_errors_are_all_ours(tmp_path: Path) -> None:
    (tmp_path / "x.csv").write_bytes(b"\xff\xfe")
    with pytest.raises(TinybenchError):
        open_samples(tmp_path / "x.csv")
