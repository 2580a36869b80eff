"""Dense layers without their zeros: the same bytes; and where the compiler chooses that."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from support.against_tflm import check_same_bytes, needs_tflm
from support.models import sparse_model
from tinybench.compiler import Program, Target, compile_graph
from tinybench.compiler.sparse import SPARSE_KERNEL, zero_blocks
from tinybench.model.read import parse_tflite


def sparse_steps(program: Program) -> list[float]:
    return [share for s in program.steps if (share := zero_blocks(s)) is not None]


@needs_tflm
@pytest.mark.parametrize("zeros", [0.9, 0.995])
def test_bytes_stay(zeros: float) -> None:
    program = check_same_bytes(sparse_model(zeros))
    [share] = sparse_steps(program)
    assert share == pytest.approx(zeros**4, abs=0.05)
    assert any("blocks of four weights are zero" in note for note in program.notes)


def test_it_is_left_where_zeros_are_few_or_code_is_shorter() -> None:
    assert not sparse_steps(compile_graph(parse_tflite(sparse_model(0.5))))
    coded = replace(Target(), weights="huffman")
    assert not sparse_steps(compile_graph(parse_tflite(sparse_model(0.9)), coded))
    assert sparse_steps(compile_graph(parse_tflite(sparse_model(0.998)), coded))


def test_zeros_are_computed_where_that_is_asked_for() -> None:
    program = compile_graph(parse_tflite(sparse_model(0.995)), Target(zeros="compute"))
    assert not program.notes and not program.kept and not sparse_steps(program)


def test_every_weight_that_is_left_is_kept_once() -> None:
    program = compile_graph(parse_tflite(sparse_model(0.9)))
    [step] = [s for s in program.steps if s.kernel.function == SPARSE_KERNEL]
    fields = step.kernel.fields
    taps, counts, filters = (fields[name].data for name in ("taps", "counts", "filter"))  # type: ignore[union-attr]
    assert counts.sum() == len(taps) == len(filters) and filters.any(axis=1).all()
    ends = np.cumsum(counts)
    for first, last in zip(ends - counts, ends, strict=True):
        assert (np.diff(taps[first:last].astype(int)) > 0).all()
