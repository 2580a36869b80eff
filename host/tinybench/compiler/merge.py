"""Tables applied one after another are one table."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from tinybench.compiler.kernel import ConstArray, Kernel
from tinybench.compiler.program import Step

LOOKUP = "tb_lookup"


def merge_lookups(
    steps: Sequence[Step], outputs: Iterable[int], views: Mapping[int, int]
) -> list[Step]:
    """Composes a lookup with the lookup that alone reads its result.

    Args:
        steps: in order.
        outputs: tensors that the model answers with.
        views: tensor -> tensor with the same bytes.
    """
    readers = Counter(views.get(tensor, tensor) for step in steps for tensor in step.inputs)
    keep = {views.get(tensor, tensor) for tensor in outputs}
    merged: list[Step] = []
    for step in steps:
        previous = merged[-1] if merged else None
        if (
            previous is not None
            and previous.kernel.function == step.kernel.function == LOOKUP
            and step.inputs == (previous.output,)
            and readers[previous.output] == 1
            and previous.output not in keep
        ):
            merged[-1] = _compose(previous, step)
        else:
            merged.append(step)
    return merged


def _table(step: Step) -> NDArray[np.int8]:
    table = step.kernel.fields["table"]
    assert isinstance(table, ConstArray)
    return table.data


def _compose(a: Step, b: Step) -> Step:
    channels = int(np.lcm(len(_table(a)), len(_table(b))))
    first, second = (np.tile(t, (channels // len(t), 1)) for t in (_table(a), _table(b)))
    table = np.take_along_axis(second, first.astype(np.int64) + 128, axis=1)
    fields = {**b.kernel.fields, "channels": channels, "table": ConstArray("table", table)}
    return replace(
        b,
        ops=a.ops + b.ops,
        label=f"{a.label}+{b.label}",
        kernel=Kernel(LOOKUP, fields),
        inputs=a.inputs,
    )
