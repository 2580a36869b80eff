"""Scores of a run in the model's own units: the device's and the desktop's alike."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tinybench.report.folder import OUTPUTS
from tinybench.report.load import Run

TOP = 5


class Scores:
    """What the first output of a run's samples says.

    outputs.bin has it as the device does; samples.csv has what the model file puts out, which is
    another number where the file ends in a QUANTIZE (to uint8) or a DEQUANTIZE.

    Args:
        run: whose outputs.bin is read.
    """

    def __init__(self, run: Run) -> None:
        self._path = run.folder / OUTPUTS
        self._bytes_per_sample = run.result["outputs"]["bytes_per_sample"]
        self._tensor = run.result["outputs"]["tensors"][0]
        self._file = self._tensor.get("file") or self._guess(run)

    def _guess(self, run: Run) -> Mapping[str, Any]:
        """What the file has there, where a run does not tell: the same bytes, or real numbers."""
        first = self._raw(0)
        same = first is not None and run.records and run.records[0].device_score == first.max()
        return self._tensor if same else {"scale": 0.0}

    def best(self, row: int) -> list[tuple[int, float]]:
        """Classes and scores of the device, best first; none where outputs.bin cannot be read.

        Args:
            row: of samples.csv.
        """
        raw = self._raw(row)
        if raw is None:
            return []
        zero_point, scale = self._tensor["zero_point"], self._tensor["scale"]
        scores = (raw - zero_point) * scale if scale else raw
        best = np.argsort(-scores, kind="stable")[:TOP]
        return [(int(k), float(scores[k])) for k in best]

    def told(self, score: float) -> float:
        """A score of samples.csv."""
        if not self._file["scale"]:
            return score
        return float((score - self._file["zero_point"]) * self._file["scale"])

    def _raw(self, row: int) -> NDArray[np.float64] | None:
        size = self._bytes_per_sample
        try:
            with self._path.open("rb") as file:
                file.seek(row * size)
                data = file.read(size)
        except OSError:
            return None
        count = int(np.prod(self._tensor["shape"], dtype=np.int64))
        if len(data) < size or not count:
            return None
        return np.frombuffer(data, self._tensor["dtype"], count).astype(np.float64)
