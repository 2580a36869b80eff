"""Reading sound models, and saying what is wrong with the others."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from support.models import conv_model, float_boundary_model, one_op_model
from support.realdata import BIRD, KWS, PERSON, VWW, real
from support.tflite_builder import ModelBuilder, pack, unpack
from tinybench.errors import ModelError
from tinybench.model.read import MAX_FILE_BYTES, parse_tflite, read_tflite


def test_reads_tensors_options_and_constants() -> None:
    graph = parse_tflite(conv_model())
    assert [op.name for op in graph.ops] == [
        "CONV_2D",
        "AVERAGE_POOL_2D",
        "RESHAPE",
        "FULLY_CONNECTED",
        "SOFTMAX",
    ]
    conv = graph.ops[0]
    assert conv.version == 3
    assert conv.options == {
        "padding": "SAME",
        "stride_h": 2,
        "stride_w": 2,
        "fused_activation_function": "RELU6",
        "dilation_h_factor": 1,
        "dilation_w_factor": 1,
        "quantized_bias_type": "FLOAT32",
    }
    image, weights = (graph.tensors[index] for index in conv.inputs[:2])
    assert (image.name, image.dtype, image.shape, image.data) == (
        "image",
        "int8",
        (1, 8, 8, 3),
        None,
    )
    assert image.quant is not None and image.quant.zero_point.tolist() == [-128]
    assert image.quant.scale.dtype == np.float32
    assert weights.data is not None and weights.data.shape == (5, 3, 3, 3)
    assert weights.quant is not None and weights.quant.scale.shape == (5,)
    assert graph.ops[2].options == {"new_shape": (1, 5)}
    assert graph.ops[3].inputs[2] == -1
    assert graph.ops[4].options == {"beta": 1.0}
    assert graph.unsupported == ()


def test_constants_are_read_only_views_of_the_file() -> None:
    weights = parse_tflite(conv_model()).tensors[1].data
    assert weights is not None and not weights.flags.writeable


def test_a_free_batch_reads_as_one() -> None:
    graph = parse_tflite(conv_model(batch_signature=-1))
    assert graph.tensors[graph.inputs[0]].shape == (1, 8, 8, 3)
    assert graph.unsupported == ()


def test_any_other_free_dimension_is_unsupported() -> None:
    b = ModelBuilder()
    x = b.input((1, 1, 1, 3), scale=0.5, signature=(-1, -1, -1, 3))
    y = b.tensor((1, 1, 1, 3), scale=0.5)
    b.op("RELU", [x], [y], version=2)
    (reason,) = parse_tflite(b.finish([y])).unsupported
    assert "open shape (-1, -1, -1, 3)" in reason


def test_absent_options_read_as_the_schemas_defaults() -> None:
    model = unpack(conv_model())
    operator = model.subgraphs[0].operators[4]
    operator.builtinOptionsType, operator.builtinOptions = 0, None
    assert parse_tflite(pack(model)).ops[4].options == {"beta": 0.0}


def test_unknown_and_custom_operators_are_named() -> None:
    assert parse_tflite(one_op_model("CUSTOM:mine")).ops[0].name == "CUSTOM:mine"
    model = unpack(one_op_model("RELU"))
    model.operatorCodes[0].builtinCode = 999
    assert parse_tflite(pack(model)).ops[0].name == "UNKNOWN:999"


def test_boundary_types() -> None:
    graph = parse_tflite(float_boundary_model())
    assert [graph.tensors[index].dtype for index in (*graph.inputs, *graph.outputs)] == [
        "float32",
        "float32",
    ]


def test_an_empty_constant_has_a_value() -> None:
    b = ModelBuilder()
    x = b.input((1,), scale=0.5)
    shape = b.const(np.empty(0, np.int32))
    y = b.tensor((), scale=0.5)
    b.op("RESHAPE", [x, shape], [y])
    graph = parse_tflite(b.finish([y]))
    data = graph.tensors[shape].data
    assert data is not None and data.shape == (0,)
    assert graph.tensors[y].elements == 1


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (lambda t: setattr(t[0], "isVariable", True), "is a variable"),
        (lambda t: setattr(t[1], "type", 17), "has the type int4"),
        (lambda t: setattr(t[3], "type", 5), "has the type string"),
    ],
)
def test_what_no_plain_graph_has_is_named(change: Callable[[Any], None], reason: str) -> None:
    model = unpack(conv_model())
    tensors = model.subgraphs[0].tensors
    change(tensors)
    if tensors[1].type == 17:
        model.buffers[tensors[1].buffer].data = np.zeros((5 * 27 + 1) // 2, np.uint8)
    assert any(reason in found for found in parse_tflite(pack(model)).unsupported)


def test_sparse_constants_and_further_subgraphs_are_named() -> None:
    from tinybench.model.schema import schema

    model = unpack(conv_model())
    model.subgraphs[0].tensors[1].sparsity = schema().SparsityParametersT()
    model.subgraphs.append(model.subgraphs[0])
    graph = parse_tflite(pack(model))
    assert graph.unsupported[0].startswith("2 subgraphs")
    assert "stored sparsely" in graph.unsupported[1]
    assert graph.tensors[1].data is None


def _set_shape(*shape: int) -> Callable[[Any], None]:
    def change(model: Any) -> None:
        model.subgraphs[0].tensors[3].shape = list(shape)

    return change


def _tensor(index: int, **fields: Any) -> Callable[[Any], None]:
    def change(model: Any) -> None:
        for name, value in fields.items():
            setattr(model.subgraphs[0].tensors[index], name, value)

    return change


def _op(index: int, **fields: Any) -> Callable[[Any], None]:
    def change(model: Any) -> None:
        for name, value in fields.items():
            setattr(model.subgraphs[0].operators[index], name, value)

    return change


def _graph(**fields: Any) -> Callable[[Any], None]:
    def change(model: Any) -> None:
        for name, value in fields.items():
            setattr(model.subgraphs[0], name, value)

    return change


def _quant(index: int, **fields: Any) -> Callable[[Any], None]:
    def change(model: Any) -> None:
        for name, value in fields.items():
            setattr(model.subgraphs[0].tensors[index].quantization, name, value)

    return change


def _wrong_options(model: Any) -> None:
    operators = model.subgraphs[0].operators
    operators[0].builtinOptionsType = operators[1].builtinOptionsType
    operators[0].builtinOptions = operators[1].builtinOptions


@pytest.mark.parametrize(
    ("change", "seen"),
    [
        (lambda m: setattr(m, "version", 2), "schema version 2"),
        (lambda m: setattr(m, "subgraphs", []), "no graph"),
        (_tensor(1, buffer=99), "buffer 99"),
        (_tensor(1, shape=[5, 3, 3, 4]), "needs 180 bytes, its data has 135"),
        (_set_shape(1, -4, 4, 5), "shape (1, -4, 4, 5)"),
        (_set_shape(1, 65536, 65536, 5), "2 GiB"),
        (_set_shape(*[1] * 9), "9 dimensions"),
        (_tensor(3, type=99), "no .tflite has"),
        (_op(0, opcodeIndex=50), "code 50"),
        (_op(0, inputs=[0, 1, 77]), "reads tensors (0, 1, 77)"),
        (_op(0, outputs=[-1]), "its outputs are tensors (-1,)"),
        (_op(0, inputs=[3, 1, 2]), "before it is written"),
        (_op(1, outputs=[3]), "overwrites tensor 3"),
        (_op(0, outputs=[1]), "overwrites tensor 1"),
        (_graph(outputs=[]), "no output"),
        (_graph(outputs=[1000]), "outputs are tensors (1000,)"),
        (_graph(inputs=[0, 0]), "repeat a tensor"),
        (_graph(operators=[]), "nothing writes the graph's output"),
        (_quant(0, zeroPoint=[300]), "zero point outside of int8"),
        (_quant(0, scale=[float("nan")]), "not a number"),
        (_quant(0, scale=[-1.0]), "negative"),
        (_quant(1, quantizedDimension=3), "5 scales for dimension 3"),
        (_quant(1, zeroPoint=[0, 0]), "5 scales and 2 zero points"),
        (_wrong_options, "carries Pool2DOptions instead of Conv2DOptions"),
    ],
)
def test_contradictions_are_refused_with_their_reason(
    change: Callable[[Any], None], seen: str
) -> None:
    model = unpack(conv_model())
    change(model)
    with pytest.raises(ModelError) as caught:
        parse_tflite(pack(model))
    assert seen in caught.value.seen
    assert caught.value.todo


@pytest.mark.parametrize(
    ("data", "seen"),
    [
        (b"", "0 bytes"),
        (b"hello, world", "no TFL3 mark"),
        (b"PK\x03\x04" + b"x" * 40, "zip archive"),
        (b"\x89HDF\r\n\x1a\n" + b"x" * 40, "HDF5"),
        (b"version https://git-lfs.github.com/spec/v1", "Git LFS pointer"),
        (b"<!DOCTYPE html>", "web page"),
        (b"\xff\xff\xff\xffTFL3", "points nowhere"),
    ],
)
def test_what_is_no_tflite_is_called_what_it_is(data: bytes, seen: str) -> None:
    with pytest.raises(ModelError, match=seen):
        parse_tflite(data)


def test_a_keras_file_is_told_the_command_that_converts_it() -> None:
    with pytest.raises(ModelError) as caught:
        parse_tflite(b"\x89HDF\r\n\x1a\n" + b"x" * 40)
    assert "`tinybench quantize " in caught.value.todo


def test_every_truncation_is_refused() -> None:
    """flatbuffers put the root's parts at the end, so nothing shorter can be whole."""
    data = one_op_model("RELU")
    for length in range(len(data) - 1, -1, -1):
        try:
            graph = parse_tflite(data[:length])
        except ModelError:
            continue
        # Only the padding behind the last string may be missing.
        assert length >= len(data) - 8 and len(graph.ops) == 1


