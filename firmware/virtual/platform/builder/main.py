# SPDX-License-Identifier: Apache-2.0
"""Builds one firmware: what board.json and sources.json say, with the compiler found on PATH.

SCons runs this file. board.json is rendered from boards/*.toml, sources.json (each source with
its own flags) from firmware/sources.toml: nothing is decided here.
"""

import json
import os
import sys
from pathlib import Path

from SCons.Script import COMMAND_LINE_TARGETS, Default, DefaultEnvironment

env = DefaultEnvironment()
sys.path.insert(0, str(Path(env.PioPlatform().get_dir()) / "builder"))
import toolchain  # noqa: E402 - lies beside this file, which SCons does not import from

project = Path(env.subst("$PROJECT_DIR"))
facts = env.BoardConfig().get("build")
isa = facts["isa_flags"]
gcc = facts["toolchain"] + "gcc"
try:
    library = toolchain.find_library(gcc, isa) if facts["bare_metal"] else toolchain.NOTHING
    wants_cxx = facts["cxx_library"]
    cxx_headers = toolchain.find_cxx_headers(facts["toolchain"] + "g++") if wants_cxx else []
except (OSError, toolchain.LibraryMissingError) as error:
    sys.stderr.write(f"Error: {error}\n")
    env.Exit(1)


def macros(defines):
    """As SCons has them."""
    return [
        (name, env.StringifyMacro(value) if isinstance(value, str) else value)
        for name, value in defines.items()
    ]


env.Replace(
    AS=gcc,
    CC=gcc,
    CXX=facts["toolchain"] + "g++",
    LINK=gcc,
    AR=facts["toolchain"] + "ar",
    RANLIB=facts["toolchain"] + "ranlib",
    PROGNAME="firmware",
    PROGSUFFIX=".elf",
    # Paths in messages and debug information are the project's own, wherever it lies.
    # Not a part of what an object is made of: $( and $) are SCons's brackets for that.
    CCFLAGS=[*isa, "$(", f"-ffile-prefix-map={project}=.", "$)"],
    ASFLAGS=[],
    ASPPFLAGS=["-x", "assembler-with-cpp", *isa],
    CFLAGS=[],
    CXXFLAGS=cxx_headers,
    CPPDEFINES=macros(facts["defines"]),
    CPPPATH=[str(project / folder) for folder in facts["include_folders"]],
    LINKFLAGS=[*isa, "-Wl,--gc-sections", "-Wl,--fatal-warnings"],
    LIBS=["m"],  # TFLM rounds; on bare metal libc has it
    LIBPATH=[],
)
if facts["bare_metal"]:
    env.Replace(LIBS=["c", "gcc"], LIBPATH=library.folders)
    env.Append(
        CCFLAGS=[flag for folder in library.includes for flag in ("-isystem", folder)],
        LINKFLAGS=["-nostdlib", "-T", str(project / facts["linker_script"])],
    )

sources = json.loads((project / "sources.json").read_text(encoding="utf-8"))


def open_shelf(shelf):
    """Of objects that projects have in common; a home that cannot be written has none."""
    try:
        shelf.mkdir(parents=True, exist_ok=True)
    except OSError:
        return
    if os.access(shelf, os.W_OK):
        env.CacheDir(str(shelf))


if os.environ.get("TINYBENCH_OBJECTS") and any(source.get("shared") for source in sources):
    open_shelf(Path(os.environ["TINYBENCH_OBJECTS"]))


def compile_source(source):
    """The object of one source; kept on the shelf where nothing of this project is in it."""
    shared = source.get("shared", False)
    folder = project / ".pio" / "shared" if shared else Path("$BUILD_DIR")  # no board's name in it
    target = env.Object(
        str(folder / source["path"]) + ".o",
        str(project / source["path"]),
        CCFLAGS=env["CCFLAGS"] + source["flags"],
        CPPDEFINES=macros(source["defines"]) if shared else env["CPPDEFINES"],
    )
    return target if shared else env.NoCache(target)


objects = [compile_source(source) for source in sources]
firmware = env.NoCache(env.Program("$BUILD_DIR/${PROGNAME}", objects))
env.Depends(firmware, str(project / facts["linker_script"]) if facts["bare_metal"] else [])
if "nobuild" not in COMMAND_LINE_TARGETS:
    Default(firmware)
