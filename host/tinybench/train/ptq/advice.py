"""What to do about the figures; every piece rests on something that was seen."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from tinybench.model.graph import Graph, Op
from tinybench.train.ptq.layers import Layer
from tinybench.train.ptq.ranges import FIXED_RANGE

_NOISY_DB = 10.0
_SATURATED = 0.01
_OUTLIERS = 2.0  # a range so many times what holds all but a thousandth of the values
_MANY_CLASSES = 100
_PRESCRIBED = FIXED_RANGE | {"QUANTIZE"}  # ranges that no sample decides


@dataclass(frozen=True)
class Advice:
    """One thing to know, and what can be done.

    Attributes:
        cause: "swish", "unbounded relu", "noise", "saturation", "dead channels", "softmax".
        seen: what was seen, with numbers.
        todo: what can be done.
        layers: that it is about.
    """

    cause: str
    seen: str
    todo: str
    layers: tuple[str, ...]


def advise(base: Graph, layers: Sequence[Layer], lost: float | None) -> tuple[Advice, ...]:
    """What the layers and the loss call for.

    Args:
        base: the float model.
        layers: figures of the quantized one.
        lost: accuracy that quantization cost for sure, 0..1: the loss's interval lies above 0.
            None where no loss is shown, or it cannot be measured.
    """
    found = [*_activations(base, layers, lost), *_noise(layers), *_saturation(layers)]
    return tuple([*found, *_dead(layers), *_softmax(base)])


def swishes(graph: Graph) -> list[Op]:
    """Multiplications of a value with its own sigmoid, and HARD_SWISH ops."""
    gates = {op.outputs[0]: op.inputs[0] for op in graph.ops if op.name == "LOGISTIC"}
    found = [op for op in graph.ops if op.name == "HARD_SWISH"]
    for op in graph.ops:
        if op.name == "MUL" and any(
            gates.get(a) == b for a, b in (op.inputs[:2], op.inputs[1::-1])
        ):
            found.append(op)
    return found


def unbounded(graph: Graph) -> list[Op]:
    """Rectifiers without an upper end."""
    return [
        op
        for op in graph.ops
        if op.name in ("RELU", "LEAKY_RELU", "PRELU", "ELU", "GELU")
        or op.options.get("fused_activation_function") == "RELU"
    ]


def _activations(base: Graph, layers: Sequence[Layer], lost: float | None) -> list[Advice]:
    by_tensor = {layer.tensor: layer for layer in layers}
    found = []
    for cause, ops in (("swish", swishes(base)), ("unbounded relu", unbounded(base))):
        mine = [by_tensor[name] for op in ops if (name := _output(base, op)) in by_tensor]
        wide = [layer for layer in mine if layer.high > _OUTLIERS * layer.bulk > 0]
        if not mine or (lost is None and not wide):
            continue
        largest = max(mine, key=lambda layer: layer.high)
        seen = (
            f"{cause} in {len(mine)} layers, outputs up to {largest.high:.3g} ({largest.name}); "
            f"in {len(wide)} of them the largest value is more than {_OUTLIERS:g} times what holds "
            "999 of 1,000"
        )
        verdict = (
            "no loss of accuracy is shown, so nothing need be done"
            if lost is None
            else f"a likely cause of the {100 * lost:.1f} points lost: retrain with relu6 in "
            "their place (`tinybench compress activation`), or try --calibration mse"
        )
        found.append(Advice(cause, seen, verdict, tuple(layer.name for layer in (wide or mine))))
    return found


def _output(graph: Graph, op: Op) -> str:
    return graph.tensors[op.outputs[0]].name


def _noise(layers: Sequence[Layer]) -> list[Advice]:
    noisy = [x for x in layers if x.sqnr_db is not None and x.sqnr_db < _NOISY_DB]
    if not noisy:
        return []
    worst = min(noisy, key=lambda x: x.sqnr_db or 0.0)
    return [
        Advice(
            "noise",
            f"{len(noisy)} layers have less than {_NOISY_DB:g} dB of signal to quantization noise, "
            f"the least {worst.name} with {worst.sqnr_db:.1f} dB",
            f"see what it costs with --denylist {worst.name} (for the desktop), or use "
            "--mode int16x8; quantization-aware training (`tinybench compress qat`) mends it",
            tuple(x.name for x in noisy),
        )
    ]


def _saturation(layers: Sequence[Layer]) -> list[Advice]:
    over = [x for x in layers if (x.saturated or 0.0) > _SATURATED and x.kind not in FIXED_RANGE]
    if not over:
        return []
    worst = max(over, key=lambda x: x.saturated or 0.0)
    return [
        Advice(
            "saturation",
            f"{len(over)} layers have more than {100 * _SATURATED:g} % of their values cut off, "
            f"{worst.name} {100 * (worst.saturated or 0):.1f} %",
            "the representative samples do not show what the held-back ones hold: take more with "
            "--samples, and check that both are prepared alike",
            tuple(x.name for x in over),
        )
    ]


def _dead(layers: Sequence[Layer]) -> list[Advice]:
    dead = [x for x in layers if x.dead]
    if not dead:
        return []
    total, channels = sum(x.dead or 0 for x in dead), sum(x.channels or 0 for x in layers)
    in_float = sum(x.dead_in_float or 0 for x in dead)
    return [
        Advice(
            "dead channels",
            f"{total} of {channels} channels never change over the samples, {in_float} of them "
            "not in float either",
            "they cost flash and time and tell nothing: `tinybench compress prune --structured` "
            "removes such channels",
            tuple(x.name for x in dead),
        )
    ]


def _softmax(base: Graph) -> list[Advice]:
    last = base.ops[-1] if base.ops else None
    if last is None or last.name != "SOFTMAX":
        return []
    tensor = base.tensors[last.outputs[0]]
    if tensor.shape[-1] < _MANY_CLASSES:
        return []
    return [
        Advice(
            "softmax",
            f"a softmax over {tensor.shape[-1]} classes ends the model; in 8 bits it has steps of "
            "1/256, and scores below half a step are all 0",
            "--logits leaves it out: the order of scores stays, ties go, and so does its time",
            (tensor.name,),
        )
    ]
