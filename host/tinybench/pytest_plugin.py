"""A plugin for pytest: tests about what a model does on a board.

    @pytest.mark.tinybench(model="bird.tflite", data="images", labels="labels.txt", limit=50)
    def test_it_knows_birds(tinybench_result):
        assert tinybench_result["accuracy"]["device_top1"] >= 0.85

    pytest --tinybench-board virt-c3 --tinybench-board esp32cam

The mark takes the keys of tinybench.toml, those of its tables too; paths are relative to the test
file. What it does not say, tinybench.toml does (--tinybench-project). Tests that ask for a run are
repeated for every board of the command line; equal runs are made once.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from tinybench.project import Project
    from tinybench.workflow import BenchReport

MARK = "tinybench"
_PATHS = ("model", "path", "labels")
_RUNS = pytest.StashKey[dict[Any, Any]]()
_FAILURE = pytest.StashKey[str]()
# Figures of result.json that go to the JUnit report, by the name that they have there.
_PROPERTIES = {
    "top1_device": ("accuracy", "device_top1"),
    "top1_desktop": ("accuracy", "desktop_top1"),
    "samples": ("samples", "measured"),
    "outputs_byte_equal": ("agreement", "outputs_byte_equal"),
    "latency_median": ("latency", "median"),
    "latency_p99": ("latency", "p99"),
    "latency_unit": ("latency", "unit"),
    "arena_bytes": ("memory", "arena_bytes"),
    "stack_bytes": ("memory", "stack_bytes"),
    "flash_bytes": ("flash", "total_bytes"),
}


def pytest_addoption(parser: pytest.Parser) -> None:
    """--tinybench-..."""
    group = parser.getgroup("tinybench", "models on boards")
    group.addoption(
        "--tinybench-board",
        action="append",
        default=[],
        metavar="BOARD",
        help="run on this board; may be repeated. Default: the mark's, or tinybench.toml's.",
    )
    group.addoption(
        "--tinybench-project",
        type=Path,
        metavar="DIR",
        help="folder with tinybench.toml and .tinybench/. Default: pytest's root.",
    )
    group.addoption(
        "--tinybench-require",
        action="store_true",
        help="a board that is absent fails its tests instead of skipping them.",
    )


def pytest_configure(config: pytest.Config) -> None:
    """Declares the mark."""
    config.addinivalue_line(
        "markers",
        f"{MARK}(model, data, board, ...): what tinybench_result measures; keys of tinybench.toml",
    )
    config.stash[_RUNS] = {}


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """A test that asks for a board is repeated for each one of the command line."""
    boards = metafunc.config.getoption("tinybench_board")
    if boards and "tinybench_board" in metafunc.fixturenames:
        metafunc.parametrize("tinybench_board", boards, indirect=True, scope="function")


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_call(item: pytest.Item) -> None:
    """A run that went wrong is a test that failed, not an error of its fixtures."""
    words = item.stash.get(_FAILURE, None)
    if words is not None:
        pytest.fail(words, pytrace=False)


@pytest.fixture
def tinybench_board(request: pytest.FixtureRequest) -> str:
    """Name of the board that this test runs on; skips where there is none."""
    from tinybench.project import load_project

    marked = _mark(request).get("board")
    chosen: str | None = getattr(request, "param", None)
    if chosen is not None and marked not in (None, chosen):
        pytest.skip(f"this test is for {marked}, not for {chosen}")
    board = chosen or marked or load_project(_root(request.config)).board
    if board is None:
        pytest.skip("no board is named: pytest --tinybench-board NAME")
    return str(board)


@pytest.fixture
def tinybench_report(request: pytest.FixtureRequest, tinybench_board: str) -> BenchReport:
    """The run that the mark describes, with its folder; made once per session.

    A device that fails, bytes unlike TFLM's and gates that are not kept fail the test. A board that
    is absent (its tools are not installed, nothing answers on any port) skips it.
    """
    project = _project(request, tinybench_board)
    runs = request.config.stash[_RUNS]
    if project not in runs:
        runs[project] = _bench(project)
    report = runs[project]
    if isinstance(report, Exception):
        _give_up(request.config, report)
    for name, (section, key) in _PROPERTIES.items():
        figures = report.result[section]
        value = figures[key]
        if value is None:
            value = f"not measured: {figures[f'{key}_reason']}"
        request.node.user_properties.append((f"tinybench.{name}", value))
    request.node.user_properties.append(("tinybench.run", str(report.folder)))
    if report.error is not None:
        request.node.stash[_FAILURE] = _words(report.error)
    return report  # type: ignore[no-any-return]


@pytest.fixture
def tinybench_result(tinybench_report: BenchReport) -> dict[str, Any]:
    """result.json of the run that the mark describes."""
    return tinybench_report.result


def _mark(request: pytest.FixtureRequest) -> Mapping[str, Any]:
    mark = request.node.get_closest_marker(MARK)
    return mark.kwargs if mark is not None else {}


def _root(config: pytest.Config) -> Path:
    return config.getoption("tinybench_project") or config.rootpath


def _project(request: pytest.FixtureRequest, board: str) -> Project:
    from tinybench.errors import TinybenchError
    from tinybench.project import load_project, overlay

    words = {("path" if key == "data" else key): v for key, v in _mark(request).items()}
    here = request.path.parent
    values = {k: here / v if k in _PATHS else v for k, v in words.items()}
    try:
        return overlay(load_project(_root(request.config)), **values | {"board": board})
    except TinybenchError as error:
        pytest.fail(_words(error), pytrace=False)


def _bench(project: Project) -> BenchReport | Exception:
    from tinybench.errors import TinybenchError
    from tinybench.workflow import bench_model

    try:
        return bench_model(project)
    except TinybenchError as error:
        return error


def _give_up(config: pytest.Config, error: Exception) -> None:
    from tinybench.errors import LinkError, ToolMissing

    absent = isinstance(error, ToolMissing | LinkError)
    if absent and not config.getoption("tinybench_require"):
        pytest.skip(_words(error))
    pytest.fail(_words(error), pytrace=False)


def _words(error: Exception) -> str:
    details = getattr(error, "details", ())
    return "\n".join([str(error), *(f"  {line}" for line in details)])
