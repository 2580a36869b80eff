"""A program that ends with us, whatever happens, and keeps its own log."""

from __future__ import annotations

import shutil
import signal
import subprocess
from collections.abc import Sequence
from pathlib import Path

from tinybench.errors import LinkError, ToolMissing, system_error
from tinybench.guard import guarded
from tinybench.packages import install_command

_TAIL_LINES = 100
_END_S = 2.0


class Child:
    """A running program.

    Args:
        name: what messages call it ("the emulator").
        command: absolute path of the program, then its arguments.
        fds: file descriptors that it inherits, under the same numbers.
        log: gets its stdout and stderr.
        stdio: a file descriptor that is its stdin and stdout instead.
        again: behind what the log holds of the process before.

    Raises:
        LinkError: the log cannot be written, or no process be started.
    """

    def __init__(
        self,
        name: str,
        command: Sequence[str],
        fds: Sequence[int],
        log: Path,
        stdio: int | None = None,
        again: bool = False,
    ) -> None:
        self.name = name
        self.log = log
        try:
            log.parent.mkdir(parents=True, exist_ok=True)
            with log.open("ab" if again else "wb") as sink:
                self._process = subprocess.Popen(
                    guarded(command),
                    stdin=subprocess.DEVNULL if stdio is None else stdio,
                    stdout=sink if stdio is None else stdio,
                    stderr=sink,
                    pass_fds=fds,
                    start_new_session=True,  # Ctrl-C is ours to handle, then we end the child
                )
        except OSError as error:
            told = system_error(f"start {name}", error)
            raise LinkError(told.wanted, told.seen, told.todo) from error

    @property
    def pid(self) -> int:
        """The program's process id."""
        return self._process.pid

    def ending(self, wait_s: float = 0.0) -> str | None:
        """How it ended ("the emulator exited with status 70"), or None while it runs."""
        try:
            status = self._process.wait(wait_s)
        except subprocess.TimeoutExpired:
            return None
        if status < 0:
            return f"{self.name} was killed by {signal.Signals(-status).name}"
        return f"{self.name} exited with status {status}"

    def tail(self) -> tuple[str, ...]:
        """The last lines of its log."""
        try:
            text = self.log.read_text(encoding="utf-8", errors="replace")
        except OSError:
            return ()
        return tuple(text.splitlines()[-_TAIL_LINES:])

    def end(self) -> None:
        """Ask it to end, then make it."""
        if self._process.poll() is None:
            self._process.terminate()
        try:
            self._process.wait(_END_S)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()


def find_program(name: str, packages: Sequence[str]) -> str:
    """The absolute path of a program.

    Args:
        name: looked up as the shell would.
        packages: Debian packages that bring it.

    Raises:
        ToolMissing: it is not installed; with the command that installs it.
    """
    path = shutil.which(name)
    if path is None:
        todo = install_command(packages) if packages else f"install {name}"
        raise ToolMissing(f"find {name}", "it is not installed, or not on the PATH", todo)
    return str(Path(path).absolute())
