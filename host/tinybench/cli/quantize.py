"""`tinybench quantize`: a float model to one that a board can run, and what that cost."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from tinybench.cli.console import news, print_json, print_pairs, print_table, reports_errors, show
from tinybench.cli.options import HERE, AsJson, Board, Engine, Folder, Labels, project_from


@reports_errors
def quantize(
    model: Annotated[
        Path,
        typer.Argument(help="Keras file (.keras, .h5), SavedModel, or float .tflite."),
    ],
    data: Annotated[
        str,
        typer.Option(
            "--data",
            help="Folder per class, IDX, .npz, CSV of paths, or a name such as fashion_mnist.",
        ),
    ],
    mode: Annotated[
        str, typer.Option("--mode", help="int8|int16x8|dynamic|float16|float32.")
    ] = "int8",
    samples: Annotated[
        int | None, typer.Option("--samples", help="Representative samples. [default: 200]")
    ] = None,
    seed: Annotated[int, typer.Option("--seed", help="Which representative samples.")] = 0,
    out: Annotated[
        Path | None, typer.Option("--output", "-o", help="[default: MODEL-MODE.tflite]")
    ] = None,
    repeat: Annotated[
        int, typer.Option("--repeat", help="Quantize so many times, with other samples each time.")
    ] = 1,
    select: Annotated[
        str, typer.Option("--select", help="first|best: best by the selection part.")
    ] = "first",
    calibration: Annotated[
        str, typer.Option("--calibration", help="minmax|percentile|mse: ranges of activations.")
    ] = "minmax",
    keep_float: Annotated[
        list[str] | None,
        typer.Option("--keep-float", help="Ops that stay in float, e.g. SOFTMAX; for the desktop."),
    ] = None,
    denylist: Annotated[
        list[str] | None,
        typer.Option("--denylist", help="Layers that stay in float, by name; for the desktop."),
    ] = None,
    per_tensor_dense: Annotated[
        bool,
        typer.Option("--per-tensor-dense", help="One scale per dense layer: smaller, older TFLM."),
    ] = False,
    logits: Annotated[
        bool, typer.Option("--logits", help="Leave out the softmax at the end.")
    ] = False,
    exclude: Annotated[
        list[str] | None, typer.Option("--exclude", help="Classes to leave out: OWL,EAGLE,...")
    ] = None,
    only: Annotated[
        list[str] | None, typer.Option("--only", help="Classes to keep, by the same patterns.")
    ] = None,
    labels: Labels = None,
    pixel_range: Annotated[
        str,
        typer.Option("--pixel-range", help="auto|0:255|0:1|-1:1: what pixels were in training."),
    ] = "auto",
    score: Annotated[
        int, typer.Option("--score", help="Score on at most so many held-back samples.")
    ] = 2000,
    split: Annotated[
        list[str] | None,
        typer.Option("--split", help="Shares of the parts, e.g. test=0.5,selection=0.2."),
    ] = None,
    split_seed: Annotated[int, typer.Option("--split-seed", help="Of the division.")] = 0,
    board: Board = None,
    engine: Engine = None,
    folder: Folder = HERE,
    as_json: AsJson = False,
) -> None:
    """Quantize a model and show what that cost.

    Accuracy before and after on held-back samples, and per layer range, noise, saturation and
    dead channels. Needs TensorFlow: pip install 'tinybench[train]'.
    """
    from tinybench.cli.progress import BenchProgress
    from tinybench.train.data.classes import split_patterns
    from tinybench.train.ptq.options import SAMPLES, QuantizeOptions
    from tinybench.workflow.quantize import DataChoice, parse_shares, quantize_model

    options = QuantizeOptions(
        mode=mode,
        samples=SAMPLES if samples is None else samples,
        asked=samples is not None,
        seed=seed,
        repeat=repeat,
        select=select,
        calibration=calibration,
        keep_float=tuple(name.upper() for name in split_patterns(keep_float or ())),
        denylist=split_patterns(denylist or ()),
        per_channel_dense=not per_tensor_dense,
        logits=logits,
        pixel_range=pixel_range,
        score_samples=score,
    )
    choice = DataChoice(
        data, tuple(exclude or ()), tuple(only or ()), split_seed, parse_shares(split or ())
    )
    project = project_from(folder, None, board, engine, labels)
    with BenchProgress() as progress:
        facts = quantize_model(
            project, model, choice, options, out or _default(model, mode), watch=progress
        )
    if as_json:
        print_json(facts)
    else:
        _show(facts)


def _default(model: Path, mode: str) -> Path:
    return Path(f"{model.stem if model.suffix else model.name}-{mode}.tflite")


def _show(facts: dict[str, Any]) -> None:
    _show_layers(facts["layers"])
    if facts["repeat"]["count"] > 1:
        _show_drafts(facts["repeat"])
    print_pairs(_summary(facts))
    for advice in facts["advice"]:
        news(f"{advice['cause']}: {advice['seen']}\n  next: {advice['todo']}")
    for note in facts["notes"]:
        news(f"note: {note}")


def _show_layers(layers: dict[str, Any]) -> None:
    rows = [
        (
            str(x["op"]),
            x["kind"],
            x["name"],
            f"{x['low']:.3g} .. {x['high']:.3g}",
            "" if x["holds"] is None else f"{x['holds'][0]:.3g} .. {x['holds'][1]:.3g}",
            "exact" if x["sqnr_db"] is None else f"{x['sqnr_db']:.1f}",
            "" if x["saturated"] is None else f"{100 * x['saturated']:.2f}",
            "" if x["dead"] is None else f"{x['dead']} of {x['channels']}",
        )
        for x in layers["ops"]
    ]
    columns = ("", "op", "layer", "float range", "integers hold", "SQNR, dB", "cut off, %", "dead")
    print_table(columns, rows, right=(0, 5, 6, 7))
    show(f"  on {layers['samples']} held-back samples")
    odd = [op for op in layers["not_compared"] if not op.endswith("QUANTIZE")]
    if odd:
        show(f"  not compared, having no tensor of the float model's: {', '.join(odd)}")
    show("")


def _show_drafts(repeat: dict[str, Any]) -> None:
    rows = [
        (
            str(draft["seed"]) + (" (kept)" if number == repeat["chosen"] else ""),
            f"{draft['bytes']:,}",
            _number(draft["selection"]),
            _number(draft["test"]),
            f"{draft['agreement']:.4f}",
        )
        for number, draft in enumerate(repeat["drafts"])
    ]
    columns = ("seed", "bytes", "selection top-1", "test top-1", "agrees with float")
    print_table(columns, rows, right=(1, 2, 3, 4))
    if repeat["mean"] is not None:
        show(
            f"  test top-1 mean {repeat['mean']:.4f}, sd {repeat['sd']:.4f}, "
            f"best {repeat['best']:.4f}, worst {repeat['worst']:.4f}"
        )
    show("")


def _number(value: float | None) -> str:
    return "" if value is None else f"{value:.4f}"


def _summary(facts: dict[str, Any]) -> list[tuple[str, str]]:
    output, accuracy, data = facts["output"], facts["accuracy"], facts["data"]
    rows = [
        ("wrote", f"{output['path']}, {facts['mode']}: {facts['mode_title']}"),
        (
            "size",
            f"{output['bytes']:,} B (float .tflite {output['float_bytes']:,} B; gzipped "
            f"{output['gzip_bytes']:,} B)",
        ),
    ]
    for name in ("before", "after", "agreement"):
        if (share := accuracy[name]) is not None:
            title = "agrees with float" if name == "agreement" else f"top-1 {name}"
            rows.append((title, f"{share['value']:.4f} ({_ends(share)}), n={share['n']}"))
    if (change := accuracy["change"]) is not None:
        rows.append(
            ("change", f"{100 * change['value']:+.2f} points ({_points(change)}), paired, 95 %")
        )
    elif accuracy["reason"]:
        rows.append(("accuracy", f"not known: {accuracy['reason']}"))
    if accuracy["output_sqnr_db"] is not None:
        rows.append(("output", f"{accuracy['output_sqnr_db']:.1f} dB signal to quantization noise"))
    sizes = ", ".join(f"{name} {n}" for name, n in data["split"]["sizes"].items())
    rows.append(("data", f"{data['samples']} samples: {sizes} (seed {data['split']['seed']})"))
    if data["pixel_range"]:
        rows.append(("pixels", f"{data['pixel_range']}; {data['pixel_range_how']}"))
    return rows + _where(facts["targets"])


def _ends(share: dict[str, float]) -> str:
    return f"{share['low']:.4f} to {share['high']:.4f}"


def _points(change: dict[str, float]) -> str:
    return f"{100 * change['low']:+.2f} to {100 * change['high']:+.2f}"


def _where(targets: dict[str, Any]) -> list[tuple[str, str]]:
    rows = []
    if targets["desktop_only"]:
        rows.append(("runs on", "the desktop only: no microcontroller engine here runs it"))
    for name, engine in targets["engines"].items():
        if engine["runs"] is None:
            verdict = f"not known: {engine['how']}"
        else:
            more = f" and {len(engine['reasons']) - 1} more" if engine["reasons"][1:] else ""
            verdict = "runs it" if engine["runs"] else f"no: {engine['reasons'][0]}{more}"
        rows.append((f"engine {name}", verdict))
    if (memory := targets["memory"]) is not None:
        rows.append(("arena", f"{memory['arena_bytes']:,} B, {memory['how']}"))
    if (fits := targets["fits"]) is not None:
        rows.append(
            (f"fits {targets['board']}", "yes" if fits["fits"] else f"no: {fits['reason']}")
        )
    return rows
