"""What a firmware does besides its work, for those who look into it."""

from __future__ import annotations

from enum import StrEnum


class Instrument(StrEnum):
    """A kind of build; its value is what the device's hello calls it.

    NONE is the firmware that ships. PROFILE reads the latency counter around every kernel call and
    gives what it read as one more output. TAP sends every tensor as it is made. NULL has no model:
    what a model adds to a firmware is the difference from it. ARENA finds out how many bytes TFLM
    needs and gives them as one more output.
    """

    NONE = ""
    PROFILE = "profile"
    TAP = "tap"
    NULL = "null"
    ARENA = "arena"

    @property
    def defines(self) -> dict[str, str | int]:
        """Macros of the whole build."""
        return {f"TB_{self.name}": 1} if self.value else {}
