"""How many bytes of arena TFLite Micro needs for a model: tried on a virtual board, never guessed.

The firmware that finds out has all the RAM of the largest virtual board: what TFLM allocates
depends on the size of pointers, not on the ISA. It runs one inference with all of that, then with
ever less by bisection, started anew each time: where its arena is too small TFLM may crash.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from tinybench.boards import Board, list_boards
from tinybench.errors import ConfigError, DeviceError, UnsupportedModel
from tinybench.model.graph import Graph
from tinybench.project import Project
from tinybench.render.instrument import Instrument
from tinybench.tflm.checkouts import find_checkouts
from tinybench.tflm.program import Interpreted, interpret_graph
from tinybench.workflow.reach import find_emulator
from tinybench.workflow.watch import Watch

SCHEMA = "tinybench.arena/1"
_FIRMWARE_BYTES = 128 * 1024  # RAM that is left to the firmware itself
_STEPS = (16, 256, 4096, 65536)  # bytes beyond what is used in the end, tried first
_LINES = 5  # of TFLM's own words


def interpret_for(
    project: Project, board: Board, graph: Graph, data: bytes, watch: Watch
) -> Interpreted:
    """A model as TFLM runs it on a board, its arena's size found.

    Raises:
        ConfigError: the sources of TFLM or ESP-NN are not where they should be; kernels that the
            board cannot have.
        UnsupportedModel: TFLM lacks an op, or refuses the model.
        BuildError, DeviceError: the firmware that finds out cannot be built, or fails.
    """
    if board.kind == "hardware" and project.kernels != "esp-nn":
        raise ConfigError(
            f"kernels that esp-tflite-micro has for {board.name}",
            f"kernels={project.kernels!r}",
            "in ESP-IDF that component always builds with ESP-NN; virtual boards have both",
        )
    checkouts = find_checkouts(project.tflm_source, project.esp_nn_source, project.kernels)
    program = interpret_graph(graph, data, project.kernels, checkouts)
    place = _roomy(board)
    least, used = _needs(project, program, place, watch)
    method = (
        f"least that allocates, by bisection on {place.name}; TFLM says that it uses {used:,} B"
    )
    taken = program.taken if board.kind == "virtual" else ()  # ESP-IDF fetches its own
    return replace(program, arena_bytes=least, arena_method=method, taken=taken)


def _roomy(board: Board) -> Board:
    """The virtual board with pointers of the same size that has the most RAM."""
    if board.chip.isa == "host":
        return board
    narrow = [b for b in list_boards() if b.kind == "virtual" and b.chip.isa != "host"]
    return max(narrow, key=lambda other: other.memory.ram_bytes)


def _needs(project: Project, program: Interpreted, board: Board, watch: Watch) -> tuple[int, int]:
    """Least bytes, and bytes that TFLM says it uses; from the record where there is one."""
    from tinybench.build.cache import make_build
    from tinybench.render.files import write_if_changed

    room = board.memory.ram_bytes - board.memory.stack_bytes - _FIRMWARE_BYTES
    roomy = replace(program, arena_bytes=room // 16 * 16)
    watch.phase(f"finding the arena that TFLM needs, on {board.name}")
    build = make_build(
        roomy,
        board,
        engine="tflm",
        labels=None,
        root=project.state / "build",
        instrument=Instrument.ARENA,
    )
    record = build.folder / "arena.json"
    try:
        known = json.loads(record.read_text("utf-8"))
        if known["schema"] == SCHEMA and known["elf_sha256"] == build.elf_sha256:
            return int(known["least"]), int(known["used"])
    except (OSError, ValueError, KeyError, TypeError):
        pass
    least, used = _search(_Trials(program, board, build.artifact.elf, project.state), room)
    facts = {"schema": SCHEMA, "elf_sha256": build.elf_sha256, "least": least, "used": used}
    write_if_changed(record, (json.dumps(facts) + "\n").encode())
    return least, used


def _search(trials: _Trials, room: int) -> tuple[int, int]:
    """Least bytes with which the model runs, and what TFLM says that it uses."""
    used = trials.run(room // 16 * 16)
    fails, fits = used - 1, room // 16 * 16
    for more in _STEPS:
        if trials.fits(used + more):
            fits = used + more
            break
        fails = used + more
    while fits - fails > 1:
        middle = (fits + fails) // 2
        if trials.fits(middle):
            fits = middle
        else:
            fails = middle
    return fits, used


@dataclass(frozen=True)
class _Trials:
    """One firmware, started anew for every try: TFLM may crash where its arena is too small."""

    program: Interpreted
    board: Board
    elf: Path
    state: Path

    def fits(self, arena_bytes: int) -> bool:
        """The model runs with so much."""
        try:
            self.run(arena_bytes)
        except (UnsupportedModel, DeviceError):
            return False
        return True

    def run(self, arena_bytes: int) -> int:
        """One inference; what TFLM says that it uses.

        Raises:
            UnsupportedModel: TFLM does not take it.
            DeviceError: it crashes.
        """
        from tinybench.bench.device import Device
        from tinybench.build.elf import with_word
        from tinybench.link import open_link
        from tinybench.link.emulator import board_url
        from tinybench.report.folder import DEVICE_LOG, EMULATOR_LOG

        find_emulator(self.board)
        logs, own = self.state / "logs", self.state / "arena.elf"
        logs.mkdir(parents=True, exist_ok=True)
        own.write_bytes(with_word(self.elf, "tb_tflm_try", arena_bytes))
        own.chmod(0o755)
        log, baud = logs / f"arena-{DEVICE_LOG}", self.board.link.baud
        link = open_link(board_url(self.board, own), log=logs / EMULATOR_LOG, baud=baud)
        with Device(link, log=log, reply_timeout_s=self.board.link.reply_timeout_s) as device:
            status = device.hello().engine_status
            if status != 0:
                raise UnsupportedModel(
                    f"TFLite Micro to take the model ({self.program.kernels} kernels)",
                    f"its setup fails with status {status}",
                    "status 2: an op cannot be registered; 3: an op refuses its tensors",
                    details=_words(log),
                )
            zeros = [bytes(tensor.nbytes) for tensor in self.program.inputs]
            return int(np.frombuffer(device.infer(0, zeros).outputs[-1], "<u4")[0])


def _words(log: Path) -> tuple[str, ...]:
    """The last lines that TFLM has said."""
    try:
        return tuple(log.read_text("utf-8", "replace").splitlines()[-_LINES:])
    except OSError:
        return ()
