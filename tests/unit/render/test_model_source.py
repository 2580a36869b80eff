"""model.cc and labels.h: the same bytes for the same model, whatever the labels contain."""

from __future__ import annotations

import ast
import dataclasses
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from support.models import conv_model, float_boundary_model
from tinybench.compiler import compile_graph
from tinybench.model.read import parse_tflite
from tinybench.render.model_source import c_string, render_model

BUILD_ID = "0123456789abcdef" * 2
TESTS = Path(__file__).parents[2]

RENDER = f"""
from support.models import conv_model
from tinybench.compiler import compile_graph
from tinybench.model.read import parse_tflite
from tinybench.render.model_source import render_model
files = render_model(compile_graph(parse_tflite(conv_model())), ["a", "b"], "{BUILD_ID}")
print("".join(files[name] for name in sorted(files)), end="")
"""


def rendered_elsewhere(folder: Path, hash_seed: str) -> str:
    """The rendered files of a process in another folder, with another order of sets."""
    done = subprocess.run(
        [sys.executable, "-c", RENDER],
        cwd=folder,
        env={**os.environ, "PYTHONHASHSEED": hash_seed, "PYTHONPATH": str(TESTS), "TZ": "UTC+9"},
        capture_output=True,
        text=True,
        check=True,
    )
    return done.stdout


def test_equal_input_gives_equal_bytes(tmp_path: Path) -> None:
    (tmp_path / "other").mkdir()
    first = rendered_elsewhere(tmp_path, "1")
    assert first == rendered_elsewhere(tmp_path / "other", "2")
    assert str(tmp_path) not in first
    files = render_model(compile_graph(parse_tflite(conv_model())), ["a", "b"], BUILD_ID)
    assert first == "".join(files[name] for name in sorted(files))


def test_nothing_but_the_model_and_the_build_id_is_in_it() -> None:
    program = compile_graph(parse_tflite(conv_model()))
    renamed = dataclasses.replace(
        program,
        graph=dataclasses.replace(
            program.graph,
            description='*/ #error "',
            tensors=tuple(
                dataclasses.replace(t, name='*/ #error "\n') for t in program.graph.tensors
            ),
        ),
    )
    assert render_model(renamed, None, BUILD_ID) == render_model(program, None, BUILD_ID)


def test_identities_are_bytes_in_the_file() -> None:
    program = compile_graph(parse_tflite(float_boundary_model()))
    text = render_model(program, None, BUILD_ID)["model.cc"]
    (build_id,) = re.findall(r"\.build_id = \{ (.*) \}", text)
    (sha256,) = re.findall(r"\.model_sha256 = \{ (.*) \}", text)
    assert bytes(int(b, 16) for b in build_id.split(", ")) == bytes.fromhex(BUILD_ID)
    assert bytes(int(b, 16) for b in sha256.split(", ")) == bytes.fromhex(program.graph.sha256)


# --- labels --------------------------------------------------------------------------------


def test_labels_are_listed_in_order() -> None:
    program = compile_graph(parse_tflite(conv_model()))
    header = render_model(program, ["cat", 'the "dog"', "Bär"], BUILD_ID)["labels.h"]
    assert "#define TB_LABEL_COUNT 3" in header
    assert re.findall(r"^    (\".*\"),$", header, re.M) == [
        '"cat"',
        r'"the \042dog\042"',
        r'"B\303\244r"',
    ]


def test_without_labels_the_count_is_zero() -> None:
    header = render_model(compile_graph(parse_tflite(conv_model())), None, BUILD_ID)["labels.h"]
    assert "#define TB_LABEL_COUNT 0" in header
    assert "tb_labels[" not in header


@given(st.text())
def test_any_text_is_a_literal_of_its_utf8(text: str) -> None:
    literal = c_string(text)
    assert literal.isascii() and literal.isprintable() and "?" not in literal
    # C's octal escapes of three digits are Python's.
    assert ast.literal_eval("b" + literal) == text.encode()


@pytest.mark.parametrize("text", ["\udcff", "a\ud800b"])
def test_what_is_no_text_is_replaced(text: str) -> None:
    assert b"?" in ast.literal_eval("b" + c_string(text))
