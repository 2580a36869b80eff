"""How many bytes of constants one inference brings from flash.

An emulator does not feel it, a flash cache does. The model of the cache is the target's: the
constants of a step that fit its budget are read from flash once, those that do not are read again
each time a kernel walks over all of them.
"""

from __future__ import annotations

from tinybench.compiler.kernel import Kernel, const_arrays
from tinybench.compiler.program import Program, Step, Target
from tinybench.compiler.window import Window

# As in tb_conv.c: what is gathered is gathered for so many pixels at once.
_PIXELS, _SHORT_RUN, _MAX_WINDOW = 3, 32, 320


def all_streamed_bytes(program: Program) -> int:
    """Of one inference."""
    return sum(
        streamed_bytes(step, program.operand_bytes(step), program.target) for step in program.steps
    )


def streamed_bytes(step: Step, operand_bytes: int, target: Target) -> int:
    """Bytes that a step reads from flash.

    Args:
        step: a chain counts as one: all its constants are wanted row by row.
        operand_bytes: of operands that are constants, beside the kernels' parameters.
        target: ``chain_bytes`` is the cache's budget.
    """
    sizes = [sum(a.data.nbytes for a in const_arrays(part.kernel)) for part in step.parts]
    if sum(sizes) + operand_bytes <= target.chain_bytes:
        return sum(sizes) + operand_bytes
    walks = [_walks(part) for part in step.parts]
    return operand_bytes + sum(size * n for size, n in zip(sizes, walks, strict=True))


def _walks(part: Step) -> int:
    """How often a kernel goes over all of its constants."""
    kernel = part.kernel
    if part.band > 1 and part.window is not None:
        return -(-part.window.out_h // part.band)
    if kernel.function == "tb_conv2d_coded":
        return 1
    window = kernel.fields.get("window")
    if not isinstance(window, Window):
        return 1
    if kernel.function == "tb_transpose_conv":  # its window is that of the way back
        return window.in_h * window.in_w // (window.stride_h * window.stride_w)
    columns = kernel.fields.get("columns")
    if kernel.function == "tb_conv2d_pairs" and isinstance(columns, int):
        return window.out_h * -(-window.out_w // columns)
    if kernel.function == "tb_conv2d" and is_gathered(kernel, window):
        return window.out_h * -(-window.out_w // _PIXELS)
    return window.out_h


def is_gathered(kernel: Kernel, window: Window) -> bool:
    """Whether a tb_conv2d goes over all its weights for every three pixels: as its C decides."""
    run, group_in = kernel.fields["run"], kernel.fields["group_in"]
    assert isinstance(run, int)
    return (
        window.kernel_h * window.kernel_w > 1
        and group_in == window.in_c
        and window.dilation_w == 1
        and run < _SHORT_RUN
        and window.kernel_h * run <= _MAX_WINDOW
    )
