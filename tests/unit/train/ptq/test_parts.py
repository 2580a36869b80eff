"""Options, ranges, statistics and advice, without TensorFlow."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from support.cli import tinybench
from tinybench.errors import UsageError
from tinybench.model.graph import Graph, Op, Tensor
from tinybench.report.statistics import share_change
from tinybench.train.data import SHARES
from tinybench.train.ptq.advice import advise, swishes, unbounded
from tinybench.train.ptq.base import Base
from tinybench.train.ptq.layers import Layer, layer_name
from tinybench.train.ptq.options import QuantizeOptions
from tinybench.train.ptq.ranges import by_percentile, by_squared_error
from tinybench.train.ptq.score import Answers
from tinybench.workflow.quantize import parse_shares


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"mode": "int9"}, "did you mean int8"),
        ({"select": "worst"}, "first, best"),
        ({"calibration": "kl"}, "minmax, percentile, mse"),
        ({"samples": 0}, "--samples 0"),
        ({"mode": "dynamic", "repeat": 3}, "--repeat"),
        ({"mode": "int16x8", "calibration": "mse"}, "use --mode int8"),
        ({"mode": "float16", "keep_float": ("SOFTMAX",)}, "--keep-float"),
        ({"mode": "dynamic", "denylist": ("stem",)}, "--denylist"),
    ],
)
def test_options_that_do_not_go_together(options: dict, words: str) -> None:
    with pytest.raises(UsageError, match=words):
        QuantizeOptions(**options)


def histogram(values: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    count, edges = np.histogram(values, 2048)
    return count.astype(np.float64), edges


def test_percentile_leaves_out_outliers_but_not_a_rectifiers_ends() -> None:
    rng = np.random.default_rng(0)
    values = np.minimum(np.maximum(rng.normal(0, 2, 100_000), 0), 6)
    low, high = by_percentile(*histogram(values))
    assert low == 0 and high == pytest.approx(6, abs=0.01)
    low, high = by_percentile(*histogram(np.append(rng.normal(0, 1, 100_000), 100.0)))
    assert -5 < low < -3.5 and 3.5 < high < 5


def test_squared_error_is_as_brute_force_on_the_values_finds_it() -> None:
    values = np.append(np.random.default_rng(1).normal(0, 1, 50_000), [30.0, -25.0])
    low, high = by_squared_error(*histogram(values))

    def error(factor: float) -> float:
        a, b = values.min() * factor, values.max() * factor
        scale = (b - a) / 255
        zero = np.rint(-a / scale)
        steps = np.clip(np.rint(values / scale) + zero, 0, 255)
        return float((((steps - zero) * scale - values) ** 2).sum())

    chosen = high / values.max()
    assert low / values.min() == pytest.approx(chosen)
    assert error(chosen) <= 1.02 * min(error(f) for f in np.linspace(0.3, 1, 71))
    assert chosen < 0.95


def test_paired_interval_covers_as_often_as_it_says() -> None:
    rng = np.random.default_rng(8)
    n, lost, won, inside = 200, 0.06, 0.03, 0
    for _ in range(2000):
        a, b, _ = rng.multinomial(n, (lost, won, 1 - lost - won))
        ends = share_change(int(a), int(b), n)
        inside += ends.low <= won - lost <= ends.high
    assert 0.93 < inside / 2000 < 0.985
    empty = share_change(0, 0, 50)
    assert empty.low < 0 < empty.high


def test_shares_given_on_the_command_line() -> None:
    assert parse_shares(()) is None
    shares = parse_shares(("test=0.5,selection=0.2",))
    assert shares is not None and sum(shares.values()) == pytest.approx(1)
    assert shares["test"] == 0.5
    assert shares["train"] / shares["calibration"] == pytest.approx(
        SHARES["train"] / SHARES["calibration"]
    )
    for wrong in ("tests=0.5", "test=2", "test=half", "test=0.9,train=0.9"):
        with pytest.raises(UsageError):
            parse_shares((wrong,))


def graph(*ops: Op, tensors: int = 8) -> Graph:
    made = tuple(Tensor(i, f"m/layer{i}/x", "float32", (1, 4)) for i in range(tensors))
    return Graph(made, ops, (0,), (ops[-1].outputs[0],), "", 0)


SWISH = graph(
    Op(0, "CONV_2D", 1, (0,), (1,), {"fused_activation_function": "RELU"}),
    Op(1, "LOGISTIC", 1, (1,), (2,)),
    Op(2, "MUL", 1, (1, 2), (3,)),
    Op(3, "MUL", 1, (3, 2), (4,)),
)


def layer(index: int, **figures: object) -> Layer:
    plain = {
        "op": index, "kind": "MUL", "name": f"layer{index}", "tensor": f"m/layer{index}/x",
        "low": -1.0, "high": 5.0, "bulk": 4.0, "holds": (-1.0, 5.0), "sqnr_db": 30.0,
        "saturated": 0.0, "channels": None, "dead": None, "dead_in_float": None,
    }  # fmt: skip
    return Layer(**(plain | figures))  # type: ignore[arg-type]


def test_swish_is_a_value_times_its_own_sigmoid() -> None:
    assert [op.index for op in swishes(SWISH)] == [2]
    assert [op.index for op in unbounded(SWISH)] == [0]


def test_causes_are_named_where_accuracy_was_lost_only() -> None:
    layers = [layer(1), layer(3)]
    assert not advise(SWISH, layers, None)
    found = {a.cause: a for a in advise(SWISH, layers, 0.031)}
    assert set(found) == {"swish", "unbounded relu"}
    assert "3.1 points lost" in found["swish"].todo and "relu6" in found["swish"].todo
    assert found["swish"].layers == ("layer3",)


def test_advice_for_noise_saturation_and_dead_channels() -> None:
    layers = [
        layer(1, sqnr_db=4.0),
        layer(3, saturated=0.2, channels=8, dead=3, dead_in_float=1),
        layer(5, kind="SOFTMAX", saturated=0.5),
    ]
    found = {a.cause: a for a in advise(SWISH, layers, None)}
    assert set(found) == {"noise", "saturation", "dead channels"}
    assert "--denylist layer1" in found["noise"].todo
    assert "3 of 8 channels" in found["dead channels"].seen
    assert found["saturation"].layers == ("layer3",)


@pytest.mark.parametrize(
    ("op", "shape", "classes"),
    [("LOGISTIC", (1, 1), 2), ("FULLY_CONNECTED", (1, 1), None), ("SOFTMAX", (1, 4), 4)],
)
def test_how_many_classes_a_model_tells_apart(
    op: str, shape: tuple[int, ...], classes: int | None
) -> None:
    tensors = (Tensor(0, "in", "float32", (1, 4)), Tensor(1, "out", "float32", shape))
    model = Graph(tensors, (Op(0, op, 1, (0,), (1,)),), (0,), (1,), "", 0)
    assert Base(b"", model, None, "", "", None, None, {}).outputs == classes


def test_one_sigmoid_says_yes_from_a_half_on() -> None:
    values = np.array([[0.49], [0.5], [0.9]], np.float32)
    answers = Answers(values, np.array([0, 1, 0]))
    assert answers.top1.tolist() == [0, 1, 1]
    assert answers.accuracy == pytest.approx(2 / 3)


def test_names_of_layers() -> None:
    assert layer_name("model_1/stem_conv/Relu6;model_1/stem_conv/BiasAdd", {}) == "stem_conv"
    assert layer_name("s/conv_1/Relu", {"conv_1": "conv"}) == "conv"
    assert layer_name("s/bn_1/batchnorm/mul", {"bn_1": "bn"}) == "bn"


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("--mode", "int9"), "did you mean int8"),
        (("--split", "test=2"), "--split"),
        ((), "no such file: m.keras"),
    ],
)
def test_mistakes_are_told_at_once(tmp_path: Path, arguments: tuple, words: str) -> None:
    done = tinybench("quantize", "m.keras", "--data", "nothing", *arguments, cwd=tmp_path)
    assert done.status == 2 and words in done.err and "Traceback" not in done.err
