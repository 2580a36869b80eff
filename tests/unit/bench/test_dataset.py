"""Arrays, IDX files, raw tensors; and everything that is none of them."""

from __future__ import annotations

import gzip
import struct
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from support.realdata import BIRD, KWS, real
from tinybench.bench.dataset import open_dataset
from tinybench.bench.labels import read_labels
from tinybench.bench.preprocess import InputSpec, input_spec
from tinybench.bench.sources.idx import read_idx
from tinybench.errors import DataError
from tinybench.model.desktop import DesktopRunner
from tinybench.model.read import read_tflite

SPEC = InputSpec("x", "int8", (1, 2, 3, 1), 1 / 255, -128, "int8", 4)
FLOAT = InputSpec("x", "float32", (1, 2, 3, 1), 0.5, -3, "int8", 4)


def npz(tmp_path: Path, **arrays: Any) -> Path:
    np.savez(tmp_path / "data.npz", **arrays)
    return tmp_path / "data.npz"


def idx(path: Path, array: NDArray[np.uint8]) -> Path:
    header = struct.pack(f">HBB{array.ndim}I", 0, 8, array.ndim, *array.shape)
    content = header + array.tobytes()
    path.write_bytes(gzip.compress(content) if path.suffix == ".gz" else content)
    return path


PIXELS = np.arange(12, dtype=np.uint8).reshape(2, 2, 3)


def test_npz_of_pixels(tmp_path: Path) -> None:
    data = open_dataset(npz(tmp_path, x=PIXELS, y=np.array([3, 0])), SPEC)
    assert (len(data), data.label(0), data.name(1)) == (2, 3, "1")
    assert data.tensor(1).tolist() == (PIXELS[1].astype(int) - 128).reshape(1, 2, 3, 1).tolist()


def test_npz_of_tensors_is_taken_as_it_is(tmp_path: Path) -> None:
    x = PIXELS.view(np.int8)[..., np.newaxis]
    data = open_dataset(npz(tmp_path, x=x), SPEC, pixel_range="auto")
    assert data.tensor(0).tobytes() == x[0].tobytes()
    assert data.label(0) is None and "no labels" in data.no_labels


@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64])
def test_npz_of_real_values_is_quantized(tmp_path: Path, dtype: Any) -> None:
    x = np.array([[0, 1 / 255, 0.5, 1, 2, -1]], dtype)
    (row,) = open_dataset(npz(tmp_path, x=x.reshape(1, 2, 3)), SPEC).tensor(0).reshape(1, 6)
    assert row.tolist() == [-128, -127, row[2], 127, 127, -128]
    assert row[2] in (-1, 0)


def test_real_values_stay_real_for_a_float_input(tmp_path: Path) -> None:
    tensor = open_dataset(npz(tmp_path, x=np.full((1, 2, 3), 0.3)), FLOAT).tensor(0)
    assert tensor.dtype == np.float32 and tensor.max() == np.float32(0.3)


def test_a_value_that_is_not_finite_makes_its_sample_unreadable(tmp_path: Path) -> None:
    x = np.zeros((2, 2, 3), np.float32)
    x[0, 0, 0] = np.nan
    data = open_dataset(npz(tmp_path, x=x), SPEC)
    with pytest.raises(DataError, match="not finite"):
        data.tensor(0)
    assert data.tensor(1).tolist() == np.full((1, 2, 3, 1), -128).tolist()


@pytest.mark.parametrize(
    ("arrays", "seen"),
    [
        ({"a": PIXELS}, "it holds a"),
        ({"x": PIXELS[0]}, "shape (2, 3)"),
        ({"x": np.zeros((2, 3, 2), np.uint8)}, "shape (2, 3, 2)"),
        ({"x": np.zeros((2, 2, 3, 3), np.uint8)}, "shape (2, 2, 3, 3)"),
        ({"x": np.zeros((0, 2, 3), np.uint8)}, "shape (0, 2, 3)"),
        ({"x": PIXELS.astype(np.int64)}, "x of int64"),
        ({"x": PIXELS, "y": np.array([0])}, "y of int64 (1,)"),
        ({"x": PIXELS, "y": np.array([0.0, 1.0])}, "y of float64"),
        ({"x": PIXELS, "y": 2 * np.eye(2, 4, dtype=int)}, "y of int64 (2, 4)"),
        ({"x": PIXELS, "y": np.array([0, 4])}, "class 4"),
        ({"x": PIXELS, "y": np.array([0, -1])}, "class -1"),
        ({"x": np.array([{}], object)}, "pickle"),
    ],
)
def test_npz_that_does_not_suit_is_refused(
    tmp_path: Path, arrays: dict[str, Any], seen: str
) -> None:
    with pytest.raises(DataError) as caught:
        open_dataset(npz(tmp_path, **arrays), SPEC)
    assert seen in caught.value.seen


