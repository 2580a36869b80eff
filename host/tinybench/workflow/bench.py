"""A bench from project to run folder."""

from __future__ import annotations

import shutil
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from tinybench.boards import load_board
from tinybench.errors import StaleBuild, UsageError, system_error
from tinybench.project import DataConfig, Project, overlay
from tinybench.workflow.firmware import Compiled, build_compiled, compile_model, find_flashed
from tinybench.workflow.plugged import Choose, put_on_board, with_port
from tinybench.workflow.reach import check_reach
from tinybench.workflow.session import BenchReport, Session, run_session
from tinybench.workflow.watch import Silent, Watch

if TYPE_CHECKING:
    from tinybench.bench.dataset import Dataset
    from tinybench.flash.slot import Flashed
    from tinybench.train.digits import DemoModel


def bench_model(
    project: Project,
    *,
    out: Path | None = None,
    flash: bool = True,
    watch: Watch | None = None,
    choose: Choose | None = None,
) -> BenchReport:
    """Measures the project's model on its board against desktop TFLite.

    Args:
        project: model, board, engine, data, and where the board is.
        out: run folder, new or empty; by default a new one below the project's runs.
        flash: build and flash first; False: use what is flashed, if it is of these ingredients.
        watch: told of steps and samples.
        choose: asks which of several ports it is; None: that is an error.

    Returns:
        The run as it is in its folder, also where the device failed or Ctrl-C ended it.

    Raises:
        UsageError: model, board, data or run folder cannot be used.
        DoesNotFit: the board is too small.
        BuildError: building or flashing failed, or a program is not installed.
    """
    from tinybench.report.folder import new_run_folder, open_run_folder

    watch = watch or Silent()
    started = datetime.now(UTC)
    compiled = compile_model(project, watch)
    check_reach(project, compiled.board)
    samples = open_samples(project, compiled, project.data.limit or None)
    asked, project = project, with_port(project, compiled.board, choose)
    run_folder = (
        open_run_folder(out)
        if out
        else new_run_folder(project.runs_folder, compiled.board.name, compiled.model.stem, started)
    )
    with run_folder as folder:
        flashed = _take_firmware(project, compiled, flash, watch, folder.path)
        return run_session(
            Session(project, compiled, samples, flashed, started, watch, asked), folder
        )


def resume_bench(
    folder: Path,
    *,
    port: str | None = None,
    mac: str | None = None,
    watch: Watch | None = None,
    choose: Choose | None = None,
) -> BenchReport:
    """Goes on with a run that was broken off: killed, interrupted, or its device failed.

    What it measured is kept where it is whole and the data is still the same; the result is that of
    a run that was not disturbed, but for the times of day and of the desktop.

    Args:
        folder: its run folder.
        port, mac: where the board is now; None: as the run was told, or found anew.
        watch: told of steps and samples, those measured before too.
        choose: asks which of several ports it is; None: that is an error.

    Raises:
        UsageError: no such run, it is complete, or it cannot go on.
        StaleBuild: model, sources or tools have changed, so that other firmware would be measured.
        BuildError: as bench_model().
    """
    from tinybench.report.folder import Kept, RunFolder, keep_logs
    from tinybench.report.resume import read_run, whole_records

    watch = watch or Silent()
    project, started = read_run(folder)
    project = overlay(project, port=port, mac=mac)
    compiled = compile_model(project, watch)
    check_reach(project, compiled.board)
    samples = open_samples(project, compiled, project.data.limit or None)
    asked, project = project, with_port(project, compiled.board, choose)
    flashed = _same_firmware(project, compiled, watch, folder)
    sample_bytes = sum(tensor.nbytes for tensor in compiled.program.outputs)
    kept = Kept(whole_records(folder, sample_bytes), sample_bytes)
    keep_logs(folder)
    with RunFolder(folder, made=False, done=kept) as run_folder:
        session = Session(project, compiled, samples, flashed, started, watch, asked, kept.records)
        return run_session(session, run_folder)


def _same_firmware(project: Project, compiled: Compiled, watch: Watch, folder: Path) -> Flashed:
    """The firmware that the run began with, built and flashed again if need be."""
    from tinybench.flash.slot import elf_sha256
    from tinybench.report.folder import FIRMWARE

    build = build_compiled(project, compiled, watch).build
    own = (folder / FIRMWARE).absolute()
    try:
        before = elf_sha256(own)
    except OSError as error:
        raise system_error(f"read {own}", error) from error
    if before != build.elf_sha256:
        raise StaleBuild(
            f"the firmware that {folder} began with",
            "model, sources or tools have changed since: this would measure another one",
            "bench anew",
        )
    slots = project.state / "flashed"
    return replace(put_on_board(project, build, compiled.board, slots, watch), elf=own)


def open_samples(project: Project, compiled: Compiled, limit: int | None) -> Dataset:
    """The project's data as the model's inputs, at most so many.

    Raises:
        UsageError: none is named, or it cannot be used.
    """
    from tinybench.bench.dataset import open_dataset
    from tinybench.bench.preprocess import input_spec

    if project.data.path is None:
        raise UsageError("data to measure with", "none is named", "--data FOLDER or FILE.npz")
    return open_dataset(
        project.data.path,
        input_spec(compiled.graph),
        labels=compiled.labels,
        pixel_range=project.data.pixel_range,
        limit=limit,
    )


def _take_firmware(
    project: Project, compiled: Compiled, flash: bool, watch: Watch, folder: Path
) -> Flashed:
    """What is to be measured, its ELF copied to the run folder: no other flash takes it away."""
    from tinybench.report.folder import FIRMWARE

    slots = project.state / "flashed"
    if flash:
        build = build_compiled(project, compiled, watch).build
        flashed = put_on_board(project, build, compiled.board, slots, watch)
        source = build.artifact.elf
    else:
        flashed = find_flashed(project, compiled)
        source = flashed.elf
    own = folder.absolute() / FIRMWARE
    try:
        shutil.copyfile(source, own)
        own.chmod(0o755)  # a native one is a program
    except FileNotFoundError as error:
        raise StaleBuild(
            f"find firmware on {compiled.board.name}",
            "it was flashed anew just now",
            "bench again",
        ) from error
    except OSError as error:
        raise system_error(f"copy the firmware to {own}", error) from error
    return replace(flashed, elf=own)


def train_demo(
    folder: Path, board: str, *, watch: Watch | None = None
) -> tuple[DemoModel, Project]:
    """Trains the digits model in a folder and makes a project of it.

    Returns:
        The trained model's facts, and the project.

    Raises:
        ConfigError: there is no such board.
        ToolMissing: TensorFlow, scikit-learn or the board's emulator is not installed.
        ModelError: training or conversion failed.
    """
    from tinybench.train.digits import train_digits

    check_reach(Project(root=folder), load_board(board))
    (watch or Silent()).phase("training a small CNN on scikit-learn's digits, quantizing to int8")
    made = train_digits(folder)
    data = DataConfig(path=made.data, labels=made.labels)
    return made, Project(root=folder, model=made.model, board=board, data=data)
