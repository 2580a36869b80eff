"""build, flash and bench one by one, in a project folder with a tinybench.toml."""

from __future__ import annotations

import hashlib
import json
import re
import shutil
from pathlib import Path

import pytest
from elftools.elf.elffile import ELFFile

from support import cli
from support.cli import tinybench

DATA = "data-6.npz"


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A project made by `tinybench init`, its model built and flashed step by step."""
    folder = tmp_path_factory.mktemp("project")
    cli.write_model(folder)
    cli.write_data(folder, 6)
    said = tinybench("init", "model.tflite", "--data", DATA, cwd=folder)
    assert said.status == 0, said.err
    return folder


@pytest.fixture(scope="module")
def flashed(project: Path) -> Path:
    """The project, built and flashed."""
    built = tinybench("build", "--json", cwd=project)
    assert built.status == 0, built.err
    assert Path(built.json["elf"]).is_file()
    assert built.json["arena_bytes"] == 212
    said = tinybench("flash", "--no-build", cwd=project)
    assert said.status == 0, said.err
    assert "virt-c3 answers: aot, model " in said.err
    return project


@pytest.fixture
def copy(flashed: Path, tmp_path: Path) -> Path:
    """A copy of the project that a test may change; the flashed firmware goes with it."""
    folder = tmp_path / "copy"
    shutil.copytree(flashed, folder, ignore=shutil.ignore_patterns("build", "runs"))
    return folder


def place_of_weights(elf: Path) -> int:
    """Where in the file the middle of the last layer's weights is."""
    with elf.open("rb") as file:
        parsed = ELFFile(file)
        symbols = parsed.get_section_by_name(".symtab").iter_symbols()
        weights = [s for s in symbols if re.search(r"tb_w_\d+_filter", s.name)]
        last = max(weights, key=lambda s: s.name)
        section = parsed.get_section(last["st_shndx"])
        start = last["st_value"] - section["sh_addr"] + section["sh_offset"]
        return int(start + last["st_size"] // 2)


def test_a_project_needs_no_more_words(flashed: Path, tmp_path: Path) -> None:
    for where, words in ((flashed, ()), (tmp_path, ("-C", flashed))):
        run = tmp_path / f"run{len(words)}"
        said = tinybench("bench", "--no-flash", "--json", "--out", run, *words, cwd=where)
        assert said.status == 0, said.err
        assert said.json["agreement"]["outputs_byte_equal"] == 6
        assert "building" not in said.err


def test_flags_win_over_the_file(flashed: Path, tmp_path: Path) -> None:
    other = cli.write_data(tmp_path, 9)
    words = ("bench", "-C", flashed, "--no-flash", "--json", "--data", other.name, "--limit", 2)
    said = tinybench(*words, cwd=tmp_path)
    assert said.status == 0, said.err
    assert said.json["samples"]["planned"] == 2
    assert said.json["data"]["path"] == other.name, "a flag's path is relative to where one is"
    run = Path(said.err.partition("run folder: ")[2].splitlines()[0])
    assert (tmp_path / run).parent == flashed / "runs"


def find_flashed(project: Path) -> Path:
    (elf,) = (project / ".tinybench" / "flashed").glob("virt-c3-*.elf")
    return elf


def flip_a_weight(elf: Path) -> None:
    content = bytearray(elf.read_bytes())
    content[place_of_weights(elf)] ^= 0x80
    elf.write_bytes(content)


def pass_off_as_flashed(elf: Path) -> None:
    """What no tinybench command does: has the slot's record say that this is what was flashed."""
    record = elf.parent / "virt-c3.json"
    fields = json.loads(record.read_text())
    fields["elf_sha256"] = hashlib.sha256(elf.read_bytes()).hexdigest()
    record.write_text(json.dumps(fields))


def test_altered_firmware_is_refused(copy: Path) -> None:
    flip_a_weight(find_flashed(copy))
    said = tinybench("bench", "--no-flash", "--out", "run", cwd=copy)
    assert said.status == 4
    assert "was altered since it was flashed" in said.err
    assert "  next: tinybench flash" in said.err
    assert not (copy / "run").exists()


def test_a_flipped_weight_is_a_mismatch(copy: Path) -> None:
    """Outputs come from the firmware alone: change it, and bench must say so."""
    elf = find_flashed(copy)
    flip_a_weight(elf)
    pass_off_as_flashed(elf)
    said = tinybench("bench", "--no-flash", "--out", "run", cwd=copy)
    assert said.status == 1
    assert "error: every output byte as TFLite Micro computes it" in said.err
    assert "of 6 samples differ" in said.err
    assert "quantization steps" in said.err
    result = cli.read_result(copy / "run")
    assert result["status"] == "complete"
    assert result["agreement"]["outputs_byte_equal"] < 6
    assert result["agreement"]["largest_difference_steps"] > 0
    assert cli.rows_in(copy / "run") == 6


def test_firmware_that_is_not_what_was_flashed_is_refused(copy: Path) -> None:
    """The device says who it is; what the folder says does not count."""
    slot = json.loads((copy / ".tinybench" / "flashed" / "virt-c3.json").read_text())
    elf = find_flashed(copy)
    build_id = bytes.fromhex(slot["build_id"])
    content = elf.read_bytes()
    assert content.count(build_id) == 1
    elf.write_bytes(content.replace(build_id, bytes(16)))
    pass_off_as_flashed(elf)
    said = tinybench("bench", "--no-flash", "--out", "run", cwd=copy)
    assert said.status == 3
    assert "build" in said.err
    result = cli.read_result(copy / "run")
    assert (result["status"], result["samples"]["measured"]) == ("failed", 0)


def test_firmware_of_another_model_is_refused(copy: Path) -> None:
    content = (copy / "model.tflite").read_bytes()
    (copy / "model.tflite").write_bytes(content + b"\0" * 16)
    said = tinybench("bench", "--no-flash", cwd=copy)
    assert said.status == 4
    assert "seen: what is flashed differs in: model\n  next: tinybench flash" in said.err
    assert not (copy / "runs").exists() or not list((copy / "runs").iterdir())


def test_firmware_with_other_labels_is_refused(copy: Path) -> None:
    (copy / "labels.txt").write_text("a,b,c,d")
    said = tinybench("bench", "--no-flash", "--labels", "labels.txt", cwd=copy)
    assert said.status == 4
    assert "what is flashed differs in: labels" in said.err
    said = tinybench("flash", "--no-build", cwd=copy)
    assert said.status == 4
    assert "error: find a build for virt-c3" in said.err
    assert "next: tinybench build" in said.err


def test_nothing_flashed_is_refused(project: Path) -> None:
    said = tinybench("bench", "--no-flash", "-b", "virt-c3-8m", cwd=project)
    assert said.status == 4
    assert "seen: nothing is flashed\n  next: tinybench flash" in said.err


def test_a_native_board_is_flashed_and_answers(project: Path, tmp_path: Path) -> None:
    said = tinybench("flash", "-b", "native", cwd=project)
    assert said.status == 0, said.err
    assert "native answers: aot" in said.err
    run = tmp_path / "run"
    said = tinybench("bench", "-b", "native", "--no-flash", "--out", run, cwd=project)
    assert said.status == 0, said.err


def test_what_only_the_linker_can_tell_names_the_tensors_too(project: Path) -> None:
    """The arena alone fits; with the firmware's own variables it does not."""
    from tinybench.resources import boards

    text = (boards() / "virt-c3.toml").read_text()
    text = text.replace('name = "virt-c3"', 'name = "tight"')
    text = text.replace("ram_bytes = 321_296", f"ram_bytes = {8_192 + 512}")
    text = text.replace("ram_origin = 0x804B18F0", f"ram_origin = {0x80500000 - 8_704:#x}")
    (project / "tight.toml").write_text(text)
    said = tinybench("bench", "-b", "tight.toml", cwd=project)
    assert said.status == 1
    assert "ram: " in said.err
    assert "B too many" in said.err
    assert "the peak is at op 0 CONV_2D:\n" in said.err
    assert "192 B  image 1x8x8x3" in said.err
    assert not (project / "runs").exists() or not list((project / "runs").glob("*tight*"))


def test_weights_in_ram_compute_the_same_and_are_counted_there(
    flashed: Path, tmp_path: Path
) -> None:
    words = ("bench", "-C", flashed, "--json", "--limit", 2)
    plain = tinybench(*words, "--no-flash", "--out", tmp_path / "plain", cwd=tmp_path).json
    copy = tmp_path / "copy"
    shutil.copytree(flashed, copy, ignore=shutil.ignore_patterns("build", "runs"))
    words = ("bench", "-C", copy, "--json", "--limit", 2, "--weights-in", "ram")
    said = tinybench(*words, "--out", tmp_path / "ram", cwd=tmp_path)
    assert said.status == 0, said.err
    assert said.json["agreement"]["outputs_byte_equal"] == 2
    places = [
        (run["memory"]["arena_place"], run["memory"]["weights_place"]) for run in (plain, said.json)
    ]
    assert places == [("internal RAM", "flash"), ("internal RAM", "internal RAM")]
    assert said.json["device"]["options"] == "weights in RAM"
    more = said.json["memory"]["static_bytes"] - plain["memory"]["static_bytes"]
    weights = plain["flash"]["weights_bytes"]
    assert weights <= more <= weights + 64, "all of them, and room for their alignment"
