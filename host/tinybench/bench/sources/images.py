"""A folder of images, or a folder per class of them."""

from __future__ import annotations

import functools
import warnings
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tinybench.bench.labels import guess_folder_classes, match_folders
from tinybench.bench.preprocess import InputSpec, pixels_to_tensor, settle_pixel_range
from tinybench.bench.sources.base import Source, unreadable
from tinybench.errors import DataError

SUFFIXES = frozenset(
    {".bmp", ".gif", ".jpeg", ".jpg", ".pbm", ".pgm", ".png", ".ppm", ".tif", ".tiff", ".webp"}
)


def find_images(folder: Path) -> list[Path]:
    """The images below a folder, at any depth, in the order of their paths."""
    found = (path for path in folder.rglob("*") if _is_image(path))
    return sorted(found, key=lambda path: path.relative_to(folder).parts)


def _is_image(path: Path) -> bool:
    """Whether a path is an image by its name; links that lead nowhere are, to be told of."""
    if path.suffix.lower() not in SUFFIXES or path.name.startswith("."):
        return False
    return path.is_file() or (path.is_symlink() and not path.exists())


def open_images(
    folder: Path, spec: InputSpec, labels: Sequence[str] | None, pixel_range: str
) -> Source:
    """Images below ``folder``; its subfolders name their classes.

    Without subfolders the images have no labels.

    Raises:
        DataError: images beside class folders, folders that match no label, an input that no
            image can be made into, or an unsettled pixel range.
    """
    paths = find_images(folder)
    parts = [path.relative_to(folder).parts for path in paths]
    classes, reason, note = _classes([part[:-1] for part in parts], spec, labels, folder)
    size = image_size(spec)
    settled = settle_pixel_range(pixel_range, spec)
    names = sorted({part[0] for part in parts})
    return Source(
        kind="images",
        names=tuple("/".join(part) for part in parts),
        load=functools.partial(_load, paths, spec, settled),
        labels=classes,
        no_labels=reason,
        groups=tuple(names.index(part[0]) if len(part) > 1 else 0 for part in parts),
        preparation=(
            f"{size[2]}, resized to {size[0]}x{size[1]} by PIL {_pil_version()} (bilinear, "
            f"antialiased), pixels as {settled}" + (" (auto)" if pixel_range == "auto" else "")
        ),
        notes=(note,) if note else (),
    )


def _classes(
    folders: list[tuple[str, ...]], spec: InputSpec, labels: Sequence[str] | None, root: Path
) -> tuple[tuple[int, ...] | None, str, str]:
    """Each image's class, or the reason why there is none; and a note."""
    if not any(folders):
        return None, "the images lie in no class folders", ""
    if not all(folders):
        raise DataError(
            f"{root} holds images, or a folder of images per class",
            f"both: {folders.count(())} images beside the folders",
            "move them into the folder of their class, or away",
        )
    names = sorted({folder[0] for folder in folders})
    if labels is not None:
        numbers, note = match_folders(names, labels), ""
    else:
        guess, note = guess_folder_classes(names, spec.classes)
        if guess is None:
            return None, note, ""
        numbers = guess
    class_of = dict(zip(names, numbers, strict=True))
    return tuple(class_of[folder[0]] for folder in folders), "", note


def image_size(spec: InputSpec) -> tuple[int, int, str]:
    """Width, height and PIL mode ("L" or "RGB") of the image that the input takes.

    Raises:
        DataError: the input is not an image of one or three channels.
    """
    shape = spec.sample_shape
    if len(shape) == 2:
        return shape[1], shape[0], "L"
    if len(shape) == 3 and shape[2] in (1, 3):
        return shape[1], shape[0], "L" if shape[2] == 1 else "RGB"
    raise DataError(
        "an input of (1, height, width, 1 or 3)",
        f"the model takes {spec.shape}",
        "give its tensors as .npz instead of images",
    )


def _load(paths: list[Path], spec: InputSpec, pixel_range: str, index: int) -> NDArray[Any]:
    width, height, mode = image_size(spec)
    return pixels_to_tensor(read_image(paths[index], width, height, mode), spec, pixel_range)


def read_image(path: Path, width: int, height: int, mode: str) -> NDArray[np.uint8]:
    """An image as pixels of a given size.

    The picture is turned upright as its EXIF orientation says (training pipelines that ignore
    the tag see such pictures lying on their side), its transparency dropped, its grey taken as
    ITU-R 601-2 luma, its depth of 16 bits cut to the upper 8, and stretched to the size without
    regard to its proportions.

    Args:
        path: the file.
        width, height: in pixels.
        mode: "L" or "RGB".

    Returns:
        uint8 of shape (height, width) or (height, width, 3).

    Raises:
        DataError: it cannot be decoded; ``seen`` says why.
    """
    from PIL import Image, ImageOps

    try:
        with warnings.catch_warnings(), Image.open(path) as file:
            warnings.simplefilter("ignore")  # about odd tags and sizes, not about the pixels
            image = _to_mode(ImageOps.exif_transpose(file), mode)
            if image.size != (width, height):
                image = image.resize((width, height), Image.Resampling.BILINEAR)
            return np.asarray(image, np.uint8)
    except DataError:
        raise
    except Exception as error:  # decoders raise whatever their libraries do
        reason = str(error).replace(f" {str(path)!r}", "") or type(error).__name__
        raise unreadable(path.name, reason) from error


def _to_mode(image: Any, mode: str) -> Any:
    """Converts to 8-bit grey or colour; PIL alone would clip 16-bit greys to white."""
    from PIL import Image

    if image.mode.startswith("I;16") or image.mode == "I":
        deep = np.asarray(image).astype(np.int64)
        if deep.size and not 0 <= deep.min() <= deep.max() <= 0xFFFF:
            raise unreadable("the image", f"its greys reach from {deep.min()} to {deep.max()}")
        image = Image.fromarray((deep >> 8).astype(np.uint8))
    elif image.mode == "F":
        raise unreadable("the image", "it holds real values, not pixels; give them as .npz")
    return image.convert(mode)


@functools.cache
def _pil_version() -> str:
    import PIL

    return PIL.__version__
