"""Finding a compiler's 32-bit libraries, with compilers that differ in what they know."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path
from types import ModuleType

import pytest

from tinybench import resources

FLAGS = ["-march=rv32imc_zicsr", "-mabi=ilp32"]

# Answers as gcc does: a multilib folder for the ISA strings that it knows, "." for others.
FAKE_GCC = """#!{python}
import os, sys
known = {known!r}
root = {root!r}
march = next((a[7:] for a in sys.argv if a.startswith("-march=")), "")
folder = known.get(march, ".")
if "-print-file-name=picolibc.specs" in sys.argv:
    print({specs!r})
elif "-print-file-name=libc.a" in sys.argv:
    print({libc!r})
elif "-print-multi-directory" in sys.argv:
    print(folder)
elif "-###" in sys.argv:
    print("COLLECT_GCC=fake", file=sys.stderr)
    print(f' "{{root}}/cc1" -isystem "{{root}}/include" x.c', file=sys.stderr)
    print(f" collect2 -L{{root}}/lib/{{folder}} -L{{root}}/lib -lgcc", file=sys.stderr)
"""


@pytest.fixture(scope="session")
def toolchain() -> ModuleType:
    path = resources.firmware() / "virtual/platform/builder/toolchain.py"
    spec = importlib.util.spec_from_file_location("tinybench_toolchain", path)
    assert spec and spec.loader
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


def fake_gcc(
    root: Path, known: dict[str, str], specs: str = "/x/picolibc.specs", libc: str = "libc.a"
) -> str:
    for folder in known.values():
        (root / "lib" / folder).mkdir(parents=True, exist_ok=True)
        (root / "lib" / folder / "libc.a").touch()
    program = root / "fake-gcc"
    facts = {
        "python": sys.executable,
        "known": known,
        "root": str(root),
        "specs": specs,
        "libc": libc,
    }
    program.write_text(FAKE_GCC.format(**facts), encoding="utf-8")
    program.chmod(0o755)
    return str(program)


@pytest.mark.parametrize(
    ("known", "expected"),
    [
        ({"rv32imc_zicsr": "rv32imc/ilp32"}, "rv32imc/ilp32"),
        ({"rv32imc": "rv32im/ilp32"}, "rv32im/ilp32"),
        ({"rv32im": "rv32im/ilp32"}, "rv32im/ilp32"),
        ({"rv32i": "rv32i/ilp32", "rv64imac": "rv64imac/lp64"}, "rv32i/ilp32"),
    ],
)
def test_the_isa_is_asked_for_in_ever_plainer_words(
    toolchain: ModuleType, tmp_path: Path, known: dict[str, str], expected: str
) -> None:
    library = toolchain.find_library(fake_gcc(tmp_path, known), FLAGS)
    assert library.includes == (f"{tmp_path}/include",)
    assert library.folders == (f"{tmp_path}/lib/{expected}", f"{tmp_path}/lib")


def test_a_folder_without_a_library_is_passed_over(toolchain: ModuleType, tmp_path: Path) -> None:
    gcc = fake_gcc(tmp_path, {"rv32imc": "rv32imc/ilp32", "rv32im": "rv32im/ilp32"})
    (tmp_path / "lib/rv32imc/ilp32/libc.a").unlink()
    assert "rv32im/ilp32" in toolchain.find_library(gcc, FLAGS).folders[0]


def test_no_folder_at_all_is_an_error(toolchain: ModuleType, tmp_path: Path) -> None:
    gcc = fake_gcc(tmp_path, {"rv64gc": "rv64gc/lp64d"})
    with pytest.raises(toolchain.LibraryMissingError, match="rv32imc_zicsr"):
        toolchain.find_library(gcc, FLAGS)


def test_a_missing_picolibc_is_an_error(toolchain: ModuleType, tmp_path: Path) -> None:
    gcc = fake_gcc(tmp_path, {"rv32im": "rv32im/ilp32"}, specs="picolibc.specs")
    with pytest.raises(toolchain.LibraryMissingError, match="picolibc is not installed"):
        toolchain.find_library(gcc, FLAGS)


def test_a_compiler_may_find_its_library_by_itself(toolchain: ModuleType, tmp_path: Path) -> None:
    gcc = fake_gcc(tmp_path, {}, specs="picolibc.specs", libc="/usr/lib/xtensa/lib/libc.a")
    assert toolchain.find_library(gcc, ["-mtext-section-literals"]) == toolchain.NOTHING
