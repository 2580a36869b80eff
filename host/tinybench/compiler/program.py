"""What compilation makes: kernel calls over one planned block of memory."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Literal

import numpy as np

from tinybench.compiler.kernel import Kernel, Scratch, all_values, const_arrays
from tinybench.compiler.window import Window
from tinybench.model.graph import Graph

Weighting = Literal["plain", "huffman"]


@dataclass(frozen=True)
class Target:
    """What the code is made for; kernel choice and weight packing may depend on it.

    Attributes:
        isa: "portable" compiles everywhere.
        alignment: of every buffer in the arena, in bytes.
        chain_bytes: constants of a row chain's kernels at most: they are read again for every
            row, so they should stay in a flash cache.
        work_per_memory: a schedule that lowers the arena's peak by so many percent may take one
            percent more instructions.
        work_per_byte: instructions that a byte from flash is worth: those of an ESP32-C3 at 160 MHz
            in the time in which its flash, two lines at 80 MHz, brings one.
        pairing: a convolution takes two pixels with one multiplication where that costs less than
            so much of the plain way; 0.0: never.
        weights: "huffman": filters are kept in code where that saves flash, and decoded in every
            inference.
        weights_in: "ram": all constants are copied there at boot.
        zeros: "compute": channels without effect and blocks of zeros are kept and computed, to see
            what leaving them out saves.
    """

    isa: str = "portable"
    alignment: int = 4
    chain_bytes: int = 8192
    work_per_memory: float = 8.0
    work_per_byte: float = 8.0
    pairing: float = 0.9
    weights: Weighting = "plain"
    weights_in: Literal["flash", "ram"] = "flash"
    zeros: Literal["leave out", "compute"] = "leave out"

    @property
    def weights_words(self) -> str:
        """How and where weights are kept: "plain", "huffman in RAM"."""
        return self.weights + (" in RAM" if self.weights_in == "ram" else "")


@dataclass(frozen=True)
class Problem:
    """Something in the model that cannot be compiled.

    Attributes:
        op_index: -1 where it is no op in particular.
        op_name: "INPUT", "OUTPUT" or "MODEL" then.
        reason: one sentence.
    """

    op_index: int
    op_name: str
    reason: str

    def __str__(self) -> str:
        """One line for a list."""
        where = f"op {self.op_index} {self.op_name}" if self.op_index >= 0 else self.op_name.lower()
        return f"{where}: {self.reason}"


@dataclass(frozen=True)
class Step:
    """One kernel call.

    Attributes:
        ops: indices of the graph's ops that this call computes.
        label: the ops' names, for reports.
        kernel: what is called.
        inputs: tensor indices of the arguments read, in call order.
        output: tensor index of the argument written.
        macs: multiply-accumulates.
        in_place: positions in ``inputs`` whose buffer the output may take over.
        soft_float: floating point is computed in software inside the measured window.
        window: of a kernel that makes its output row by row from input 0; else None. Its
            channels are bytes, which of int16 tensors are twice as many as the kernel's.
        links: of a chain, the calls that it runs row by row, each reading the one before.
        alone: never a link of a chain, though it has a window.
        band: rows that are made together, of a step with a window: none is complete before all
            that they read has been read.
    """

    ops: tuple[int, ...]
    label: str
    kernel: Kernel
    inputs: tuple[int, ...]
    output: int
    macs: int = 0
    in_place: tuple[int, ...] = ()
    soft_float: bool = False
    window: Window | None = None
    links: tuple[Step, ...] = ()
    alone: bool = False
    band: int = 1

    @property
    def parts(self) -> tuple[Step, ...]:
        """The links of a chain; the step itself where it is none."""
        return self.links or (self,)

    @property
    def rings(self) -> tuple[tuple[int, int], ...]:
        """(tensor, rows) of what a chain keeps between its links."""
        pairs = pairwise(self.links)
        return tuple((a.output, b.window.span) for a, b in pairs if b.window is not None)

    @property
    def scratches(self) -> tuple[tuple[int, Scratch], ...]:
        """(position in ``parts``, scratch) of all that the step's kernels ask for."""
        return tuple(
            (number, value)
            for number, part in enumerate(self.parts)
            for value in all_values(part.kernel.fields)
            if isinstance(value, Scratch)
        )


@dataclass(frozen=True)
class Buffer:
    """A stretch of the arena and the time for which it is taken.

    Attributes:
        tensors: indices of the tensors that share it (views, in-place results); of a scratch none.
        offset, nbytes: where it lies in the arena.
        first, last: first and last step (inclusive) during which it is live.
        over: a tensor whose buffer dies in the step that writes this one first, and which may
            be overwritten then, row by row; None where there is none.
        below, above: if it is, this buffer begins at least so many bytes below or above it.
        scratch: (position in the step's parts, role) of a scratch, else None.
    """

    tensors: tuple[int, ...]
    nbytes: int
    first: int
    last: int
    offset: int = 0
    over: int | None = None
    below: int = 0
    above: int = 0
    scratch: tuple[int, str] | None = None


