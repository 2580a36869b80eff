"""QEMU's control socket (QMP: one JSON object a line), for the one question that we have."""

from __future__ import annotations

import json
import re
import socket
from typing import Any

_TIMEOUT_S = 1.0


class Monitor:
    """Our end of the control socket. Owned by the emulator's link; dies with the emulator."""

    def __init__(self, control: socket.socket) -> None:
        self._control = control
        self._control.settimeout(_TIMEOUT_S)

    def program_counter(self) -> int | None:
        """Where the guest's CPU is now; None if the emulator does not answer."""
        try:
            self._command("qmp_capabilities")
            registers = self._command("human-monitor-command", {"command-line": "info registers"})
        except (OSError, ValueError):
            return None
        found = re.search(r"\bpc\s*[:=]?\s*(?:0x)?([0-9a-f]+)", str(registers), re.IGNORECASE)
        return int(found.group(1), 16) if found else None

    def _command(self, name: str, arguments: dict[str, str] | None = None) -> Any:
        """The command's return value; greetings and events on the way are skipped."""
        request: dict[str, Any] = {"execute": name}
        if arguments:
            request["arguments"] = arguments
        self._control.sendall(json.dumps(request).encode() + b"\n")
        for line in self._control.makefile("rb"):
            answer = json.loads(line)
            if "return" in answer or "error" in answer:
                return answer.get("return")
        raise OSError("the emulator closed its control socket")

    def close(self) -> None:
        """Close the socket."""
        self._control.close()
