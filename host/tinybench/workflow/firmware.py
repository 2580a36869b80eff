"""Model and board to firmware on the board."""

from __future__ import annotations

import json
import tempfile
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tinybench.boards import Board, list_boards, load_board
from tinybench.errors import DoesNotFit, UnsupportedModel, UsageError, system_error
from tinybench.project import Project
from tinybench.render.instrument import Instrument
from tinybench.workflow.plugged import Choose, check_flashed, put_on_board, with_port
from tinybench.workflow.reach import check_reach, expected, open_device
from tinybench.workflow.watch import Silent, Watch

if TYPE_CHECKING:
    from tinybench.build.cache import Build
    from tinybench.build.ingredients import Ingredients
    from tinybench.compiler import Program, Target
    from tinybench.flash.slot import Flashed
    from tinybench.model.graph import Graph
    from tinybench.tflm.program import Interpreted
    from tinybench.wire.messages import Hello


@dataclass(frozen=True)
class Compiled:
    """A model, compiled for a board that it can fit.

    Attributes:
        model: the .tflite file.
        data: its bytes.
        graph: the model as it is in the file.
        program: what the compiler made of it; for the engine tflm, how TFLM runs it.
        labels: class names, None where no labels file is named.
    """

    model: Path
    data: bytes
    graph: Graph
    program: Program | Interpreted
    board: Board
    labels: tuple[str, ...] | None


@dataclass(frozen=True)
class Built:
    """A compiled model and its firmware."""

    compiled: Compiled
    build: Build


def compile_model(project: Project, watch: Watch | None = None) -> Compiled:
    """Reads and compiles the project's model, and checks that it can fit the board.

    For the engine tflm its arena is found out, with a build of its own where it is not known yet.

    Raises:
        UsageError: no model or board is named, or one of them cannot be read.
        UnsupportedModel: ops that cannot be compiled, all of them; too many inputs and outputs.
        DoesNotFit: by how much, and which tensors make the peak.
    """
    from tinybench.model.read import parse_tflite, read_model_bytes

    model = _named_model(project)
    board = _named_board(project)
    data = read_model_bytes(model)
    graph = parse_tflite(data)
    _check_greeting(graph)
    program = _program(project, board, graph, data, watch or Silent())
    return Compiled(model, data, graph, program, board, _labels(project, graph))


def _check_greeting(graph: Graph) -> None:
    """Refuses a model with more inputs and outputs than a device can tell of."""
    from tinybench.wire.messages import HELLO_TENSORS

    count = len(graph.inputs) + len(graph.outputs)
    if count > HELLO_TENSORS:
        raise UnsupportedModel(
            f"a model of up to {HELLO_TENSORS} inputs and outputs together: a device tells of them"
            " in one frame",
            seen=f"inputs={len(graph.inputs)} outputs={len(graph.outputs)}",
            todo="put some of them together (CONCATENATION), or convert the model without those"
            " that nobody reads",
        )


def _program(
    project: Project, board: Board, graph: Graph, data: bytes, watch: Watch
) -> Program | Interpreted:
    """What the project's engine makes of a model, if it can fit the board."""
    from tinybench.build.fit import check_fit
    from tinybench.compiler import compile_graph

    if project.engine == "tflm":
        from tinybench.workflow.arena import interpret_for

        program: Program | Interpreted = interpret_for(project, board, graph, data, watch)
    else:
        program = compile_graph(graph, _target(project))
    check_fit(program, board)
    return program


def inspect_model(project: Project, picture: Path | None = None) -> dict[str, Any]:
    """What is in the project's model and what the compiler makes of it.

    Args:
        project: model, and board if it is to be checked against one.
        picture: an .svg file that shows the arena over time; not where the model cannot compile.

    Raises:
        UsageError: no model is named, or it cannot be read; the picture cannot be written.
    """
    from tinybench.compiler import compile_graph
    from tinybench.model.read import read_tflite
    from tinybench.report.inspection import inspect_graph

    graph = read_tflite(_named_model(project))
    board = load_board(project.board) if project.board else None
    facts = inspect_graph(graph, board, _target(project))
    if picture is not None and facts["arena"] is not None:
        draw(compile_graph(graph, _target(project)), picture)
    return facts


def draw(program: Program, picture: Path) -> None:
    """The arena over time as an .svg file.

    Raises:
        UsageError: it cannot be written.
    """
    from tinybench.report.memory import draw_memory

    try:
        draw_memory(program, picture)
    except OSError as error:
        raise system_error(f"write {picture}", error) from error


def build_firmware(project: Project, *, watch: Watch | None = None) -> Built:
    """Compiles, renders and builds; finds the build if exactly this was built before.

    Raises:
        UsageError, DoesNotFit: as compile_model().
        BuildError: the compiler is missing, or the build failed.
    """
    watch = watch or Silent()
    return build_compiled(project, compile_model(project, watch), watch)


