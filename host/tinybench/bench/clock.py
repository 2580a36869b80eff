"""How long an answer is waited for."""

from __future__ import annotations

import time


class Clock:
    """When to send again, and when to give up.

    Args:
        timeout_s: longest wait without progress.
        patience_s: wait for progress before something is sent again; doubles each time.
    """

    def __init__(self, timeout_s: float, patience_s: float) -> None:
        self._timeout_s = timeout_s
        self._patience_s = patience_s
        self.restart()

    @property
    def was_impatient(self) -> bool:
        """Something has been sent again since there was progress."""
        return self._wait > self._patience_s

    def restart(self) -> None:
        """There was progress."""
        now = time.monotonic()
        self._deadline = now + self._timeout_s
        self._wait = self._patience_s
        self._resend_at = now + self._wait

    def wait_s(self) -> float:
        """Until the next thing to do."""
        return max(0.0, min(self._deadline, self._resend_at) - time.monotonic())

    def is_over(self) -> bool:
        """Give up."""
        return time.monotonic() >= self._deadline

    def is_patience_over(self) -> bool:
        """Send again; the next wait is twice as long."""
        if time.monotonic() < self._resend_at:
            return False
        self._wait *= 2
        self._resend_at = time.monotonic() + self._wait
        return True
