"""The generated C of a small model, so that changes of the compiler and the template are seen.

model.cc beside this file was rendered from `support.models.conv_model`. To make it anew:

    TINYBENCH_REGEN=1 tools/test tests/golden/test_model_source.py

Then read the difference before committing it.
"""

from __future__ import annotations

import dataclasses
import os
import re
from pathlib import Path

from support.models import conv_model
from tinybench.compiler import compile_graph
from tinybench.model.read import parse_tflite
from tinybench.render.model_source import render_model

GOLDEN = Path(__file__).with_name("model.cc")


def test_the_rendered_model_is_the_golden_one() -> None:
    # The file's bytes, and so their hash, are the flatbuffers package's affair.
    graph = dataclasses.replace(parse_tflite(conv_model()), sha256="ab" * 32)
    text = render_model(compile_graph(graph), None, "0123456789abcdef" * 2)["model.cc"]
    text = re.sub(r"tinybench \S+", "tinybench VERSION", text)
    if os.environ.get("TINYBENCH_REGEN") == "1":
        GOLDEN.write_text(text)
    assert text == GOLDEN.read_text()
