"""tools/test-esp32 where Espressif's platform is not: it says so, and downloads nothing."""

from __future__ import annotations

import importlib.machinery
import importlib.util
import os
import subprocess
import sys
from pathlib import Path
from types import ModuleType

import pytest

from tinybench.boards import load_board

TOOL = Path(__file__).parents[2] / "tools" / "test-esp32"


@pytest.fixture(scope="module")
def tool() -> ModuleType:
    loader = importlib.machinery.SourceFileLoader("test_esp32", str(TOOL))
    spec = importlib.util.spec_from_loader(loader.name, loader)
    assert spec is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[loader.name] = module
    loader.exec_module(module)
    return module


def test_it_is_skipped_with_a_reason(tmp_path: Path) -> None:
    environment = {**os.environ, "PLATFORMIO_CORE_DIR": str(tmp_path)}
    done = subprocess.run(
        [sys.executable, TOOL], capture_output=True, text=True, env=environment, check=False
    )
    assert done.returncode == 77
    assert "skipped: platformio/espressif32@6.13.0 is not installed" in done.stdout
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("header", "right"),
    [
        ("e903022f", True),  # ESP32-CAM: DIO, 4 MB, 80 MHz
        ("e9030220", False),  # 40 MHz, as PlatformIO's board file has it
        ("e903002f", False),  # QIO
        ("e903023f", False),  # 8 MB
    ],
)
def test_the_header_that_the_bootloader_goes_by(
    tool: ModuleType, tmp_path: Path, header: str, right: bool
) -> None:
    (tmp_path / "firmware.bin").write_bytes(bytes(100))
    (tmp_path / "partitions.bin").write_bytes(bytes(100))
    (tmp_path / "bootloader.bin").write_bytes(bytes.fromhex(header) + bytes(100))
    assert (list(tool.complaints(load_board("esp32cam"), tmp_path)) == []) == right


def test_an_app_that_is_too_large_for_its_partition_is_told(
    tool: ModuleType, tmp_path: Path
) -> None:
    (tmp_path / "firmware.bin").write_bytes(bytes(0x3F0001))
    (tmp_path / "bootloader.bin").write_bytes(bytes.fromhex("e903022f"))
    app, table = tool.complaints(load_board("esp32cam"), tmp_path)
    assert app == "the app takes 4,128,769 B of 4,128,768 B"
    assert table == "no partitions.bin"
