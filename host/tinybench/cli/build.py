"""`tinybench build`: model and board to firmware."""

from __future__ import annotations

from tinybench.cli.console import news, print_json, print_table, reports_errors
from tinybench.cli.options import (
    HERE,
    AsJson,
    Board,
    Engine,
    Folder,
    Labels,
    Model,
    project_from,
)


@reports_errors
def build(
    model: Model = None,
    board: Board = None,
    engine: Engine = None,
    labels: Labels = None,
    folder: Folder = HERE,
    as_json: AsJson = False,
) -> None:
    """Compile the model, render a PlatformIO project and build its firmware."""
    from tinybench.workflow import build_firmware

    built = build_firmware(project_from(folder, model, board, engine, labels))
    artifact = built.build.artifact
    sizes = artifact.sizes
    facts = {
        "elf": str(artifact.elf),
        "log": str(artifact.log),
        "build_id": artifact.build_id,
        "arena_bytes": built.compiled.program.arena_bytes,
        "flash_bytes": sizes.flash_total,
        "weights_bytes": sizes.weights,
        "code_bytes": sizes.code,
        "static_ram_bytes": sizes.ram_static,
    }
    if as_json:
        print_json(facts)
        return
    rows = [
        (
            name.replace("_bytes", ", B").replace("_", " "),
            f"{value:,}" if isinstance(value, int) else str(value),
        )
        for name, value in facts.items()
    ]
    print_table(("built", ""), rows)
    news("next: tinybench flash, or tinybench bench")
