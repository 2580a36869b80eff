"""Several boards at once, several engines in turn: a bench of each in a process of its own."""

from __future__ import annotations

import multiprocessing
import os
import queue
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from tinybench.boards import load_board
from tinybench.errors import DeviceError, Interrupted, TinybenchError, UsageError
from tinybench.lab import LabBoard, load_lab
from tinybench.project import Project, overlay
from tinybench.workflow.bench import bench_model
from tinybench.workflow.plugged import with_port
from tinybench.workflow.session import BenchReport
from tinybench.workflow.watch import Watch

if TYPE_CHECKING:
    from multiprocessing.process import BaseProcess

    from tinybench.bench.records import SampleRecord

_POLL_S = 0.2


@dataclass(frozen=True)
class BoardRun:
    """What became of one board with one engine.

    Attributes:
        board, engine: names.
        report: the run; None where it did not begin.
        error: why it is not a success, or None.
    """

    board: str
    engine: str
    report: BenchReport | None
    error: TinybenchError | None

    @property
    def interrupted(self) -> bool:
        """Ended by the user."""
        return isinstance(self.error, Interrupted)


@dataclass(frozen=True)
class Target:
    """One board among others.

    Attributes:
        name: what it is called, and its run folder below a common one.
        project: the common one, on this board.
    """

    name: str
    project: Project


def find_targets(
    project: Project, boards: Sequence[str], ports: Sequence[str], lab: Path | None
) -> list[Target]:
    """What a bench is to run on.

    Args:
        project: with everything else that is asked for.
        boards: names; of the lab's boards where there is a lab. None: the project's, or all.
        ports: of one board, or of several of its kind.
        lab: lab.toml.

    Raises:
        UsageError: ports or a MAC beside a lab, or of more than one kind of board; no such lab or
            board.
    """
    if lab is not None and (ports or project.mac):
        todo = "write port or mac into the lab"
        raise UsageError("a lab, or ports and a MAC", "both are named", todo)
    if lab is not None:
        return [Target(board.name, _in_lab(project, board)) for board in load_lab(lab, boards)]
    if len(boards) > 1 and ports:
        seen = f"{len(boards)} boards and {len(ports)} ports"
        raise UsageError("one kind of board with its ports", seen, "name them in a --lab file")
    if max(len(boards), len(ports)) > 1 and project.mac is not None:
        seen = f"--mac {project.mac} for several"
        raise UsageError("one board with a MAC", seen, "name them in a --lab file, with a mac each")
    projects = [overlay(project, board=name) for name in boards] or [project]
    if len(ports) > 1:
        one = projects[0]
        return [
            Target(f"{Path(str(one.board)).stem}-{n}", overlay(one, port=port))
            for n, port in enumerate(dict.fromkeys(ports), 1)
        ]
    own = [overlay(one, port=ports[0] if ports else None) for one in projects]
    return [Target(str(one.board), one) for one in own]


def bench_boards(
    targets: Sequence[Target],
    outs: Sequence[Path | None],
    watches: Sequence[Watch],
    *,
    flash: bool = True,
) -> list[BoardRun]:
    """Benches a project on several boards at the same time.

    Args:
        targets: no name twice, no port twice. Ports that are not named are found before any of them
            starts, so that two boards never share one.
        outs: run folder of each, or None for a new one below the project's runs.
        watches: told of each one's steps and samples.
        flash: as bench_model().

    Returns:
        One per target, in their order, also where Ctrl-C ended them.

    Raises:
        UsageError: a board is named twice, or two would be on one port.
    """
    names = [target.name for target in targets]
    if twice := sorted({name for name in names if names.count(name) > 1}):
        raise UsageError("every board once", f"{', '.join(twice)} twice", "name each board once")
    if len(targets) > 1:
        targets = [_settled(target) for target in targets]
    _check_ports(targets)
    context = multiprocessing.get_context("spawn")
    news: Any = context.Queue()
    children = [
        context.Process(target=_bench_one, args=(number, target, out, news, flash))
        for number, (target, out) in enumerate(zip(targets, outs, strict=True))
    ]
    for child in children:
        child.start()
    try:
        ended = _follow(children, news, watches)
    except KeyboardInterrupt:  # the children have heard it too, and write down what they have
        ended = _follow(children, news, watches)
    finally:
        for child in children:
            child.join()
    return [ended.get(n) or _vanished(target) for n, target in enumerate(targets)]


def _in_lab(project: Project, board: LabBoard) -> Project:
    """The project on a lab's board; where another one is does not count."""
    own = overlay(project, board=board.board, cable=board.cable)
    return replace(own, port=board.port, mac=board.mac)


def _settled(target: Target) -> Target:
    """The target with its port found; where it cannot be, its own bench tells why."""
    try:
        project = with_port(target.project, load_board(str(target.project.board)))
    except TinybenchError:
        return target
    return replace(target, project=project)


def _check_ports(targets: Sequence[Target]) -> None:
    users: dict[str, list[str]] = {}
    for target in targets:
        if port := target.project.port:
            place = os.path.realpath(port) if Path(port).exists() else port
            users.setdefault(place, []).append(target.name)
    shared = {port: names for port, names in users.items() if len(names) > 1}
    if shared:
        raise UsageError(
            "a port for every board",
            "; ".join(f"{' and '.join(names)} on {port}" for port, names in shared.items()),
            "plug all of them in; --port names several boards of one kind, a --lab file any; "
            "ESPPORT can name only one",
        )


def _follow(
    children: Sequence[BaseProcess], news: Any, watches: Sequence[Watch]
) -> dict[int, BoardRun]:
    """Passes on what the children tell until all of them have ended."""
    ended: dict[int, BoardRun] = {}
    while len(ended) < len(children):
        try:
            number, method, argument = news.get(timeout=_POLL_S)
        except queue.Empty:
            if not any(child.is_alive() for child in children):
                return ended
            continue
        if method == "end":
            ended[number] = cast(BoardRun, argument)
        else:
            getattr(watches[number], method)(argument)
    return ended


class _Teller:
    """A Watch that tells another process."""

    def __init__(self, number: int, news: Any) -> None:
        self._number = number
        self._news = news

    def _tell(self, method: str, argument: object) -> None:
        self._news.put((self._number, method, argument))

    def phase(self, text: str) -> None:
        self._tell("phase", text)

    def start(self, planned: int) -> None:
        self._tell("start", planned)

    def record(self, record: SampleRecord) -> None:
        self._tell("record", record)

    def unreadable(self, name: str) -> None:
        self._tell("unreadable", name)

    def board(self, state: str) -> None:
        self._tell("board", state)


def _bench_one(number: int, target: Target, out: Path | None, news: Any, flash: bool) -> None:
    board, project = target.name, target.project
    engine = project.engine
    try:
        report = bench_model(project, out=out, flash=flash, watch=_Teller(number, news))
        run = BoardRun(board, engine, replace(report, error=None), report.error)
    except TinybenchError as error:
        run = BoardRun(board, engine, None, error)
    except KeyboardInterrupt:
        ended = Interrupted(f"bench {board}", "interrupted", "bench it again")
        run = BoardRun(board, engine, None, ended)
    news.put((number, "end", run))
    news.close()
    news.join_thread()


def _vanished(target: Target) -> BoardRun:
    board = target.name
    error = DeviceError(f"bench {board}", "its process ended without a word", "bench it alone")
    return BoardRun(board, target.project.engine, None, error)
