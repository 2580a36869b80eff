"""Huffman-coded weights: two readers agree, and so do models with TFLM."""

from __future__ import annotations

import heapq
import struct
import subprocess
from dataclasses import replace
from itertools import count
from pathlib import Path

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from support.against_tflm import check_same_bytes, needs_tflm
from support.effort import examples
from support.host_build import compile_c
from support.models import sparse_model
from support.realdata import BIRD, KWS, PERSON, VWW
from tinybench.compiler import Program, Target, compile_graph
from tinybench.compiler.coding import (
    LONGEST,
    Coded,
    Int8,
    canonical_words,
    decode,
    encode,
    entropy_bits,
    word_lengths,
)
from tinybench.model.read import parse_tflite

HUFFMAN = Target(weights="huffman")


@pytest.fixture(scope="module")
def reader(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("huffman") / "reader"
    compile_c(Path(__file__).with_name("huffman_reader.c"), path)
    return path


def read_in_c(reader: Path, coded: Coded, values: int, piece: int) -> Int8:
    sizes = struct.pack("<3i", values, piece, coded.stream.size)
    data = sizes + coded.lengths.tobytes() + coded.stream.tobytes()
    done = subprocess.run([reader], input=data, capture_output=True, check=False)
    assert done.returncode == 0, done.stderr.decode()
    return np.frombuffer(done.stdout, np.int8)


@st.composite
def weights(draw: st.DrawFn) -> Int8:
    """From one value to all 256, from even to so skewed that words want to be very long."""
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    kinds = draw(st.integers(1, 256))
    skew = draw(st.sampled_from([0.0, 0.02, 0.1, 0.5, 0.9]))
    shares = np.exp(-skew * np.arange(kinds))
    values = rng.permutation(256)[:kinds].astype(np.uint8).view(np.int8)
    chosen = rng.choice(values, draw(st.integers(1, 3000)), p=shares / shares.sum())
    return np.concatenate([chosen, values]).astype(np.int8)


@settings(max_examples=examples(60), deadline=None)
@given(weights(), st.integers(1, 700))
@example(np.full(1, -128, np.int8), 1)
@example(np.arange(256).astype(np.uint8).view(np.int8), 3)
def test_both_readers_bring_back_the_values(reader: Path, values: Int8, piece: int) -> None:
    coded = encode(values)
    assert (decode(coded, values.size) == values).all()
    assert (read_in_c(reader, coded, values.size, piece) == values).all()
    assert coded.bits >= entropy_bits(values) * values.size - 1e-6
    assert coded.bits <= (entropy_bits(values) + 1) * values.size, "Shannon's bound"


def test_words_that_want_to_be_longer_than_they_may(reader: Path) -> None:
    """Counts like Fibonacci's numbers make the longest words there are."""
    counts = [1, 1]
    while len(counts) < 24:
        counts.append(counts[-1] + counts[-2])
    values = np.repeat(np.arange(24), counts).astype(np.int8)
    np.random.default_rng(1).shuffle(values)
    assert max(_unlimited(np.bincount(values.view(np.uint8)))) > LONGEST
    coded = encode(values)
    assert int(word_lengths(np.bincount(values.view(np.uint8), minlength=256)).max()) == LONGEST
    assert (decode(coded, values.size) == values).all()
    assert (read_in_c(reader, coded, values.size, 1000) == values).all()


@given(
    st.lists(st.integers(0, 1000), min_size=2, max_size=60).filter(lambda c: sum(map(bool, c)) > 1)
)
def test_where_no_word_is_too_long_the_code_is_huffmans(counts: list[int]) -> None:
    """By Huffman's own method (Proc. IRE 40, 1952), with a heap."""
    lengths = word_lengths(np.array(counts))
    unlimited = _unlimited(np.array(counts))
    assert sum(n * int(k) for n, k in zip(counts, lengths, strict=True)) == sum(
        n * k for n, k in zip(counts, unlimited, strict=True)
    )
    assert sum(2.0**-k for k in lengths if k) == 1, "Kraft"
    words = [
        format(w, f"0{k}b") for w, k in zip(canonical_words(lengths), lengths, strict=True) if k
    ]
    assert not any(a != b and b.startswith(a) for a in words for b in words)


def _unlimited(counts: np.ndarray) -> list[int]:
    ticket = count()
    heap = [(int(n), next(ticket), [s]) for s, n in enumerate(counts.tolist()) if n]
    lengths = [0] * len(counts)
    heapq.heapify(heap)
    while len(heap) > 1:
        a, b = heapq.heappop(heap), heapq.heappop(heap)
        for symbol in a[2] + b[2]:
            lengths[symbol] += 1
        heapq.heappush(heap, (a[0] + b[0], next(ticket), a[2] + b[2]))
    return lengths


def test_a_stream_that_ends_early_is_told_of() -> None:
    values = np.arange(-50, 50).astype(np.int8)
    coded = encode(values)
    cut = Coded(coded.lengths, coded.stream, coded.bits - 1)
    with pytest.raises(ValueError, match="100 values wanted, the stream has 99"):
        decode(cut, values.size)


@needs_tflm
@pytest.mark.parametrize("groups", [1, 2])
@pytest.mark.parametrize("zeros", [0.5, 0.8, 0.95])
def test_a_sparse_model_is_smaller_and_equals_tflm(zeros: float, groups: int) -> None:
    model = sparse_model(zeros, groups=groups)
    coded = check_same_bytes(model, target=replace(HUFFMAN, zeros="compute"))
    plain = compile_graph(parse_tflite(model), Target(zeros="compute"))
    saved = sum(c.saved_bytes for c in coded.coding)
    assert plain.weights_bytes - coded.weights_bytes == saved
    assert saved > zeros * 0.3 * plain.weights_bytes
    assert coded.arena_bytes >= plain.arena_bytes


def pieces_of(program: Program) -> set[int]:
    return {c.pieces for c in program.coding if not c.reason}


@needs_tflm
def test_a_filter_is_decoded_in_pieces_where_memory_is_short() -> None:
    program = check_same_bytes(sparse_model(0.8), target=HUFFMAN)
    assert any(n > 1 for n in pieces_of(program)), program.coding


@needs_tflm
@pytest.mark.parametrize("path", [PERSON, pytest.param(BIRD, marks=pytest.mark.slow)])
def test_a_published_model_in_code_equals_tflm(realdata: Path, path: str) -> None:
    model = (realdata / path).read_bytes()
    coded, plain = check_same_bytes(model, target=HUFFMAN), compile_graph(parse_tflite(model))
    assert coded.weights_bytes < plain.weights_bytes
    assert coded.arena_bytes == plain.arena_bytes


@pytest.mark.parametrize(
    ("path", "why"), [(KWS, "save less than 256 B"), (VWW, "too little for a decoder")]
)
def test_where_nothing_is_saved_nothing_is_coded(realdata: Path, path: str, why: str) -> None:
    graph = parse_tflite((realdata / path).read_bytes())
    coded, plain = compile_graph(graph, HUFFMAN), compile_graph(graph)
    assert coded.weights_bytes == plain.weights_bytes
    assert all(c.reason for c in coded.coding)
    assert any(why in c.reason for c in coded.coding)
    assert plain.coding == ()