def render_firmware(project: Project, out: Path) -> Path:
    """Compiles and renders a PlatformIO project that stands alone; nothing is built.

    Args:
        project: model, board and engine.
        out: the PlatformIO project's folder; made if need be. Files in it that are none of the
            project's are left alone.

    Returns:
        ``out``, absolute.

    Raises:
        UsageError, DoesNotFit: as compile_model(); ``out`` holds something else.
        BuildError: it cannot be written.
    """
    from tinybench.render.files import write_if_changed
    from tinybench.render.project import render_project

    compiled = compile_model(project)
    _check_place(out, compiled.board)
    with tempfile.TemporaryDirectory(prefix="tinybench-") as folder:
        made = render_project(
            compiled.program,
            compiled.board,
            engine=project.engine,
            labels=compiled.labels,
            build_id=_ingredients(project, compiled).build_id,
            out=Path(folder),
        )
        for path in sorted(made.rglob("*")):
            if path.is_file():
                write_if_changed(out / path.relative_to(made), path.read_bytes())
    return out.resolve()


def _check_place(out: Path, board: Board) -> None:
    """Refuses a folder with anything but a project of this board."""
    from tinybench.render.project import IDENTITY_FILE

    if not out.exists() or (out.is_dir() and not any(out.iterdir())):
        return
    wanted = f"a new or empty folder, or a project rendered for {board.name} before"
    try:
        found = json.loads((out / IDENTITY_FILE).read_text(encoding="utf-8"))["board"]
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise UsageError(wanted, f"{out} is neither", "name another folder") from error
    if found != board.name:
        raise UsageError(wanted, f"{out} is one for {found}", "name another folder")


def build_compiled(
    project: Project,
    compiled: Compiled,
    watch: Watch,
    instrument: Instrument = Instrument.NONE,
) -> Built:
    """As build_firmware(), for a model that is compiled already."""
    from tinybench.build.cache import make_build
    from tinybench.build.diagnose import RamOverflow
    from tinybench.build.fit import peak_lines
    from tinybench.compiler import Program

    kind = f" ({instrument.value} build)" if instrument else ""
    watch.phase(f"building {compiled.model.name} for {compiled.board.name}{kind}")
    try:
        build = make_build(
            compiled.program,
            compiled.board,
            engine=project.engine,
            labels=compiled.labels,
            root=project.state / "build",
            instrument=instrument,
        )
    except RamOverflow as error:  # only the linker knows the firmware's own few KB
        if not isinstance(compiled.program, Program):
            raise
        details = (*error.details, *peak_lines(compiled.program))
        raise DoesNotFit(error.wanted, error.seen, error.todo, details=details) from error
    return Built(compiled, build)


def flash_firmware(
    project: Project,
    *,
    build: bool = True,
    watch: Watch | None = None,
    choose: Choose | None = None,
) -> tuple[Flashed, Hello]:
    """Puts the firmware onto the board and has it answer.

    Args:
        project: model, board, engine, port and MAC.
        build: build first; False: use the last build, if it is of these ingredients.
        watch: told of the steps.
        choose: asks which of several ports it is; None: that is an error.

    Raises:
        StaleBuild: ``build`` is False and the last build is of other ingredients.
        UsageError, LinkError: the board is not plugged in, or several could be it.
        BuildError, DeviceError: building or flashing failed; the board does not answer as it
            should.
    """
    watch = watch or Silent()
    compiled = compile_model(project, watch)
    check_reach(project, compiled.board)
    project = with_port(project, compiled.board, choose)
    flashed = flash_compiled(project, compiled, build, watch)
    with open_device(project, flashed, compiled.board, project.state / "logs") as device:
        wanted = expected(flashed, compiled.board)
        return flashed, check_flashed(device, wanted, compiled.board, project.port)


def flash_compiled(project: Project, compiled: Compiled, build: bool, watch: Watch) -> Flashed:
    """Puts the firmware of a compiled model onto its board."""
    from tinybench.build.cache import find_build

    if build:
        made = build_compiled(project, compiled, watch).build
    else:
        made = find_build(_ingredients(project, compiled), project.state / "build")
    return put_on_board(project, made, compiled.board, project.state / "flashed", watch)


def find_flashed(project: Project, compiled: Compiled) -> Flashed:
    """What is on the board, if it was made of what is asked for.

    Raises:
        StaleBuild: nothing is flashed, or it is of other ingredients.
    """
    from tinybench.flash.slot import check_slot, read_slot

    flashed = read_slot(compiled.board, project.state / "flashed")
    check_slot(flashed, _ingredients(project, compiled))
    return flashed


def _ingredients(project: Project, compiled: Compiled) -> Ingredients:
    from tinybench.build.ingredients import gather_ingredients

    return gather_ingredients(
        compiled.program.graph.sha256,
        compiled.board,
        engine=project.engine,
        labels=compiled.labels,
        options=compiled.program.options,
    )


def _target(project: Project) -> Target:
    from tinybench.compiler import PORTABLE

    return replace(
        PORTABLE,
        weights="huffman" if project.weights == "huffman" else "plain",
        weights_in="ram" if project.weights_in == "ram" else "flash",
    )


def _named_model(project: Project) -> Path:
    if project.model is None:
        raise UsageError(
            "a model", "none is named", "name an int8 .tflite file, or run `tinybench init`"
        )
    return project.model


def _named_board(project: Project) -> Board:
    if project.board is None:
        known = ", ".join(board.name for board in list_boards())
        raise UsageError("a board", "none is named", f"--board with one of: {known}")
    return load_board(project.board)


def _labels(project: Project, graph: Graph) -> tuple[str, ...] | None:
    if project.data.labels is None:
        return None
    from tinybench.bench.labels import check_labels, read_labels
    from tinybench.bench.preprocess import input_spec

    labels = read_labels(project.data.labels)
    check_labels(labels, input_spec(graph).classes)
    return labels
