"""Random models of many ops: the same bytes as TFLM, and no tensor ever in another's place."""

from __future__ import annotations

from hypothesis import HealthCheck, given, settings

from support.against_tflm import check_same_bytes, needs_tflm
from support.effort import examples
from support.random_graph import RandomModel, models
from support.short_search import short_search
from tinybench.compiler import compile_graph
from tinybench.model.read import parse_tflite


@needs_tflm
@settings(max_examples=examples(40), suppress_health_check=[HealthCheck.too_slow])
@given(models())
def test_a_random_model_equals_tflm(model: RandomModel) -> None:
    with short_search():
        check_same_bytes(model.data)


@settings(max_examples=examples(200), suppress_health_check=[HealthCheck.too_slow])
@given(models(max_ops=25))
def test_every_step_finds_what_it_reads(model: RandomModel) -> None:
    with short_search():
        compile_graph(parse_tflite(model.data))  # replays its plan, and raises PlanClashError
