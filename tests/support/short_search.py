"""A short search for the least arena, for tests of something else.

Random models have buffers that all live at once: looking for their least arena takes ten seconds of
work and ends without an answer. What the search does is tried in property/test_plan.py.
"""

from __future__ import annotations

from contextlib import AbstractContextManager
from functools import partial
from unittest import mock

from tinybench.compiler.plan import plan_arena

WORK = 100_000  # pairs of buffers looked at


def short_search() -> AbstractContextManager[object]:
    """Within it, compile_graph() plans with little work."""
    return mock.patch("tinybench.compiler.compile.plan_arena", partial(plan_arena, work=WORK))
