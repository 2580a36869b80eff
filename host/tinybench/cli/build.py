"""`tinybench build`: model and board to firmware."""

from __future__ import annotations

from tinybench.cli.console import news, print_json, print_pairs, reports_errors
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
    """Build firmware for a model and a board.

    Compiles the model, renders a PlatformIO project and builds it.
    """
    from tinybench.cli.progress import BenchProgress
    from tinybench.workflow import build_firmware

    project = project_from(folder, model, board, engine, labels)
    built = build_firmware(project, watch=BenchProgress())
    artifact = built.build.artifact
    sizes = artifact.sizes
    facts: dict[str, str | int] = {
        "elf": str(artifact.elf),
        "log": str(artifact.log),
        "build_id": artifact.build_id,
        "arena_bytes": built.compiled.program.arena_bytes,
        "flash_bytes": sizes.flash_total,
        "weights_bytes": sizes.weights,
        "code_bytes": sizes.code,
        "ram_with_arena_bytes": sizes.ram_static,
    }
    if as_json:
        print_json(facts)
        return
    rows = [
        (name.removesuffix("_bytes").replace("_", " ").replace("ram", "RAM"), _spell(value))
        for name, value in facts.items()
    ]
    print_pairs(rows)
    news("next: tinybench flash, or tinybench bench")


def _spell(value: str | int) -> str:
    return f"{value:,} B" if isinstance(value, int) else value
