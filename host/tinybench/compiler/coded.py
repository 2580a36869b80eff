"""Which filters are kept in Huffman code, and how many channels of them are decoded at a time.

A coded filter is decoded into scratch, a piece of some output channels at a time, and the kernel is
run over the whole image with each piece; so such a step does not write over its own input. A
convolution in a row chain stays plain: chains are small, and all their filters are wanted at once.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace

from tinybench.compiler.coding import TABLES_BYTES, Coded, encode, entropy_bits
from tinybench.compiler.kernel import ConstArray, Kernel, Scratch
from tinybench.compiler.program import FilterCoding, Step, Target

KERNEL, CODED_KERNEL = "tb_conv2d", "tb_conv2d_coded"
_BLOCK = 4  # output channels that are decoded together at least
_LEAST_SAVING = 256  # bytes: the longer struct and a look at each filter are not for nothing

_LEAST_SHARE = 0.02  # of all filters, beyond the decoder: every inference decodes them anew
DECODER_BYTES = 1_000
"""What reading code adds to a firmware, about: on virt-c3 1,017 B and 1,183 B were seen."""

Peak = Callable[[Sequence[Step]], int]


@dataclass(frozen=True)
class _Candidate:
    """A filter that coding makes shorter."""

    number: int
    step: Step
    coded: Coded
    facts: FilterCoding


def code_filters(
    steps: Sequence[Step], target: Target, peak: Peak
) -> tuple[tuple[Step, ...], tuple[FilterCoding, ...]]:
    """Codes filters where that saves flash, the decoder's own taken off.

    A piece is as large as leaves the peak where it is; where even the smallest one raises it, that
    one is taken, since saving flash is what was asked for.

    Args:
        steps: after chaining.
        target: nothing is coded unless its ``weights`` says so.
        peak: most bytes live at once, of some steps.

    Returns:
        The steps, and what became of each filter.
    """
    if target.weights != "huffman":
        return tuple(steps), ()
    found = [_look(number, part, step) for number, step in enumerate(steps) for part in step.parts]
    facts = _by_op([c.facts for c in found if c is not None])
    best, lowest = tuple(steps), peak(steps)
    worth = [c for c in found if c is not None and not c.facts.reason]
    reason = _too_little(worth, sum(part.plain_bytes for part in facts.values()))
    if reason:
        facts |= {c.facts.op: replace(c.facts, reason=reason) for c in worth}
        worth = []
    for candidate in sorted(worth, key=lambda c: -c.facts.saved_bytes):
        best, facts[candidate.facts.op] = _code(candidate, best, lowest, peak)
        lowest = max(lowest, peak(best))
    return best, tuple(facts[op] for op in sorted(facts))


def _too_little(worth: Sequence[_Candidate], plain_bytes: int) -> str:
    """Why none of the filters is worth its code, of so many bytes of all; "" where they are."""
    saved = sum(c.facts.saved_bytes for c in worth)
    if saved > DECODER_BYTES + _LEAST_SHARE * plain_bytes:
        return ""
    return f"all code would save {saved:,} B, too little for a decoder of about {DECODER_BYTES:,} B"


def _by_op(facts: Sequence[FilterCoding]) -> dict[int, FilterCoding]:
    """One for each op: of a filter that lies in groups of channels, all groups together."""
    found: dict[int, FilterCoding] = {}
    for part in facts:
        known = found.get(part.op)
        found[part.op] = part if known is None else _sum(known, part)
    return found


def _sum(one: FilterCoding, other: FilterCoding) -> FilterCoding:
    plain = one.plain_bytes + other.plain_bytes
    bits = one.entropy_bits * one.plain_bytes + other.entropy_bits * other.plain_bytes
    coded = one.coded_bytes + other.coded_bytes
    return replace(one, plain_bytes=plain, coded_bytes=coded, entropy_bits=bits / plain)


def _look(number: int, part: Step, step: Step) -> _Candidate | None:
    values = part.kernel.fields.get("filter")
    if not isinstance(values, ConstArray):
        return None
    coded = encode(values.data)
    facts = FilterCoding(
        op=part.ops[0],
        plain_bytes=values.data.nbytes,
        coded_bytes=coded.nbytes,
        entropy_bits=entropy_bits(values.data),
    )
    return _Candidate(number, part, coded, replace(facts, reason=_against(part, step, facts)))


def _against(part: Step, step: Step, facts: FilterCoding) -> str:
    """Why a filter stays plain; "" where nothing speaks against coding it."""
    if step.links:
        return "it runs row by row in a chain"
    if facts.plain_bytes - facts.coded_bytes < _LEAST_SAVING:
        return f"coding would save less than {_LEAST_SAVING} B"
    return "" if part.kernel.function == KERNEL else f"{part.kernel.function} cannot read code"


def _code(
    candidate: _Candidate, steps: tuple[Step, ...], lowest: int, peak: Peak
) -> tuple[tuple[Step, ...], FilterCoding]:
    best: tuple[int, tuple[Step, ...], FilterCoding] | None = None
    for blocks, pieces in _pieces(candidate.step):
        step, scratch = _coded_step(candidate, blocks)
        tried = (*steps[: candidate.number], step, *steps[candidate.number + 1 :])
        top = peak(tried)
        if best is None or top < best[0]:
            facts = replace(candidate.facts, scratch_bytes=scratch, pieces=pieces)
            best = top, tried, facts
        if top <= lowest:
            break
    assert best is not None
    return best[1], best[2]


def _pieces(step: Step) -> Iterator[tuple[int, int]]:
    """(blocks of a piece, pieces), from the whole filter to one block at a time."""
    filters = step.kernel.fields["filter"]
    assert isinstance(filters, ConstArray)
    blocks = filters.data.shape[0]
    pieces = 1
    while True:
        size = -(-blocks // pieces)
        yield size, -(-blocks // size)
        if size == 1:
            return
        pieces = min(2 * pieces, blocks)


def _coded_step(candidate: _Candidate, blocks: int) -> tuple[Step, int]:
    """The step that reads code, and the bytes of scratch that it wants."""
    fields = candidate.step.kernel.fields
    filters = fields["filter"]
    assert isinstance(filters, ConstArray)
    piece = blocks * filters.data[0].size
    kernel = Kernel(
        CODED_KERNEL,
        {
            "conv": {**fields, "filter": "nullptr"},
            "lengths": ConstArray("lengths", candidate.coded.lengths),
            "code": ConstArray("code", candidate.coded.stream),
            "tables": Scratch("tables", TABLES_BYTES, "uint8"),
            "decoded": Scratch("decoded", piece),
            "blocks": blocks,
        },
    )
    step = replace(candidate.step, kernel=kernel, window=None, alone=True)
    return step, TABLES_BYTES + piece
