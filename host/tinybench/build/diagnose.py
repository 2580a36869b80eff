"""From a failed build's log to an error that says what was wrong, with numbers and places."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

from tinybench.boards import Board
from tinybench.boards.partitions import app_bytes
from tinybench.build.platformio import core_dir
from tinybench.errors import BuildError, DoesNotFit, TinybenchError, ToolMissing
from tinybench.packages import CXX_HEADERS, install_command

_OVERFLOW = re.compile(r"region [`'](?P<region>\w+)' overflowed by (?P<bytes>\d+) bytes")
_COMPILE = re.compile(r"^\S+?:\d+(:\d+)?: (fatal )?error: .*$", re.MULTILINE)
_LINK = re.compile(
    r"^.*(undefined reference to|multiple definition of|cannot find|static constructors) .*$",
    re.MULTILINE,
)
_REGIONS = {  # ESP-IDF's names, see components/esp_system/ld/*/memory.ld.in
    "dram0_0_seg": "ram",
    "iram0_0_seg": "ram",
    "drom0_0_seg": "flash",
    "iram0_2_seg": "flash",
    "extern_ram_seg": "PSRAM",
}
_TOO_LARGE = re.compile(
    r"program size \((\d+) bytes\) is greater than maximum allowed \((\d+) bytes\)"
)
OFFLINE = (
    r"(HTTPClientError|InternetConnectionError|InternetIsOffline|not connected to the Internet"
    r"|Max retries exceeded|Temporary failure in name|Name or service not known"
    r"|ConnectionResetError|Read timed out|Looking for another mirror)"
)
"""What PlatformIO says where it cannot download."""
_NO_NETWORK = re.compile(rf"^.*{OFFLINE}.*$", re.MULTILINE)
_LIBRARY = re.compile(r"^Error: (.*(?:picolibc|libraries for).*)$", re.MULTILINE)
_CXX_HEADERS = re.compile(r"^Error: (.*C\+\+ headers.*)$", re.MULTILINE)
_DISK_FULL = "No space left on device"
_SHOWN = 5  # errors that are quoted; the log has the others
_TAIL = 15  # lines quoted of a log in which nothing is recognized


class RamOverflow(DoesNotFit):
    """RAM is among what overflowed: the arena's tensors are to blame."""


def explain_failure(log: Path, board: Board, project: Path | None = None) -> TinybenchError:
    """The error for a build that failed.

    Args:
        log: all that PlatformIO printed.
        board: whose flash and RAM the linker enforced.
        project: where a user can go on by hand.

    Returns:
        DoesNotFit for an overflow (RamOverflow where it is RAM), ToolMissing for a C library that
        is not installed, else a BuildError with the first errors or the log's tail.
    """
    text = log.read_text(encoding="utf-8", errors="replace")
    if overflows := dict(_OVERFLOW.findall(text)):
        over = {_REGIONS.get(str(name), str(name)): int(n) for name, n in overflows.items()}
        return _does_not_fit(over, board, log)
    if large := _TOO_LARGE.search(text):
        return _does_not_fit({"flash": int(large[1]) - int(large[2])}, board, log)
    if board.kind == "hardware" and (network := _NO_NETWORK.search(text)):
        return _no_platform(board, network.group(0).strip(" :"), project, log)
    if _DISK_FULL in text:
        return BuildError("build the firmware", "no free disk space", "free some, then build again")
    if library := _LIBRARY.search(text):
        return tool_missing("the compiler's C library", library.group(1), board.build.packages)
    if headers := _CXX_HEADERS.search(text):
        return tool_missing("the headers of a C++ library", headers.group(1), CXX_HEADERS)
    for pattern, what in ((_COMPILE, "does not compile"), (_LINK, "does not link")):
        if lines := [match.group(0).strip() for match in pattern.finditer(text)]:
            return _code_error(what, lines, log)
    tail = tuple(text.splitlines()[-_TAIL:])
    return BuildError("build the firmware", "PlatformIO failed", f"whole log: {log}", details=tail)


def tool_missing(what: str, seen: str, packages: tuple[str, ...]) -> ToolMissing:
    """The error for a program or library that a board needs, with the command that installs it."""
    return ToolMissing(f"find {what}", seen, install_command(packages))


def _no_platform(board: Board, why: str, project: Path | None, log: Path) -> ToolMissing:
    """What a build for a real board downloads once, and how to do without."""
    where = f" -d {shlex.quote(str(project))}" if project else ""
    return ToolMissing(
        f"get PlatformIO's platform {board.build.platform} with ESP-IDF and its compilers",
        f"not all of it is on this computer, and it cannot be downloaded: {why}",
        f"pre-install it, once, with network: platformio run{where}",
        details=(
            f"what that downloads goes to {core_dir()}; the folder may be copied from another "
            "computer of the same kind",
            "a computer that only flashes needs none of it: `tinybench build --merged` elsewhere, "
            "`tinybench flash --image FILE` here",
            f"PlatformIO's log: {log}",
        ),
    )


def _does_not_fit(overflows: dict[str, int], board: Board, log: Path) -> DoesNotFit:
    sizes = {"flash": app_bytes(board), "ram": board.memory.ram_bytes}
    sizes |= {"PSRAM": board.psram.mapped_bytes} if board.psram else {}
    seen = "; ".join(
        f"{name}: {sizes[name] + over:,} B needed, {over:,} B too many"
        if name in sizes
        else f"{name}: {over:,} B too many"
        for name, over in overflows.items()
    )
    kind = RamOverflow if "ram" in overflows else DoesNotFit
    return kind(
        f"fit {board.name} (flash {sizes['flash']:,} B; RAM {sizes['ram']:,} B, of which "
        f"{board.memory.stack_bytes:,} B stack)",
        seen,
        "a smaller model or input, or a larger board (tinybench boards)",
        details=(f"linker's log: {log}",),
    )


def _code_error(what: str, lines: list[str], log: Path) -> BuildError:
    unique = list(dict.fromkeys(lines))
    more = (f"... and {len(unique) - _SHOWN} more",) if len(unique) > _SHOWN else ()
    return BuildError(
        "build the firmware",
        f"it {what} ({len(unique)} errors)" if len(unique) > 1 else f"it {what}",
        f"whole log: {log}",
        details=(*unique[:_SHOWN], *more),
    )
