"""Debian packages as board files name them -> the command that installs them."""

from __future__ import annotations

from collections.abc import Sequence

CXX_HEADERS = ("libstdc++-arm-none-eabi-newlib",)
"""The headers of a C++ library for bare-metal compilers that have none, for the engine tflm."""


def install_command(packages: Sequence[str]) -> str:
    """One line for a shell; what newer releases call a package stands behind it, as a comment.

    Args:
        packages: "NAME", or "NAME | NAME ON NEWER RELEASES".
    """
    names = [package.split(" | ") for package in packages]
    command = f"sudo apt-get install {' '.join(name[0] for name in names)}"
    newer = [name for older in names for name in older[1:]]
    return f"{command}  # on newer releases: {' '.join(newer)}" if newer else command
