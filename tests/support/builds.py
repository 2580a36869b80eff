"""A small compiled model, and the folders it is built in."""

from __future__ import annotations

import functools

from support.models import conv_model
from tinybench.compiler import Program, compile_graph
from tinybench.model.read import parse_tflite


@functools.cache
def small_program() -> Program:
    """A convolution, a pooling, a dense layer and a softmax, compiled."""
    return compile_graph(parse_tflite(conv_model()))
