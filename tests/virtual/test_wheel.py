"""The wheel, installed read-only away from the checkout, carries all that a build needs."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import sysconfig
import venv
from pathlib import Path

import pytest

from support.models import conv_model

CHECKOUT = Path(__file__).resolve().parents[2]

BUILD = """
import json, sys
from pathlib import Path
import tinybench
from tinybench.boards import list_boards, load_board
from tinybench.build.cache import make_build
from tinybench.compiler import compile_graph
from tinybench.model.read import read_tflite

program = compile_graph(read_tflite(Path("model.tflite")))
build = make_build(
    program, load_board("virt-c3"), engine="aot", labels=None, root=Path("builds")
)
print(json.dumps({
    "package": tinybench.__file__,
    "boards": [board.source for board in list_boards()],
    "elf": str(build.artifact.elf),
    "weights": build.artifact.sizes.weights,
}))
"""


def run(*command: str | Path, cwd: Path) -> str:
    environment = {key: value for key, value in os.environ.items() if key != "PYTHONPATH"}
    environment |= {"PYTHONDONTWRITEBYTECODE": "1"}
    done = subprocess.run(
        command, cwd=cwd, env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def install(wheel: Path, folder: Path) -> Path:
    """A fresh environment with this wheel and, behind it, the packages of this environment."""
    venv.create(folder, with_pip=False)
    python = folder / "bin" / "python"
    pip = (sys.executable, "-m", "pip", "--python", python, "install", "--no-deps", "--no-index")
    run(*pip, "--no-compile", wheel, cwd=folder)
    packages = next((folder / "lib").glob("python*")) / "site-packages"
    (packages / "behind.pth").write_text(sysconfig.get_path("purelib") + "\n")
    for path in packages.rglob("*"):
        path.chmod(path.stat().st_mode & ~0o222)
    return python


def listing(folder: Path) -> dict[str, int]:
    """Every file and folder, and when it changed: root may write what is read-only."""
    return {str(path): path.stat().st_mtime_ns for path in folder.rglob("*")}


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("wheel")
    run(sys.executable, "-m", "build", "--wheel", "--no-isolation", "-o", out, ".", cwd=CHECKOUT)
    return next(out.glob("tinybench-*.whl"))


def test_the_wheel_builds_firmware_without_the_checkout(wheel: Path, tmp_path: Path) -> None:
    environment = tmp_path / "environment"
    python = install(wheel, environment)
    before = listing(environment)
    work = tmp_path / "work"
    work.mkdir()
    (work / "model.tflite").write_bytes(conv_model())
    facts = json.loads(run(python, "-c", BUILD, cwd=work))
    assert facts["package"].startswith(str(environment))
    assert all(source.startswith(str(environment)) for source in facts["boards"])
    assert facts["elf"].startswith(str(work))
    assert facts["weights"] > 0
    assert listing(environment) == before, "something was written into the installed package"


def test_the_wheel_carries_sources_and_no_waste(wheel: Path) -> None:
    import zipfile

    names = zipfile.ZipFile(wheel).namelist()
    for name in ("boards/virt-c3.toml", "firmware/sources.toml", "templates/virt.ld.j2"):
        assert f"tinybench/_data/{name}" in names
    wanted = {p.relative_to(CHECKOUT).as_posix() for p in (CHECKOUT / "firmware").rglob("*.[chS]")}
    assert {name.removeprefix("tinybench/_data/") for name in names} >= wanted
    waste = [name for name in names if "__pycache__" in name or name.endswith((".pyc", ".o"))]
    assert not waste
