"""Programs that end with the process that started them, however that ends.

    python -I -S guard.py one|all PARENT_PID PROGRAM ARGUMENT...

``one`` becomes the program, which the kernel kills when its parent ends: closing a socket alone
does not end an emulator whose guest spins. ``all`` stays beside the program, for one that starts
others, and kills its whole process group. Linux only; elsewhere the program simply runs. (The
kernel means the parent's *thread*: start programs from one that stays.)
"""

import ctypes
import os
import signal
import subprocess
import sys
from collections.abc import Sequence

PR_SET_PDEATHSIG = 1


def guarded(command: Sequence[str], *, with_children: bool = False) -> list[str]:
    """The command line that runs a command under guard.

    Args:
        command: absolute path of the program, then its arguments.
        with_children: end what it has started, too; start it in a session of its own.
    """
    kind = "all" if with_children else "one"
    return [sys.executable, "-I", "-S", __file__, kind, str(os.getpid()), *command]


def main() -> None:
    """Ask for a signal, look whether it would come too late, run the program."""
    kind, parent, program = sys.argv[1], int(sys.argv[2]), sys.argv[3:]
    if sys.platform != "linux":
        os.execv(program[0], program)
    if kind == "one":
        _die_with(parent, signal.SIGKILL)
        os.execv(program[0], program)
    signal.signal(signal.SIGTERM, lambda *_: os.killpg(0, signal.SIGKILL))
    _die_with(parent, signal.SIGTERM)
    status = subprocess.call(program)
    sys.exit(status if status >= 0 else 128 - status)


def _die_with(parent: int, number: signal.Signals) -> None:
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, number)
    if os.getppid() != parent:
        sys.exit("the parent was gone before the program started")


if __name__ == "__main__":
    main()
