"""A build's parts to one image, by esptool's merge-bin."""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path

import tinybench
from tinybench.boards import Board
from tinybench.build.driver import Artifact
from tinybench.errors import BuildError, system_error
from tinybench.flash.esptool import run_esptool
from tinybench.flash.image import (
    Image,
    Manifest,
    Section,
    check_image_path,
    sha256,
    write_manifest,
)
from tinybench.flash.parts import Part, find_parts
from tinybench.whole import write_whole


@dataclass(frozen=True)
class Recipe:
    """What an image is made for and of.

    Attributes:
        board, chip, engine, model, model_sha256, build_id: as in the manifest.
        flash_bytes: size of the board's flash chip.
        flash_mode: "dio" or "qio".
        flash_hz: clock of the flash chip.
        parts: what the build left, by offset.
    """

    board: str
    chip: str
    engine: str
    model: str
    model_sha256: str
    build_id: str
    flash_bytes: int
    flash_mode: str
    flash_hz: int
    parts: Sequence[Part]


def recipe_of(artifact: Artifact, board: Board, model: str) -> Recipe:
    """What an image of a build is made of.

    Args:
        artifact: what PlatformIO has built; the parts lie beside its ELF.
        board: a real one.
        model: name of the model file.

    Raises:
        BuildError: as find_parts().
    """
    return Recipe(
        board=board.name,
        chip=board.chip.name,
        engine=artifact.engine,
        model=model,
        model_sha256=artifact.model_sha256,
        build_id=artifact.build_id,
        flash_bytes=board.memory.flash_bytes,
        flash_mode=board.memory.flash_mode,
        flash_hz=board.memory.flash_hz,
        parts=find_parts(artifact.elf.parent, board.chip.name),
    )


def merge_image(recipe: Recipe, out: Path, log: Path) -> Image:
    """Makes an image and its manifest; replaces both only when they are complete.

    The bootloader's header gets mode, clock and size of the flash, as PlatformIO's upload gives
    them: the chip clocks its flash by that header, not by sdkconfig. The space between the parts is
    erased flash (0xFF); what a board keeps there (NVS) is lost when the image is written.

    Args:
        recipe: what goes into it.
        out: the .bin.
        log: gets what esptool says.

    Raises:
        ToolMissing: no esptool.
        BuildError: esptool refuses the parts.
        UsageError: not a .bin; no room or no permission to write.
    """
    check_image_path(out)
    words = ["--flash-mode", _header_mode(recipe.flash_mode)]
    words += ["--flash-freq", f"{recipe.flash_hz // 1_000_000}m"]
    words += ["--flash-size", f"{recipe.flash_bytes >> 20}MB"]
    for part in recipe.parts:
        words += [hex(part.offset), str(part.file)]
    try:
        with tempfile.TemporaryDirectory(prefix="tinybench-") as folder:
            merged = Path(folder) / out.name
            said = run_esptool(["--chip", recipe.chip, "merge-bin", "-o", str(merged), *words], log)
            if said.status != 0:
                tail = tuple(said.text.strip().splitlines()[-5:])
                wanted, todo = "merge the build into one image", f"whole log: {log}"
                raise BuildError(wanted, "esptool failed", todo, details=tail)
            data = merged.read_bytes()
        manifest = _describe(recipe, data)
        write_whole(out, data)
    except OSError as error:
        raise system_error(f"write {out}", error) from error
    write_manifest(manifest, out)
    return Image(out, manifest)


def _header_mode(mode: str) -> str:
    """The ROM starts in DIO; ESP-IDF's bootloader switches to QIO, see PlatformIO's builder."""
    return "dio" if mode == "qio" else mode


def _describe(recipe: Recipe, data: bytes) -> Manifest:
    sections = []
    for part in sorted(recipe.parts, key=lambda part: part.offset):
        size = part.file.stat().st_size
        there = data[part.offset : part.offset + size]
        sections.append(Section(part.name, part.offset, size, sha256(there)))
    return Manifest(
        board=recipe.board,
        chip=recipe.chip,
        engine=recipe.engine,
        flash_bytes=recipe.flash_bytes,
        model=recipe.model,
        model_sha256=recipe.model_sha256,
        build_id=recipe.build_id,
        bytes=len(data),
        sha256=sha256(data),
        parts=tuple(sections),
        made_by=f"tinybench {tinybench.__version__}, esptool {version('esptool')}",
    )