def test_a_small_file_cannot_claim_to_be_a_large_graph() -> None:
    """A hundred thousand references to one tensor would each be read again."""
    import flatbuffers

    from tinybench.model.schema import schema

    tables = schema()
    builder = flatbuffers.Builder(1 << 20)
    tensor = tables.TensorT(shape=[1], name="one of many").Pack(builder)
    tables.SubGraphStartTensorsVector(builder, 50_000)
    for _ in range(50_000):
        builder.PrependUOffsetTRelative(tensor)
    vector = builder.EndVector()
    tables.SubGraphStart(builder)
    tables.SubGraphAddTensors(builder, vector)
    graph = tables.SubGraphEnd(builder)
    tables.ModelStartSubgraphsVector(builder, 1)
    builder.PrependUOffsetTRelative(graph)
    graphs = builder.EndVector()
    buffer = tables.BufferT().Pack(builder)
    tables.ModelStartBuffersVector(builder, 1)
    builder.PrependUOffsetTRelative(buffer)
    buffers = builder.EndVector()
    tables.ModelStart(builder)
    tables.ModelAddVersion(builder, 3)
    tables.ModelAddSubgraphs(builder, graphs)
    tables.ModelAddBuffers(builder, buffers)
    builder.Finish(tables.ModelEnd(builder), file_identifier=b"TFL3")
    with pytest.raises(ModelError, match="claim more than the file"):
        parse_tflite(bytes(builder.Output()))


