"""One sample's answers, held against each other."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from tinybench.bench.records import Mode, SampleRecord
from tinybench.bench.roles import Array, Edge, Inference, Samples


def compare(
    samples: Samples, index: int, inference: Inference, reference: Any, edge: Edge, mode: Mode
) -> SampleRecord:
    """A sample's record.

    Args:
        samples: where it comes from.
        index: which of them it is.
        inference: the device's answer.
        reference: the desktop runtimes' answer.
        edge: what lies between the file's tensors and the device's bytes.
        mode: "latency" takes the inference's ticks for one.
    """
    device = edge.decode(inference.outputs)
    oracle = reference.oracle
    return SampleRecord(
        index=index,
        name=samples.name(index),
        label=samples.label(index),
        device_top1=_top1(device),
        device_score=_score(device),
        desktop_top1=_top1(reference.desktop),
        desktop_score=_score(reference.desktop),
        desktop_top5=_top5(reference.desktop),
        desktop_equal=_same_bytes(device, reference.desktop),
        oracle_top1=None if oracle is None else _top1(oracle),
        outputs_equal=None if oracle is None else _same_bytes(device, oracle),
        largest_difference=None if oracle is None else _difference(edge, device, oracle),
        latency=inference.ticks if mode == "latency" else None,
        desktop_us=reference.desktop_us,
        resends=inference.resends,
        input_crc=inference.input_crc,
        output_crc=inference.output_crc,
    )


def _top1(outputs: Sequence[Array]) -> int:
    """The class with the highest score of the first output; the first of equals."""
    return int(np.argmax(outputs[0].reshape(-1)))


def _score(outputs: Sequence[Array]) -> float:
    return float(np.max(outputs[0]))


def _top5(outputs: Sequence[Array]) -> str:
    scores = outputs[0].reshape(-1)
    best = np.argsort(-scores.astype(np.float64), kind="stable")[:5]
    return " ".join(f"{k}:{float(scores[k]):g}" for k in best)


def _same_bytes(a: Sequence[Array], b: Sequence[Array]) -> bool:
    return all(x.tobytes() == y.tobytes() for x, y in zip(a, b, strict=True))


def _difference(edge: Edge, device: Sequence[Array], oracle: Sequence[Array]) -> float:
    """Largest difference of any output element, in quantization steps."""
    return max(
        float(np.max(np.abs(d.astype(np.float64) - o.astype(np.float64)), initial=0.0) / step)
        for d, o, step in zip(device, oracle, edge.output_steps, strict=True)
    )
