"""Published models, whole: TFLM's bytes."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from support.against_tflm import check_same_bytes, needs_tflm
from support.realdata import BIRD, KWS, PERSON, VWW
from tinybench.compiler import compile_graph
from tinybench.errors import UnsupportedModel
from tinybench.model.read import read_tflite

HELLO_WORLD = "tflm/hello_world_int8.tflite"
MICRO_SPEECH = "tflm/micro_speech_quantized.tflite"


@needs_tflm
@pytest.mark.parametrize("path", [BIRD, PERSON, VWW, KWS, MICRO_SPEECH, HELLO_WORLD])
def test_a_published_model_equals_tflm(realdata: Path, path: str) -> None:
    check_same_bytes((realdata / path).read_bytes())


@needs_tflm
def test_real_keywords_equal_tflm(realdata: Path) -> None:
    files = sorted((realdata / "mlperf-tiny" / "kws01").glob("*.bin"))[:20]
    inputs = [np.frombuffer(file.read_bytes(), np.int8).reshape(1, 49, 10, 1) for file in files]
    check_same_bytes((realdata / KWS).read_bytes(), [[value] for value in inputs])


@pytest.mark.parametrize(
    ("path", "seen", "detail"),
    [
        # As it is published, that float model has int8 weights in its convolutions.
        ("mlperf-tiny/kws_ref_model_float32.tflite", "dynamic-range model", "op 2 CONV_2D"),
        ("tflm/trained_lstm_int8.tflite", "cannot be compiled", "UNIDIRECTIONAL_SEQUENCE_LSTM"),
    ],
)
def test_what_is_refused_is_named(realdata: Path, path: str, seen: str, detail: str) -> None:
    with pytest.raises(UnsupportedModel) as caught:
        compile_graph(read_tflite(realdata / path))
    assert seen in caught.value.seen
    assert any(detail in line for line in caught.value.details)
