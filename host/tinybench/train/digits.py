"""The demo's model: a small CNN on scikit-learn's digits, real handwriting of 8 x 8 pixels.

The data set is E. Alpaydin and C. Kaynak's "Optical Recognition of Handwritten Digits", which
scikit-learn carries. A stratified quarter is held back: neither training nor quantization sees
it, and it is what the demo measures on.
"""

from __future__ import annotations

import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tinybench.model.read import read_tflite
from tinybench.train.isolated import Progress, run_job
from tinybench.train.quantize import check_full_integer
from tinybench.whole import write_whole

TEST_SAMPLES = 450
LABELS = tuple("0123456789")


@dataclass(frozen=True)
class DemoModel:
    """The trained and quantized demo model, and the data to measure it on.

    Attributes:
        model: int8 .tflite, (1, 8, 8, 1) -> (1, 10); real inputs 0..1.
        data: .npz of the held-back samples: ``x`` uint8 pixels (n, 8, 8, 1), ``y`` int64 (n,).
        labels: text file, one label a line.
        train_samples, test_samples: sizes of the split.
        float_top1: accuracy of the float model on the held-back samples, 0..1.
        seed: of the split, the weights and the order of training.
        seconds: wall time of training and quantization.
    """

    model: Path
    data: Path
    labels: Path
    train_samples: int
    test_samples: int
    float_top1: float
    seed: int
    seconds: float


def train_digits(
    out: Path,
    *,
    seed: int = 0,
    epochs: int = 15,
    progress: Progress | None = None,
    log: Path | None = None,
) -> DemoModel:
    """Trains and quantizes the demo model; takes seconds.

    Args:
        out: folder for digits.tflite, digits.npz and labels.txt; made if need be.
        seed: the same seed gives the same model on the same machine.
        epochs: passes over the training samples.
        progress: given a line of news each epoch.
        log: where TensorFlow's output goes.

    Raises:
        ToolMissing: TensorFlow is not installed.
        ModelError: training or conversion failed.
    """
    started = time.monotonic()
    out.mkdir(parents=True, exist_ok=True)
    model, data, labels = out / "digits.tflite", out / "digits.npz", out / "labels.txt"
    with tempfile.TemporaryDirectory(prefix="tinybench-digits-") as folder:
        request = {"out": folder, "seed": seed, "epochs": epochs}
        reply = run_job(
            "tinybench.train.digits:train_job",
            request,
            purpose="train the demo model",
            log=log,
            progress=progress,
        )
        check_full_integer(read_tflite(Path(folder, "digits.tflite")))
        for path in (model, data):
            write_whole(path, Path(folder, path.name).read_bytes())
    write_whole(labels, "".join(f"{label}\n" for label in LABELS).encode())
    return DemoModel(
        model=model,
        data=data,
        labels=labels,
        train_samples=reply["train_samples"],
        test_samples=reply["test_samples"],
        float_top1=reply["float_top1"],
        seed=seed,
        seconds=time.monotonic() - started,
    )


def load_digits(
    seed: int,
) -> tuple[NDArray[np.uint8], NDArray[np.uint8], NDArray[np.int64], NDArray[np.int64]]:
    """The digits as pixels 0..255, split: (train x, test x, train y, test y).

    The data set's own 17 grey levels 0..16 are spread over 0..255.
    """
    from sklearn import datasets, model_selection

    digits = datasets.load_digits()
    pixels = np.rint(digits.images * (255 / 16)).astype(np.uint8)[..., np.newaxis]
    parts = model_selection.train_test_split(
        pixels,
        digits.target.astype(np.int64),
        test_size=TEST_SAMPLES,
        stratify=digits.target,
        random_state=seed,
    )
    return parts[0], parts[1], parts[2], parts[3]


def train_job(request: dict[str, Any]) -> dict[str, Any]:
    """In TensorFlow's process: trains, measures the float model, quantizes."""
    import keras
    import tensorflow as tf

    from tinybench.train.convert import to_int8

    keras.utils.set_random_seed(request["seed"])
    tf.config.experimental.enable_op_determinism()
    train_x, test_x, train_y, test_y = load_digits(request["seed"])
    model, inputs = _network(), _as_reals(train_x)
    _fit(model, inputs, train_y, request["epochs"])
    guesses = model.predict(_as_reals(test_x), verbose=0).argmax(axis=1)
    out = Path(request["out"])
    (out / "digits.tflite").write_bytes(to_int8(model, inputs[:200]))
    np.savez_compressed(out / "digits.npz", x=test_x, y=test_y)
    return {
        "train_samples": len(train_x),
        "test_samples": len(test_x),
        "float_top1": float((guesses == test_y).mean()),
    }


def _as_reals(pixels: NDArray[np.uint8]) -> NDArray[np.float32]:
    """Pixels 0..255 as the model takes them: 0..1."""
    return np.divide(pixels, 255, dtype=np.float32)


def _network() -> Any:
    """About 10,000 parameters; 0.3 M MACs an inference."""
    import keras
    from keras import layers

    return keras.Sequential(
        [
            layers.Input((8, 8, 1)),
            layers.Conv2D(16, 3, padding="same", activation="relu"),
            layers.Conv2D(32, 3, padding="same", activation="relu"),
            layers.MaxPooling2D(2),
            layers.Dropout(0.25),
            layers.Flatten(),
            layers.Dense(len(LABELS), activation="softmax"),
        ]
    )


def _fit(model: Any, x: NDArray[np.float32], y: NDArray[np.int64], epochs: int) -> None:
    """Trains, with a line of news each epoch."""
    import keras

    from tinybench.train.isolated import report

    def tell(epoch: int, logs: dict[str, float]) -> None:
        report(f"epoch {epoch + 1} of {epochs}, accuracy {logs['accuracy']:.3f}")

    model.compile(
        keras.optimizers.Adam(0.003), "sparse_categorical_crossentropy", metrics=["accuracy"]
    )
    news = keras.callbacks.LambdaCallback(on_epoch_end=tell)
    model.fit(x, y, batch_size=64, epochs=epochs, verbose=0, callbacks=[news])
