"""What cannot work is refused before anything is built: what was wanted, seen, and what is next."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner

from support import cli
from support.models import one_op_model
from support.tflite_builder import ModelBuilder
from tinybench.boards import load_board
from tinybench.cli.main import app
from tinybench.resources import boards

BENCH = ("bench", "model.tflite", "-b", "virt-c3", "--data", "data-5.npz")


@dataclass(frozen=True)
class Refused:
    """How a command said no."""

    status: int
    message: str

    def part(self, name: str) -> str:
        """One of "error", "seen", "next"."""
        found = re.search(rf"^ *{name}: (.*)$", self.message, re.MULTILINE)
        assert found, f"no {name!r} in {self.message!r}"
        return found.group(1)


@pytest.fixture(autouse=True)
def desk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The current folder: a good model and good data."""
    monkeypatch.chdir(tmp_path)
    cli.write_model(tmp_path)
    cli.write_data(tmp_path, 5)
    return tmp_path


def refuse(*words: object) -> Refused:
    """Runs a command that must fail before it builds or keeps anything."""
    ran = CliRunner().invoke(app, [str(word) for word in words])
    assert isinstance(ran.exception, SystemExit), ran.exception
    assert ran.stdout == ""
    assert not Path(".tinybench").exists()
    assert not list(Path().glob("runs/*"))
    refused = Refused(ran.exit_code, ran.stderr)
    assert refused.part("error")[0] == refused.part("error")[0].lower()
    assert refused.part("seen")
    assert refused.part("next")
    return refused


