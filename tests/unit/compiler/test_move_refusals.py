"""Ops that move, resize or search: what of them is not compiled, and the words that say why."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from support.op_case import Activation, Constant, OpCase, model_of
from tinybench.compiler import check_graph
from tinybench.model.read import parse_tflite

ROW = Activation((1, 8), 0.1)
IMAGE = Activation((1, 4, 6, 3), 0.1)
OTHER_SCALE = Activation((1, 8), 0.2)


def ints(*values: int) -> Constant:
    return Constant((len(values),), "int32", values=values)


def pairs(*values: int) -> Constant:
    return replace(ints(*values), shape=(len(values) // 2, 2))


def slices(begin: Constant, size: Constant, out: Activation = ROW) -> OpCase:
    return OpCase("SLICE", (ROW, begin, size), out)


def strided(begin: int, end: int, step: int, out: int = 2, **options: Any) -> OpCase:
    numbers = (ints(0, begin), ints(1, end), ints(1, step))
    return OpCase("STRIDED_SLICE", (ROW, *numbers), replace(ROW, shape=(1, out)), options=options)


def split(parts: int, sizes: tuple[int, ...] = (4, 4), axis: int = 1) -> OpCase:
    outputs = tuple(replace(ROW, shape=(1, size)) for size in sizes)
    return OpCase("SPLIT", (ints(axis), ROW), outputs[0], more_outputs=outputs[1:])


def resized(name: str, out: tuple[int, int], size: Constant, **options: Any) -> OpCase:
    return OpCase(name, (IMAGE, size), replace(IMAGE, shape=(1, *out, 3)), options=options)


def transpose_conv(shape: Constant, filters: Constant, **options: Any) -> OpCase:
    options = {"padding": "SAME", "stride_h": 2, "stride_w": 2, **options}
    out = Activation((1, 8, 12, 2), 0.1)
    return OpCase("TRANSPOSE_CONV", (shape, filters, IMAGE), out, options=options)


FILTERS = Constant((2, 3, 3, 3), scale=0.02)


@pytest.mark.parametrize(
    ("case", "reason"),
    [
        (slices(ints(0, 4), ints(1, 5), replace(ROW, shape=(1, 5))), "leaves it"),
        (slices(ints(0, 4), ints(1, 0), replace(ROW, shape=(1, 1))), "empty"),
        (slices(ints(0), ints(8)), "of shape (1, 8)"),
        (slices(ints(0, 0), ints(1, 7)), "(1, 7) follows"),
        (slices(ints(0, 0), ints(1, -1), OTHER_SCALE), "scale or zero point"),
        (strided(0, 4, 0), "steps of [1, 0]"),
        (strided(4, 0, 1), "empty"),
        (strided(0, 4, 1), "(1, 4) follows"),
        (strided(0, 4, 2, ellipsis_mask=1), "ellipsis_mask is set"),
        (strided(0, 4, 2, new_axis_mask=2), "new_axis_mask is set"),
        (strided(9, 4, 1, shrink_axis_mask=2), "leaves it"),
        (split(3, (3, 3, 2)), "8 elements into 3 parts"),
        (split(2, (3, 5)), "follows"),
        (split(2, axis=2), "axis 2 of rank 2"),
        (OpCase("SPLIT_V", (ROW, ints(3, 3), ints(1)), ROW, more_outputs=(ROW,)), "[3, 3]"),
        (OpCase("UNPACK", (ROW,), Activation((1,), 0.1), options={"axis": 1}), "1 outputs"),
        (OpCase("TRANSPOSE", (ROW, ints(0, 0)), ROW), "permutation [0, 0]"),
        (
            OpCase("SPACE_TO_DEPTH", (IMAGE,), IMAGE, options={"block_size": 3}),
            "blocks of 3 in an image of 4 x 6",
        ),
        (
            OpCase("DEPTH_TO_SPACE", (IMAGE,), IMAGE, options={"block_size": 2}),
            "blocks of 2 from 3 channels",
        ),
        (resized("RESIZE_NEAREST_NEIGHBOR", (4, 6), ints(8, 12)), "(1, 8, 12, 3) follows"),
        (resized("RESIZE_NEAREST_NEIGHBOR", (1, 1), ints(1, 9999)), "too large a table"),
        (
            resized(
                "RESIZE_BILINEAR", (8, 8), ints(8, 8), align_corners=True, half_pixel_centers=True
            ),
            "together with",
        ),
        (resized("RESIZE_BILINEAR", (1, 4096), ints(1, 4096)), "out of the image"),
        (
            OpCase("MIRROR_PAD", (ROW, pairs(1, 0, 0, 0)), replace(ROW, shape=(2, 8))),
            "more than there is to mirror",
        ),
        (
            OpCase(
                "PADV2",
                (ROW, pairs(0, 0, 0, 1), Constant((), scale=0.3)),
                replace(ROW, shape=(1, 9)),
            ),
            "not one value in the output's scale",
        ),
        (OpCase("PACK", (ROW, OTHER_SCALE), Activation((2, 1, 8), 0.1)), "input 1 differs"),
        (OpCase("MAXIMUM", (ROW, OTHER_SCALE), ROW), "scale or zero point"),
        (OpCase("TANH", (ROW,), Activation((1, 8), 1 / 128, 3)), "zero point 3, 0"),
        (OpCase("HARD_SWISH", (ROW,), Activation((1, 8), 1e-6)), "in 16 bits"),
        (OpCase("REDUCE_MAX", (ROW, ints(1)), Activation((1,), 0.2)), "scale or zero point"),
        (OpCase("ARG_MAX", (ROW, ints(1)), Activation((1,), dtype="int64")), "int32 is needed"),
        (OpCase("ARG_MAX", (ROW, ints(0, 1)), Activation((), dtype="int32")), "one is needed"),
        (transpose_conv(ints(1, 8, 12, 9), FILTERS), "the shape it is to make"),
        (transpose_conv(ints(1, 8, 12, 2), FILTERS, stride_w=3), "follows"),
        (
            transpose_conv(ints(1, 8, 12, 2), Constant((2, 3, 3, 4), scale=0.02)),
            "for 3 -> 2 channels",
        ),
    ],
    ids=lambda v: getattr(v, "name", ""),
)
def test_what_does_not_fit_is_named(case: OpCase, reason: str) -> None:
    lines = [str(problem) for problem in check_graph(parse_tflite(model_of([case])))]
    assert [line for line in lines if line.startswith(f"op 0 {case.name}: ") and reason in line]
