"""Boards of a labgrid lab: a place is acquired, reached by its serial port, and released.

``labgrid:PLACE`` asks the coordinator that LG_COORDINATOR names, ``labgrid://HOST:PORT/PLACE`` that
one. All of it goes through the ``labgrid-client`` command: labgrid's own words reach the user.
"""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any
from urllib.parse import unquote, urlsplit

from tinybench.errors import LinkError, ToolMissing
from tinybench.link.serial import SerialLink

_CLIENT = "labgrid-client"
_TIMEOUT_S = 60.0
_PROTOCOLS = {"raw": "socket", "rfc2217": "rfc2217"}


@dataclass(frozen=True)
class Place:
    """A place of a lab.

    Attributes:
        coordinator: HOST:PORT; "": labgrid's own default.
    """

    name: str
    coordinator: str = ""

    def acquire(self) -> None:
        """Take it for ourselves.

        Raises:
            ToolMissing: labgrid is not installed.
            LinkError: no such place or coordinator, or somebody else has it.
        """
        self._ask("acquire")

    def release(self) -> None:
        """Give it back."""
        self._ask("release")

    def power_cycle(self) -> bool:
        """Turn it off and on. False: the place has no power that could be turned."""
        try:
            self._ask("power", "cycle")
        except LinkError:
            return False
        return True

    def serial_url(self) -> tuple[str, int]:
        """The place's serial port in pyserial's notation, and its rate in baud.

        Raises:
            LinkError: it has none, or one that cannot be reached over the network.
        """
        import yaml  # type: ignore[import-untyped]

        env = yaml.safe_load(self._ask("env"))
        for resource in _resources(env):
            for kind, facts in resource.items():
                if kind == "NetworkSerialPort":
                    scheme = _PROTOCOLS.get(facts.get("protocol", "rfc2217"), "rfc2217")
                    return f"{scheme}://{facts['host']}:{facts['port']}", int(facts["speed"])
        raise LinkError(
            f"reach the board at the labgrid place {self.name}",
            "it has no NetworkSerialPort",
            f"{_CLIENT} -p {self.name} show",
        )

    def _ask(self, *words: str) -> str:
        program = shutil.which(_CLIENT)
        if program is None:
            raise ToolMissing(
                f"find {_CLIENT}", "it is not on the PATH", "pip install 'tinybench[lab]'"
            )
        where = ["-x", self.coordinator] if self.coordinator else []
        try:
            done = subprocess.run(
                [program, *where, "-p", self.name, *words],
                stdin=subprocess.DEVNULL,
                capture_output=True,
                text=True,
                timeout=_TIMEOUT_S,
                env={**os.environ, "NO_COLOR": "1"},
                check=False,
            )
        except subprocess.TimeoutExpired as error:
            raise self._failed(words, f"no answer in {_TIMEOUT_S:g} s") from error
        if done.returncode:
            said = [line for line in done.stderr.splitlines() if line.strip()]
            raise self._failed(words, said[-1] if said else f"exit code {done.returncode}")
        return done.stdout

    def _failed(self, words: tuple[str, ...], seen: str) -> LinkError:
        todo = f"{_CLIENT} places lists them; LG_COORDINATOR names the coordinator"
        return LinkError(f"{words[0]} the labgrid place {self.name}", seen, todo)


class LabgridLink(SerialLink):
    """A board of a lab, ours until it is closed.

    Raises:
        LinkError: it cannot be acquired, or not be reached; it is released then.
        ToolMissing: labgrid is not installed.
    """

    def __init__(self, place: Place, wiring: str = "") -> None:
        self._place: Place | None = None
        place.acquire()
        self._place = place
        try:
            super().__init__(*place.serial_url(), wiring)
        except BaseException:
            self._release()
            raise

    def reset(self) -> bool:
        """See :class:`~tinybench.link.base.Link`. By its power, else by its lines."""
        return (self._place is not None and self._place.power_cycle()) or super().reset()

    def close(self) -> None:
        """See :class:`~tinybench.link.base.Link`."""
        super().close()
        self._release()

    def _release(self) -> None:
        place, self._place = self._place, None
        if place is not None:
            place.release()


def parse_labgrid_url(url: str) -> Place:
    """``labgrid:PLACE`` or ``labgrid://HOST:PORT/PLACE``.

    Raises:
        LinkError: it names no place.
    """
    parts = urlsplit(url)
    name = unquote(parts.path.lstrip("/"))
    if not name:
        todo = f"name a place: {_CLIENT} places lists them"
        raise LinkError("labgrid:PLACE or labgrid://HOST:PORT/PLACE", f"{url!r}", todo)
    return Place(name, parts.netloc)


@contextmanager
def reachable(port: str) -> Iterator[str]:
    """A port as other programs, such as esptool, can open it: a place is ours meanwhile.

    Args:
        port: anything that open_link() takes for a board on a cable.

    Raises:
        LinkError: the place cannot be acquired, or has no serial port.
        ToolMissing: labgrid is not installed.
    """
    if urlsplit(port).scheme != "labgrid":
        yield port
        return
    place = parse_labgrid_url(port)
    place.acquire()
    try:
        yield place.serial_url()[0]
    finally:
        place.release()


def _resources(env: Any) -> list[dict[str, Any]]:
    targets = (env or {}).get("targets") or {}
    return [resource for target in targets.values() for resource in target["resources"]]
