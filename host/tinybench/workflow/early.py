"""What `quantize`, `new` and `compress` refuse before TensorFlow is loaded: seconds, not minutes.

Options by themselves are checked where they are made (:mod:`tinybench.methods`,
:mod:`tinybench.rules`); here is what they say of files, the model's layers, and samples.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tinybench.boards import load_board
from tinybench.errors import ConfigError, UsageError, system_error
from tinybench.methods import Create, DataSpec, Distill, Huffman, Resize, Training, find_network
from tinybench.whole import check_writable

if TYPE_CHECKING:
    from tinybench.train.data.samples import Samples
    from tinybench.train.outline import Outline
    from tinybench.train.ptq.options import QuantizeOptions


def check_output(out: Path, *read: Path) -> None:
    """An output can be written, and is none of the files that are read.

    Raises:
        UsageError: why not.
    """
    if out.resolve() in {path.resolve() for path in read}:
        wanted = "an output that is not written over what is read"
        raise UsageError(wanted, f"{out} is read", "choose another name for the output")
    try:
        check_writable(out)
    except OSError as error:
        raise system_error(f"write {out}", error) from error


def check_quantize(
    model: Path,
    data: str,
    options: QuantizeOptions,
    out: Path,
    labels: Path | None,
    board: str | None,
) -> None:
    """What a quantization is told of goes together, as far as its files say.

    Raises:
        UsageError: files that cannot be read or written, a board or layers that there are not.
    """
    from tinybench.bench.labels import read_labels
    from tinybench.train.load import check_kind
    from tinybench.train.outline import check_names, read_outline

    if model.suffix.lower() != ".tflite" or not model.exists():
        check_kind(model)
    check_output(out, model, Path(data), *([labels] if labels else []))
    if labels is not None:
        read_labels(labels)
    if board:
        load_board(board)
    scopes = [name for name in options.denylist if not set(name) & set("/;:")]  # no tensors' names
    outline = read_outline(model)
    check_names(outline.layers if outline else (), scopes, "--denylist")


def check_calibration(model: Path, samples: Samples, options: QuantizeOptions) -> None:
    """Samples suit the model, as far as its file says, and what is asked of them.

    Raises:
        DataError: they do not.
    """
    from tinybench.train.outline import read_outline
    from tinybench.train.ptq.base import check_labels

    check_labels(options, samples)
    outline = read_outline(model)
    _check_shape(samples, outline.input_shape if outline else None)


def check_compress(
    options: Any,
    training: Training,
    model: Path,
    out: Path,
    data: DataSpec,
    code: Sequence[Path],
) -> None:
    """What a compression is told of goes together, as far as its files say.

    Raises:
        UsageError: files that are not there, layers that the model does not have, samples that it
            does not take.
    """
    from tinybench.train.load import check_kind
    from tinybench.train.outline import read_outline
    from tinybench.train.shapes import check_pictures

    check_kind(model, retrain=True)
    check_output(out, model)
    outline = read_outline(model)
    for file in code:
        _check_file(file, "--code")
    _check_layers(options, outline)
    if isinstance(options, Huffman) and options.board:
        load_board(options.board)
    shape = outline.input_shape if outline else None
    if shape and isinstance(options, Resize):
        check_pictures(shape)
    if isinstance(options, Distill):
        _check_student(options.student, shape)
    _check_changes(training, shape)
    _check_shape(_open(data), shape)


def check_create(
    network: str, options: Create, training: Training, out: Path, data: DataSpec | None
) -> None:
    """What a new network is told of goes together.

    Raises:
        UsageError: a shape that the network does not take, more classes in the data than it is to
            have, files that are not there.
    """
    from tinybench.train.shapes import check_input, own_shape, parse_shape

    check_output(out)
    shape = parse_shape(options.input) if options.input else None
    if shape:
        check_input(network, shape)
    if options.weights:
        _check_file(Path(options.weights), "weights")
    samples = None if data is None else _open(data)
    if samples is None:
        return
    shape = shape or own_shape(samples)
    check_input(network, shape)
    _check_changes(training, shape)
    _check_shape(samples, shape)
    have = len(set(samples.labels.tolist())) if samples.labels is not None else 0
    if options.classes and options.classes < have:
        raise UsageError(
            f"a network for the {have} classes of {samples.path}",
            f"classes={options.classes}",
            "leave classes out, or keep fewer of the data's with --only or --exclude",
        )


def _check_student(student: str, shape: tuple[int | None, ...] | None) -> None:
    """A file that is there, or a network that takes what the teacher takes."""
    from tinybench.train.shapes import check_input

    if Path(student).suffix:
        _check_file(Path(student), "student")
    elif find_network(student) and shape is not None:
        check_input(student, shape)


def _check_file(path: Path, option: str) -> None:
    if not path.is_file():
        raise ConfigError(f"a file for {option}", f"no file {path}", "check the path")


def _check_layers(options: Any, outline: Outline | None) -> None:
    """Names of layers, and of activations, among a method's options."""
    from tinybench.train.outline import check_names, nothing_to_replace

    if outline is not None:
        replace, have = getattr(options, "replace", ()), outline.activations
        if replace and have and not have & set(replace):
            raise nothing_to_replace(replace, have)
        check_names(outline.layers, getattr(options, "skip", ()), "skip", patterns=True)
        check_names(outline.layers, getattr(options, "remove", ()), "remove")
        units = [text.partition("=")[0] for text in getattr(options, "units", ())]
        check_names(outline.units, units, "units")


def _open(data: DataSpec) -> Samples | None:
    """The samples; None of sets that Keras knows, which may have to be fetched first."""
    from tinybench.train.data.labelled import read_samples
    from tinybench.train.data.named import NAMED

    return None if data.path in NAMED else read_samples(dataclasses.asdict(data))


def _check_changes(training: Training, shape: tuple[int | None, ...] | None) -> None:
    """Samples of such a shape can be changed at random as is asked."""
    from tinybench.augmentation import parse_augmentation
    from tinybench.train.compress.augment import check_shape

    if shape is not None:
        check_shape(parse_augmentation(training.augment), shape)


def _check_shape(samples: Samples | None, shape: tuple[int | None, ...] | None) -> None:
    """One sample can be had in the model's shape; pictures can in any."""
    import numpy as np

    known = tuple(size for size in shape or () if size is not None)
    if known == shape and samples is not None and samples.shape is not None:
        samples.read(np.zeros(1, np.int64), known)
