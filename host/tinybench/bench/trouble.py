"""A device in trouble, as a typed error that says what is known."""

from __future__ import annotations

from tinybench.bench.device_log import DeviceLog
from tinybench.bench.inbox import Heard
from tinybench.bench.traps import find_cause, gives_cause
from tinybench.errors import (
    DeviceCrashed,
    DeviceError,
    DeviceReset,
    DeviceSilent,
    LinkError,
    LinkLost,
)
from tinybench.link import Link
from tinybench.wire.messages import Booted, ErrorCode, ResetReason

_EVIDENCE_LINES = 12

LOOP_STARTS = 5
"""So many starts without an answer, or a sample, between them are a loop."""

_LOOK_IN_LOG = "the device log may say why"
_RESET_TODOS = {
    "brown": "its supply sags: a shorter cable, a stronger supply, 5 V straight to the board",
    "panic": "the firmware traps: build it again, and keep the run folder for a bug report",
    "watchdog": "the firmware hangs: build it again, and keep the run folder for a bug report",
    "wdt": "the firmware hangs: build it again, and keep the run folder for a bug report",
}
"""By a word of the reset reason. "brown" comes first: RTCWDT_BROWN_OUT_RESET is one."""


def gone(wanted: str, link: Link, log: DeviceLog) -> DeviceError:
    """The link's other side is gone: a crash if that was the device, else a lost connection."""
    seen, evidence = link.problem() or "the link closed", link.evidence()
    if link.runs_device or find_cause(log.lines(), link.where):
        return _crashed(DeviceCrashed, wanted, seen, evidence, link, log)
    return LinkLost(wanted, seen, "check cable and power", details=(*evidence, *log.tail()))


def silent(wanted: str, timeout_s: float, heard: Heard, link: Link, log: DeviceLog) -> DeviceError:
    """No answer in time.

    Args:
        wanted: what was asked for.
        timeout_s: how long we waited.
        heard: what came instead of an answer.
        link: asked for evidence.
        log: its tail is shown; a trap line in it makes this a crash.
    """
    seen = f"no answer in {timeout_s:g} s, {heard.words}"
    evidence = link.evidence()
    if find_cause((*evidence, *log.lines()), link.where):
        return _crashed(DeviceCrashed, wanted, seen, evidence, link, log)
    return DeviceSilent(wanted, seen, heard.todo, details=(*_shorten(evidence), *log.tail()))


def was_reset(wanted: str, booted: Booted | None, link: Link, log: DeviceLog) -> DeviceError:
    """The device has started anew in the middle."""
    reason = f", reset reason {ResetReason.words(booted.reset_reason)}" if booted else ""
    return _crashed(DeviceReset, wanted, f"the device was reset{reason}", (), link, log)


def is_loop(log: DeviceLog) -> bool:
    """The boot ROM has started often enough, and nothing came of it."""
    return len(log.rom.reasons) >= LOOP_STARTS


def rom_loop(wanted: str, link: Link, log: DeviceLog) -> DeviceCrashed:
    """It does not get as far as our firmware, or not past its boot."""
    reasons = log.rom.reasons
    return keeps_resetting(wanted, len(reasons), reasons[-1], link, log)


def keeps_resetting(
    wanted: str,
    times: int,
    reason: str,
    link: Link,
    log: DeviceLog,
    last: DeviceCrashed | None = None,
) -> DeviceCrashed:
    """It starts again and again.

    Args:
        wanted: what was asked for.
        times: how often it has started without getting on.
        reason: why, the last time: of ResetReason, or in the boot ROM's words.
        link: asked for where a trap was.
        log: its tail is shown; a line in it that gives a cause tells more than a reset's reason.
        last: what the last start was noticed by; its details are shown instead.
    """
    plain = reason.lower().replace("_", " ")
    seen = f"the device started {times} times in a row, reset reason {plain}"
    cause = find_cause(log.lines(), link.where)
    if cause:  # ESP-IDF restarts by software after a brown-out or a panic
        seen = f"{seen}: {cause}"
    details = last.details if last else log.tail()
    return DeviceCrashed(wanted, seen, _advise(f"{plain} {cause}"), details=details)


def _advise(words: str) -> str:
    """What to do, by what a reset or a crash says of itself."""
    known = (todo for word, todo in _RESET_TODOS.items() if word in words.lower())
    return next(known, _LOOK_IN_LOG)


def refused(wanted: str, code: int, detail: int, log: DeviceLog) -> DeviceError:
    """The device says no for a reason that resending does not mend."""
    known = ErrorCode.find(code)
    why = f"{known.name}, {known.doc}" if known else f"code={code}"
    seen = f"the device refused: {why} (detail={detail:#x})"
    todo = "flash the board again, so that firmware and host agree"
    if code == ErrorCode.ENGINE_FAILED:
        todo = _LOOK_IN_LOG
    return DeviceError(wanted, seen, todo, details=log.tail())


def failed(wanted: str, status: int, log: DeviceLog) -> DeviceError:
    """The engine ran, and says that it went wrong."""
    return DeviceError(
        wanted, f"the engine failed, status={status}", _LOOK_IN_LOG, details=log.tail()
    )


def unreliable(wanted: str, seen: str, log: DeviceLog) -> DeviceError:
    """Bytes get lost faster than resending mends."""
    todo = "check cable and power, or use a lower baud rate"
    return LinkError(wanted, seen, todo, details=log.tail())


def _crashed(
    kind: type[DeviceCrashed],
    wanted: str,
    seen: str,
    evidence: tuple[str, ...],
    link: Link,
    log: DeviceLog,
) -> DeviceError:
    cause = find_cause((*evidence, *log.lines()), link.where)
    details = (*_shorten(evidence), *log.tail())
    told = f"{seen}: {cause}" if cause else seen
    return kind(wanted, told, _advise(f"{told} (panic)" if cause else told), details=details)


def _shorten(lines: tuple[str, ...]) -> tuple[str, ...]:
    """From the line that gives a reason on; without one, the last lines."""
    for at, line in enumerate(lines):
        if gives_cause(line):
            return lines[at : at + _EVIDENCE_LINES]
    return lines[-_EVIDENCE_LINES:]
