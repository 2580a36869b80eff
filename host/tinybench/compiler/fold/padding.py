"""PAD in front of convolutions, which can pad for themselves."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace

from tinybench.compiler.fold.parts import one_scale, plain, readers_of
from tinybench.model.graph import Graph, Op

EXPLICIT_PADDING = "explicit_padding"  # (top, bottom, left, right), in place of SAME/VALID


def fold_pads(graph: Graph, outputs: Collection[int], why: dict[int, str]) -> Graph:
    """A PAD that only VALID convolutions read becomes their own padding.

    Args:
        graph: the model.
        outputs: tensors that must exist on the device.
        why: gains what became of an op that is gone.
    """
    ops = {op.index: op for op in graph.ops}
    all_readers = readers_of(graph)
    for pad in graph.ops:
        sides = _sides(graph, pad)
        if sides is None or pad.outputs[0] in outputs:
            continue
        readers = all_readers.get(pad.outputs[0], [])
        if not readers or not all(_takes_padding(reader, pad) for reader in readers):
            continue
        for reader in readers:
            ops[reader.index] = replace(
                reader,
                inputs=(pad.inputs[0], *reader.inputs[1:]),
                options={**reader.options, EXPLICIT_PADDING: sides},
            )
        del ops[pad.index]
        why[pad.index] = "padding of op " + ", ".join(str(r.index) for r in readers)
    return replace(graph, ops=tuple(ops.values()))


def _sides(graph: Graph, op: Op) -> tuple[int, int, int, int] | None:
    """(top, bottom, left, right) where a PAD only surrounds an image with zeros."""
    if op.name != "PAD" or len(op.inputs) != 2 or not plain(op, 2):
        return None
    source, out = graph.tensors[op.inputs[0]], graph.tensors[op.outputs[0]]
    paddings = graph.tensors[op.inputs[1]].data
    if paddings is None or paddings.shape != (4, 2) or len(source.shape) != 4:
        return None
    if paddings[0].any() or paddings[3].any() or (paddings < 0).any():
        return None
    if source.dtype != out.dtype or source.dtype not in ("int8", "int16"):
        return None
    if not one_scale(source) or not one_scale(out):
        return None
    assert source.quant is not None and out.quant is not None
    if source.quant.scale != out.quant.scale or source.quant.zero_point != out.quant.zero_point:
        return None
    (top, bottom), (left, right) = paddings[1].tolist(), paddings[2].tolist()
    padded = (source.shape[1] + top + bottom, source.shape[2] + left + right)
    if out.shape != (source.shape[0], *padded, source.shape[3]):
        return None
    return top, bottom, left, right


def _takes_padding(reader: Op, pad: Op) -> bool:
    return (
        reader.name in ("CONV_2D", "DEPTHWISE_CONV_2D")
        and reader.options.get("padding") == "VALID"
        and reader.inputs[0] == pad.outputs[0]
        and pad.outputs[0] not in reader.inputs[1:]
    )
