"""Become another program that dies with the process that started this one.

    python -I -S guard.py PARENT_PID PROGRAM ARGUMENT...

Run as a script by ``child.py``. The kernel sends SIGKILL when the parent ends, however it ends;
closing a socket alone does not end an emulator whose guest spins. Linux only; elsewhere the program
simply runs. (The kernel means the parent's *thread*: start children from one that stays.)
"""

import ctypes
import os
import signal
import sys

PR_SET_PDEATHSIG = 1


def main() -> None:
    """Ask for the signal, look whether it would come too late, become the program."""
    parent, program = int(sys.argv[1]), sys.argv[2:]
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
        if os.getppid() != parent:
            sys.exit("the parent was gone before the program started")
    os.execv(program[0], program)


if __name__ == "__main__":
    main()
