"""The doctor names what is missing and the command that mends it."""

from __future__ import annotations

from pathlib import Path

import pytest

from tinybench.build import doctor


def by_name(checks: list[doctor.Check], part: str) -> doctor.Check:
    found = [check for check in checks if part in check.name]
    assert len(found) == 1, [check.name for check in checks]
    return found[0]


def test_each_thing_is_looked_at_once(tmp_path: Path) -> None:
    checks = doctor.examine(tmp_path)
    names = [check.name for check in checks]
    assert len(set(names)) == len(names)
    for part in ("platformio", "Python >=", "write access"):
        by_name(checks, part)
    for machine, compiler in (("riscv32", "riscv64-unknown"), ("xtensa", "xtensa-lx106")):
        by_name(checks, f"qemu-system-{machine}")
        by_name(checks, f"{compiler}-elf-gcc")
    assert by_name(checks, "tensorflow").optional
    assert by_name(checks, "tflite-micro").optional
    assert not by_name(checks, "platformio").optional


def test_what_is_ok_needs_no_mending(tmp_path: Path) -> None:
    for check in doctor.examine(tmp_path):
        assert check.ok == (check.mend == ""), check


def test_missing_tools_come_with_the_command(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    checks = doctor.examine(tmp_path)
    emulator = by_name(checks, "qemu-system-riscv32")
    assert not emulator.ok
    assert emulator.mend == (
        "sudo apt-get install qemu-system-misc  # on newer releases: qemu-system-riscv"
    )
    compiler = by_name(checks, "riscv64-unknown-elf-gcc")
    assert "picolibc-riscv64-unknown-elf" in compiler.mend
    assert by_name(checks, "xtensa-lx106-elf-g++").mend == (
        "sudo apt-get install gcc-xtensa-lx106 picolibc-xtensa-lx106-elf"
    )


@pytest.mark.parametrize("name", ["riscv64-unknown-elf-gcc", "xtensa-lx106-elf-gcc"])
def test_a_compiler_without_picolibc_is_not_ok(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    gcc = tmp_path / name
    gcc.write_text("#!/bin/sh\necho picolibc.specs\n")
    gcc.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:/bin")
    assert "no picolibc" in by_name(doctor.examine(tmp_path), name).seen


def test_cxx_headers_for_tflm_are_optional_and_come_with_the_command(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A compiler without any, and none for Arm whose headers would do."""
    gxx = tmp_path / "xtensa-lx106-elf-g++"
    gxx.write_text("#!/bin/sh\nexit 1\n")
    gxx.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    part = "C++ headers for xtensa-lx106-elf-g++"
    check = by_name(doctor.examine(tmp_path), part)
    assert (check.ok, check.optional) == (False, True)
    assert "tflm on virt-esp32" in check.name
    assert check.mend == "sudo apt-get install libstdc++-arm-none-eabi-newlib"
    gxx.write_text("#!/bin/sh\nexit 0\n")
    assert by_name(doctor.examine(tmp_path), part).seen == "its own"


def test_a_missing_or_wrong_package_comes_with_the_command(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def installed(name: str) -> str:
        if name == "cobs":
            raise doctor.PackageNotFoundError(name)
        return "1.0"

    monkeypatch.setattr(doctor, "version", installed)
    checks = doctor.examine(tmp_path)
    assert by_name(checks, "cobs").seen == "not installed"
    assert "pip install 'platformio==6.2.0'" in by_name(checks, "platformio").mend


def test_a_folder_that_cannot_be_written_is_not_ok(tmp_path: Path) -> None:
    assert not by_name(doctor.examine(tmp_path / "none"), "write access").ok


def test_a_real_boards_platform_is_optional_and_found_in_platformios_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PLATFORMIO_CORE_DIR", str(tmp_path / "core"))
    part = "espressif32@6.13.0"
    missing = by_name(doctor.examine(tmp_path), part)
    assert (missing.ok, missing.optional) == (False, True)
    assert f"pkg install -g -p platformio/{part}" in missing.mend
    manifest = tmp_path / "core" / "platforms" / "espressif32" / "platform.json"
    manifest.parent.mkdir(parents=True)
    manifest.write_text('{"name": "espressif32", "version": "6.12.0"}')
    assert not by_name(doctor.examine(tmp_path), part).ok, "another version is not it"
    manifest.write_text('{"name": "espressif32", "version": "6.13.0"}')
    found = by_name(doctor.examine(tmp_path), part)
    assert (found.ok, found.seen, found.mend) == (True, str(manifest.parent), "")
