# SPDX-License-Identifier: Apache-2.0
"""PlatformIO's side of the virtual boards: there is nothing to install."""

from platformio.public import PlatformBase


class Tinybench_virtualPlatform(PlatformBase):  # noqa: N801 - PlatformIO derives the name
    """Boards are in boards/, how they are built in builder/main.py."""
