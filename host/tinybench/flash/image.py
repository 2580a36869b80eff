"""A whole firmware as one .bin for offset 0 of a chip's flash, and the manifest beside it.

bird-esp32cam.bin    what is written
bird-esp32cam.json   what it is: board, model, engine, offsets, SHA-256s
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any

from tinybench.errors import UsageError, system_error
from tinybench.flash.parts import CHIPS
from tinybench.whole import write_whole

SCHEMA = "tinybench.image/1"
_HEX = {"model_sha256": 64, "sha256": 64, "build_id": 32}


@dataclass(frozen=True)
class Section:
    """A part of the image.

    Attributes:
        name: "bootloader", "partitions", "firmware".
        offset: bytes from the start of the image, which is the start of flash.
        bytes: its length.
        sha256: hex, of those bytes in the image; their header may differ from the build's file.
    """

    name: str
    offset: int
    bytes: int
    sha256: str


@dataclass(frozen=True)
class Manifest:
    """What an image is.

    Attributes:
        board, chip, engine: names.
        flash_bytes: the flash chip that it is made for.
        model: name of the model file.
        model_sha256, build_id: hex, as the firmware's hello must say.
        bytes, sha256: of the whole .bin.
        parts: what lies where in it, in order.
        made_by: versions of tinybench and esptool.
    """

    board: str
    chip: str
    engine: str
    flash_bytes: int
    model: str
    model_sha256: str
    build_id: str
    bytes: int
    sha256: str
    parts: tuple[Section, ...]
    made_by: str


@dataclass(frozen=True)
class Image:
    """An image that is as its manifest says."""

    path: Path
    manifest: Manifest

    @property
    def manifest_path(self) -> Path:
        """The .json beside it."""
        return manifest_path(self.path)


def manifest_path(image: Path) -> Path:
    """Where an image's manifest lies."""
    return image.with_suffix(".json")


def check_image_path(image: Path) -> Path:
    """A path that an image can be written to; its manifest goes beside it.

    Raises:
        UsageError: it is a folder, or does not end in .bin: a .json would be the manifest's.
    """
    if image.suffix != ".bin" or image.is_dir():
        seen = f"{image}{' is a folder' if image.is_dir() else ''}"
        raise UsageError("a file that ends in .bin for the image", seen, f"--out {image.stem}.bin")
    return image


def write_manifest(manifest: Manifest, image: Path) -> Path:
    """Writes the manifest beside its image, whole or not at all.

    Raises:
        UsageError: it cannot be written.
    """
    path = manifest_path(image)
    record = {"schema": SCHEMA, "file": image.name, **asdict(manifest)}
    try:
        write_whole(path, (json.dumps(record, indent=1) + "\n").encode())
    except OSError as error:
        raise system_error(f"write {path}", error) from error
    return path


def read_image(path: Path) -> Image:
    """An image and its manifest, checked against each other.

    Args:
        path: the .bin; the manifest is the .json of the same name beside it.

    Raises:
        UsageError: a file is missing, the manifest is not one, or the image is not what it says.
    """
    if manifest_path(path) == path:
        raise UsageError("the .bin of an image", f"{path}: that is a manifest", "name the .bin")
    manifest = _read_manifest(path)
    try:
        data = path.read_bytes()
    except OSError as error:
        raise system_error(f"read the image {path}", error) from error
    _check_bytes(path, data, manifest)
    return Image(path, manifest)


def _read_manifest(image: Path) -> Manifest:
    path = manifest_path(image)
    try:
        record = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        raise UsageError(
            f"the manifest of {image}",
            f"no {path.name} beside it",
            "copy both files that `tinybench build --merged` made",
        ) from error
    except OSError as error:
        raise system_error(f"read {path}", error) from error
    except ValueError as error:
        raise _damaged(path, f"not JSON: {error}") from error
    if not isinstance(record, dict) or record.get("schema") != SCHEMA:
        seen = record.get("schema") if isinstance(record, dict) else type(record).__name__
        raise UsageError(
            f"{path}: a manifest of schema {SCHEMA}",
            f"schema={seen!r}",
            "make the image anew with `tinybench build --merged`",
        )
    record = {key: value for key, value in record.items() if key not in ("schema", "file")}
    parts = record.pop("parts", None)
    if not isinstance(parts, list) or not parts:
        raise _damaged(path, f"parts={parts!r}")
    sections = tuple(_section(part, path) for part in parts)
    manifest = Manifest(parts=sections, **_values(Manifest, record, path, {"parts"}))
    _check_facts(manifest, path)
    return manifest


def _section(record: Any, path: Path) -> Section:
    if not isinstance(record, dict):
        raise _damaged(path, f"a part is {record!r}")
    return Section(**_values(Section, record, path, set()))


def _values(kind: type, record: Mapping[str, Any], path: Path, apart: set[str]) -> dict[str, Any]:
    """A record's values, each known, present and of its type."""
    wanted = {field.name: field.type for field in fields(kind) if field.name not in apart}
    if wrong := sorted(wanted.keys() ^ record.keys()):
        raise _damaged(path, f"missing or unknown: {', '.join(wrong)}")
    for name, value in record.items():
        good = type(value) is {"int": int, "str": str}[str(wanted[name])]
        if not good or (isinstance(value, int) and value < 0):
            raise _damaged(path, f"{name}={value!r}")
        if name in _HEX and not re.fullmatch(rf"[0-9a-f]{{{_HEX[name]}}}", value):
            raise _damaged(path, f"{name}={value!r}")
    return dict(record)


def _check_facts(manifest: Manifest, path: Path) -> None:
    if manifest.chip not in CHIPS:
        raise _damaged(path, f"chip={manifest.chip!r}, known: {', '.join(CHIPS)}")
    if manifest.bytes > manifest.flash_bytes:
        raise _damaged(path, f"{manifest.bytes:,} B for a flash of {manifest.flash_bytes:,} B")
    end = 0
    for part in manifest.parts:
        if part.offset < end or part.offset + part.bytes > manifest.bytes:
            raise _damaged(path, f"{part.name} does not lie in the image behind the part before it")
        end = part.offset + part.bytes


def _check_bytes(path: Path, data: bytes, manifest: Manifest) -> None:
    if len(data) != manifest.bytes:
        raise UsageError(
            f"{path} of {manifest.bytes:,} B, as its manifest says",
            f"it has {len(data):,} B",
            "copy it again",
        )
    seen = sha256(data)
    if seen == manifest.sha256:
        return
    wrong = [
        part.name
        for part in manifest.parts
        if sha256(data[part.offset : part.offset + part.bytes]) != part.sha256
    ]
    raise UsageError(
        f"{path} with SHA-256 {manifest.sha256}, as its manifest says",
        f"it has {seen}; what differs: {', '.join(wrong) or 'bytes between its parts'}",
        "copy it again; nothing was written to a board",
    )


def sha256(data: bytes) -> str:
    """Hex."""
    return hashlib.sha256(data).hexdigest()


def _damaged(path: Path, seen: str) -> UsageError:
    return UsageError(
        f"{path}: a manifest as `tinybench build --merged` writes it",
        seen,
        "copy it again, or make the image anew",
    )
