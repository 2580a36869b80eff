"""Input shapes of networks, checked without TensorFlow: wrong ones are told at once."""

from __future__ import annotations

from tinybench.errors import UsageError
from tinybench.methods import NETWORKS
from tinybench.train.data.samples import Samples

FOR_WINDOWS = frozenset({"conv1d", "ds-cnn1d"})


def parse_shape(text: str) -> tuple[int, ...]:
    """The shape that a text such as 28x28x1 means, which :mod:`tinybench.rules` has checked."""
    return tuple(int(part) for part in text.lower().split("x"))


def own_shape(samples: Samples) -> tuple[int, ...]:
    """The data's own: grey pictures get a channel.

    Raises:
        UsageError: it has none, being pictures of any size.
    """
    if samples.shape is None:
        raise UsageError(
            "an input size, since pictures can have any", "none is given", "e.g. --input 64x64x3"
        )
    return (*samples.shape, 1) if samples.pixels and len(samples.shape) == 2 else samples.shape


def check_input(name: str, shape: tuple[int | None, ...]) -> None:
    """Refuses an input shape that a network does not take.

    Args:
        name: one of :data:`tinybench.methods.NETWORKS`.
        shape: (height, width, channels), or (steps, channels) for windows.

    Raises:
        UsageError: with the networks that take it.
    """
    windows = len(shape) == 2
    if windows != (name in FOR_WINDOWS) or (not windows and len(shape) != 3):
        fit = ", ".join(n for n in NETWORKS if (n in FOR_WINDOWS) == windows)
        raise UsageError(
            f"an input shape for {name}: "
            + ("steps, channels" if name in FOR_WINDOWS else "height, width, channels"),
            f"{shape}",
            f"for this shape: {fit}",
        )


def check_pictures(shape: tuple[int | None, ...]) -> None:
    """Refuses to resize what is no picture.

    Args:
        shape: of one sample.

    Raises:
        UsageError: it is none.
    """
    if len(shape) != 3:
        raise UsageError(
            "a model that takes pictures (height, width, channels)",
            f"input shape={shape}",
            "a window's length is set when it is made: `tinybench new --input`",
        )
