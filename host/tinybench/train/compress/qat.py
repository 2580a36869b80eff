"""Quantization-aware training: the network feels int8's steps while it trains."""

from __future__ import annotations

from typing import Any

from tinybench.errors import UnsupportedModel
from tinybench.methods import Qat
from tinybench.train.compress.fit import Trainer, predict
from tinybench.train.compress.fold import fold_normalization
from tinybench.train.compress.made import Made
from tinybench.train.compress.network import (
    Call,
    Network,
    activation_of,
    kernels,
    rebuild,
    take_apart,
)
from tinybench.train.compress.prune import Masks

AGREEMENT_SAMPLES = 2000
_AS_BEFORE = frozenset({
    "AveragePooling2D", "Dropout", "Flatten", "GlobalMaxPooling2D", "MaxPooling2D", "Reshape",
    "Softmax", "SpatialDropout2D", "ZeroPadding2D",
})  # fmt: skip
_CANNOT = frozenset({"Bidirectional", "GRU", "LSTM", "MultiHeadAttention", "SimpleRNN"})
_FUSED = frozenset({"linear", "relu", "relu6"})


def qat(model: Any, options: Qat, trainer: Trainer) -> Made:
    """Folds normalization, puts fake quantization everywhere, trains, compares with int8.

    Weights that are zero, where pruned, stay zero.

    Raises:
        UnsupportedModel: recurrent or attention layers.
    """
    if options.plain:
        folded = fold_normalization(model)
        trainer.fit(folded, "plain", after_batch=_zeros_of(folded).apply)
        return Made(folded, trainer.data)
    made = with_fake_quantization(fold_normalization(model))
    _calibrate(made, trainer.data.calibration)
    trainer.fit(made, "qat", after_batch=_zeros_of(made).apply)
    return Made(made, trainer.data, facts={"agreement": agreement(made, trainer)})


def _zeros_of(model: Any) -> Masks:
    return Masks([weight for _, weight in kernels(model)])


def with_fake_quantization(model: Any) -> Any:
    """The network with rounded weights, and FakeQuant where TFLite has a tensor of its own."""
    import keras

    from tinybench.train.fakequant import QUANTIZED, FakeQuant

    network = take_apart(model)
    if wrong := sorted({c.kind for c in network.calls} & _CANNOT):
        raise UnsupportedModel(
            "layers that can be trained with fake quantization",
            ", ".join(wrong),
            "prune, cluster, distill and regularize take them; a Conv1D can replace them "
            "(tinybench new conv1d)",
        )
    made: dict[int, Any] = {}
    entry = FakeQuant(name="fake_quant_input")  # one, however many layers read the input

    def quantized(call: Call) -> Any:
        if id(call.layer) not in made:
            config = {**call.layer.get_config(), "activation": "linear"}
            made[id(call.layer)] = QUANTIZED[call.kind].from_config(config)
        return made[id(call.layer)]

    def make(call: Call, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        if call.inputs and call.inputs[0] is network.entry:
            args = (entry(args[0]), *args[1:])
        if call.kind not in QUANTIZED or getattr(call.layer, "groups", 1) != 1:
            x = call.layer(*args, **kwargs)
            fuses = call.kind in _AS_BEFORE or _is_rounded_later(network, call)
            return x if fuses else FakeQuant(name=f"fake_quant_{call.name}")(x)
        layer = quantized(call)
        x = layer(args[0])
        layer.set_weights(call.layer.get_weights())
        activation = keras.activations.serialize(call.layer.activation)
        if activation not in _FUSED:
            x = FakeQuant(name=f"fake_quant_{call.name}_sum")(x)
        if activation != "linear":
            x = keras.layers.Activation(activation, name=f"{call.name}_{activation}")(x)
        if activation == "softmax" or _is_rounded_later(network, call):
            return x
        return FakeQuant(name=f"fake_quant_{call.name}")(x)

    return rebuild(network, make)


def _is_rounded_later(network: Network, call: Call) -> bool:
    """Whether only one op reads it that TFLite computes with it, or in whose range it is kept.

    That is a relu, or a concatenation: its inputs have the scale of its output.
    """
    readers = network.readers(call.outputs[0])
    if len(readers) != 1:
        return False
    reader = readers[0]
    if reader.kind == "Concatenate":
        return True
    if activation_of(call) != "linear":
        return False
    if reader.kind == "ReLU":
        return reader.layer.max_value in (None, 6) and not reader.layer.negative_slope
    return reader.kind == "Activation" and activation_of(reader) in _FUSED


def _calibrate(model: Any, x: Any) -> None:
    """Sets the ranges to what some inputs make."""
    rounding = [layer for layer in model.layers if type(layer).__name__ == "FakeQuant"]
    for layer in rounding:
        layer.observing = True
    model(x, training=False)
    for layer in rounding:
        layer.observing = False


def agreement(model: Any, trainer: Trainer) -> dict[str, Any]:
    """In how many inputs the .tflite has the same top-1 as the fake-quantized model."""
    from tinybench.train.compress.measure import int8_answers
    from tinybench.train.convert import to_int8

    x = trainer.data.test.x[:AGREEMENT_SAMPLES]
    tflite = to_int8(model, trainer.data.calibration, per_channel_dense=False)
    equal = predict(model, x).argmax(axis=1) == int8_answers(tflite, x).argmax(axis=1)
    return {"equal": int(equal.sum()), "n": len(x)}