@dataclass(frozen=True)
class Plan:
    """The arena.

    Attributes:
        buffers: placed; those that are live together do not overlap.
        arena_bytes: its size.
        bound: no plan of these buffers can be smaller; proven.
        live_bytes: most bytes that are live at once.
        peak_step: the step at which they are.
    """

    buffers: tuple[Buffer, ...]
    arena_bytes: int
    bound: int
    live_bytes: int
    peak_step: int

    def live_at(self, step: int) -> tuple[Buffer, ...]:
        """Buffers live at a step, largest first."""
        live = [b for b in self.buffers if b.first <= step <= b.last]
        return tuple(sorted(live, key=lambda b: -b.nbytes))

    def scratch_offset(self, step: int, part: int, role: str) -> int:
        """Where a scratch of a step's part lies in the arena."""
        owner = step, (part, role)
        return next(b.offset for b in self.buffers if (b.first, b.scratch) == owner)


@dataclass(frozen=True)
class Boundary:
    """A QUANTIZE or DEQUANTIZE at the graph's edge, done on the host.

    Attributes:
        kind: "quantize" (float32 in), "dequantize" (float32 out), "requantize" (integers).
        graph_dtype: the dtype the model file has there.
        scale, zero_point: of the file's side; 1.0 and 0 where that side is float32.
    """

    kind: Literal["quantize", "dequantize", "requantize"]
    graph_dtype: str
    scale: float = 1.0
    zero_point: int = 0


@dataclass(frozen=True)
class DeviceTensor:
    """An input or output as the device has it.

    Attributes:
        name, dtype, shape: of the device's tensor.
        scale, zero_point: its quantization; 0.0 where it has none.
        offset: in the arena, in bytes.
        boundary: what the host does between the file's tensor and this one, or None.
    """

    tensor: int
    name: str
    dtype: str
    shape: tuple[int, ...]
    scale: float
    zero_point: int
    offset: int
    boundary: Boundary | None = None

    @property
    def nbytes(self) -> int:
        """Size in bytes."""
        return int(np.prod(self.shape, dtype=np.int64)) * np.dtype(self.dtype).itemsize


@dataclass(frozen=True)
class FilterCoding:
    """What became of a filter that could be kept in code.

    Attributes:
        op: the op that it belongs to.
        plain_bytes: of the filter as its kernel wants it.
        coded_bytes: of its code with the lengths of the words.
        entropy_bits: per value; no code of single values can be shorter.
        scratch_bytes: of the arena, for decoding; 0 where it stays plain.
        pieces: how many times a part of it is decoded and the kernel run with that.
        reason: why it stays plain; "" where it does not.
    """

    op: int
    plain_bytes: int
    coded_bytes: int
    entropy_bits: float
    scratch_bytes: int = 0
    pieces: int = 0
    reason: str = ""

    @property
    def saved_bytes(self) -> int:
        """Of flash."""
        return 0 if self.reason else self.plain_bytes - self.coded_bytes


@dataclass(frozen=True)
class Program:
    """A compiled model.

    Attributes:
        graph: what it was compiled from.
        steps: kernel calls in order.
        plan: the arena.
        inputs, outputs: in the file's order.
        notes: what a reader of the results should know (soft float, for one).
        folded: op index -> what became of an op that costs nothing on the device.
        coding: of each kernel with a filter, whether it is kept in code; where that was asked for.
        kept: tensor -> the channels that it still has, where some are not computed.
    """

    graph: Graph
    target: Target
    steps: tuple[Step, ...]
    plan: Plan
    inputs: tuple[DeviceTensor, ...]
    outputs: tuple[DeviceTensor, ...]
    notes: tuple[str, ...] = ()
    folded: Mapping[int, str] = field(default_factory=dict)
    coding: tuple[FilterCoding, ...] = ()
    kept: Mapping[int, tuple[int, ...]] = field(default_factory=dict)

    @property
    def options(self) -> dict[str, str]:
        """How it was made, as far as there was a choice."""
        return {"weights": self.target.weights_words}

    @property
    def weights_in(self) -> str:
        """Where the constants are wanted: "flash" or "ram"."""
        return self.target.weights_in

    @property
    def arena_method(self) -> str:
        """How the arena's size was found."""
        return "planned at build time"

    @property
    def arena_bytes(self) -> int:
        """Planned size of the arena: inputs, outputs and everything between."""
        return self.plan.arena_bytes

    @property
    def macs(self) -> int:
        """Multiply-accumulates of one inference."""
        return sum(step.macs for step in self.steps)

    @property
    def weights_bytes(self) -> int:
        """Bytes of constants that the kernels read: parameters and constant operands."""
        return sum(self.constant_bytes(step) for step in self.steps)

    def constant_bytes(self, step: Step) -> int:
        """Of one step."""
        parameters = sum(a.data.nbytes for p in step.parts for a in const_arrays(p.kernel))
        return parameters + self.operand_bytes(step)

    def operand_bytes(self, step: Step) -> int:
        """Of a step's operands that are constants."""
        operands = (self.graph.tensors[t] for t in step.inputs)
        return sum(t.nbytes for t in operands if t.data is not None)
