"""inspect, boards, ports, doctor and init, in this process; how tables look."""

from __future__ import annotations

import json
import tomllib
from pathlib import Path
from typing import Any

import pytest
import typer
from typer.testing import CliRunner

from support import cli
from support.models import conv_model, one_op_model
from tinybench.boards import list_boards
from tinybench.build.doctor import Check
from tinybench.cli import console
from tinybench.cli.main import app
from tinybench.errors import ToolMissing
from tinybench.project import load_project


@pytest.fixture(autouse=True)
def desk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The current folder, with a model."""
    monkeypatch.chdir(tmp_path)
    cli.write_model(tmp_path)
    return tmp_path


def run(*words: object, status: int = 0) -> tuple[str, str]:
    """A command's stdout and stderr."""
    ran = CliRunner().invoke(app, [str(word) for word in words])
    assert ran.exit_code == status, ran.output
    assert not ran.exception or isinstance(ran.exception, SystemExit), ran.exception
    return ran.stdout, ran.stderr


def run_json(*words: object, status: int = 0) -> Any:
    return json.loads(run(*words, "--json", status=status)[0])


# inspect -----------------------------------------------------------------------------------------


def test_inspect_tells_ops_macs_arena_and_fit() -> None:
    out, err = run("inspect", "model.tflite", "-b", "virt-c3")
    assert err == ""
    lines = [line.split() for line in out.splitlines()]
    assert ["0", "CONV_2D", "1x4x4x5", "2,160", "155", "tb_conv2d"] in lines
    assert "arena         212 B planned, the least for these calls: so much is live at once" in out
    assert "fits virt-c3  yes;" in out
    facts = run_json("inspect", "model.tflite", "-b", "virt-c3")
    assert facts["schema"] == "tinybench.inspect/1"
    assert (facts["macs"], facts["arena"]["bytes"]) == (2_180, 212)
    assert facts["fits"]["fits"] is True
    assert facts["unsupported"] == []
    assert len(facts["ops"]) == 5


def test_inspect_needs_no_board() -> None:
    assert run_json("inspect", "model.tflite")["fits"] is None
    assert "fits" not in run("inspect", "model.tflite")[0]


def test_inspect_tells_what_is_unsupported_and_why(desk: Path) -> None:
    (desk / "odd.tflite").write_bytes(one_op_model("ELU"))
    out, err = run("inspect", "odd.tflite", status=2)
    assert "unsupported  op 0 ELU: " in out
    assert "next: " in err
    facts = run_json("inspect", "odd.tflite", status=2)
    assert [p["op_index"] for p in facts["unsupported"]] == [0]
    assert facts["todo"]


def test_inspect_of_what_does_not_fit(desk: Path) -> None:
    (desk / "wide.tflite").write_bytes(one_op_model("RELU", (1, 512, 512, 3)))
    out, _ = run("inspect", "wide.tflite", "-b", "virt-c3", status=1)
    assert "fits virt-c3  no: " in out
    assert "B too many" in out
    fits = run_json("inspect", "wide.tflite", "-b", "virt-c3", status=1)["fits"]
    assert fits["fits"] is False
    assert fits["reason"]


# boards, ports, doctor ---------------------------------------------------------------------------


def test_boards_lists_them_all() -> None:
    names = [board.name for board in list_boards()]
    assert [board["name"] for board in run_json("boards")] == names
    out, _ = run("boards")
    assert [line.split()[0] for line in out.splitlines()[2:]] == names
    assert "313,104" in out  # 321,296 less the stack


def test_boards_show_tells_a_boards_facts_and_that_nothing_was_tried() -> None:
    out, _ = run("boards", "show", "esp32cam")
    lines = dict(line.split(maxsplit=1) for line in out.splitlines() if not line.startswith(" "))
    assert lines["chip"] == "esp32, xtensa-lx6, 240 MHz"
    assert lines["flash"] == "4,194,304 B, DIO at 80 MHz"
    assert lines["camera"] == "OV2640; D0..D7 on GPIO 5, 18, 19, 21, 36, 39, 34, 35"
    assert lines["tried"] == "on silicon  nothing yet"
    facts = run_json("boards", "show", "esp32cam")
    assert facts["facts"]["camera"]["xclk"] == 0
    assert facts["psram_bytes"] == 4 << 20
    _, err = run("boards", "show", "esp32-cam", status=2)
    assert "did you mean 'esp32cam'?" in err


