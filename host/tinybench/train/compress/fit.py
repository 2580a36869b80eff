"""Training that can be stopped at any moment and goes on as if it had not been.

A method is a row of *stages*, each a call of :meth:`Trainer.fit`. A method that is started again
does everything anew but the training: of a stage that is done the weights are read, and one that
was broken off goes on after its last whole epoch. The order of samples follows from seed, stage
and epoch, so that the weights come out the same, bit for bit.
"""

from __future__ import annotations

import io
import json
import math
import zlib
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tinybench.augmentation import parse_augmentation
from tinybench.errors import ModelError, system_error
from tinybench.methods import Training
from tinybench.train.compress.augment import augmented, check_shape
from tinybench.train.compress.moving import arriving
from tinybench.whole import write_whole

EAGER_STEPS = 40  # so few are done before TensorFlow has traced its graph
News = Callable[[str], None]


@dataclass(frozen=True)
class Samples:
    """Inputs as the model takes them, and their classes.

    Attributes:
        x: float32, (n, *input shape).
        y: int64, (n,).
    """

    x: NDArray[np.float32]
    y: NDArray[np.int64]

    def __len__(self) -> int:
        return len(self.x)


@dataclass(frozen=True)
class Data:
    """Disjoint parts of a data set.

    Attributes:
        train: to train on.
        validation: to decide by: when to stop, what to keep.
        test: to report on.
        calibration: float32, inputs that set the ranges of int8 activations.
        pixel_range: what real values pixels were made of.
        class_names: by class.
        notes: what the user should know of.
    """

    train: Samples
    validation: Samples
    test: Samples
    calibration: NDArray[np.float32]
    pixel_range: str = "0:1"
    class_names: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()


@dataclass
class Progress:
    """How far a stage is.

    Attributes:
        epoch: whole epochs behind.
        best: best validation accuracy, and its epoch; -1 before the first.
        history: per epoch: loss, accuracy in training, accuracy in validation.
        done: nothing is left to do.
    """

    epoch: int = 0
    best: float = -1.0
    best_epoch: int = 0
    history: list[tuple[float, float, float]] = field(default_factory=list)
    done: bool = False


