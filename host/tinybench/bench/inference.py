"""What a device makes of one sample."""

from __future__ import annotations

from dataclasses import dataclass

from tinybench.wire.messages import NOT_MEASURED, Result


@dataclass(frozen=True)
class Inference:
    """What the device made of one sample.

    Attributes:
        outputs: the output tensors' bytes, in the model's order.
        ticks: of the board's latency counter.
        arena_used: bytes; None unless painted.
        stack_used: bytes; None unless painted, or where the board cannot.
        resends: frames that had to be sent again for it.
        input_crc: CRC-32 of the inputs, as the device found them.
        output_crc: CRC-32 of the outputs, as the device states it; checked against ``outputs``.
    """

    outputs: list[bytes]
    ticks: int
    arena_used: int | None
    stack_used: int | None
    resends: int
    input_crc: int
    output_crc: int

    @classmethod
    def of(cls, result: Result, outputs: list[bytes], resends: int) -> Inference:
        """What a result says, with its outputs."""
        return cls(
            outputs=outputs,
            ticks=result.ticks,
            arena_used=_measured(result.arena_used),
            stack_used=_measured(result.stack_used),
            resends=resends,
            input_crc=result.input_crc,
            output_crc=result.output_crc,
        )


def _measured(count: int) -> int | None:
    return None if count == NOT_MEASURED else count
