"""The typed Python API: each function is what one command does, without words or exit codes.

    project = overlay(load_project(Path(".")), model=Path("bird.tflite"), board="virt-c3")
    report = bench_model(project)
    print(report.result["accuracy"]["device_top1"], report.error)

Everything heavy is imported where it is used, so that importing this package is cheap.
"""

from tinybench.project import DataConfig, Project, load_project, overlay
from tinybench.workflow.bench import bench_model, resume_bench, train_demo
from tinybench.workflow.cable import open_cable
from tinybench.workflow.firmware import (
    Built,
    Compiled,
    build_firmware,
    compile_model,
    flash_firmware,
    inspect_model,
    render_firmware,
)
from tinybench.workflow.image import flash_image, merge_build
from tinybench.workflow.session import BenchReport
from tinybench.workflow.watch import Silent, Watch

__all__ = [
    "BenchReport",
    "Built",
    "Compiled",
    "DataConfig",
    "Project",
    "Silent",
    "Watch",
    "bench_model",
    "build_firmware",
    "compile_model",
    "flash_firmware",
    "flash_image",
    "inspect_model",
    "load_project",
    "merge_build",
    "open_cable",
    "overlay",
    "render_firmware",
    "resume_bench",
    "train_demo",
]
