"""Whether the device that answers is the one that was asked for."""

from __future__ import annotations

from dataclasses import dataclass

from tinybench.errors import WrongFirmware
from tinybench.wire.messages import App, Hello, ResetReason


@dataclass(frozen=True)
class Expected:
    """The firmware that was asked for.

    Attributes:
        board, chip, engine: names.
        model_sha256: hex, of the .tflite.
        build_id: hex, of all that the firmware was made of.
    """

    board: str
    chip: str
    engine: str
    model_sha256: str
    build_id: str


def check_identity(hello: Hello, expected: Expected) -> None:
    """Compare.

    Raises:
        WrongFirmware: naming all that differs.
    """
    seen = {
        "board": (expected.board, hello.board),
        "chip": (expected.chip, hello.chip),
        "engine": (expected.engine, hello.engine),
        "model_sha256": (expected.model_sha256, hello.model_sha256.hex()),
        "build_id": (expected.build_id, hello.build_id.hex()),
        "app": (App.BENCH.value, hello.app),
    }
    differing = [
        f"{name}={is_!r}, wanted {wanted!r}"
        for name, (wanted, is_) in seen.items()
        if wanted != is_
    ]
    if differing:
        raise WrongFirmware(
            f"the {expected.engine} firmware for {expected.board}",
            "another one answers: " + "; ".join(differing),
            "build and flash it again",
        )


def describe(hello: Hello) -> str:
    """One line for the log."""
    return (
        f"{hello.board} ({hello.chip}), engine {hello.engine}, build {hello.build_id.hex()}, "
        f"model {hello.model_sha256.hex()}, boot {hello.boot_id:#010x}, "
        f"reset reason {ResetReason.words(hello.reset_reason)}, credits {hello.credits}, "
        f"options {hello.options!r}, system {hello.system!r}"
    )