class Trainer:
    """Trains with one set of data and settings, and keeps checkpoints.

    Args:
        data: what to train and validate on.
        training: epochs, batch, rate, patience, seed.
        folder: for checkpoints; None: keep none.
        news: told a line each epoch.
    """

    def __init__(
        self, data: Data, training: Training, folder: Path | None = None, news: News | None = None
    ) -> None:
        self.data = data
        self.training = training
        self.folder = folder
        self.news: News = news or (lambda line: None)
        self.augmentation = parse_augmentation(training.augment)
        check_shape(self.augmentation, data.train.x.shape[1:])
        self.stages: dict[str, Progress] = {}
        self._best: list[NDArray[Any]] = []

    def fit(
        self,
        model: Any,
        stage: str,
        *,
        epochs: int | None = None,
        keep_best: bool = True,
        before_epoch: Callable[[int], None] | None = None,
        after_batch: Callable[[], None] | None = None,
        targets: Any = None,
        loss: Any = None,
    ) -> Progress:
        """Trains what is trainable in a model, in place.

        Args:
            model: a classifier; its last layer says whether its values are logits.
            stage: a name that no other stage of this run has.
            epochs: as the settings say if None.
            keep_best: end with the weights of the best validation accuracy, the first ones
                included, and early where it does not rise.
            before_epoch: called with the number of each epoch.
            after_batch: called after each step, e.g. to keep weights at zero.
            targets: what ``loss`` compares with, instead of the classes; or a function that
                gives it for inputs and classes, each epoch anew.
            loss: instead of cross-entropy.

        Raises:
            ModelError: the loss is no longer a number.
        """
        epochs = self.training.epochs if epochs is None else epochs
        file = None if self.folder is None else self.folder / f"{stage}.npz"
        _compile(model, self.training.rate, loss, eager=epochs * self._steps <= EAGER_STEPS)
        progress = Progress()
        if file is not None and file.is_file():
            progress, self._best = _load(file, model)
        elif keep_best:
            progress.best = self.accuracy(model)
            self._best = _values(model.variables)
        self.stages[stage] = progress
        targets = self.data.train.y if targets is None else targets
        calls = [_after_batch(after_batch)] if after_batch else []
        while not progress.done and progress.epoch < epochs:
            if before_epoch:
                before_epoch(progress.epoch)
            self._epoch(model, stage, progress, epochs, targets, calls)
            better = keep_best and progress.history[-1][2] > progress.best
            if better:
                progress.best, progress.best_epoch = progress.history[-1][2], progress.epoch
            late = progress.epoch - progress.best_epoch >= self.training.patience
            progress.done = progress.epoch >= epochs or (keep_best and late)
            self._keep(file, model, progress, best=better)
        if keep_best:
            for variable, value in zip(model.variables, self._best, strict=True):
                variable.assign(value)
        return progress

    def accuracy(self, model: Any, samples: Samples | None = None) -> float:
        """Share of samples whose class has the highest value; of the validation part if None."""
        samples = self.data.validation if samples is None else samples
        return float((predict(model, samples.x).argmax(axis=1) == samples.y).mean())

    @property
    def _steps(self) -> int:
        """Of an epoch."""
        return -(-len(self.data.train) // self.training.batch)

    def _epoch(
        self, model: Any, stage: str, progress: Progress, epochs: int, targets: Any, calls: Any
    ) -> None:
        number, settings = progress.epoch, self.training
        rate = settings.rate * 0.5 * (1 + math.cos(math.pi * number / max(1, epochs)))
        model.optimizer.learning_rate.assign(rate)
        rng = np.random.default_rng([settings.seed, zlib.crc32(stage.encode()), number])
        order = rng.permutation(len(self.data.train))
        x, y = self.data.train.x[order], self.data.train.y[order]
        if self.augmentation.asked:
            x = augmented(x, self.augmentation, int(rng.integers(1 << 31)))
        with arriving(model, self._steps):
            logs = model.fit(
                x,
                targets(x, y) if callable(targets) else targets[order],
                batch_size=settings.batch,
                shuffle=False,
                verbose=0,
                callbacks=calls,
            ).history
        loss = float(logs["loss"][-1])
        if not math.isfinite(loss):
            raise ModelError(
                f"a loss that is a number, in {stage}, epoch {number + 1} of {epochs}",
                f"loss={loss}",
                f"lower --rate (it was {settings.rate:g}); checkpoints up to here are kept",
            )
        reached = self.accuracy(model)
        progress.history.append((loss, float(logs.get("accuracy", [math.nan])[-1]), reached))
        progress.epoch += 1
        self.news(
            f"{stage}: epoch {number + 1} of {epochs}, loss {loss:.4f}, validation {reached:.4f}"
        )

    def _keep(self, file: Path | None, model: Any, progress: Progress, *, best: bool) -> None:
        if best:
            self._best = _values(model.variables)
        if file is not None:
            _save(file, model, progress, self._best if progress.best >= 0 else [])


def predict(model: Any, x: NDArray[np.float32], batch: int = 256) -> NDArray[np.float32]:
    """The model's outputs, (n, classes)."""
    parts = [model(x[at : at + batch], training=False) for at in range(0, len(x), batch)]
    return np.concatenate([np.asarray(part) for part in parts])


def gives_logits(model: Any) -> bool:
    """Whether a classifier's outputs are not probabilities yet."""
    last = model.layers[-1]
    while getattr(last, "layers", None):
        last = last.layers[-1]
    activation = getattr(getattr(last, "activation", None), "__name__", "")
    return activation != "softmax" and type(last).__name__ != "Softmax"


def _compile(model: Any, rate: float, loss: Any, *, eager: bool) -> None:
    import keras

    model.compile(
        keras.optimizers.Adam(rate),
        loss or keras.losses.SparseCategoricalCrossentropy(from_logits=gives_logits(model)),
        metrics=None if loss else ["accuracy"],
        run_eagerly=eager,
        jit_compile=False,  # XLA takes longer to compile than these models to train
    )
    model.optimizer.build(model.trainable_variables)


def _values(variables: Any) -> list[NDArray[Any]]:
    return [np.array(variable) for variable in variables]


def _save(file: Path, model: Any, progress: Progress, best: list[NDArray[Any]]) -> None:
    """Writes a checkpoint in one step: the old one, or the new one, whole."""
    parts = {"model": _values(model.variables), "best": best}
    parts["optimizer"] = _values(model.optimizer.variables)
    arrays = {f"{name}.{n}": a for name, part in parts.items() for n, a in enumerate(part)}
    sink = io.BytesIO()
    np.savez(sink, allow_pickle=False, state=np.array(json.dumps(asdict(progress))), **arrays)
    try:
        write_whole(file, sink.getvalue())
    except OSError as error:
        raise system_error(
            f"write the checkpoint {file} (the one before is kept)", error
        ) from error


def _load(file: Path, model: Any) -> tuple[Progress, list[NDArray[Any]]]:
    """Reads a checkpoint into a model that was compiled as then; the state and best weights."""
    with np.load(file, allow_pickle=False) as arrays:
        state = json.loads(str(arrays["state"]))
        for name, variables in (
            ("model", model.variables),
            ("optimizer", model.optimizer.variables),
        ):
            for number, variable in enumerate(variables):
                variable.assign(arrays[f"{name}.{number}"])
        kept = sum(name.startswith("best.") for name in arrays.files)
        best = [arrays[f"best.{number}"] for number in range(kept)]
    return Progress(**state), best


def _after_batch(action: Callable[[], None]) -> Any:
    import keras

    return keras.callbacks.LambdaCallback(on_train_batch_end=lambda batch, logs: action())
