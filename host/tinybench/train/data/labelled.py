"""Samples to train on: opened, filtered, and with labels."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from tinybench.errors import DataError
from tinybench.train.data.classes import LABELLED
from tinybench.train.data.open import open_samples
from tinybench.train.data.samples import Samples


def read_samples(spec: Mapping[str, Any]) -> Samples:
    """Opens data, its classes numbered by the labels file where one is named.

    Args:
        spec: as :class:`tinybench.methods.DataSpec` has it.

    Raises:
        DataError: as :func:`tinybench.train.data.open_samples`; there are no labels.
    """
    from tinybench.bench.labels import read_labels

    names = None if spec["labels"] is None else read_labels(Path(spec["labels"]))
    samples = open_samples(spec["path"], labels=names, exclude=spec["exclude"], only=spec["only"])
    if samples.labels is None:
        raise DataError("labelled samples, to train on", f"{samples.path} has no labels", LABELLED)
    return samples
