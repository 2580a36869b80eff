"""Random changes to pictures while a network trains; never to what it is scored on."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from tinybench.errors import UsageError


@dataclass(frozen=True)
class Augmentation:
    """How much pictures are changed; all zero changes nothing.

    Attributes:
        flip: mirror left and right, every second picture.
        shift: by up to so large a share of width and height.
        zoom: in or out by up to so large a share.
        rotate: by up to so many degrees.
        brightness: up to so large a share of 255 more or less.
        noise: standard deviation of Gaussian noise, as a share of 255 for pixels and of each
            sample's own standard deviation for real values (windows of a sensor).
    """

    flip: bool = False
    shift: float = 0.0
    zoom: float = 0.0
    rotate: float = 0.0
    brightness: float = 0.0
    noise: float = 0.0

    def __post_init__(self) -> None:
        for name in ("shift", "zoom", "brightness", "noise"):
            if not 0 <= (value := getattr(self, name)) < 1:
                raise UsageError(f"augmentation with {name} from 0 to below 1", f"{name}={value}")
        if not 0 <= self.rotate <= 180:
            raise UsageError("augmentation with rotate from 0 to 180", f"rotate={self.rotate}")


def augment(x: NDArray[Any], how: Augmentation, rng: np.random.Generator) -> NDArray[Any]:
    """A batch, changed at random.

    Args:
        x: uint8 pictures (n, height, width[, 1 or 3]), or float samples of any shape, which
            only ``noise`` changes.
        how: how much.
        rng: the same one gives the same pictures.

    Returns:
        A new array of the same shape and dtype.
    """
    if x.dtype != np.uint8:
        spread = x.std(axis=tuple(range(1, x.ndim)), keepdims=True)
        return np.asarray(x + rng.normal(0, how.noise, x.shape) * spread, x.dtype)
    out = np.empty_like(x)
    for row, picture in enumerate(x):
        out[row] = _picture(picture, how, rng)
    return out


def _picture(
    pixels: NDArray[np.uint8], how: Augmentation, rng: np.random.Generator
) -> NDArray[np.uint8]:
    flip = how.flip and rng.random() < 0.5
    angle = np.deg2rad(rng.uniform(-how.rotate, how.rotate))
    scale = 1 / (1 + rng.uniform(-how.zoom, how.zoom))
    dy, dx = rng.uniform(-how.shift, how.shift, 2) * pixels.shape[:2]
    if flip:
        pixels = pixels[:, ::-1]
    if how.rotate or how.zoom or how.shift:
        pixels = _warp(pixels, angle, scale, dy, dx)
    values = pixels.astype(np.float32)
    values += 255 * rng.uniform(-how.brightness, how.brightness)
    if how.noise:
        values += rng.normal(0, 255 * how.noise, values.shape)
    return np.rint(values).clip(0, 255).astype(np.uint8)


def _warp(
    pixels: NDArray[np.uint8], angle: float, scale: float, dy: float, dx: float
) -> NDArray[np.uint8]:
    """Turned and zoomed about the middle, moved; the border repeats outwards."""
    height, width = pixels.shape[:2]
    pad = max(height, width)
    edges = ((pad, pad), (pad, pad)) + ((0, 0),) * (pixels.ndim - 2)
    image = Image.fromarray(np.pad(pixels, edges, mode="edge").squeeze())
    cos, sin = np.cos(angle) * scale, np.sin(angle) * scale
    middle_x, middle_y = (width - 1) / 2, (height - 1) / 2
    from_x = middle_x - cos * (middle_x + dx) - sin * (middle_y + dy) + pad
    from_y = middle_y + sin * (middle_x + dx) - cos * (middle_y + dy) + pad
    turned = image.transform(
        (width, height),
        Image.Transform.AFFINE,
        (cos, sin, from_x, -sin, cos, from_y),
        Image.Resampling.BILINEAR,
    )
    return np.asarray(turned, np.uint8).reshape(pixels.shape)
