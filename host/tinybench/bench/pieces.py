"""Tensors to pieces that fit a frame, and back."""

from __future__ import annotations

import zlib
from collections.abc import Sequence

from tinybench.wire.messages import Input, Output, OutputRead, Result, TensorFacts


class Mixed(Exception):  # noqa: N818 - a reason to start the sample again
    """Pieces that do not belong together."""


def cut_inputs(inputs: Sequence[bytes], chunk: int) -> list[Input]:
    """The input tensors, in order, in pieces of at most so many bytes."""
    return [
        Input(tensor, offset, data[offset : offset + chunk])
        for tensor, data in enumerate(inputs)
        for offset in range(0, len(data), chunk)
    ]


def ask_outputs(sample: int, tensors: Sequence[TensorFacts], chunk: int) -> list[OutputRead]:
    """Asks for all of a sample's outputs, at most so many bytes at once."""
    return [
        OutputRead(sample, index, offset, min(chunk, tensor.size - offset))
        for index, tensor in enumerate(tensors)
        for offset in range(0, tensor.size, chunk)
    ]


def join_outputs(
    asks: Sequence[OutputRead], pieces: Sequence[Output], count: int, result: Result
) -> list[bytes]:
    """The output tensors, so many of them.

    Raises:
        Mixed: a piece is of another place, or all together are not what the result speaks of.
    """
    outputs = [bytearray() for _ in range(count)]
    for ask, piece in zip(asks, pieces, strict=True):
        if (piece.sample, piece.tensor, piece.offset) != (ask.sample, ask.tensor, ask.offset):
            raise Mixed(f"asked for {ask}, got that of another place")
        outputs[ask.tensor] += piece.data
    whole = b"".join(outputs)
    if (len(whole), zlib.crc32(whole)) != (result.output_bytes, result.output_crc):
        raise Mixed("the outputs are not those that the result speaks of")
    return [bytes(output) for output in outputs]


def check_sizes(inputs: Sequence[bytes], tensors: Sequence[TensorFacts]) -> None:
    """Inputs must be of the model's sizes.

    Raises:
        ValueError: they are not.
    """
    wanted, seen = [tensor.size for tensor in tensors], [len(data) for data in inputs]
    if wanted != seen:
        raise ValueError(f"inputs of {wanted} bytes wanted, sizes={seen}")