def test_what_is_not_named_is_asked_for() -> None:
    assert refuse("bench").part("error") == "a model"
    no_board = refuse("bench", "model.tflite")
    assert no_board.part("error") == "a board"
    assert "virt-c3" in no_board.part("next")
    assert refuse(*BENCH[:4]).part("next").startswith("--data")
    assert refuse("inspect").status == refuse("flash").status == refuse("build").status == 2


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("nothing", "no such file"),
        ("text", "no TFL3 mark"),
        ("empty", ""),
        ("truncated", "points nowhere"),
        ("folder", ""),
        ("pipe", "it is not a regular file"),
    ],
)
@pytest.mark.parametrize("command", ["bench", "inspect", "build", "flash"])
def test_what_is_no_model(desk: Path, command: str, name: str, said: str) -> None:
    content = (desk / "model.tflite").read_bytes()
    (desk / "text").write_text("I am not a model, whatever my name says.")
    (desk / "empty").touch()
    (desk / "truncated").write_bytes(content[: len(content) // 2])
    (desk / "folder").mkdir()
    os.mkfifo(desk / "pipe")
    words = () if command == "inspect" else ("-b", "virt-c3")
    refused = refuse(command, name, *words)
    assert refused.status == 2
    assert said in refused.part("seen")


def float_model(weights: np.dtype[np.generic] | type) -> bytes:
    """A dense layer on float32, its weights of any type."""
    b = ModelBuilder()
    x = b.input((1, 4), dtype="float32")
    scale = 0.1 if weights is np.int8 else None
    w = b.const(np.ones((3, 4), weights), scale)
    y = b.tensor((1, 3), dtype="float32")
    b.op("FULLY_CONNECTED", [x, w, -1], [y], version=4)
    return b.finish(outputs=[y])


@pytest.mark.parametrize(("weights", "kind"), [(np.float32, "float32"), (np.int8, "dynamic-range")])
def test_a_float_model_is_told_how_to_be_quantized(desk: Path, weights: type, kind: str) -> None:
    (desk / "float.tflite").write_bytes(float_model(weights))
    refused = refuse("bench", "float.tflite", *BENCH[2:])
    assert refused.status == 2
    assert kind in refused.part("seen")
    assert "`tinybench quantize`" in refused.part("next")
    assert "representative_dataset" in refused.part("next")
    assert "op 0 FULLY_CONNECTED" in refused.message


def test_all_unsupported_ops_are_listed_at_once(desk: Path) -> None:
    b = ModelBuilder()
    tensors = [b.input((1, 4), scale=0.5)] + [b.tensor((1, 4), scale=0.5) for _ in range(3)]
    for index, name in enumerate(("ELU", "RELU", "SIGN")):
        b.op(name, [tensors[index]], [tensors[index + 1]])
    (desk / "odd.tflite").write_bytes(b.finish(outputs=[tensors[3]]))
    refused = refuse("bench", "odd.tflite", *BENCH[2:])
    assert refused.status == 2
    assert refused.part("seen") == "2 of 3 ops cannot be compiled"
    assert re.search(r"op 0 ELU: .*\n +op 2 SIGN: ", refused.message)


def test_labels_that_do_not_suit(desk: Path) -> None:
    (desk / "three.txt").write_text("a\nb\nc\n")
    refused = refuse(*BENCH, "--labels", "three.txt")
    assert refused.status == 2
    assert (refused.part("error"), refused.part("seen")) == (
        "the model tells 4 classes apart",
        "3 labels",
    )
    assert refuse(*BENCH, "--labels", "nowhere.txt").status == 2
    assert refuse(*BENCH, "--labels", "/dev/zero").part("seen") == "it is larger than 1 MiB"


def test_data_that_does_not_suit(desk: Path) -> None:
    (desk / "void").mkdir()
    np.savez(desk / "wide.npz", x=np.zeros((3, 9, 9, 3), np.uint8))
    seen = {
        name: refuse(*BENCH[:5], name).part("seen")
        for name in ("void", "nowhere", "wide.npz", "model.tflite", "/dev/zero")
    }
    assert seen == {
        "void": "the folder holds none",
        "nowhere": "there is no such file or folder",
        "wide.npz": "wide.npz: x of shape (3, 9, 9, 3)",
        "model.tflite": "it is neither .npz nor IDX",
        "/dev/zero": "it is not a regular file",
    }


def test_a_pixel_range_that_nothing_settles_names_the_three(desk: Path) -> None:
    (desk / "odd.tflite").write_bytes(one_op_model("RELU", (1, 8, 8, 3)))
    refused = refuse("bench", "odd.tflite", *BENCH[2:])
    assert refused.status == 2
    assert "scale=0.5 and zero_point=0" in refused.part("seen")
    assert all(name in refused.part("next") for name in ("0:255", "0:1", "-1:1"))
    choices = refuse(*BENCH, "--pixel-range", "0:2")
    assert choices.part("error").endswith("one of auto, 0:255, 0:1, -1:1")


def test_an_unknown_board_or_engine(desk: Path) -> None:
    board = refuse("bench", "model.tflite", "-b", "virt-c4", "--data", "data-5.npz")
    assert (board.status, board.part("next")) == (2, "did you mean 'virt-c3'?")
    assert refuse("inspect", "model.tflite", "-b", "nowhere.toml").status == 2
    assert refuse(*BENCH, "--engine", "magic").part("error").endswith("one of aot, tflm")


def test_a_run_folder_that_cannot_be_used(desk: Path) -> None:
    (desk / "full").mkdir()
    (desk / "full" / "precious.txt").write_text("mine")
    refused = refuse(*BENCH, "--out", "full")
    assert (refused.status, refused.part("seen")) == (2, "full is not empty")
    assert [path.name for path in (desk / "full").iterdir()] == ["precious.txt"]
    assert refuse(*BENCH, "--out", "/proc/here").status == 2
    assert refuse(*BENCH, "--out", "model.tflite").status == 2
    assert refuse(*BENCH, "-C", "nowhere").part("seen") == "nowhere is none"


def test_a_board_that_is_too_small_is_told_by_how_much(desk: Path) -> None:
    text = (boards() / "virt-c3.toml").read_text().replace('name = "virt-c3"', 'name = "small"')
    room = 8_192 + 200
    (desk / "small.toml").write_text(text.replace("ram_bytes = 321_296", f"ram_bytes = {room}"))
    refused = refuse("bench", "model.tflite", "-b", "small.toml", "--data", "data-5.npz")
    assert refused.status == 1
    assert "at most 200 B" in refused.part("error")
    assert refused.part("seen") == "its arena takes 212 B, at least 12 B too many"
    assert re.search(r"the peak is at op 0 CONV_2D:\n +192 B  image 1x8x8x3\n", refused.message)


@pytest.mark.parametrize("command", [BENCH, ("flash", "model.tflite", "-b", "virt-c3")])
def test_missing_programs_come_with_the_command_that_installs_them(
    desk: Path, monkeypatch: pytest.MonkeyPatch, command: tuple[str, ...]
) -> None:
    board = load_board("virt-c3")
    programs = desk / "programs"
    programs.mkdir()
    monkeypatch.setenv("PATH", str(programs))
    emulator = refuse(*command)
    assert emulator.status == 4
    assert board.link.emulator in emulator.part("error")
    assert emulator.part("next").startswith("sudo apt-get install qemu-system-misc  # on newer")
    (programs / board.link.emulator).touch(0o755)
    compiler = refuse(*command)
    assert compiler.status == 4
    assert "riscv64-unknown-elf" in compiler.part("seen")
    assert "sudo apt-get install gcc-riscv64-unknown-elf" in compiler.part("next")


@pytest.mark.parametrize(
    ("text", "part", "said"),
    [
        ("model = \n", "seen", "line 1"),
        ("modle = 'm'", "next", "did you mean 'model'?"),
        ("labels = 'l'", "next", "move labels below [data]"),
        ("[data]\npaht = 'x'", "next", "did you mean 'path'?"),
        ("[data]\npaht = 'x'", "seen", "unknown key 'data.paht'"),
        (
            "zzz = 1",
            "next",
            "known keys: board, cable, data, engine, esp_nn_source, gates, kernels, link_mode, "
            "mac, model, port, runs, tflm_source",
        ),
        ("model = 3", "error", "model as a string"),
        ("model = ''", "seen", "model = ''"),
        ("data = 'x'", "error", "[data] as a table"),
        ("[data]\nlimit = -1", "error", "limit as a number from 0 up"),
        ("[data]\nlimit = true", "seen", "limit = True"),
        ("[data]\nstrict = 1", "error", "strict as true or false"),
        ("[data]\npixel_range = '0:2'", "error", "one of auto, 0:255, 0:1, -1:1"),
        ("engine = 'magic'", "seen", "engine = 'magic'"),
    ],
)
def test_a_wrong_project_file(desk: Path, text: str, part: str, said: str) -> None:
    (desk / "tinybench.toml").write_text(text)
    refused = refuse("bench")
    assert refused.status == 2
    assert "tinybench.toml" in refused.part("error")
    assert said in refused.part(part)


def test_init_does_not_overwrite(desk: Path) -> None:
    (desk / "tinybench.toml").write_text("# mine")
    refused = refuse("init")
    assert (refused.status, refused.part("next")) == (2, "edit it, or replace it with --force")
    assert (desk / "tinybench.toml").read_text() == "# mine"


def test_init_with_a_path_that_toml_cannot_hold(desk: Path) -> None:
    refused = refuse("init", os.fsdecode(b"k\xff.tflite"), "--force")
    assert (refused.status, refused.part("seen")) == (2, r"'k\udcff.tflite'")
    assert not list(desk.glob("tinybench.*"))


def test_a_path_that_the_locale_cannot_name(desk: Path) -> None:
    (desk / "tinybench.toml").write_text("model = 'ü.tflite'", "utf-8")
    plain = {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}
    said = cli.tinybench("inspect", cwd=desk, **plain)
    assert (said.status, r"seen: '\xfc.tflite'" in said.err) == (2, True), said.err


def test_a_surprise_of_the_system_is_no_traceback(
    desk: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> None:
        raise PermissionError(13, "Permission denied", "/somewhere")

    monkeypatch.setattr("tinybench.workflow.inspect_model", fail)
    refused = refuse("inspect", "model.tflite")
    assert refused.status == 2
    assert refused.part("error") == "use /somewhere"
    assert refused.part("seen") == "Permission denied"


@pytest.mark.parametrize("words", [["--frobnicate"], ["--limit", "-3"], ["one", "two"]])
def test_wrong_words(words: list[str]) -> None:
    ran = CliRunner().invoke(app, ["bench", *words])
    assert ran.exit_code == 2
    assert "bench -h" in ran.stderr


@pytest.mark.parametrize("command", ["bench", "verify", "profile", "flash"])
def test_a_port_that_is_not_there(command: str) -> None:
    data = BENCH[4:] if command == "bench" else ()
    refused = refuse(command, *BENCH[1:4], *data, "--port", "/dev/nosuch")
    assert refused.status == 3
    assert "port='/dev/nosuch'" in refused.part("seen")


def test_a_folder_that_nobody_can_write(desk: Path) -> None:
    (desk / "blocked").mkdir()
    (desk / "blocked/.tinybench").touch()  # root may write anywhere, but not below a file
    refused = refuse("build", *BENCH[1:4], "-C", "blocked")
    assert refused.part("error") == f"build below {desk / 'blocked/.tinybench/build'}"
    assert refused.part("next").startswith("work in a folder that you may write")


def test_another_models_samples_are_told_of(desk: Path) -> None:
    (desk / "labels.txt").write_text("a\nb\nc\nd\n")
    (desk / "tinybench.toml").write_text(
        'model = "model.tflite"\n[data]\npath = "data-5.npz"\nlabels = "labels.txt"\n'
    )
    (desk / "other.tflite").write_bytes((desk / "model.tflite").read_bytes())
    words = ("-b", "virt-c3", "--port", "/dev/nosuch")
    note = (
        "note: data and labels are those of model.tflite in tinybench.toml, here for other.tflite"
    )
    for command in ("bench", "verify", "profile"):
        assert note in refuse(command, "other.tflite", *words).message
        assert "note:" not in refuse(command, "./model.tflite", *words).message
    own = refuse("bench", "other.tflite", *words, "--data", desk / "data-5.npz")
    assert "note: labels are those of model.tflite" in own.message
