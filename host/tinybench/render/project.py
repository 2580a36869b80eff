"""A PlatformIO project that stands alone: platform, sources, model, linker script.

Of a virtual board, that is; those of real boards are espidf.py's.

    platformio.ini, sources.json, memory.ld     rendered
    tinybench.json                              what it is made of
    platform/                                   the local platform, with boards/NAME.json rendered
    src/core, src/kernels, src/port             copies of firmware/
    src/model.cc, src/labels.h                  the compiled model

Equal input gives equal bytes, and a file that would not change is not written.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Any

from tinybench import resources
from tinybench.boards import Board
from tinybench.boards.room import INTERNAL, Need, Placement, place
from tinybench.render.espidf import espidf_data, espidf_files
from tinybench.render.files import render_template, write_tree
from tinybench.render.instrument import Instrument
from tinybench.render.sources import Source, load_sources

if TYPE_CHECKING:
    from tinybench.compiler.program import Program
    from tinybench.tflm.checkouts import Taken
    from tinybench.tflm.program import Interpreted

CORE_DIR = ".platformio"  # below the project: PlatformIO's own state, see build/platformio.py
IDENTITY_FILE = "tinybench.json"
TRAP_STACK_BYTES = 512  # what a port's trap handler needs beside the stack


@dataclass(frozen=True)
class Identity:
    """What a project is made of, kept beside it in IDENTITY_FILE."""

    build_id: str
    board: str
    engine: str
    model_sha256: str


@dataclass(frozen=True)
class IniContext:
    """templates/platformio.ini.j2."""

    board: str
    core_dir: str


@dataclass(frozen=True)
class BoardContext:
    """templates/board.json.j2."""

    title: str
    toolchain: str
    isa_flags: tuple[str, ...]
    bare_metal: bool
    cxx_library: bool
    include_folders: tuple[str, ...]
    defines: dict[str, str | int]
    flash_bytes: int
    ram_bytes: int


@dataclass(frozen=True)
class LinkerContext:
    """templates/virt.ld.j2."""

    board: str
    flash_origin: int
    flash_bytes: int
    ram_origin: int
    ram_bytes: int
    stack_bytes: int
    trap_stack_bytes: int


def render_project(
    program: Program | Interpreted,
    board: Board,
    *,
    engine: str,
    labels: Sequence[str] | None,
    build_id: str,
    out: Path,
    instrument: Instrument = Instrument.NONE,
) -> Path:
    """Renders the compiled model and writes a whole project around it.

    Args:
        program: what compiler.compile_graph() or, for the engine tflm, tflm.program made.
        board: the board to build for.
        engine: "aot" or "tflm".
        labels: class names, in the order of the output, or None.
        build_id: 32 hex digits, see build/ingredients.py.
        out: the project's folder; made if need be.
        instrument: what the firmware does besides.

    Returns:
        ``out``.

    Raises:
        ConfigError: an engine that firmware/sources.toml does not have.
        BuildError: no room or no permission to write.
    """
    from tinybench.render.model_source import render_model
    from tinybench.render.tflm_source import render_interpreted
    from tinybench.tflm.program import Interpreted

    identity = Identity(build_id, board.name, engine, program.graph.sha256)
    need = Need(program.arena_bytes, program.weights_bytes, program.weights_in)
    found = place(need, board)
    placement = found if isinstance(found, Placement) else INTERNAL  # the linker says how much
    options = [f"{instrument} build"] if instrument else []
    taken: tuple[Taken, ...] = ()
    if isinstance(program, Interpreted):
        files = render_interpreted(program, labels, build_id, instrument, placement)
        options.append(f"{program.kernels} kernels")
        taken = program.taken
    else:
        files = render_model(program, labels, build_id, instrument, placement)
        options += [f"{weights} weights"] if (weights := program.target.weights) != "plain" else []
        options += ["weights in RAM"] if placement.weights != "flash" else []
    options += ["arena in PSRAM"] if placement.arena == "PSRAM" else []
    return write_project(
        files,
        board,
        identity,
        out=out,
        instrument=instrument,
        options=", ".join(options),
        placement=placement,
        taken=taken,
    )


def write_project(
    model_files: Mapping[str, str],
    board: Board,
    identity: Identity,
    *,
    out: Path,
    instrument: Instrument = Instrument.NONE,
    options: str = "",
    placement: Placement = INTERNAL,
    taken: Sequence[Taken] = (),
) -> Path:
    """As render_project(), for a model that is rendered already ("model.cc", "labels.h").

    Args:
        model_files, board, identity, out, instrument: as there.
        options: what the device's hello says of the build.
        placement: where model.cc says that arena and weights go.
        taken: files of the engine's components.
    """
    table = load_sources()
    engine = engine_of(identity.engine, instrument)
    sources = table.collect(board, engine)
    defines = instrument.defines | ({"TB_BUILD_OPTIONS": options} if options else {})
    identified = {
        PurePosixPath(IDENTITY_FILE): (json.dumps(asdict(identity), indent=1) + "\n").encode()
    }
    if board.kind == "hardware":
        files = espidf_files(
            board,
            sources,
            model_files,
            table.model_flags(engine, board),
            defines,
            placement,
            table.registry(engine),
        )
        write_tree(out, files | identified, owned=("main",))
        return out
    folders = _include_folders(sources)
    foreign = table.foreign(engine, board, taken) if engine == identity.engine else []
    sources += foreign
    files = {source.path: source.origin.read_bytes() for source in sources}
    files |= {PurePosixPath("src", name): text.encode() for name, text in model_files.items()}
    flags = {str(source.path): list(source.flags) for source in sources if source.flags is not None}
    flags |= {
        f"src/{name}": list(table.model_flags(engine, board))
        for name in model_files
        if name.endswith(".cc")
    }
    files |= _platform_files(board)
    macros = {str(source.path): source.macros for source in sources if source.macros is not None}
    files |= _rendered_files(board, folders, flags, defines, macros, cxx_library=bool(foreign))
    write_tree(out, files | identified, owned=("src", "platform"))
    return out


def engine_of(engine: str, instrument: Instrument) -> str:
    """Whose sources a firmware has: without a model, nothing of TFLM either."""
    return "aot" if instrument is Instrument.NULL else engine


def _include_folders(sources: Sequence[Source]) -> tuple[str, ...]:
    return ("src", *dict.fromkeys(str(source.path.parent) for source in sources))


def firmware_files(board: Board, engine: str) -> list[Path]:
    """All files below firmware/ that a project for this board is made of.

    Raises:
        ConfigError: unknown engine, or a port folder that does not exist.
    """
    sources = [source.origin for source in load_sources().collect(board, engine)]
    rest = _platform_sources(board) if board.kind == "virtual" else espidf_data(board)
    return [resources.firmware() / "sources.toml", *sources, *rest]


def _platform_sources(board: Board) -> list[Path]:
    root = resources.firmware() / board.build.platform
    return [path for path in sorted(root.rglob("*")) if path.suffix in {".json", ".py"}]


def _platform_files(board: Board) -> dict[PurePosixPath, bytes]:
    root = resources.firmware() / board.build.platform
    return {
        PurePosixPath("platform", path.relative_to(root).as_posix()): path.read_bytes()
        for path in _platform_sources(board)
    }


def _rendered_files(
    board: Board,
    include_folders: tuple[str, ...],
    flags: Mapping[str, Sequence[str]],
    defines: Mapping[str, str | int],
    macros: Mapping[str, Collection[str]],
    *,
    cxx_library: bool,
) -> dict[PurePosixPath, bytes]:
    bare_metal = board.chip.isa != "host"
    rows: list[dict[str, Any]] = [{"path": path, "flags": flags[path]} for path in sorted(flags)]
    for row in (row for row in rows if row["path"] in macros):
        seen = {name: defines[name] for name in macros[row["path"]] if name in defines}
        row |= {"shared": True, "defines": seen}
    texts = {
        "platformio.ini": render_template(
            "platformio.ini.j2", IniContext(board=board.name, core_dir=CORE_DIR)
        ),
        f"platform/boards/{board.name}.json": render_template(
            "board.json.j2",
            _board_context(board, bare_metal, include_folders, defines, cxx_library),
        ),
        "sources.json": json.dumps(rows, indent=1) + "\n",
    }
    if bare_metal:
        texts["memory.ld"] = render_template("virt.ld.j2", linker_context(board))
    return {PurePosixPath(path): text.encode() for path, text in texts.items()}


def _board_context(
    board: Board,
    bare_metal: bool,
    folders: tuple[str, ...],
    defines: Mapping[str, str | int],
    cxx_library: bool,
) -> BoardContext:
    return BoardContext(
        title=board.title,
        toolchain=board.build.toolchain,
        isa_flags=board.build.flags,
        bare_metal=bare_metal,
        cxx_library=cxx_library,
        include_folders=folders,
        defines={
            "TB_BOARD_NAME": board.name,
            "TB_CHIP_NAME": board.chip.name,
            "TB_CLOCK_HZ": board.chip.clock_hz,
            **defines,
        },
        flash_bytes=board.memory.flash_bytes,
        ram_bytes=board.memory.ram_bytes,
    )


def linker_context(board: Board) -> LinkerContext:
    """What templates/virt.ld.j2 is filled with for a board."""
    memory = board.memory
    return LinkerContext(
        board=board.name,
        flash_origin=memory.flash_origin,
        flash_bytes=memory.flash_bytes,
        ram_origin=memory.ram_origin,
        ram_bytes=memory.ram_bytes,
        stack_bytes=memory.stack_bytes,
        trap_stack_bytes=TRAP_STACK_BYTES,
    )