def test_boards_add_keeps_a_file_whose_name_will_then_do(
    desk: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TINYBENCH_BOARDS", str(desk / "mine"))
    text = Path(list_boards("hardware")[0].source).read_text()
    name = list_boards("hardware")[0].name
    path = desk / "feeder.toml"
    path.write_text(text.replace(f'name = "{name}"', 'name = "feeder"', 1))
    _, err = run("boards", "add", path)
    assert "added feeder" in err
    assert run_json("boards", "show", "feeder")["source"] == str(desk / "mine" / "feeder.toml")
    assert run_json("boards")[-1]["name"] == "feeder"
    run("boards", "add", path)  # the same again changes nothing
    path.write_text(path.read_text() + "\n# another\n")
    _, err = run("boards", "add", path, status=2)
    assert "--force" in err
    run("boards", "add", path, "--force")
    assert (desk / "mine" / "feeder.toml").read_text().endswith("# another\n")


def test_boards_add_refuses_a_file_with_a_mistake_and_keeps_nothing(
    desk: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TINYBENCH_BOARDS", str(desk / "mine"))
    text = (Path(list_boards()[0].source).parent / "esp32cam.toml").read_text()
    mistakes = {
        "upload_bauds": "did you mean 'upload_baud'?",
        "upload_baud": "a name that no board of tinybench's has",  # no mistake, but taken
    }
    for key, words in mistakes.items():
        (desk / "esp32cam.toml").write_text(text.replace("upload_baud", key))
        _, err = run("boards", "add", "esp32cam.toml", status=2)
        assert words in err
    _, err = run("boards", "add", "esp32cam", status=2)
    assert "a board file (.toml)" in err
    assert not (desk / "mine").exists()


def test_ports_without_any(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("serial.tools.list_ports.comports", lambda: [])
    out, err = run("ports")
    assert (out, err) == ("", "no serial port; virtual boards need none\n")
    assert run_json("ports") == []


def test_ports_with_one(monkeypatch: pytest.MonkeyPatch) -> None:
    from serial.tools.list_ports_common import ListPortInfo

    port = ListPortInfo("/dev/ttyUSB0", skip_link_detection=True)
    port.vid, port.pid, port.serial_number, port.description = 0x10C4, 0xEA60, "0001", "CP2102"
    monkeypatch.setattr("serial.tools.list_ports.comports", lambda: [port])
    assert run_json("ports")[0]["usb_id"] == "10c4:ea60"
    assert run("ports")[0].splitlines()[-1].split() == [
        *("/dev/ttyUSB0", "10c4:ea60", "0001", "CP2102")
    ]


GOOD = Check("gcc (native)", ok=True, seen="gcc 12", mend="")
LESS = Check("tensorflow", ok=False, seen="not installed", mend="pip install x", optional=True)
BAD = Check("qemu", ok=False, seen="not on PATH", mend="sudo apt-get install qemu-system-misc")


@pytest.mark.parametrize(("checks", "status"), [([GOOD, LESS], 0), ([GOOD, BAD, LESS], 4)])
def test_doctor_names_the_command_that_mends(
    checks: list[Check], status: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tinybench.build.doctor.examine", lambda: checks)
    out, err = run("doctor", status=status)
    states = [line.split()[0] for line in out.splitlines()[2:]]
    assert states == ["ok" if c.ok else "optional" if c.optional else "MISSING" for c in checks]
    for check in checks:
        assert (f"{check.name}: {check.seen}\n  next: {check.mend}" in err) == (not check.ok)
    assert len(run_json("doctor", status=status)) == len(checks)


def test_doctor_looks_at_this_computer() -> None:
    ran = CliRunner().invoke(app, ["doctor", "--json"])
    checks = json.loads(ran.stdout)
    missing = [c for c in checks if not (c["ok"] or c["optional"])]
    assert ran.exit_code == (4 if missing else 0)
    assert any("typer" in c["name"] for c in checks)


# a bug -------------------------------------------------------------------------------------------


def test_a_bug_is_one_line_and_a_code_of_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object) -> None:
        raise KeyError("some\nthing")

    monkeypatch.setattr("tinybench.workflow.inspect_model", fail)
    monkeypatch.delenv("TINYBENCH_TRACEBACK", raising=False)
    out, err = run("inspect", "model.tflite", status=70)
    assert out == ""
    assert err.startswith("error: a bug in tinybench, KeyError: ")
    assert err.count("\n") == 1
    assert "report" in err
    monkeypatch.setenv("TINYBENCH_TRACEBACK", "1")
    _, err = run("inspect", "model.tflite", status=70)
    assert err.startswith("Traceback")
    assert "in fail" in err


# init --------------------------------------------------------------------------------------------


def test_init_writes_what_the_others_read(desk: Path) -> None:
    run("init", 'nets/m "ü" 🐦.tflite', "--data", "/data/birds", "-b", "virt-c3-8m")
    project = load_project(Path())
    assert project.model == Path('nets/m "ü" 🐦.tflite')
    assert project.data.path == Path("/data/birds")
    assert (project.board, project.engine) == ("virt-c3-8m", "aot")
    assert project.data.pixel_range == "auto"
    text = (desk / "tinybench.toml").read_text()
    assert "model =" in text
    assert text.count("#") > 8, "it explains itself"
    run("init", "other.tflite", "--force")
    assert load_project(Path()).model == Path("other.tflite")


def test_init_elsewhere_writes_paths_as_seen_from_there(desk: Path) -> None:
    run("init", "model.tflite", "--data", "d.npz", "-C", "a/b")
    table = tomllib.loads((desk / "a" / "b" / "tinybench.toml").read_text())
    assert table["model"] == "../../model.tflite"
    assert table["data"]["path"] == "../../d.npz"
    project = load_project(Path("a/b"))
    assert project.model is not None
    assert project.model.resolve() == desk / "model.tflite"


def test_init_uncommented_is_still_a_project(desk: Path) -> None:
    """What is commented out in the file is as valid as what is not."""
    run("init")
    path = desk / "tinybench.toml"
    lines = path.read_text().splitlines()
    path.write_text("\n".join(x.removeprefix("# ") if " = " in x else x for x in lines))
    project = load_project(desk)
    assert (project.data.limit, project.data.strict) == (100, True)
    assert project.data.labels == desk / "labels.txt"
    assert project.runs_folder == desk / "runs"


def test_init_says_what_is_not_there_yet(desk: Path) -> None:
    _, err = run("init", "nope.tflite", "--data", "d.npz")
    assert "note: the model is not there yet: nope.tflite\nnote: the data is not" in err
    (desk / "d.npz").touch()
    _, err = run("init", "model.tflite", "--data", "../d.npz", "-C", "sub")
    assert err.count("note: ") == 1, "d.npz lies elsewhere"
    _, err = run("init", "model.tflite", "--data", "d.npz", "-C", "other")
    assert err == "wrote other/tinybench.toml; next: tinybench bench -C other\n"


# how it looks ------------------------------------------------------------------------------------


def test_tables_have_no_blanks_at_the_ends(capsys: pytest.CaptureFixture[str]) -> None:
    console.print_table(("a", "b"), [("1", "x"), ("22", "")], right=(0,))
    console.print_pairs([("name", "value"), ("n", "")])
    lines = capsys.readouterr().out.splitlines()
    assert lines == [" a   b", "──────", " 1   x", "22", "name  value", "n"]


def test_tables_keep_to_the_terminal(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("sys.stdout.isatty", lambda: True)
    monkeypatch.setenv("COLUMNS", "40")
    console.print_table(("what", "why"), [("[bold] :smile:", "a long reason " * 8)])
    lines = capsys.readouterr().out.splitlines()
    assert max(map(len, lines)) <= 40
    assert any("[bold] :smile:" in line for line in lines), "a user's text is no markup"


def test_errors_are_in_three_parts(capsys: pytest.CaptureFixture[str]) -> None:
    name = "tensor " + "x" * 1000 + " is float32"
    console.show_error(ToolMissing("find gcc", "no gcc", "install it", details=("line", name)))
    out, err = capsys.readouterr()
    lines = err.splitlines()
    assert out == ""
    assert lines[:3] == ["error: find gcc", "  seen: no gcc", "    line"]
    assert lines[3].startswith("    tensor xxx")
    assert lines[3].endswith("xxx is float32")
    assert len(lines[3]) < 260
    assert lines[4:] == ["  next: install it"]


def test_the_next_command_gets_the_words_that_this_one_got(desk: Path) -> None:
    cli.write_data(desk, 2)
    (desk / "my project").mkdir()
    words = ("model.tflite", "-b", "native", "-C", "my project")
    _, err = run("bench", *words, "--data", "data-2.npz", "--no-flash", status=4)
    again = "model.tflite -C 'my project' --board native"
    assert err.endswith(f"  next: tinybench flash {again}\n")
    _, err = run("flash", *words, "--no-build", status=4)
    assert err.endswith(f"  next: tinybench build {again}\n")
    run("init", "model.tflite", "-b", "native", "--data", "data-2.npz")
    _, err = run("bench", "--no-flash", status=4)
    assert err.endswith("  next: tinybench flash\n"), "tinybench.toml says the rest"


def test_a_model_from_the_project_file(desk: Path) -> None:
    (desk / "sub").mkdir()
    (desk / "sub" / "net.tflite").write_bytes(conv_model())
    (desk / "sub" / "tinybench.toml").write_text("model = 'net.tflite'\nboard = 'native'\n")
    assert run_json("inspect", "-C", "sub")["fits"]["board"] == "native"
    assert run_json("inspect", "-C", "sub", "-b", "virt-c3")["fits"]["board"] == "virt-c3"


# build --render-only ------------------------------------------------------------------------------


def test_a_rendered_project_stands_alone_and_leaves_other_files_alone(desk: Path) -> None:
    words = ("build", "model.tflite", "-b", "esp32cam", "--render-only", "firmware")
    _, err = run(*words)
    assert err == f"next: platformio run -d {desk / 'firmware'}\n"
    assert (desk / "firmware" / "platformio.ini").is_file()
    mine = desk / "firmware" / "main" / "mine.c"
    mine.write_text("int mine;\n")
    before = (desk / "firmware" / "main" / "model.cc").stat().st_mtime_ns
    assert run_json(*words)["project"] == str(desk / "firmware")
    assert mine.read_text() == "int mine;\n"
    assert (desk / "firmware" / "main" / "model.cc").stat().st_mtime_ns == before


def test_a_folder_with_something_else_is_not_rendered_into(desk: Path) -> None:
    words = ("build", "model.tflite", "--render-only", ".", "-b")
    _, err = run(*words, "esp32cam", status=2)
    assert ". is neither" in err
    run("build", "model.tflite", "-b", "esp32cam", "--render-only", "firmware")
    words = ("build", "model.tflite", "--render-only", "firmware", "-b")
    _, err = run(*words, "esp32dev", status=2)
    assert "firmware is one for esp32cam" in err


def test_a_project_for_a_board_on_which_the_model_does_not_fit_is_not_rendered(desk: Path) -> None:
    (desk / "wide.tflite").write_bytes(one_op_model("RELU", (1, 384, 384, 3)))
    _, err = run("build", "wide.tflite", "-b", "esp32dev", "--render-only", "firmware", status=1)
    assert "take a board with the room: " in err
    assert "esp32cam" in err
    assert not (desk / "firmware").exists()
    run("build", "wide.tflite", "-b", "esp32cam", "--render-only", "firmware")
    model = (desk / "firmware" / "main" / "model.cc").read_text()
    assert 'section(".ext_ram.bss.tb_arena")' in model
    assert "arena in PSRAM" in (desk / "firmware" / "main" / "tb_board.h").read_text()


# options that stand alone ------------------------------------------------------------------------


def test_resume_refuses_what_it_would_not_heed() -> None:
    _, err = run("bench", "--resume", "r", "--limit", 3, "--board", "virt-c3", status=2)
    assert "--resume alone" in err
    assert "--board and --limit beside it" in err
    _, err = run("bench", "--resume", "r", "-p", "a", "-p", "b", status=2)
    assert "a second --port" in err
    _, err = run("bench", "--resume", "r", "--port", "a", "--mac", "24:0a:c4:00:00:01", status=2)
    assert "run.json" in err, "a port and a MAC are heeded"


def test_an_image_refuses_what_it_would_not_heed() -> None:
    _, err = run("flash", "--image", "i.bin", "--kernels", "reference", "--no-build", status=2)
    assert "--kernels and --no-build beside it" in err


def test_ctrl_c_where_a_question_is_asked_is_an_interruption(
    capsys: pytest.CaptureFixture[str],
) -> None:
    def ask() -> None:
        raise typer.Abort

    with pytest.raises(typer.Exit) as caught:
        console.reports_errors(ask)()
    assert caught.value.exit_code == 130
    assert "interrupted" in capsys.readouterr().err
