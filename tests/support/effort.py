"""How hard random tests try: TINYBENCH_EFFORT=20 looks at twenty times as many examples."""

from __future__ import annotations

import os

EFFORT = int(os.environ.get("TINYBENCH_EFFORT", "1"))


def examples(usual: int) -> int:
    """The number of examples for a test that usually looks at ``usual``."""
    return usual * EFFORT
