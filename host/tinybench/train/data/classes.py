"""Class filters by pattern, and which output of a model a class is."""

from __future__ import annotations

import dataclasses
import difflib
import fnmatch
import re
from collections.abc import Sequence

import numpy as np

from tinybench.errors import DataError
from tinybench.train.data.samples import Samples

LABELLED = (
    "give a folder of images per class, an .npz with x and y, IDX images with their labels, or a "
    "CSV with a label for each path"
)
"""What to do about data without labels."""


def split_patterns(texts: Sequence[str]) -> tuple[str, ...]:
    """Patterns as options give them: several options, or several in one, comma-separated."""
    return tuple(part.strip() for text in texts for part in text.split(",") if part.strip())


def matches(pattern: str, name: str) -> bool:
    """Whether a class is meant by a pattern, in either case.

    A pattern with ``*``, ``?`` or ``[`` is a shell pattern for the whole name. Any other is
    words: OWL means BARN OWL and SNOWY_OWL, not GUINEAFOWL.
    """
    if any(sign in pattern for sign in "*?["):
        return fnmatch.fnmatchcase(name.casefold(), pattern.casefold())
    words = re.escape(pattern.casefold())
    return re.search(rf"(?<![^\W_]){words}(?![^\W_])", name.casefold()) is not None


def keep_classes(samples: Samples, exclude: Sequence[str], only: Sequence[str]) -> Samples:
    """The samples of the classes that ``only`` means (all if empty) and ``exclude`` does not.

    ``class_names`` and ``labels`` keep their numbering: :func:`number_classes` settles it.

    Raises:
        DataError: there are no labels, a pattern means no class, or nothing is left.
    """
    exclude, only = split_patterns(exclude), split_patterns(only)
    if not (exclude or only):
        return samples
    if samples.labels is None:
        seen = f"{samples.path} has no labels"
        raise DataError("labelled samples, to filter by class", seen, LABELLED)
    for pattern in (*exclude, *only):
        if not any(matches(pattern, name) for name in samples.class_names):
            raise means_none(pattern, samples.class_names)
    kept = [
        number
        for number, name in enumerate(samples.class_names)
        if (not only or any(matches(p, name) for p in only))
        and not any(matches(p, name) for p in exclude)
    ]
    chosen = np.flatnonzero(np.isin(samples.labels, kept))
    if not len(chosen):
        raise DataError("classes that are left", "the filters leave no sample", "filter less")
    note = f"{len(kept)} of {len(samples.class_names)} classes kept by the filters"
    return dataclasses.replace(samples.take(chosen), notes=(*samples.notes, note))


def means_none(pattern: str, names: Sequence[str]) -> DataError:
    """No class is meant by a pattern; which ones there are, or the nearest."""
    words = sorted({word for name in names for word in (name, *name.split())})
    close = difflib.get_close_matches(pattern.upper(), [w.upper() for w in words], 1)
    more = ", ..." if len(names) > 8 else ""
    hint = f"did you mean {close[0]}?" if close else f"classes are {', '.join(names[:8])}{more}"
    return DataError("a pattern that means a class", f"{pattern!r} means none", hint)


def number_classes(samples: Samples, outputs: int | None) -> Samples:
    """The same samples, with classes numbered as a model's outputs are.

    A model with an output for each class that there is in the data keeps the numbering; one with
    as many outputs as classes that the filters left has them renumbered in the same order.

    Args:
        samples: as :func:`tinybench.train.data.open_samples` gives them.
        outputs: how many scores the model gives; None numbers the classes that are left, for a
            model that is yet to be made.

    Raises:
        DataError: neither number fits.
    """
    if samples.labels is None:
        return samples
    present = np.unique(samples.labels)
    names = samples.class_names
    if outputs == len(names) or (not samples.named and (outputs or 0) > present[-1]):
        return samples
    if outputs is None or outputs == len(present):
        notes = samples.notes
        if outputs and not samples.named:
            kept = ", ".join(str(number) for number in present[:8]) + ", ..." * (outputs > 8)
            notes = (*notes, f"classes {kept} are taken for the model's outputs in this order")
        return dataclasses.replace(
            samples,
            labels=np.searchsorted(present, samples.labels),
            class_names=tuple(names[i] for i in present),
            notes=notes,
        )
    left = f", {len(present)} of them left" if len(present) != len(names) else ""
    if outputs == 1:
        seen = f"it gives one; {samples.path} has {len(names)} classes{left}"
        todo = "end it in Dense(2) and a softmax in place of one sigmoid"
        raise DataError("a model that gives a score for each class", seen, todo)
    raise DataError(
        f"labels for the {outputs} classes that the model tells apart",
        f"{samples.path} has {len(names)} classes{left}",
        "give the data that belongs to the model, or its class names in its order with --labels",
    )


def as_recorded(samples: Samples, names: Sequence[str]) -> Samples | None:
    """The same samples, their classes numbered as some names are; -1 for all others.

    None of them goes, so that a division of the samples holds for a model of fewer classes too.

    Args:
        samples: as :func:`tinybench.train.data.open_samples` gives them.
        names: of a model's classes, in the order of its outputs.

    Returns:
        None where the data does not have them all, or there are no names or no labels.
    """
    if samples.labels is None or not names or not set(names) <= set(samples.class_names):
        return None
    number = {name: i for i, name in enumerate(names)}
    place = np.array([number.get(name, -1) for name in samples.class_names], np.int64)
    labels = place[samples.labels]
    notes = samples.notes
    if others := len(np.unique(samples.labels[labels < 0])):
        notes = (*notes, f"{others} classes of the data are none of the model's: left out")
    names = tuple(names)
    return dataclasses.replace(samples, labels=labels, class_names=names, named=True, notes=notes)