def test_one_hot_labels_are_class_numbers(tmp_path: Path) -> None:
    data = open_dataset(npz(tmp_path, x=PIXELS, y=np.eye(4)[[3, 1]]), SPEC)
    assert [data.label(i) for i in range(2)] == [3, 1]


def test_tensors_of_another_type_are_refused(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="x of int8"):
        open_dataset(npz(tmp_path, x=PIXELS.view(np.int8)), FLOAT)


def test_pixels_need_a_settled_range(tmp_path: Path) -> None:
    spec = InputSpec("x", "int8", (1, 2, 3), 0.37, 11, "int8", 4)
    with pytest.raises(DataError, match="0:255, 0:1, -1:1"):
        open_dataset(npz(tmp_path, x=PIXELS), spec)
    assert len(open_dataset(npz(tmp_path, x=PIXELS), spec, pixel_range="0:1")) == 2


@pytest.mark.parametrize("suffix", ["", ".gz"])
def test_idx_files_with_their_labels(tmp_path: Path, suffix: str) -> None:
    images = idx(tmp_path / f"t10k-images-idx3-ubyte{suffix}", PIXELS)
    idx(tmp_path / f"t10k-labels-idx1-ubyte{suffix}", np.array([2, 1], np.uint8))
    for path in (images, tmp_path):
        data = open_dataset(path, SPEC)
        assert (data.kind, len(data), data.label(1)) == ("IDX", 2, 1)
        assert data.tensor(0).reshape(-1).tolist() == [-128, -127, -126, -125, -124, -123]


def test_of_several_idx_files_the_held_back_one_is_used_and_it_is_said(tmp_path: Path) -> None:
    idx(tmp_path / "train-images-idx3-ubyte", PIXELS)
    idx(tmp_path / "t10k-images-idx3-ubyte", PIXELS[:1])
    data = open_dataset(tmp_path, SPEC)
    assert len(data) == 1 and "train-images-idx3-ubyte was not" in data.notes[0]
    idx(tmp_path / "val-images-idx3-ubyte", PIXELS)
    with pytest.raises(DataError, match="t10k-images-idx3-ubyte, val-images-idx3-ubyte"):
        open_dataset(tmp_path, SPEC)


@pytest.mark.parametrize(
    ("content", "seen"),
    [
        (b"\0\0\x08\x03", "unpack"),
        (b"\0\0\x08\x03" + struct.pack(">III", 2, 2, 3) + bytes(11), "only 11"),
        (b"\0\0\x08\x03" + struct.pack(">III", 2, 2, 3) + bytes(13), "more"),
        (b"\0\0\x08\x03" + struct.pack(">III", 1 << 31, 1 << 31, 3), "2 GiB"),
        (b"\0\0\x08\x09" + bytes(40), "08 09"),
        (gzip.compress(b"\0\0\x08\x03" + bytes(100))[:-20], "end-of-stream"),
    ],
    ids=["short head", "short body", "long body", "huge", "other type", "cut gzip"],
)
def test_broken_idx_files_are_refused(tmp_path: Path, content: bytes, seen: str) -> None:
    path = tmp_path / "images-idx3-ubyte"
    path.write_bytes(content)
    with pytest.raises(DataError, match=seen):
        read_idx(path)


def raw(tmp_path: Path, csv: str, *files: str) -> Path:
    for number, name in enumerate(files):
        (tmp_path / name).write_bytes(bytes([number] * 6))
    (tmp_path / "y_labels.csv").write_text(csv)
    return tmp_path


def test_raw_tensors_come_in_the_order_of_their_labels(tmp_path: Path) -> None:
    data = open_dataset(raw(tmp_path, "b.bin,4,3\na.bin,4,0\n", "a.bin", "b.bin", "c.bin"), SPEC)
    assert [(data.name(i), data.label(i)) for i in range(2)] == [("b.bin", 3), ("a.bin", 0)]
    assert data.tensor(0).tolist() == np.ones((1, 2, 3, 1)).tolist()


