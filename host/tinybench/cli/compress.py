"""`tinybench compress METHOD`: one subcommand per method, its options from methods.py."""

from __future__ import annotations

import dataclasses
import inspect
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any

import typer

from tinybench.cli.console import news, print_json, print_pairs, print_table, reports_errors, show
from tinybench.cli.options import AsJson
from tinybench.methods import METHODS, NETWORKS, Create, DataSpec, Method, Training

compress_app = typer.Typer(
    help="Retrain a Keras model so that it becomes smaller.",
    no_args_is_help=True,
    rich_markup_mode=None,
)
KerasModel = Annotated[Path, typer.Argument(help="Keras file, .keras or .h5.")]
Out = Annotated[
    Path,
    typer.Option("-o", "--out", help="Keras file to write; .tflite and report go beside it."),
]
DataPath = Annotated[
    str,
    typer.Option(
        "--data", help="Folder per class, IDX, .npz, CSV of paths, or a keras.datasets name."
    ),
]
Labels = Annotated[Path | None, typer.Option("--labels", help="Class names in the model's order.")]
Code = Annotated[
    list[Path] | None,
    typer.Option("--code", help="Python file that registers the model's own layers."),
]
SPLITS = Path(".tinybench/splits")


def option_of(entry: dataclasses.Field[Any]) -> inspect.Parameter:
    """A command-line option for a field of methods.py."""
    default, text = entry.default, entry.metadata["help"]
    if entry.metadata["choices"]:
        text = f"{text} [{'|'.join(entry.metadata['choices'])}]"
    words = [f"--{entry.name.replace('_', '-')}"]
    kind: Any = list[str] if isinstance(default, tuple) else type(default)
    default = list(default) if isinstance(default, tuple) else default
    return inspect.Parameter(
        entry.name,
        inspect.Parameter.KEYWORD_ONLY,
        default=default,
        annotation=Annotated[kind, typer.Option(*words, help=text)],
    )


def options_of(kind: type) -> list[inspect.Parameter]:
    """The command-line options of a dataclass of methods.py."""
    fields = dataclasses.fields(kind)
    return [option_of(entry) for entry in fields if "help" in entry.metadata]


def with_options(command: Callable[..., None], *kinds: type) -> Callable[..., None]:
    """A command that takes these options besides its own parameters, as ``**given``."""
    own = inspect.signature(command, eval_str=True).parameters.values()
    added = [parameter for kind in kinds for parameter in options_of(kind)]
    fixed = [p for p in own if p.kind is not inspect.Parameter.VAR_KEYWORD]
    positional = [p.replace(kind=inspect.Parameter.KEYWORD_ONLY) for p in fixed]
    signature = inspect.Signature([*positional, *added])
    command.__signature__ = signature  # type: ignore[attr-defined]
    command.__annotations__ = {p.name: p.annotation for p in signature.parameters.values()}
    return command


def pick(kind: type, given: Mapping[str, Any]) -> dict[str, Any]:
    """What was given of a dataclass's options."""
    return {p.name: given[p.name] for p in options_of(kind)}


def data_spec(path: str, labels: Path | None, given: Mapping[str, Any]) -> DataSpec:
    """The data that the options name; how it is divided is kept in .tinybench/splits."""
    from tinybench.methods import make_options

    values = {**pick(DataSpec, given)}
    spec = make_options(DataSpec, {"path": _absolute(path), **values}, "data")
    store = str(SPLITS.resolve())
    return dataclasses.replace(
        spec, labels=None if labels is None else str(labels.resolve()), store=store
    )


def _absolute(path: str) -> str:
    """Names of data sets stay names."""
    return str(Path(path).resolve()) if Path(path).exists() else path


