"""Names of ops: those of the schema on one side, of TFLM's own header on the other."""

from __future__ import annotations

import os
import re
from pathlib import Path

import pytest

from support.tflite_builder import ModelBuilder
from support.tflm_sources import needs_sources
from tinybench.errors import UnsupportedModel
from tinybench.model.read import parse_tflite
from tinybench.model.schema import enum_values
from tinybench.tflm.checkouts import TFLM
from tinybench.tflm.program import interpret_graph
from tinybench.tflm.resolver import OPS, method, methods


def test_every_op_is_one_of_the_schema() -> None:
    assert set(enum_values("BuiltinOperator")) >= OPS
    assert len({method(op) for op in OPS}) == len(OPS)


@pytest.mark.parametrize(
    ("op", "name"),
    [
        ("CONV_2D", "AddConv2D"),
        ("DEPTHWISE_CONV_2D", "AddDepthwiseConv2D"),
        ("AVERAGE_POOL_2D", "AddAveragePool2D"),
        ("RELU6", "AddRelu6"),
        ("RESIZE_NEAREST_NEIGHBOR", "AddResizeNearestNeighbor"),
        ("SPACE_TO_BATCH_ND", "AddSpaceToBatchNd"),
        ("PADV2", "AddPadV2"),
    ],
)
def test_methods_are_named_as_in_the_header(op: str, name: str) -> None:
    assert method(op) == name


@needs_sources
def test_the_table_is_that_of_the_checkout() -> None:
    header = Path(os.environ[TFLM.variable]) / TFLM.marker
    found = re.findall(
        r"TfLiteStatus (Add\w+)\([^{]*\{\s*return AddBuiltin\(\s*BuiltinOperator_(\w+)",
        header.read_text(),
    )
    assert {op: name for name, op in found} == {op: method(op) for op in OPS}


def two_ops(second: str) -> bytes:
    b = ModelBuilder()
    x = b.input((1, 4), 0.5, 0)
    y, z = b.tensor((1, 4), 0.5, 0), b.tensor((1, 4), 0.5, 0)
    b.op("TANH", [x], [y])
    b.op(second, [y], [z])
    return b.finish(outputs=[z])


def test_each_kind_of_op_is_registered_once() -> None:
    assert methods(parse_tflite(two_ops("TANH"))) == ("AddTanh",)
    assert methods(parse_tflite(two_ops("LOGISTIC"))) == ("AddLogistic", "AddTanh")


def test_an_op_that_tflm_lacks_is_named_with_its_index() -> None:
    with pytest.raises(UnsupportedModel, match="it has no GELU") as caught:
        interpret_graph(*(parse_tflite(data := two_ops("GELU")), data), "reference", None)
    assert caught.value.details == ("op 1 GELU: not in MicroMutableOpResolver",)
