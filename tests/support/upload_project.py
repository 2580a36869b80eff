"""A PlatformIO project that is built already, so that its upload can be tried without a toolchain.

Its platform is a stand-in that knows uploading only: the command line of platform-espressif32
v6.13.0 (4ed1943, builder/main.py, upload_protocol "esptool"). With TINYBENCH_ESPRESSIF32, the
folder of a clone of that platform, it is the real one, in which only the toolchain is missing; with
TINYBENCH_ESPTOOL4, a Python that has esptool 4.11, as that platform brings it, it is that esptool.
"""

from __future__ import annotations

import json
import os
import shutil
import sys
from collections.abc import Iterable
from pathlib import Path

from tinybench import resources
from tinybench.build.platformio import prepare_core_dir
from tinybench.flash.parts import Part

_TOOLS = {  # what platform.json of v6.13.0 wants besides esptool, not run by an upload
    "toolchain-xtensa-esp32": ("espressif", "8.4.0+2021r2-patch5"),
    "tool-mkspiffs": ("platformio", "2.230.0"),
    "tool-mklittlefs": ("platformio", "1.203.0"),
    "tool-mkfatfs": ("platformio", "2.0.1"),
}
_ESPTOOL = """\
import subprocess, sys
sys.exit(subprocess.call([{python!r}, "-m", "esptool", *sys.argv[1:]]))
"""
_INI = """\
[env:esp32cam]
platform = symlink://{platform}
board = esp32cam
upload_speed = 460800
board_build.f_flash = 80000000L
board_build.flash_mode = dio
board_upload.flash_size = 4MB
extra_scripts =
  pre:parts.py
  post:uploading.py
"""
_PARTS = """\
Import("env")
env.Append(FLASH_EXTRA_IMAGES={images!r})
env.Replace(PIOFRAMEWORK=[])  # ESP-IDF would configure its own build
"""
_PLATFORM = {
    "name": "standin",
    "title": "Uploads, and nothing else",
    "version": "1.0.0",
    "packages": {"tool-esptoolpy": {"owner": "platformio", "version": "~2.41100.0"}},
}
_BOARD = {
    "name": "stand-in",
    "vendor": "tests",
    "url": "https://example.org",
    "build": {"mcu": "esp32", "f_cpu": "240000000L"},
    "upload": {"protocol": "esptool", "protocols": ["esptool"], "speed": 460800},
}
_BUILDER = """\
from os.path import join

from SCons.Script import AlwaysBuild, DefaultEnvironment

env = DefaultEnvironment()
board = env.BoardConfig()
tool = join(env.PioPlatform().get_package_dir("tool-esptoolpy"), "esptool.py")
flags = ["--chip", board.get("build.mcu"), "--port", '"$UPLOAD_PORT"', "--baud", "$UPLOAD_SPEED"]
flags += ["--before", "default_reset", "--after", "hard_reset", "write_flash", "-z"]
flags += ["--flash_mode", board.get("build.flash_mode"), "--flash_freq", "80m"]
flags += ["--flash_size", board.get("upload.flash_size")]
for offset, image in env.get("FLASH_EXTRA_IMAGES", []):
    flags += [offset, env.subst(image)]
env.Replace(
    UPLOADER=tool,
    UPLOADERFLAGS=flags,
    UPLOADCMD='"$PYTHONEXE" "$UPLOADER" $UPLOADERFLAGS 0x10000 $SOURCE',
)
firmware = env.File(join("$BUILD_DIR", "firmware.bin"))
AlwaysBuild(env.Alias("nobuild", firmware))
env.AddPlatformTarget(
    "upload",
    firmware,
    [
        env.VerboseAction(env.AutodetectUploadPort, "Looking for upload port..."),
        env.VerboseAction("$UPLOADCMD", "Uploading $SOURCE"),
    ],
    "Upload",
)
"""


def upload_project(folder: Path, parts: Iterable[Part]) -> tuple[Path, Path]:
    """The project and its PlatformIO core directory.

    Args:
        folder: for both.
        parts: bootloader.bin, partitions.bin and firmware.bin of a build for an ESP32.
    """
    core, project = folder / "core", folder / "project"
    platform = os.environ.get("TINYBENCH_ESPRESSIF32") or _platform(folder / "platform")
    python = os.environ.get("TINYBENCH_ESPTOOL4") or sys.executable
    prepare_core_dir(core)
    for name, (owner, version) in _TOOLS.items():
        _package(core, name, owner, version)
    tool = _package(core, "tool-esptoolpy", "platformio", "2.41100.0")
    (tool / "esptool.py").write_text(_ESPTOOL.format(python=python))
    project.mkdir()
    images = []
    for part in parts:
        shutil.copy(part.file, project)
        if part.name != "firmware":
            images.append((hex(part.offset), str(project / part.file.name)))
    (project / "platformio.ini").write_text(_INI.format(platform=platform))
    (project / "parts.py").write_text(_PARTS.format(images=images))
    shutil.copy(resources.firmware() / "esp32" / "uploading.py", project)
    return project, core


def _platform(folder: Path) -> Path:
    (folder / "builder").mkdir(parents=True)
    (folder / "boards").mkdir()
    (folder / "platform.json").write_text(json.dumps(_PLATFORM))
    (folder / "boards" / "esp32cam.json").write_text(json.dumps(_BOARD))
    (folder / "builder" / "main.py").write_text(_BUILDER)
    (folder / "platform.py").write_text(
        "from platformio.public import PlatformBase\n\n\nclass StandinPlatform(PlatformBase):\n"
        '    """Nothing of its own."""\n'
    )
    return folder


def _package(core: Path, name: str, owner: str, version: str) -> Path:
    folder = core / "packages" / name
    folder.mkdir(parents=True)
    spec = {"owner": owner, "id": None, "name": name, "requirements": None, "uri": None}
    record = {"type": "tool", "name": name, "version": version, "spec": spec}
    (folder / ".piopm").write_text(json.dumps(record))
    (folder / "package.json").write_text(json.dumps({"name": name, "version": version}))
    return folder