def _make_command(method: Method) -> Callable[..., None]:
    def command(
        model: KerasModel,
        data: DataPath,
        out: Out,
        labels: Labels = None,
        code: Code = None,
        as_json: AsJson = False,
        **given: Any,
    ) -> None:
        from tinybench.cli.training import TrainingProgress
        from tinybench.methods import make_options
        from tinybench.workflow.compress import Order, compress_model

        order = Order(
            method=method.name,
            model=model,
            data=data_spec(data, labels, given),
            out=out,
            options=pick(method.options, given),
            training=make_options(Training, pick(Training, given), "training"),
            code=tuple(code or ()),
        )
        with TrainingProgress() as progress:
            report = compress_model(order, news=progress)
        if as_json:
            print_json(report)
        else:
            show_report(report)

    command.__doc__ = inspect.cleandoc(method.options.__doc__ or "")
    return reports_errors(with_options(command, method.options, Training, DataSpec))


@reports_errors
def _new(
    network: Annotated[str, typer.Argument(help="|".join(NETWORKS))],
    out: Out,
    data: Annotated[
        str | None, typer.Option("--data", help="To train on; without it, weights are random.")
    ] = None,
    labels: Labels = None,
    as_json: AsJson = False,
    **given: Any,
) -> None:
    """Make a network and train it from scratch."""
    from tinybench.cli.training import TrainingProgress
    from tinybench.methods import make_options
    from tinybench.workflow.compress import create_model

    with TrainingProgress() as progress:
        report = create_model(
            network,
            out,
            data=None if data is None else data_spec(data, labels, given),
            options=pick(Create, given),
            training=make_options(Training, pick(Training, given), "training"),
            news=progress,
        )
    if as_json:
        print_json(report)
    else:
        show_report(report)


new = with_options(_new, Create, Training, DataSpec)

for known in METHODS.values():
    compress_app.command(known.name)(_make_command(known))


def show_report(report: Mapping[str, Any]) -> None:
    """The common report: what there was, what there is."""
    sides = [side for side in ("before", "after") if side in report]
    rows = [(title, *(form(report[side], key) for side in sides)) for title, key, form in _ROWS]
    print_table(("", *sides), rows, right=tuple(range(1, len(sides) + 1)))
    show("")
    if "device" in report:
        _show_device(report["device"])
    print_pairs(
        [
            ("accuracy", "on the test part, with its 95 % interval (Wilson)"),
            ("int8", "converted with calibration samples, run by LiteRT's reference kernels"),
            ("Huffman", "the .tflite if its int8 constants were in canonical Huffman code"),
            ("made", f"{report['made']['path']}, with .tflite and .json beside it"),
        ]
    )
    for reason in dict.fromkeys(report[side].get("int8_reason") for side in sides):
        if reason:
            news(f"note: no int8 figures: {reason}")
    for note in report["notes"]:
        news(f"note: {note}")


def _show_device(ways: Sequence[Mapping[str, Any]]) -> None:
    columns = ("weights", "flash, B", "constants, B", "arena, B", "an inference")
    rows = [
        (
            way["weights"],
            *(_count(way, key) for key in ("flash_bytes", "weights_bytes", "arena_bytes")),
            way["reason"] or f"{way['ticks']:,} {way['unit']} ({way['method']}, n={way['n']})",
        )
        for way in ways
    ]
    show(f"on {ways[0]['board']}:")
    print_table(columns, rows, right=(1, 2, 3))
    show("")


def _count(side: Mapping[str, Any], key: str) -> str:
    value = side.get(key)
    return "-" if value is None else f"{value:,}"


def _share(side: Mapping[str, Any], key: str) -> str:
    return f"{100 * side[key]:.1f} %" if key in side else "-"


def _accuracy(side: Mapping[str, Any], key: str) -> str:
    value = side.get(key)
    if value is None:
        return "-"
    return f"{value['value']:.4f} ({value['low']:.3f} .. {value['high']:.3f}, n={value['n']:,})"


_ROWS = (
    ("parameters", "parameters", _count),
    ("weights that are not zero", "nonzero_share", _share),
    (".tflite, B", "tflite_bytes", _count),
    (".tflite zipped, B", "gzip_bytes", _count),
    (".tflite in Huffman code, B", "huffman_bytes", _count),
    ("top-1, float", "float_top1", _accuracy),
    ("top-1, int8", "int8_top1", _accuracy),
)
