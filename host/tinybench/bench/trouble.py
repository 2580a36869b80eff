"""A device in trouble, as a typed error that says what is known."""

from __future__ import annotations

from tinybench.bench.device_log import DeviceLog
from tinybench.bench.traps import find_cause, gives_cause
from tinybench.errors import DeviceCrashed, DeviceError, DeviceSilent, LinkError
from tinybench.link import Link
from tinybench.wire.messages import Booted, ErrorCode, ResetReason

_EVIDENCE_LINES = 12


def gone(wanted: str, link: Link, log: DeviceLog) -> DeviceError:
    """The link's other side is gone: a crash if that was the device, else a lost connection."""
    seen, evidence = link.problem() or "the link closed", link.evidence()
    if link.runs_device or find_cause(log.tail(), link.where):
        return _crashed(wanted, seen, evidence, link, log)
    return LinkError(wanted, seen, "check cable and power", details=(*evidence, *log.tail()))


def silent(wanted: str, timeout_s: float, heard: str, link: Link, log: DeviceLog) -> DeviceError:
    """No answer in time.

    Args:
        wanted: what was asked for.
        timeout_s: how long we waited.
        heard: what came instead of an answer.
        link: asked for evidence.
        log: its tail is shown; a trap line in it makes this a crash.
    """
    seen = f"no answer in {timeout_s:g} s, {heard}"
    evidence = link.evidence()
    if find_cause((*evidence, *log.tail()), link.where):
        return _crashed(wanted, seen, evidence, link, log)
    todo = "it hangs, or another firmware runs: reset the board or flash it again"
    return DeviceSilent(wanted, seen, todo, details=(*_shorten(evidence), *log.tail()))


def was_reset(wanted: str, booted: Booted | None, link: Link, log: DeviceLog) -> DeviceError:
    """The device has started anew in the middle."""
    reason = f", reset reason {ResetReason.words(booted.reset_reason)}" if booted else ""
    return _crashed(wanted, f"the device was reset{reason}", (), link, log)


def refused(wanted: str, code: int, detail: int, log: DeviceLog) -> DeviceError:
    """The device says no for a reason that resending does not mend."""
    known = ErrorCode.find(code)
    why = f"{known.name}, {known.doc}" if known else f"code={code}"
    seen = f"the device refused: {why} (detail={detail:#x})"
    return DeviceError(wanted, seen, details=log.tail())


def unreliable(wanted: str, seen: str, log: DeviceLog) -> DeviceError:
    """Bytes get lost faster than resending mends."""
    todo = "check cable and power, or use a lower baud rate"
    return LinkError(wanted, seen, todo, details=log.tail())


def _crashed(
    wanted: str, seen: str, evidence: tuple[str, ...], link: Link, log: DeviceLog
) -> DeviceError:
    cause = find_cause((*evidence, *log.tail()), link.where)
    details = (*_shorten(evidence), *log.tail())
    return DeviceCrashed(wanted, f"{seen}: {cause}" if cause else seen, details=details)


def _shorten(lines: tuple[str, ...]) -> tuple[str, ...]:
    """From the line that gives a reason on; without one, the last lines."""
    for at, line in enumerate(lines):
        if gives_cause(line):
            return lines[at : at + _EVIDENCE_LINES]
    return lines[-_EVIDENCE_LINES:]
