# SPDX-License-Identifier: Apache-2.0
"""Where a bare-metal gcc keeps headers and libraries of one ISA: asked, never assumed.

Debian's gcc 12 and Ubuntu's gcc 13 look for 32-bit libraries under names of their own
(rv32imac, rv32im, ...), and given an ISA string that they do not know, such as one with _zicsr,
both silently take the 64-bit folder. So the ISA is asked for in ever plainer words until the
answer is a folder of its own.
"""

import os
import re
import shlex
import subprocess
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

SPECS = "--specs=picolibc.specs"
DONOR = "arm-none-eabi-g++"


@dataclass(frozen=True)
class Library:
    """Folders to give to the compiler (includes) and to the linker (folders), in order."""

    includes: tuple
    folders: tuple


NOTHING = Library((), ())


class LibraryMissingError(Exception):
    """The compiler has no C library, or none for this ISA."""


def find_library(gcc, isa_flags):
    """Headers and libraries of picolibc and libgcc for these -march and -mabi flags.

    Args:
        gcc: the compiler, a program on PATH.
        isa_flags: as the sources are compiled with.

    Returns:
        A Library; NOTHING where the compiler needs no help.

    Raises:
        LibraryMissingError: picolibc is not installed, or nothing fits the ISA.
    """
    if not _finds(gcc, "picolibc.specs"):
        if _finds(gcc, "libc.a"):  # Debian's Xtensa gcc looks where picolibc is by itself
            return NOTHING
        raise LibraryMissingError(f"{gcc} does not find picolibc.specs: picolibc is not installed")
    for flags in _plainer(isa_flags):
        if _ask(gcc, [*flags, "-print-multi-directory"]) == ".":
            continue
        library = _folders(gcc, flags)
        if any((Path(folder) / "libc.a").is_file() for folder in library.folders):
            return library
    raise LibraryMissingError(f"{gcc} has no libraries for {' '.join(isa_flags)}")


def _finds(gcc, name):
    return Path(_ask(gcc, [f"-print-file-name={name}"])).is_absolute()


def find_cxx_headers(gxx):
    """Flags that let a C++ compiler find the headers of a C++ library: none if it has its own.

    Debian's bare-metal compilers for RISC-V and Xtensa come without one. Headers are all that is
    needed, and those of libstdc++ for Arm, as 32-bit and as bare, do.

    Args:
        gxx: the compiler, a program on PATH.

    Raises:
        LibraryMissingError: neither has any.
    """
    command = [gxx, "-x", "c++", "-E", "-include", "algorithm", os.devnull]
    if subprocess.run(command, capture_output=True, check=False).returncode == 0:
        return []
    command = [DONOR, "-x", "c++", "-E", "-v", os.devnull]
    try:
        said = subprocess.run(command, capture_output=True, text=True, check=False).stderr
    except FileNotFoundError as error:
        raise LibraryMissingError(f"{gxx} has no C++ headers, and there is no {DONOR}") from error
    folders = [line.strip() for line in said.splitlines() if line.startswith(" /")]
    folders = [folder for folder in folders if "/c++/" in folder]
    if not any((Path(folder) / "algorithm").is_file() for folder in folders):
        raise LibraryMissingError(f"neither {gxx} nor {DONOR} has C++ headers")
    return ["-nostdinc++", *(flag for folder in folders for flag in ("-isystem", folder))]


def _plainer(isa_flags):
    """The flags; without _extensions; without the last letters, down to rv32i."""
    march = next(flag for flag in isa_flags if flag.startswith("-march="))
    rest = [flag for flag in isa_flags if flag != march]
    yield list(isa_flags)
    plain = march.split("_")[0]
    base = re.match(r"-march=rv\d+i", plain).group(0)
    while len(plain) >= len(base):
        yield [plain, *rest]
        plain = plain[:-1]


def _ask(gcc, arguments):
    done = subprocess.run([gcc, *arguments], capture_output=True, text=True, check=True)
    return done.stdout.strip()


def _folders(gcc, flags):
    """From the commands that gcc would run (-###), which it prints on stderr."""
    command = [gcc, "-###", SPECS, *flags, "-x", "c", os.devnull]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    commands = [line for line in done.stderr.splitlines() if line.startswith(" ")]
    words = [word for command in commands for word in shlex.split(command)]
    includes = [after for word, after in pairwise(words) if word == "-isystem"]
    folders = [word[2:] for word in words if word.startswith("-L") and len(word) > 2]
    return Library(tuple(dict.fromkeys(includes)), tuple(dict.fromkeys(folders)))