def test_raw_tensors_without_labels(tmp_path: Path) -> None:
    (tmp_path / "a.bin").write_bytes(bytes(6))
    data = open_dataset(tmp_path, SPEC)
    assert data.label(0) is None and "no y_labels.csv" in data.no_labels


def test_raw_tensors_of_another_size_or_missing_are_named(tmp_path: Path) -> None:
    data = open_dataset(raw(tmp_path, "a.bin,4,0\nnone.bin,4,0\n", "a.bin"), SPEC)
    (tmp_path / "a.bin").write_bytes(bytes(7))
    for index, seen in ((0, "7 bytes"), (1, "No such file")):
        with pytest.raises(DataError) as caught:
            data.tensor(index)
        assert seen in caught.value.seen


@pytest.mark.parametrize(
    ("csv", "seen"),
    [
        ("", "empty"),
        ("a.bin,4\n", "line 1"),
        ("a.bin,4,0\nb.bin,four,1\n", "line 2"),
        ("../a.bin,4,0\n", "not in the folder"),
        ("a.bin,12,7\n", "12"),
        ("a.bin,4,4\n", "class 4"),
        (
            "a.bin,4,0\nb.bin,4,0\n a.bin ,4,1\n",
            "'a.bin' is named more than once",
        ),
    ],
)
def test_broken_labels_of_raw_tensors_are_refused(tmp_path: Path, csv: str, seen: str) -> None:
    with pytest.raises(DataError, match=seen):
        open_dataset(raw(tmp_path, csv), SPEC)


def test_what_is_no_data_is_refused(tmp_path: Path) -> None:
    text = tmp_path / "notes.txt"
    text.write_text("hello")
    empty = tmp_path / "empty"
    empty.mkdir()
    broken = tmp_path / "broken.npz"
    broken.write_bytes(b"PK\x03\x04 and nothing else")
    for path, seen in [
        (text, "neither"),
        (empty, "holds none"),
        (tmp_path / "none", "no such"),
        (broken, "not a zip file"),
    ]:
        with pytest.raises(DataError) as caught:
            open_dataset(path, SPEC)
        assert seen in caught.value.seen and caught.value.todo


def test_wrong_number_of_labels_and_wrong_limits_are_refused(tmp_path: Path) -> None:
    path = npz(tmp_path, x=PIXELS)
    with pytest.raises(DataError, match="3 labels"):
        open_dataset(path, SPEC, labels=["a", "b", "c"])
    with pytest.raises(DataError, match="limit=0"):
        open_dataset(path, SPEC, limit=0)


def test_a_limit_is_spread_over_the_classes(tmp_path: Path) -> None:
    path = npz(tmp_path, x=np.zeros((6, 2, 3), np.uint8), y=np.array([0, 0, 0, 0, 1, 2]))
    data = open_dataset(path, SPEC, limit=4)
    assert [data.label(i) for i in range(4)] == [0, 0, 1, 2]
    assert [data.name(i) for i in range(4)] == ["0", "2", "4", "5"]


def accuracy(model: str, data: str, labels: str | None = None) -> tuple[int, int]:
    """Samples that LiteRT's reference kernels get right, and how many there are."""
    path = real(model)
    names = read_labels(real(labels)) if labels else None
    samples = open_dataset(real(data), input_spec(read_tflite(path)), labels=names)
    runner = DesktopRunner(path.read_bytes())
    right = sum(
        int(runner.run([samples.tensor(i)])[0].argmax()) == samples.label(i)
        for i in range(len(samples))
    )
    return right, len(samples)


@pytest.mark.realdata
def test_keywords() -> None:
    assert accuracy(KWS, "mlperf-tiny/kws01") == (276, 300)


@pytest.mark.realdata
@pytest.mark.slow
def test_birds() -> None:
    """0.8625; LiteRT's optimized kernels, which round otherwise, get 702 (0.854)."""
    right, samples = accuracy(BIRD, "birds/images", "birds/labels.txt")
    assert samples == 822 and abs(right - 709) <= 2  # decoders of JPEG may differ by a grey level


@pytest.mark.realdata
def test_fashion_mnist_folder_holds_the_test_images() -> None:
    spec = InputSpec("x", "int8", (1, 28, 28, 1), 1 / 255, -128, "int8", 10)
    data = open_dataset(real("fashion-mnist"), spec, limit=50)
    assert len(data) == 50 and "t10k" in data.notes[0]
    assert [sum(data.label(i) == c for i in range(50)) for c in range(10)] == [5] * 10
