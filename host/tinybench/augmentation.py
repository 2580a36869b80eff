"""Random changes to samples while a network trains: what can be asked for.

Checked before anything runs; :mod:`tinybench.train.compress.augment` makes the changes.
"""

from __future__ import annotations

import difflib
from collections.abc import Sequence
from dataclasses import dataclass, fields

from tinybench.errors import UsageError

HELP = (
    "Change training samples at random: flip, shift=0.1, zoom=0.1, rotate=10 (degrees), "
    "brightness=0.1, noise=0.05; several, or with commas."
)


@dataclass(frozen=True)
class Augmentation:
    """How much samples are changed; all zero changes nothing.

    Attributes:
        flip: mirror left and right, every second picture.
        shift: by up to so large a share of height and width.
        zoom: in or out by up to so large a share.
        rotate: by up to so many degrees.
        brightness: up to so large a share of the training values' range more or less.
        noise: standard deviation of Gaussian noise, as a share of that of the training values.
    """

    flip: bool = False
    shift: float = 0.0
    zoom: float = 0.0
    rotate: float = 0.0
    brightness: float = 0.0
    noise: float = 0.0

    @property
    def asked(self) -> tuple[str, ...]:
        """The names of the changes that there are."""
        return tuple(entry.name for entry in fields(self) if getattr(self, entry.name))


_MOST = {"shift": 0.9, "zoom": 0.9, "rotate": 180.0, "brightness": 1.0, "noise": 1.0}


def parse_augmentation(words: Sequence[str]) -> Augmentation:
    """What words such as ``flip`` and ``shift=0.1`` ask for.

    Raises:
        UsageError: a change that there is not, or a value that cannot be.
    """
    asked: dict[str, float | bool] = {}
    for word in filter(None, (part.strip() for text in words for part in text.split(","))):
        name, _, value = word.partition("=")
        if name == "flip" and not value:
            asked[name] = True
        elif name in _MOST:
            asked[name] = _amount(word, name, value)
        else:
            raise _unknown(word, name)
    return Augmentation(**asked)  # type: ignore[arg-type]


def _amount(word: str, name: str, value: str) -> float:
    try:
        amount = float(value)
    except ValueError:
        amount = -1.0
    if not 0 < amount <= _MOST[name]:
        wanted = f"augment: {name}=VALUE, above 0 and at most {_MOST[name]:g}"
        raise UsageError(wanted, word, f"leave {name} out to have none of it")
    return amount


def _unknown(word: str, name: str) -> UsageError:
    known = ("flip", *_MOST)
    close = difflib.get_close_matches(name, known, 1)
    todo = f"did you mean {close[0]!r}?" if close and close[0] != name else "write it so"
    return UsageError(f"augment: one of flip, {', '.join(f'{n}=VALUE' for n in _MOST)}", word, todo)
