"""What a model adds to a firmware, against what the ELF and the plan say."""

from __future__ import annotations

from pathlib import Path

import pytest

from support import cli
from support.models import sparse_model
from tinybench.build.elf import read_sizes
from tinybench.compiler.coded import DECODER_BYTES
from tinybench.project import Project
from tinybench.workflow import compile_model
from tinybench.workflow.added import added_by_model, stack_without_model


@pytest.mark.parametrize("board", ["virt-c3", pytest.param("virt-esp32", marks=pytest.mark.slow)])
def test_pruned_weights_in_code_take_less_flash(tmp_path: Path, board: str) -> None:
    (tmp_path / "sparse.tflite").write_bytes(sparse_model(0.8))
    added = {}
    for weights in ("plain", "huffman"):
        words = ["sparse.tflite", "-b", board, "--weights", weights, "--json"]
        said = cli.tinybench("build", *words, cwd=tmp_path)
        assert said.status == 0, said.err
        added[weights] = said.json["added_flash_bytes"]
    assert added["huffman"] < 0.6 * added["plain"]
    said = cli.tinybench("verify", *words, cwd=tmp_path)
    assert (said.status, said.json["difference"]) == (0, None)
    seen = cli.tinybench("inspect", *words[:-1], cwd=tmp_path).out
    assert "code saves" in seen
    assert "instructions, estimated" in seen
    saved = cli.tinybench("inspect", *words, cwd=tmp_path).json["coding"]["saved_bytes"]
    decoder = saved - (added["plain"] - added["huffman"])
    # the code that skips zeros, which plain weights bring, is not there instead
    assert 0.3 * DECODER_BYTES < decoder < 1.4 * DECODER_BYTES


def test_ram_is_the_arena_and_flash_holds_the_weights(desk: Path) -> None:
    project = Project(root=desk, model=desk / "model.tflite", board="virt-c3")
    compiled = compile_model(project)
    added = added_by_model(project, compiled)
    arena = compiled.program.arena_bytes
    assert arena <= added.ram <= arena + 16, "its alignment besides"
    assert added.flash > compiled.program.weights_bytes
    said = cli.tinybench("build", "model.tflite", "-b", "virt-c3", "--json", cwd=desk)
    assert (said.json["added_ram_bytes"], said.json["added_flash_bytes"]) == (
        added.ram,
        added.flash,
    )
    whole = read_sizes(Path(said.json["elf"]))
    assert 1000 < whole.flash_total - added.flash < whole.flash_total
    assert 64 <= stack_without_model(project, compiled) < 2048
