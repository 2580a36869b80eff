"""How much memory this process has needed at most."""

from __future__ import annotations

import contextlib
import ctypes
import gc
import sys
from pathlib import Path

METHOD = (
    "increase of a process's peak resident memory while LiteRT loads the model, allocates its "
    "tensors and runs one sample, once it has done so before (its code, Python and the model "
    "file's bytes were in memory already); counted in pages"
)

_CLEAR_REFS = Path("/proc/self/clear_refs")
_STATUS = Path("/proc/self/status")


def reset_peak() -> None:
    """Returns free memory to the system and lets the peak start again, where it can (Linux).

    See malloc_trim(3), and proc(5) on /proc/pid/clear_refs, value 5.
    """
    gc.collect()
    with contextlib.suppress(OSError, AttributeError, TypeError):
        ctypes.CDLL(None).malloc_trim(0)
    with contextlib.suppress(OSError):
        _CLEAR_REFS.write_text("5")


def peak_bytes() -> int | None:
    """The process's peak resident memory in bytes; None where the system does not say."""
    with contextlib.suppress(OSError):
        for line in _STATUS.read_text().splitlines():
            if line.startswith("VmHWM:"):
                return int(line.split()[1]) * 1024
    try:
        import resource
    except ImportError:  # Windows
        return None
    unit = 1 if sys.platform == "darwin" else 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit
