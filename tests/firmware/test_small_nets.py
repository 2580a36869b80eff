"""Whole networks of the kinds that people run, of sizes that nobody tuned for: TFLM's bytes."""

from __future__ import annotations

import pytest

from support.against_tflm import check_same_bytes, needs_tflm
from support.small_nets import NETS, VARIANTS


@needs_tflm
@pytest.mark.parametrize("name", NETS)
def test_a_small_network_equals_tflm(name: str) -> None:
    check_same_bytes(NETS[name]())


@needs_tflm
@pytest.mark.slow
@pytest.mark.parametrize("name", VARIANTS)
def test_another_of_its_kind_equals_tflm(name: str) -> None:
    check_same_bytes(VARIANTS[name]())
