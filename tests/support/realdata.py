"""Real models and inputs that lie beside a developer's checkout; strangers do not have them."""

from __future__ import annotations

from pathlib import Path

import pytest

DATA = Path(__file__).resolve().parents[2].parent / "shared" / "data"

BIRD = "birds/bird_classifier_96x96_411-relu6-81.987.tflite"
KWS = "mlperf-tiny/kws_ref_model.tflite"
PERSON = "tflm/person_detect.tflite"
VWW = "mlperf-tiny/vww_96_int8.tflite"


def real(path: str) -> Path:
    """A file or folder of the real data; skips the test where there is none."""
    found = DATA / path
    if not found.exists():
        pytest.skip(f"the real data is not beside the checkout (../shared/data/{path})")
    return found
