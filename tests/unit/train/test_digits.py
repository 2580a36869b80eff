"""The demo's model: learnt from its own part of the digits, good on the part held back."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import numpy as np
import pytest

from tinybench.model.desktop import DesktopRunner
from tinybench.model.read import read_tflite
from tinybench.train.digits import LABELS, TEST_SAMPLES, DemoModel, load_digits, train_digits

pytestmark = pytest.mark.train


def test_split_is_stratified_disjoint_and_complete() -> None:
    train_x, test_x, train_y, test_y = load_digits(seed=0)
    assert (train_x.shape, test_x.shape) == ((1347, 8, 8, 1), (TEST_SAMPLES, 8, 8, 1))
    assert train_x.dtype == test_x.dtype == np.uint8
    assert (train_x.min(), train_x.max()) == (0, 255)
    assert set(Counter(test_y.tolist()).values()) <= {43, 44, 45, 46}
    seen = {picture.tobytes() for picture in train_x}
    assert not any(picture.tobytes() in seen for picture in test_x)
    assert sorted(set(train_y.tolist())) == list(range(10))


def test_split_follows_its_seed() -> None:
    assert np.array_equal(load_digits(seed=3)[1], load_digits(seed=3)[1])
    assert not np.array_equal(load_digits(seed=3)[1], load_digits(seed=4)[1])


def test_model_is_good_on_what_was_held_back(digits: Path) -> None:
    data = np.load(digits / "digits.npz")
    assert (data["x"].shape, data["x"].dtype) == ((TEST_SAMPLES, 8, 8, 1), np.uint8)
    assert np.array_equal(data["y"], load_digits(seed=0)[3])
    runner = DesktopRunner((digits / "digits.tflite").read_bytes())
    tensors = (data["x"].astype(np.int16) - 128).astype(np.int8)
    guesses = [int(runner.run([x[np.newaxis]])[0].argmax()) for x in tensors]
    assert np.mean(guesses == data["y"]) >= 0.96


def test_model_takes_pixels_by_an_unmistakable_scale(digits: Path) -> None:
    graph = read_tflite(digits / "digits.tflite")
    quant = graph.tensors[graph.inputs[0]].quant
    assert quant is not None
    assert (quant.scale[0], quant.zero_point[0]) == (pytest.approx(1 / 255), -128)
    assert (digits / "labels.txt").read_text().split() == list(LABELS)


@pytest.mark.slow
def test_same_seed_same_bytes_and_news_of_each_epoch(tmp_path: Path) -> None:
    news: list[str] = []
    first = train_digits(tmp_path / "a", seed=1, epochs=1, progress=news.append)
    second = train_digits(tmp_path / "b", seed=1, epochs=1)
    assert first.model.read_bytes() == second.model.read_bytes()
    assert [line.split(",")[0] for line in news] == ["epoch 1 of 1"]
    assert isinstance(first, DemoModel)
    assert (first.train_samples, first.test_samples) == (1347, TEST_SAMPLES)
    assert 0 < first.float_top1 < 1
    assert sorted(path.name for path in first.model.parent.iterdir()) == [
        "digits.npz",
        "digits.tflite",
        "labels.txt",
    ]
