"""What a model adds to a firmware: the difference from the same firmware without one."""

from __future__ import annotations

from dataclasses import dataclass

from tinybench.project import Project
from tinybench.render.instrument import Instrument
from tinybench.workflow.firmware import Compiled, build_compiled
from tinybench.workflow.look import open_instrumented
from tinybench.workflow.watch import Silent, Watch

METHOD = "difference of two ELFs: with the model, and with an engine that does nothing"
STACK_METHOD = "difference of high-water marks of two painted inferences: with the model, without"


@dataclass(frozen=True)
class Added:
    """What a model adds, in bytes.

    Attributes:
        ram: .data and .bss: inputs, outputs, rings, scratch and state.
        flash: code and constants.
    """

    ram: int
    flash: int


def added_by_model(project: Project, compiled: Compiled, watch: Watch | None = None) -> Added:
    """Builds both and compares.

    Raises:
        BuildError: as build_firmware().
    """
    watch = watch or Silent()
    full, null = (
        build_compiled(project, compiled, watch, kind).build.artifact.sizes
        for kind in (Instrument.NONE, Instrument.NULL)
    )
    return Added(
        ram=full.ram_static - null.ram_static,
        flash=full.flash_total - null.flash_total,
    )


def stack_without_model(project: Project, compiled: Compiled, watch: Watch | None = None) -> int:
    """Bytes of stack that an inference takes where there is nothing to compute.

    Raises:
        BuildError, DeviceError: it cannot be built; the board does not answer, or cannot tell.
    """
    with open_instrumented(project, compiled, Instrument.NULL, watch or Silent()) as device:
        used = device.measure_memory(0, []).stack_used
    assert used is not None, "a board that can paint its stack"
    return used
