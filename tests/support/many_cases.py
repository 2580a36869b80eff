"""Many different cases of an op, compiled together: more variety a second than one by one.

Hypothesis varies an example by small steps, which is right for shrinking and slow where an example
costs a compilation. So its examples are only collected; of those, ones of different shapes and
options are compared with TFLM, some per model. A failure names the case, ready to be copied.
"""

from __future__ import annotations

from collections.abc import Iterable

from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from support.against_tflm import check_same_bytes
from support.op_case import OpCase, model_of
from support.short_search import short_search

PER_MODEL = 8
_TRIES = 3  # examples drawn for each case that is used


def different_cases(strategy: st.SearchStrategy[OpCase], count: int) -> list[OpCase]:
    """Up to ``count`` cases, no two of the same shapes and options."""
    found: dict[str, OpCase] = {}

    @settings(
        max_examples=count * _TRIES,
        phases=[Phase.generate],
        database=None,
        suppress_health_check=list(HealthCheck),
    )
    @given(strategy)
    def collect(case: OpCase) -> None:
        found.setdefault(_kind(case), case)

    collect()
    # Early ones are the simplest; take from all over.
    cases = list(found.values())
    step = max(len(cases) / count, 1.0)
    return [cases[int(i * step)] for i in range(min(count, len(cases)))]


def check_cases(cases: list[OpCase]) -> None:
    """Demands TFLM's bytes of all; on failure names the first case that alone fails."""
    with short_search():
        for start in range(0, len(cases), PER_MODEL):
            together = cases[start : start + PER_MODEL]
            try:
                check_same_bytes(model_of(together))
            except Exception:
                _blame(together)
                raise


def _blame(cases: Iterable[OpCase]) -> None:
    for case in cases:
        try:
            check_same_bytes(model_of([case]))
        except Exception as error:
            raise AssertionError(f"{case!r}\n{error}") from error


def _kind(case: OpCase) -> str:
    tensors = [t and (t.shape, getattr(t, "fill", ""), t.scale is None) for t in case.inputs]
    return repr((tensors, case.output.shape, case.options, case.then and _kind(case.then)))
