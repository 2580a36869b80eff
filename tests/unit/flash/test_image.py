"""An image is what its manifest says, or it is refused; never a traceback."""

from __future__ import annotations

import json
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tinybench.errors import UsageError
from tinybench.flash.image import (
    Image,
    Manifest,
    Section,
    check_image_path,
    manifest_path,
    read_image,
    sha256,
    write_manifest,
)

DATA = b"\xff" * 16 + b"boot" + b"\xff" * 12 + b"firmware"


def manifest(data: bytes = DATA, **changed: Any) -> Manifest:
    parts = (
        Section("bootloader", 16, 4, sha256(data[16:20])),
        Section("firmware", 32, 8, sha256(data[32:40])),
    )
    facts = {
        "board": "esp32cam",
        "chip": "esp32",
        "engine": "aot",
        "flash_bytes": 4 << 20,
        "model": "bird.tflite",
        "model_sha256": "ab" * 32,
        "build_id": "cd" * 16,
        "bytes": len(data),
        "sha256": sha256(data),
        "parts": parts,
        "made_by": "tinybench 1, esptool 5",
    }
    return Manifest(**(facts | changed))


@pytest.fixture
def image(tmp_path: Path) -> Path:
    path = tmp_path / "bird-esp32cam.bin"
    path.write_bytes(DATA)
    write_manifest(manifest(), path)
    return path


def test_what_is_written_is_read(image: Path) -> None:
    assert read_image(image) == Image(image, manifest())
    record = json.loads(image.with_suffix(".json").read_text())
    assert record["schema"] == "tinybench.image/1"
    assert record["file"] == "bird-esp32cam.bin"


@pytest.mark.parametrize(
    ("at", "named"),
    [(17, "bootloader"), (39, "firmware"), (3, "bytes between its parts")],
)
def test_a_changed_byte_is_named_by_its_part(image: Path, at: int, named: str) -> None:
    data = bytearray(DATA)
    data[at] ^= 1
    image.write_bytes(data)
    with pytest.raises(UsageError, match=f"what differs: {named}"):
        read_image(image)


def test_a_manifest_is_no_image(image: Path) -> None:
    with pytest.raises(UsageError, match="that is a manifest"):
        read_image(manifest_path(image))


@pytest.mark.parametrize("name", ["bird.json", "bird", "bird.part", "folder.bin"])
def test_an_image_goes_only_where_its_manifest_has_a_place_beside_it(
    tmp_path: Path, name: str
) -> None:
    (tmp_path / "folder.bin").mkdir()
    with pytest.raises(UsageError, match=r"ends in \.bin"):
        check_image_path(tmp_path / name)
    assert check_image_path(tmp_path / "bird.bin") == tmp_path / "bird.bin"


def test_a_manifest_that_cannot_be_written_leaves_the_one_before(
    image: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "replace", full)
    with pytest.raises(UsageError, match="No space left"):
        write_manifest(manifest(model="other.tflite"), image)
    assert read_image(image).manifest == manifest()


def test_a_short_image_is_refused(image: Path) -> None:
    image.write_bytes(DATA[:-1])
    with pytest.raises(UsageError, match="it has 39 B"):
        read_image(image)


def test_missing_files_are_named(image: Path, tmp_path: Path) -> None:
    manifest_path(image).rename(tmp_path / "elsewhere.json")
    with pytest.raises(UsageError, match=r"no bird-esp32cam\.json beside it"):
        read_image(image)
    (tmp_path / "elsewhere.json").rename(manifest_path(image))
    image.unlink()
    with pytest.raises(UsageError, match="No such file"):
        read_image(image)


@pytest.mark.parametrize(
    ("changed", "named"),
    [
        ({"chip": "esp8266"}, "chip='esp8266'"),
        ({"flash_bytes": 39}, "40 B for a flash of 39 B"),
        ({"flash_bytes": -1}, "flash_bytes=-1"),
        ({"flash_bytes": True}, "flash_bytes=True"),
        ({"model_sha256": "AB" * 32}, "model_sha256="),
        ({"parts": ()}, r"parts=\[\]"),
        ({"parts": (Section("b", 36, 8, "0" * 64),)}, "b does not lie in the image"),
        (
            {"parts": (Section("a", 0, 8, "0" * 64), Section("b", 7, 8, "0" * 64))},
            "b does not lie in the image",
        ),
    ],
)
def test_facts_that_cannot_be_are_named(image: Path, changed: dict[str, Any], named: str) -> None:
    write_manifest(manifest(**changed), image)
    with pytest.raises(UsageError, match=named):
        read_image(image)


@pytest.mark.parametrize("text", ["", "[]", "null", "{}", '{"schema": "tinybench.image/2"}', "\0"])
def test_another_file_is_no_manifest(image: Path, text: str) -> None:
    manifest_path(image).write_text(text)
    with pytest.raises(UsageError):
        read_image(image)


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner),
    max_leaves=5,
)


@given(key=st.integers(0, 12), value=json_values, in_part=st.booleans())
def test_any_wrong_value_ends_in_a_usage_error(
    tmp_path_factory: pytest.TempPathFactory, key: int, value: Any, in_part: bool
) -> None:
    image = tmp_path_factory.mktemp("image") / "x.bin"
    image.write_bytes(DATA)
    record = json.loads(write_manifest(manifest(), image).read_text())
    target = record["parts"][0] if in_part else record
    name = sorted(target)[key % len(target)]
    target[name] = value
    manifest_path(image).write_text(json.dumps(record))
    with suppress(UsageError):
        read_image(image)
