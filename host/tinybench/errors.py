# ruff: noqa: N818 - the names say what happened; every one of them is an error
"""Every error tinybench raises on purpose, and the exit code each one ends in.

TinybenchError
├── UsageError          2   the command line, a file or the data is not usable as given
│   ├── ConfigError         tinybench.toml or a board file
│   ├── ModelError          the model file
│   │   └── UnsupportedModel   readable, but an op, version, type or shape cannot be compiled
│   └── DataError           images, tensors, labels
├── GateError           1   everything ran; the answer is no
│   ├── DoesNotFit          the model needs more than the board has
│   ├── MismatchError       device and reference differ
│   ├── GateFailed          a figure beyond its limit, or a regression against a baseline
│   └── Altered             a run folder is not as the run left it
├── DeviceError         3   the board or the way to it; a retry may help
│   ├── LinkError           cannot open, lost, closed
│   │   └── LinkLost            was open, and may come back
│   ├── DeviceSilent        nothing (or nothing readable) came back in time
│   ├── DeviceCrashed       the firmware trapped, stopped or reset
│   │   └── DeviceReset         and has started anew
│   └── WrongFirmware       another protocol, model, engine or build answers
├── BuildError          4   rendering, compiling, linking, flashing
│   ├── ToolMissing         a compiler, an emulator, a package
│   └── StaleBuild          what was built is not what was asked for
├── NotComparable       5   two runs that say nothing about each other
├── InternalError      70   anything else: a bug in tinybench
└── Interrupted       130   Ctrl-C, or asked to end; what was measured is kept

Only ``cli`` turns them into words on a terminal and into an exit code.
"""

from __future__ import annotations

import errno
from typing import Any, ClassVar


class TinybenchError(Exception):
    """Base of all errors: what was wanted, what was seen, what to do next.

    Args:
        wanted: what the program was trying to do or expected, one sentence.
        seen: what it met instead, with the values (``name=value``).
        todo: what the user can do now; the exact command where there is one. Asked for, so that
            nobody forgets it.
        details: further lines (a log's tail, a list of ops), shown below the sentence.
    """

    exit_code: ClassVar[int] = 1

    def __init__(self, wanted: str, seen: str, todo: str, *, details: tuple[str, ...] = ()) -> None:
        self.wanted = wanted
        self.seen = seen
        self.todo = todo
        self.details = details
        super().__init__(f"{wanted}: {seen}" + (f" ({todo})" if todo else ""))

    def __reduce__(self) -> tuple[Any, ...]:
        """Errors cross process borders whole."""
        return _rebuild, (type(self), self.wanted, self.seen, self.todo, self.details)


def _rebuild(
    kind: type[TinybenchError], wanted: str, seen: str, todo: str, details: tuple[str, ...]
) -> TinybenchError:
    return kind(wanted, seen, todo, details=details)


class UsageError(TinybenchError):
    """The command line, a file or the data cannot be used as given."""

    exit_code = 2


class ConfigError(UsageError):
    """tinybench.toml or a board file is wrong."""


class ModelError(UsageError):
    """The model file cannot be read."""


class UnsupportedModel(ModelError):
    """The model is readable, but something in it cannot be compiled; all of it is listed."""


class DataError(UsageError):
    """Images, tensors or labels cannot be used."""


class GateError(TinybenchError):
    """Everything ran; the answer is no."""

    exit_code = 1


class DoesNotFit(GateError):
    """The model needs more flash or RAM than the board has."""


class MismatchError(GateError):
    """Device and reference differ where they must not."""


class GateFailed(GateError):
    """A figure is beyond its limit, or worse than the baseline's."""


class Altered(GateError):
    """A run folder is not as the run left it."""


class DeviceError(TinybenchError):
    """The board, or the way to it; a retry may help."""

    exit_code = 3


class LinkError(DeviceError):
    """The link cannot be opened, or was lost."""


class LinkLost(LinkError):
    """The link was open and is no more: unplugged, or its server has gone. It may come back."""


class DeviceSilent(DeviceError):
    """Nothing, or nothing readable, came back in time."""


class DeviceCrashed(DeviceError):
    """The firmware trapped, stopped or reset."""


class DeviceReset(DeviceCrashed):
    """The device has started anew; what it knew is gone, and it can be greeted again."""


class WrongFirmware(DeviceError):
    """What answers is not the firmware that was asked for; a retry does not help."""


class BuildError(TinybenchError):
    """Rendering, compiling, linking or flashing failed."""

    exit_code = 4


class ToolMissing(BuildError):
    """A compiler, an emulator or a package is not installed."""


class StaleBuild(BuildError):
    """What was built or flashed is not made of what was asked for."""


class NotComparable(TinybenchError):
    """Two runs differ in more than what is compared."""

    exit_code = 5


class InternalError(TinybenchError):
    """What nobody foresaw: a bug. Made by ``cli`` of any other exception; EX_SOFTWARE."""

    exit_code = 70


class Interrupted(TinybenchError):
    """Ctrl-C, or asked to end; what was measured up to then is kept."""

    exit_code = 130


FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
"""What the operating system says where there is no room for a file."""

_SYSTEM_TODOS = {
    **dict.fromkeys(FULL, "free some space"),
    **dict.fromkeys(
        (errno.EACCES, errno.EPERM), "choose another place, or change who may use this one"
    ),
    errno.EROFS: "it is mounted read-only: choose another place",
    errno.ENOENT: "mind the spelling; a path that does not begin with / begins where you are",
    errno.ENOTDIR: "a part of the path is a file: choose another place",
    errno.EEXIST: "something else has that name: choose another",
    errno.EISDIR: "that is a folder: name a file",
    errno.ENAMETOOLONG: "choose a shorter name",
}


def system_error(wanted: str, error: OSError) -> UsageError:
    """What the operating system refuses: no space, no permission, no such folder.

    Args:
        wanted: what the program was trying to do.
        error: the system's answer.
    """
    seen = error.strerror or str(error)
    if error.filename and str(error.filename) not in wanted:
        seen = f"{seen}: {error.filename}"
    todo = _SYSTEM_TODOS.get(error.errno or 0, "check path and permissions")
    return UsageError(wanted, seen, todo)
