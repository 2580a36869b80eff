"""Whole blocks of a network taken out, and the rest taught to absorb them.

A block is a part that gives what it takes: the same shape, and no other way around it. Before it is
cut, a preparation drives its contribution to zero: y = x + g * (f(x) - x), with g falling from 1
to 0 while the network trains. Afterwards all is frozen but the dense head, and layers are unlocked
from there inwards; a cut that ends below the floor is rolled back.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from tinybench.errors import UnsupportedModel, UsageError
from tinybench.methods import Blocks
from tinybench.train.compress.channels import MIXING, has_weights
from tinybench.train.compress.fit import Trainer
from tinybench.train.compress.freeze import only
from tinybench.train.compress.made import Made
from tinybench.train.compress.network import (
    Call,
    Network,
    activation_of,
    copy_model,
    rebuild,
    same,
    take_apart,
)

SLACK = 0.02  # of accuracy that a cut may lose where no floor is given
PARTS = 3  # in which layers are unlocked
_FIRST = (*MIXING, "DepthwiseConv2D")


@dataclass(frozen=True)
class Block:
    """A part of a network that could go.

    Attributes:
        first: the tensor that it takes.
        last: the call that gives the tensor that it makes; its name is the block's.
        parameters: that go with it.
    """

    first: Any
    last: Call
    parameters: int


def blocks(model: Any, options: Blocks, trainer: Trainer) -> Made:
    """Cuts blocks one after the other while accuracy stays above the floor.

    Raises:
        UnsupportedModel: there is no block.
        UsageError: no block has the name given.
    """
    check_names(model, options)
    model = take_apart(model).model
    floor = options.floor or trainer.accuracy(model) - SLACK
    cut: list[dict[str, Any]] = []
    kept: list[str] = []
    for number in range(1, (len(options.remove) or options.count) + 1):
        name = options.remove[number - 1] if options.remove else None
        block = _choose(take_apart(model), name, set(kept), trainer)
        if block is None:
            break
        made = _cut(model, block.last.name, f"{number}-{block.last.name}", options, trainer)
        reached = trainer.accuracy(made)
        verdict = "kept out" if reached >= floor else "rolled back"
        trainer.news(f"{block.last.name}: {verdict}, validation {reached:.4f}, floor {floor:.4f}")
        facts = {"block": block.last.name, "parameters": block.parameters, "validation": reached}
        if reached >= floor:
            model = made
            cut.append(facts)
        else:
            kept.append(block.last.name)
    gone = [facts["block"] for facts in cut]
    notes = (f"rolled back, below the floor of {floor:.4f}: {', '.join(kept)}",) if kept else ()
    return Made(model, trainer.data, notes, {"floor": floor, "removed": gone, "cuts": cut})


def check_names(model: Any, options: Blocks) -> None:
    """Checks that there are blocks to take out.

    Raises:
        UnsupportedModel: there is none.
        UsageError: none has a name that is given, or a name is given twice.
    """
    found = find_blocks(take_apart(model))
    if not found:
        raise UnsupportedModel(
            "blocks: parts of the network that give the shape that they take",
            "there is none",
            "use prune --structured, or distill into a smaller network",
        )
    for name in options.remove:
        _check_name(name, found)
        if options.remove.count(name) > 1:
            raise UsageError("blocks to take out, each once", f"{name!r} twice", "name it once")


def _check_name(name: str, found: list[Block]) -> None:
    names = [block.last.name for block in found]
    if name not in names:
        raise UsageError(f"a block ({', '.join(names)})", f"{name!r}", "name one of them")


def find_blocks(network: Network) -> list[Block]:
    """The blocks of a network, from its input on; none is inside of another.

    A block ends in an addition, or behind a nonlinearity; then it has one layer that mixes
    channels, and the depthwise layer before it where there is one. It does not begin with the
    normalization of the layer before it.
    """
    found: list[tuple[int, int]] = []
    for residual in (True, False):
        for end, call in enumerate(network.calls):
            ends = call.kind == "Add" if residual else _is_nonlinear(call)
            free = all(not first <= end <= last for first, last in found)
            start = _start(network, end) if ends and free else None
            if start is not None and all(last < start or first > end for first, last in found):
                found.append((start, end))
    return [_block(network.calls[start : end + 1]) for start, end in sorted(found)]


def _block(part: tuple[Call, ...]) -> Block:
    weights = sum(int(call.layer.count_params()) for call in part if has_weights(call))
    return Block(part[0].inputs[0], part[-1], weights)


def _is_nonlinear(call: Call) -> bool:
    return call.kind == "ReLU" or activation_of(call) not in ("linear", "softmax")


def _start(network: Network, end: int) -> int | None:
    """Where the block begins that ends here; None where none does."""
    residual, best, mixing = network.calls[end].kind == "Add", None, 0
    for start in range(end, -1, -1):
        part = network.calls[start : end + 1]
        mixing += part[0].kind in MIXING
        if not residual and (mixing > 1 or part[0].kind == "Add"):
            break
        begins = has_weights(part[0]) if residual else part[0].kind in _FIRST
        whole = mixing and begins and len(part[0].inputs) == 1
        same_shape = whole and part[0].inputs[0].shape == part[-1].outputs[0].shape
        if same_shape and _is_closed(network, part, part[0].inputs[0]):
            best = start
            if residual:
                break
    return best


def without_block(network: Network, name: str, gain: float | None = None) -> Any:
    """The network without a block, or with so much of its contribution.

    Args:
        network: the model taken apart.
        name: of the block's last layer.
        gain: 0..1; None: the block is gone.
    """
    block = next(b for b in find_blocks(network) if b.last.name == name)
    at = network.calls.index(block.last)
    seen: dict[int, Any] = {}

    def make(call: Call, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        if call.inputs[0] is network.entry:
            seen[id(network.entry)] = args[0]
        out = same(call, args, kwargs)
        seen[id(call.outputs[0])] = out
        if call is not network.calls[at]:
            return out
        entry = seen[id(block.first)]
        return entry if gain is None else entry + gain * (out - entry)

    return rebuild(network, make)


def _is_closed(network: Network, part: tuple[Call, ...], first: Any) -> bool:
    """Whether it reads nothing but ``first`` from outside, and only its end is read outside."""
    made = [t for c in part for t in c.outputs]
    inside = {id(t) for t in made}
    reads = {id(t) for c in part for t in c.inputs} - inside
    own = {id(c) for c in part}
    leaks = [
        t
        for t in made[:-1]
        if t is network.end or any(id(r) not in own for r in network.readers(t))
    ]
    return reads == {id(first)} and not leaks and made[-1] is not network.end


def _choose(network: Network, name: str | None, kept: set[str], trainer: Trainer) -> Block | None:
    """The named block, or the one whose loss costs the least accuracy before any training."""
    found = find_blocks(network)
    if name is not None:
        _check_name(name, found)
        return next(block for block in found if block.last.name == name)
    left = [block for block in found if block.last.name not in kept]
    scored = [(trainer.accuracy(without_block(network, b.last.name)), b) for b in left]
    return max(scored, key=lambda pair: pair[0])[1] if scored else None


def _cut(model: Any, name: str, stage: str, options: Blocks, trainer: Trainer) -> Any:
    model = copy_model(model)
    network = take_apart(model)
    for step in range(options.prepare):
        gain = 1 - (step + 1) / options.prepare
        faded = without_block(network, name, gain)
        trainer.fit(faded, f"prepare-{stage}-{step + 1}", epochs=1, keep_best=False)
    made = without_block(network, name)
    layers = [layer.name for layer in made.layers if layer.weights]
    sizes = [len(layers)] if options.open_all else _unlocked(len(layers))
    for count in sizes:
        with only(made, set(layers[len(layers) - count :])):
            trainer.fit(made, f"absorb-{stage}-{count}")
    return made


def _unlocked(layers: int) -> list[int]:
    """How many of the last layers train, from the head alone to all."""
    return sorted({max(1, layers * part // PARTS) for part in range(PARTS + 1)})
