"""tools/setup, with stand-ins for every program that would change the machine."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from tinybench.boards import list_boards

ROOT = Path(__file__).parents[2]
REAL = (
    *("bash", "dirname", "sed", "tr", "sort", "xargs", "grep", "sha256sum", "echo"),
    *("mkdir", "touch", "cp"),
)


class Machine:
    """A machine with few programs on its PATH; each call of a stand-in is a line of ``calls``."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.programs = folder / "bin"
        self.log = folder / "calls"
        self.programs.mkdir()
        for name in REAL:
            found = next(p for p in map(Path, ("/usr/bin", "/bin")) if (p / name).exists())
            (self.programs / name).symlink_to(found / name)
        self.add("id", "echo 0")
        self.add("env", 'while [[ $1 == *=* ]]; do shift; done; "$@"')
        self.add("apt-get", self.call("apt-get"))
        self.add("apt-cache")
        self.add("qemu-system-riscv32")
        self.installed(*board_packages())

    def call(self, name: str) -> str:
        return f'echo "{name} $*" >>{self.log}'

    def add(self, name: str, script: str = "exit 0") -> None:
        path = self.programs / name
        path.write_text(f"#!/bin/bash\n{script}\n")
        path.chmod(0o755)

    def installed(self, *packages: str) -> None:
        lines = "".join(f"echo 'installed {package}'\n" for package in packages)
        self.add("dpkg-query", lines or "exit 1")

    def setup(self, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            ["bash", str(ROOT / "tools/setup"), *arguments],
            env={
                "PATH": str(self.programs),
                "TINYBENCH_VENV": str(self.folder / "venv"),
                **environment,
            },
            capture_output=True,
            text=True,
            check=False,
        )

    @property
    def calls(self) -> list[str]:
        return self.log.read_text().splitlines() if self.log.exists() else []


def board_packages() -> set[str]:
    named = {package for b in list_boards() for package in (*b.link.packages, *b.build.packages)}
    return {package.split(" | ")[0] for package in named}


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    """All boards' packages are installed, Python is fine, there is no environment yet."""
    made = Machine(tmp_path)
    made.add("environment-python", f"[[ $1 != -m ]] || {made.call('pip')}")
    made.add(
        "python3",
        'if [[ "$2" == venv ]]; then mkdir -p "$4/bin"; touch "$4/pyvenv.cfg"; '
        'cp "${0%/*}/environment-python" "$4/bin/python"; fi',
    )
    return made


def test_installs_what_boards_name_and_nothing_twice(machine: Machine) -> None:
    machine.installed("g++")
    first = machine.setup("demo")
    assert first.returncode == 0, first.stderr
    update, install, pip = machine.calls
    assert update.endswith("update")
    assert set(install.split()) >= board_packages() - {"g++"}
    assert "g++" not in install.split()
    assert pip.endswith(f"install -e {ROOT}[train]")
    machine.installed(*board_packages())
    assert machine.setup("demo").returncode == 0
    assert len(machine.calls) == 3, "the second run has nothing to do"


def test_developers_get_more_and_the_demo_is_content_with_it(machine: Machine) -> None:
    machine.setup("demo")
    machine.setup("test")
    machine.setup("check")
    machine.setup("demo")
    assert [call.split("[")[1] for call in machine.calls] == ["train]", "train,dev]"]


def test_emulator_in_a_package_of_its_own(machine: Machine) -> None:
    (machine.programs / "qemu-system-riscv32").unlink()
    machine.setup("demo")
    assert any(call.endswith("qemu-system-riscv") for call in machine.calls)


def test_a_package_that_the_release_lacks_costs_no_other(machine: Machine) -> None:
    machine.installed()
    machine.add(
        "apt-cache", '[[ $2 != *xtensa* ]] || { echo "E: No packages found" >&2; exit 100; }'
    )
    done = machine.setup("demo")
    assert done.returncode == 0, done.stderr
    install = machine.calls[1].split()
    assert "gcc-riscv64-unknown-elf" in install
    assert not [word for word in install if "xtensa" in word]
    assert "this release has no gcc-xtensa-lx106; tinybench doctor" in done.stderr


def test_venv_module_comes_with_its_python(machine: Machine) -> None:
    machine.add(
        "python3",
        '[[ "$*" != *ensurepip* ]] || exit 1\n[[ "$*" != *venv* ]] || echo python3.11-venv',
    )
    done = machine.setup("demo")
    assert machine.calls[1].endswith("python3.11-venv"), done.stderr


def test_without_root_the_command_is_named(machine: Machine) -> None:
    machine.installed()
    machine.add("id", "echo 1000")
    done = machine.setup("demo")
    assert done.returncode == 1
    assert "root is needed for: apt-get" in done.stderr
    assert machine.calls == []


def test_sudo_is_used_where_there_is_no_root(machine: Machine) -> None:
    machine.installed()
    machine.add("id", "echo 1000")
    machine.add("sudo", f'{machine.call("sudo")}; "$@"')
    assert machine.setup("demo").returncode == 0
    assert [call.split()[0] for call in machine.calls[:4]] == ["sudo", "apt-get"] * 2


@pytest.mark.parametrize("named", ["", "/opt/python3.9"])
def test_no_python_that_fits(machine: Machine, named: str) -> None:
    machine.add("python3", "[[ $1 != --version ]] || { echo Python 3.9.2; exit 0; }; exit 1")
    done = machine.setup("demo", **({"TINYBENCH_PYTHON": named} if named else {}))
    assert done.returncode == 1
    assert "wanted Python 3.11, 3.12 or 3.13" in done.stderr
    assert "Python 3.9.2" in done.stderr
    assert "TINYBENCH_PYTHON=/path" in done.stderr
    assert named in done.stderr


def test_a_folder_that_is_no_environment_is_left_alone(machine: Machine) -> None:
    precious = machine.folder / "venv" / "thesis.tex"
    precious.parent.mkdir()
    precious.write_text("all of it")
    done = machine.setup("demo")
    assert done.returncode == 1
    assert "no virtual environment" in done.stderr
    assert precious.read_text() == "all of it"


def test_unknown_purpose(machine: Machine) -> None:
    done = machine.setup("dmeo")
    assert done.returncode == 1
    assert "wanted demo, test or check, got 'dmeo'" in done.stderr


@pytest.mark.parametrize("tool", ["common.sh", "setup", "demo", "test", "check"])
def test_scripts_are_valid_bash(tool: str) -> None:
    subprocess.run(["bash", "-n", str(ROOT / "tools" / tool)], check=True)


def test_tools_can_be_run() -> None:
    for tool in ("setup", "demo", "test", "check", "check_c", "regen"):
        assert os.access(ROOT / "tools" / tool, os.X_OK), tool