def test_files_that_cannot_be_read(tmp_path: Path) -> None:
    huge = tmp_path / "huge.tflite"
    with huge.open("wb") as file:
        file.truncate(MAX_FILE_BYTES + 1)
    for path, seen in [(tmp_path, "folder"), (tmp_path / "none", "no such"), (huge, "at most")]:
        with pytest.raises(ModelError) as caught:
            read_tflite(path)
        assert seen in caught.value.seen


@pytest.mark.realdata
@pytest.mark.parametrize(
    ("path", "tensors", "ops", "output"),
    [
        (BIRD, 167, 86, (1, 411)),
        (KWS, 35, 13, (1, 12)),
        (VWW, 89, 31, (1, 2)),
        (PERSON, 89, 31, (1, 2)),
    ],
)
def test_real_models(path: str, tensors: int, ops: int, output: tuple[int, ...]) -> None:
    graph = read_tflite(real(path))
    assert (len(graph.tensors), len(graph.ops)) == (tensors, ops)
    assert graph.tensors[graph.outputs[0]].shape == output
    assert graph.unsupported == ()


@pytest.mark.realdata
def test_a_real_model_with_state_is_named() -> None:
    graph = read_tflite(real("tflm/trained_lstm_int8.tflite"))
    assert len(graph.unsupported) == 2 and "variable" in graph.unsupported[0]
