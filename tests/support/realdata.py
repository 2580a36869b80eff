"""Real models and inputs that lie beside a developer's checkout; strangers do not have them."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

BESIDE_THE_CHECKOUT = Path(__file__).resolve().parents[3] / "shared" / "data"
DATA = Path(os.environ.get("TINYBENCH_REALDATA", BESIDE_THE_CHECKOUT))

BIRD = "birds/bird_classifier_96x96_411-relu6-81.987.tflite"
KWS = "mlperf-tiny/kws_ref_model.tflite"
PERSON = "tflm/person_detect.tflite"
VWW = "mlperf-tiny/vww_96_int8.tflite"


def real(path: str) -> Path:
    """A file or folder of the real data; skips the test where there is none."""
    found = DATA / path
    if not found.exists():
        pytest.skip(f"no real data: {found} is not there")
    return found
