"""What templates/model.cc.j2 is filled with."""

from __future__ import annotations

from dataclasses import dataclass

from tinybench.render.instrument import Instrument


@dataclass(frozen=True)
class ArraySource:
    """A constant array as C text."""

    name: str
    ctype: str
    count: int
    alignment: int
    body: str


@dataclass(frozen=True)
class FieldSource:
    """One designated initializer."""

    name: str
    value: str


@dataclass(frozen=True)
class OpSource:
    """The parameter struct of one kernel call."""

    name: str
    struct: str
    comment: str
    fields: tuple[FieldSource, ...]


@dataclass(frozen=True)
class ChainSource:
    """A tb_chain_t and the initializers of its tb_link_t.

    Attributes:
        windows: of links whose kernels have none.
    """

    name: str
    links_name: str
    comment: str
    windows: tuple[FieldSource, ...]
    links: tuple[str, ...]


@dataclass(frozen=True)
class CallSource:
    """A kernel call, and where what it makes lies.

    Attributes:
        code: the call.
        tensor: index of the tensor that it makes; -1 where its rows are told of one by one.
        offset, nbytes: of that tensor, in the arena.
    """

    code: str
    tensor: int
    offset: int
    nbytes: int


@dataclass(frozen=True)
class TensorSource:
    """One tb_tensor_t."""

    offset: int
    nbytes: int
    scale_bits: int
    zero_point: int
    dtype: str
    dims: tuple[int, ...]


@dataclass(frozen=True)
class TensorGroup:
    """All inputs, or all outputs."""

    name: str
    tensors: tuple[TensorSource, ...]


@dataclass(frozen=True)
class ModelContext:
    """What templates/model.cc.j2 needs."""

    kernels_version: int
    model_sha256: str
    sha256_bytes: str
    build_id_bytes: str
    macs: int
    weights_bytes: int
    arena_bytes: int
    arena_place: str
    weights_place: str
    arrays: tuple[ArraySource, ...]
    ops: tuple[OpSource, ...]
    chains: tuple[ChainSource, ...]
    calls: tuple[CallSource, ...]
    instrument: Instrument
    tensor_groups: tuple[TensorGroup, TensorGroup]
