"""Distillation: a small network learns from a large one's answers.

Hinton, Vinyals and Dean, https://arxiv.org/abs/1503.02531: cross-entropy with the classes, and with
the teacher's probabilities at a temperature, the latter times its square.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from tinybench.errors import DataError
from tinybench.methods import Distill
from tinybench.train.compress.fit import Trainer, gives_logits, predict
from tinybench.train.compress.load import load_model
from tinybench.train.compress.made import Made


def distill(model: Any, options: Distill, trainer: Trainer) -> Made:
    """Trains the student; the model is the teacher.

    Raises:
        DataError: student and teacher tell other classes apart.
    """
    student = _student(options, model, trainer.training.seed)
    if student.output_shape != model.output_shape or student.input_shape != model.input_shape:
        raise DataError(
            f"a student that takes {model.input_shape[1:]} and gives {model.output_shape[1:]}",
            f"{student.input_shape[1:]} and {student.output_shape[1:]}",
            "`tinybench new` makes one: --input and --classes as the model has them",
        )
    classes = int(model.output_shape[-1])

    def teach(x: Any, y: Any) -> Any:
        taught = _logits(predict(model, x), gives_logits(model))
        return np.concatenate([np.eye(classes, dtype=np.float32)[y], taught], axis=1)

    train = trainer.data.train
    targets = teach if trainer.augmentation.asked else teach(train.x, train.y)
    loss = _loss(classes, options, gives_logits(student))
    trainer.fit(student, "distill", targets=targets, loss=loss)
    facts = {"teacher_parameters": model.count_params(), "teacher_test": _right(model, trainer)}
    return Made(student, trainer.data, facts=facts)


def _student(options: Distill, teacher: Any, seed: int) -> Any:
    from tinybench.train.networks import build

    if Path(options.student).suffix:
        return load_model(Path(options.student))
    shape, classes = tuple(teacher.input_shape[1:]), int(teacher.output_shape[-1])
    return build(options.student, shape, classes, options.width, seed)


def _loss(classes: int, options: Distill, logits: bool) -> Any:
    import keras
    from keras import ops

    hard_of = keras.losses.CategoricalCrossentropy(from_logits=logits, reduction=None)

    def loss(target: Any, answer: Any) -> Any:
        truth, taught = target[:, :classes], target[:, classes:]
        values = answer if logits else ops.log(ops.clip(answer, 1e-7, 1.0))
        soft = ops.softmax(taught / options.temperature)
        own = ops.log_softmax(values / options.temperature)
        far = -ops.sum(soft * own, axis=-1) * options.temperature**2
        return options.alpha * hard_of(truth, answer) + (1 - options.alpha) * far

    return loss


def _logits(answers: Any, are_logits: bool) -> Any:
    if are_logits:
        return answers
    return np.log(np.clip(answers, 1e-7, 1.0)).astype(np.float32)


def _right(model: Any, trainer: Trainer) -> float:
    return trainer.accuracy(model, trainer.data.test)
