"""Small .tflite files made in memory, for tests: one op, or a handful.

    b = ModelBuilder()
    x = b.input((1, 8, 8, 3), scale=0.5, zero_point=-3)
    w = b.const(weights_int8, scale=[0.1, 0.2], axis=0)
    bias = b.const(bias_int32, scale=[0.05, 0.1])
    y = b.tensor((1, 8, 8, 2), scale=0.7, zero_point=4)
    b.op("CONV_2D", [x, w, bias], [y], version=3, padding="SAME", stride_h=1, stride_w=1)
    model = b.finish(outputs=[y])

Options go by the names and values that ``tinybench.model.read`` gives them.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import flatbuffers
import numpy as np
from numpy.typing import ArrayLike, NDArray

from tinybench.model.options import ENUM_OF, OPTIONS_OF, option_fields
from tinybench.model.schema import enum_values, schema


class ModelBuilder:
    """Collects tensors and ops, then writes them as one .tflite."""

    def __init__(self, description: str = "made by a test") -> None:
        self._schema = schema()
        self._description = description
        self._tensors: list[Any] = []
        self._buffers: list[Any] = [self._schema.BufferT()]  # buffer 0 means "no data"
        self._codes: list[Any] = []
        self._ops: list[Any] = []
        self._inputs: list[int] = []

    def tensor(
        self,
        shape: Sequence[int],
        scale: ArrayLike | None = None,
        zero_point: ArrayLike = 0,
        dtype: str = "int8",
        name: str = "",
        axis: int = 0,
        signature: Sequence[int] | None = None,
    ) -> int:
        """Adds an activation; returns its index.

        Args:
            shape: dimensions.
            scale: one number, one per channel, or None for a tensor without quantization.
            zero_point: one for all, or one per scale.
            dtype: NumPy's name.
            name: "t<index>" where not given.
            axis: the channels' dimension.
            signature: shape_signature, e.g. (-1, 8, 8, 3) for a free batch.
        """
        tensor = self._schema.TensorT()
        tensor.shape = [int(size) for size in shape]
        tensor.shapeSignature = None if signature is None else list(signature)
        tensor.hasRank = True
        tensor.type = enum_values("TensorType")[dtype.upper()]
        tensor.name = name or f"t{len(self._tensors)}"
        tensor.quantization = self._quantization(scale, zero_point, axis)
        self._tensors.append(tensor)
        return len(self._tensors) - 1

    def input(self, shape: Sequence[int], *args: Any, **kwargs: Any) -> int:
        """Adds an activation that is an input of the graph; arguments as for :meth:`tensor`."""
        index = self.tensor(shape, *args, **kwargs)
        self._inputs.append(index)
        return index

    def const(
        self,
        value: NDArray[Any],
        scale: ArrayLike | None = None,
        zero_point: ArrayLike = 0,
        axis: int = 0,
        name: str = "",
    ) -> int:
        """Adds a constant of ``value``'s shape and dtype; returns its index."""
        value = np.ascontiguousarray(value).reshape(np.shape(value))
        index = self.tensor(value.shape, scale, zero_point, value.dtype.name, name, axis)
        buffer = self._schema.BufferT()
        buffer.data = np.frombuffer(value.tobytes(), np.uint8)
        self._tensors[index].buffer = len(self._buffers)
        self._buffers.append(buffer)
        return index

    def op(
        self,
        name: str,
        inputs: Sequence[int],
        outputs: Sequence[int],
        version: int = 1,
        **options: Any,
    ) -> int:
        """Adds an operator; returns its index.

        Args:
            name: "CONV_2D", ... or "CUSTOM:<code>".
            inputs: tensor indices, -1 for an optional one left out.
            outputs: tensor indices.
            version: the operator's version.
            options: by snake_case name, enums by name; the rest keep the schema's defaults.
        """
        operator = self._schema.OperatorT()
        operator.opcodeIndex = self._code(name, version)
        operator.inputs = [int(index) for index in inputs]
        operator.outputs = [int(index) for index in outputs]
        table = OPTIONS_OF.get(name)
        if table is not None:
            operator.builtinOptionsType = enum_values("BuiltinOptions")[table]
            operator.builtinOptions = self._options(table, options)
        elif options:
            raise TypeError(f"{name} takes no options here, got {sorted(options)}")
        self._ops.append(operator)
        return len(self._ops) - 1

    def finish(self, outputs: Sequence[int], inputs: Sequence[int] | None = None) -> bytes:
        """The file's bytes.

        Args:
            outputs: the graph's outputs.
            inputs: the graph's inputs; all that :meth:`input` made where not given.
        """
        subgraph = self._schema.SubGraphT()
        subgraph.tensors = self._tensors
        subgraph.operators = self._ops
        subgraph.inputs = list(self._inputs if inputs is None else inputs)
        subgraph.outputs = list(outputs)
        subgraph.name = "main"
        model = self._schema.ModelT()
        model.version = 3
        model.operatorCodes = self._codes
        model.subgraphs = [subgraph]
        model.buffers = self._buffers
        model.description = self._description
        return pack(model)

    def _quantization(self, scale: ArrayLike | None, zero_point: ArrayLike, axis: int) -> Any:
        if scale is None:
            return None
        quantization = self._schema.QuantizationParametersT()
        scales = np.atleast_1d(np.asarray(scale, np.float32))
        quantization.scale = scales
        quantization.zeroPoint = np.broadcast_to(np.asarray(zero_point, np.int64), scales.shape)
        quantization.quantizedDimension = axis
        return quantization

    def _code(self, name: str, version: int) -> int:
        kind, _, custom = name.partition(":")
        value = enum_values("BuiltinOperator")[kind]
        for index, code in enumerate(self._codes):
            if (code.builtinCode, code.version, code.customCode or "") == (value, version, custom):
                return index
        code = self._schema.OperatorCodeT()
        code.deprecatedBuiltinCode = min(value, 127)
        code.builtinCode = value
        code.customCode = custom or None
        code.version = version
        self._codes.append(code)
        return len(self._codes) - 1

    def _options(self, table: str, options: dict[str, Any]) -> Any:
        made = getattr(self._schema, f"{table}T")()
        fields = option_fields(table)
        for name, value in options.items():
            if name not in fields:
                raise TypeError(f"{table} has no field {name}; it has {sorted(fields)}")
            if name in ENUM_OF and isinstance(value, str):
                value = enum_values(ENUM_OF[name])[value]
            setattr(made, fields[name], value)
        return made


def pack(model: Any) -> bytes:
    """A schema ``ModelT`` as a .tflite's bytes."""
    builder = flatbuffers.Builder(1024)
    builder.Finish(model.Pack(builder), file_identifier=b"TFL3")
    return bytes(builder.Output())


def unpack(data: bytes) -> Any:
    """A .tflite's bytes as the schema's ``ModelT``, to be changed and packed again."""
    return schema().ModelT.InitFromObj(schema().Model.GetRootAs(data, 0))
