"""`tinybench build`: model and board to firmware."""

from __future__ import annotations

import shlex
from pathlib import Path
from typing import Annotated

import typer

from tinybench.cli.console import news, print_json, print_pairs, reports_errors, with_words
from tinybench.cli.options import (
    HERE,
    AsJson,
    Board,
    Engine,
    EspNnSource,
    Folder,
    Kernels,
    Labels,
    Model,
    TflmSource,
    Weights,
    WeightsIn,
    project_from,
)
from tinybench.errors import UsageError


@reports_errors
def build(
    model: Model = None,
    board: Board = None,
    engine: Engine = None,
    weights: Weights = None,
    weights_in: WeightsIn = None,
    kernels: Kernels = None,
    tflm_source: TflmSource = None,
    esp_nn_source: EspNnSource = None,
    labels: Labels = None,
    render_only: Annotated[
        Path | None,
        typer.Option(
            "--render-only",
            help="Write the PlatformIO project into this folder and do not build it.",
        ),
    ] = None,
    merged: Annotated[
        bool,
        typer.Option("--merged", help="Make one .bin of it, with a manifest: `flash --image`."),
    ] = False,
    out: Annotated[
        Path | None,
        typer.Option(
            "--out", "-o", help="Where --merged puts the .bin. [default: in .tinybench/images/]"
        ),
    ] = None,
    folder: Folder = HERE,
    as_json: AsJson = False,
) -> None:
    """Build firmware for a model and a board.

    Compiles the model, renders a PlatformIO project and builds it.
    """
    from tinybench.boards import load_board
    from tinybench.build.fit import check_fit
    from tinybench.cli.progress import BenchProgress
    from tinybench.flash.image import check_image_path
    from tinybench.workflow import build_firmware, merge_build, render_firmware
    from tinybench.workflow.added import METHOD, added_by_model
    from tinybench.workflow.image import check_real

    if out is not None and not merged:
        raise UsageError("--out with --merged", "--out alone", "add --merged")
    project = project_from(
        folder,
        model,
        board,
        engine,
        labels,
        weights,
        weights_in,
        kernels=kernels,
        tflm_source=tflm_source,
        esp_nn_source=esp_nn_source,
    )
    if render_only is not None:
        place = str(render_firmware(project, render_only))
        print_json({"project": place}) if as_json else print_pairs([("project", place)])
        news(f"next: platformio run -d {shlex.quote(place)}")
        return
    if merged and project.board is not None:
        check_real(load_board(project.board))
    if out is not None:
        check_image_path(out)
    built = build_firmware(project, watch=BenchProgress())
    added = added_by_model(project, built.compiled)
    artifact = built.build.artifact
    sizes = artifact.sizes
    lies = check_fit(built.compiled.program, built.compiled.board)
    facts = {
        "elf": str(artifact.elf),
        "log": str(artifact.log),
        "build_id": artifact.build_id,
        "arena_place": lies.arena,
        "weights_place": lies.weights,
        "arena_bytes": built.compiled.program.arena_bytes,
        "static_ram_bytes": sizes.ram_static,
        "flash_bytes": sizes.flash_total,
        "weights_bytes": sizes.weights,
        "code_bytes": sizes.code,
        "added_ram_bytes": added.ram,
        "added_flash_bytes": added.flash,
        "added_method": METHOD,
    }
    image = merge_build(project, built, out) if merged else None
    if image is not None:
        facts |= {"image": str(image.path), "manifest": str(image.manifest_path)}
        facts |= {"image_bytes": image.manifest.bytes, "image_sha256": image.manifest.sha256}
    if as_json:
        print_json(facts)
        return
    rows = [
        ("firmware", str(artifact.elf)),
        ("log", str(artifact.log)),
        ("arena", f"{facts['arena_bytes']:,} B, in {lies.arena}"),
        ("RAM with arena", f"{sizes.ram_static:,} B"),
        ("flash", f"{sizes.flash_total:,} B"),
        ("  weights", f"{sizes.weights:,} B, read from {lies.weights}"),
        ("  code", f"{sizes.code:,} B"),
        ("the model adds", f"{added.ram:,} B of RAM, {added.flash:,} B of flash; {METHOD}"),
    ]
    if image is not None:
        rows.append(("image", f"{image.path}, {image.manifest.bytes:,} B"))
        rows.append(("manifest", str(image.manifest_path)))
    print_pairs(rows)
    if image is not None:
        news(f"next: tinybench flash --image {shlex.quote(str(image.path))}")
        return
    given = {
        "model": model,
        "board": board,
        "engine": engine,
        "weights": weights,
        "weights-in": weights_in,
        "labels": labels,
        "folder": folder,
    }
    news(f"next: {with_words('tinybench flash', given)}")
