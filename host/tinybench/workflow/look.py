"""Firmware that shows what it does: the same kernels and the same plan, with an instrument."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from tinybench.project import Project
from tinybench.render.instrument import Instrument
from tinybench.workflow.bench import open_samples
from tinybench.workflow.firmware import Compiled, build_compiled
from tinybench.workflow.plugged import put_on_board, with_port
from tinybench.workflow.reach import check_reach, expected, open_device
from tinybench.workflow.watch import Watch

if TYPE_CHECKING:
    import numpy as np

    from tinybench.bench.device import Device
    from tinybench.model.graph import Tensor
    from tinybench.model.runner import Array

SEED = 1
"""Of the random inputs."""


def open_instrumented(
    project: Project, compiled: Compiled, instrument: Instrument, watch: Watch
) -> Device:
    """A board on which such a firmware runs, its line as fast as it can; what `flash` put on a
    virtual one stays.

    Raises:
        BuildError, DeviceError: it cannot be built; the board does not answer as it should.
    """
    from tinybench.bench.rate import raise_rate, rates_of

    check_reach(project, compiled.board)
    project = with_port(project, compiled.board)
    build = build_compiled(project, compiled, watch, instrument).build
    place = f"instrument-{instrument.value}" if instrument else "plain"
    flashed = put_on_board(
        project, build, compiled.board, project.state / "looked-at" / place, watch
    )
    device = open_device(project, flashed, compiled.board, project.state / "logs")
    try:
        if instrument is Instrument.NULL:  # it has no model to be recognized by
            device.hello()
        else:
            device.check(expected(flashed, compiled.board))
        link = compiled.board.link
        raise_rate(device, rates_of(link.baud, link.bauds))
    except BaseException:
        device.close()
        raise
    return device


@dataclass(frozen=True)
class SomeInputs:
    """Samples to look at.

    Attributes:
        what: the data's path, or how they were made.
        values: per sample one array per input of the graph, in its shape and dtype.
    """

    what: str
    values: list[list[Array]]


def some_inputs(project: Project, compiled: Compiled, count: int) -> SomeInputs:
    """At most so many samples of the project's data; seeded random ones where it has none.

    Raises:
        UsageError: the data cannot be used.
    """
    import numpy as np

    if project.data.path is not None:
        samples = open_samples(project, compiled, count)
        values = [[samples.tensor(index)] for index in range(len(samples))]
        return SomeInputs(str(project.data.path), values)
    rng = np.random.default_rng(SEED)
    graph = compiled.graph
    values = [[_random(graph.tensors[i], rng) for i in graph.inputs] for _ in range(count)]
    return SomeInputs(f"random inputs, seed {SEED}", values)


def _random(tensor: Tensor, rng: np.random.Generator) -> Array:
    """Uniform over all that the tensor can hold; 0..1 where it is float."""
    import numpy as np

    if tensor.dtype == "float32":
        return rng.random(tensor.shape, np.float32)
    limits = np.iinfo(tensor.dtype)
    return rng.integers(limits.min, limits.max + 1, tensor.shape).astype(tensor.dtype)
