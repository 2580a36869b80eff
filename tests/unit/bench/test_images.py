"""Images of every kind as pixels, and folders of them as classes."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from tinybench.bench.dataset import open_dataset
from tinybench.bench.preprocess import InputSpec
from tinybench.bench.sources.images import find_images, read_image
from tinybench.errors import DataError

COLOUR = InputSpec("x", "int8", (1, 4, 6, 3), 1.0, -128, "int8", 2)
GREY = InputSpec("x", "int8", (1, 4, 6, 1), 1.0, -128, "int8", 2)


def save(path: Path, size: tuple[int, int] = (6, 4), colour: object = (200, 100, 50)) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.new("RGB", size, colour).save(path)  # type: ignore[arg-type]
    return path


def test_pixels_become_the_tensor(tmp_path: Path) -> None:
    save(tmp_path / "a.png")
    data = open_dataset(tmp_path, COLOUR)
    tensor = data.tensor(0)
    assert (tensor.dtype, tensor.shape) == (np.int8, (1, 4, 6, 3))
    assert tensor[0, 0, 0].tolist() == [200 - 128, 100 - 128, 50 - 128]
    assert "0:255 (auto)" in data.preparation and "6x4" in data.preparation


def test_resizing_is_pils_antialiased_bilinear(tmp_path: Path) -> None:
    noise = np.random.default_rng(3).integers(0, 256, (40, 60, 3)).astype(np.uint8)
    Image.fromarray(noise).save(tmp_path / "noise.png")
    expected = np.asarray(Image.fromarray(noise).resize((6, 4), Image.Resampling.BILINEAR))
    assert read_image(tmp_path / "noise.png", 6, 4, "RGB").tobytes() == expected.tobytes()
    # Without antialiasing single pixels shine through; a mean over 100 of them is grey.
    assert np.abs(expected.astype(int) - 128).max() < 60


@pytest.mark.parametrize("mode", ["1", "L", "LA", "P", "RGB", "RGBA", "CMYK", "I;16", "I"])
def test_every_mode_is_read(tmp_path: Path, mode: str) -> None:
    path = tmp_path / ("a.tif" if mode in ("CMYK", "I") else "a.png")
    if mode.startswith("I"):
        deep = np.full((4, 6), 0x8000, np.uint16 if mode == "I;16" else np.int32)
        Image.fromarray(deep).save(path)
    else:
        Image.new("RGB", (6, 4), (128, 128, 128)).convert(mode).save(path)
    for wanted, shape in (("L", (4, 6)), ("RGB", (4, 6, 3))):
        pixels = read_image(path, 6, 4, wanted)
        # 1 and P are dithered: their pixels lie around the grey.
        assert (pixels.dtype, pixels.shape) == (np.uint8, shape)
        assert mode in ("1", "P") or np.abs(pixels.astype(int) - 128).max() <= 3


def test_real_valued_images_are_refused(tmp_path: Path) -> None:
    Image.fromarray(np.zeros((4, 6), np.float32)).save(tmp_path / "a.tif")
    with pytest.raises(DataError, match="real values"):
        read_image(tmp_path / "a.tif", 6, 4, "L")


def test_pictures_are_turned_upright(tmp_path: Path) -> None:
    lying = np.zeros((6, 4), np.uint8)
    lying[0] = 255  # the top row as stored is the right-hand column as meant
    exif = Image.Exif()
    exif[0x0112] = 6
    Image.fromarray(lying).save(tmp_path / "a.png", exif=exif)
    pixels = read_image(tmp_path / "a.png", 6, 4, "L")
    assert pixels.shape == (4, 6)
    assert pixels[:, -1].tolist() == [255] * 4 and not pixels[:, :-1].any()


@pytest.mark.parametrize("content", [b"", b"no image at all", b"\x89PNG\r\n\x1a\n" + b"\0" * 50])
def test_an_unreadable_image_is_named_with_its_reason(tmp_path: Path, content: bytes) -> None:
    save(tmp_path / "good.png")
    (tmp_path / "bad.png").write_bytes(content)
    data = open_dataset(tmp_path, COLOUR)
    assert [data.name(0), data.name(1)] == ["bad.png", "good.png"]
    with pytest.raises(DataError) as caught:
        data.tensor(0)
    assert "bad.png" in caught.value.wanted and caught.value.seen
    assert str(tmp_path) not in caught.value.seen
    assert data.tensor(1).shape == COLOUR.shape


def test_a_picture_cut_short_is_unreadable(tmp_path: Path) -> None:
    noise = np.random.default_rng(3).integers(0, 256, (64, 64, 3)).astype(np.uint8)
    path = tmp_path / "a.jpg"
    Image.fromarray(noise).save(path)
    path.write_bytes(path.read_bytes()[:-500])
    with pytest.raises(DataError, match="truncated"):
        read_image(path, 6, 4, "RGB")


def test_a_link_that_leads_nowhere_is_unreadable(tmp_path: Path) -> None:
    """Left out without a word it would be missed by nobody."""
    save(tmp_path / "a.png")
    (tmp_path / "b.png").symlink_to("nowhere.png")
    (tmp_path / "c.png").symlink_to("a.png")
    (tmp_path / "d.png").mkdir()
    data = open_dataset(tmp_path, COLOUR)
    assert [data.name(index) for index in range(len(data))] == ["a.png", "b.png", "c.png"]
    assert data.tensor(2).tobytes() == data.tensor(0).tobytes()
    with pytest.raises(DataError, match="No such file"):
        data.tensor(1)


def test_a_picture_that_vanished_is_unreadable(tmp_path: Path) -> None:
    path = save(tmp_path / "a.png")
    data = open_dataset(tmp_path, COLOUR)
    path.unlink()
    with pytest.raises(DataError, match=r"a\.png"):
        data.tensor(0)


def test_other_files_are_left_alone(tmp_path: Path) -> None:
    for name in ("b.JPG", "a.png", "c/d.bmp"):
        save(tmp_path / name)
    for name in (".hidden.png", "notes.txt", "c/Thumbs.db"):
        (tmp_path / name).write_bytes(b"")
    found = [path.relative_to(tmp_path).as_posix() for path in find_images(tmp_path)]
    assert found == ["a.png", "b.JPG", "c/d.bmp"]


def test_folders_are_classes_by_the_labels(tmp_path: Path) -> None:
    save(tmp_path / "ROCK  DOVE" / "1.png")
    save(tmp_path / "DUCK" / "deeper" / "2.png")
    data = open_dataset(tmp_path, COLOUR, labels=["ROCK DOVE", "DUCK"])
    assert [data.name(i) for i in range(2)] == ["DUCK/deeper/2.png", "ROCK  DOVE/1.png"]
    assert [data.label(i) for i in range(2)] == [1, 0]
    assert (data.no_labels, data.notes, data.label_names) == ("", (), ("ROCK DOVE", "DUCK"))


def test_folders_are_classes_in_alphabetical_order_without_labels(tmp_path: Path) -> None:
    for name in ("b/1.png", "a/1.png"):
        save(tmp_path / name)
    data = open_dataset(tmp_path, COLOUR)
    assert [data.label(i) for i in range(2)] == [0, 1] and "alphabetical" in data.notes[0]


def test_folders_of_another_number_have_no_labels_and_say_why(tmp_path: Path) -> None:
    for name in ("a/1.png", "b/1.png", "c/1.png"):
        save(tmp_path / name)
    data = open_dataset(tmp_path, COLOUR)
    assert data.label(0) is None and "3 folders and 2 classes" in data.no_labels


def test_images_without_folders_have_no_labels_and_say_why(tmp_path: Path) -> None:
    save(tmp_path / "a.png")
    data = open_dataset(tmp_path, COLOUR)
    assert data.label(0) is None and "no class folders" in data.no_labels


def test_images_beside_folders_are_refused(tmp_path: Path) -> None:
    save(tmp_path / "a.png")
    save(tmp_path / "b" / "a.png")
    with pytest.raises(DataError, match="1 images beside the folders"):
        open_dataset(tmp_path, COLOUR)


def test_a_limit_is_spread_over_the_folders(tmp_path: Path) -> None:
    for folder in "ab":
        for number in range(4):
            save(tmp_path / folder / f"{number}.png")
    data = open_dataset(tmp_path, COLOUR, limit=4)
    assert [data.name(i) for i in range(len(data))] == ["a/0.png", "a/2.png", "b/0.png", "b/2.png"]


def test_images_suit_only_images(tmp_path: Path) -> None:
    save(tmp_path / "a.png")
    sound = InputSpec("x", "int8", (1, 4, 6, 2), 1.0, -128, "int8", 2)
    with pytest.raises(DataError, match=r"\(1, 4, 6, 2\)"):
        open_dataset(tmp_path, sound)


def test_grey_is_made_of_colour(tmp_path: Path) -> None:
    save(tmp_path / "a.png", colour=(255, 0, 0))
    tensor = open_dataset(tmp_path, GREY).tensor(0)
    assert tensor.shape == (1, 4, 6, 1)
    assert set(tensor.reshape(-1).tolist()) == {76 - 128}  # 0.299 of 255
