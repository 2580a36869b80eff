"""Real boards from port to hello, PlatformIO replaced: what is remembered, said and asked."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from support.mock_chip import mock_chip
from support.standin_images import standin_elf, standin_parts
from tinybench.boards import load_board
from tinybench.build.cache import Build
from tinybench.build.driver import Artifact
from tinybench.build.elf import Sizes
from tinybench.build.ingredients import Ingredients
from tinybench.cli.asking import _ask
from tinybench.errors import BuildError, Interrupted, LinkError, StaleBuild, UsageError
from tinybench.flash.ports import Port, await_port
from tinybench.flash.program import Said
from tinybench.flash.slot import elf_sha256, read_slot
from tinybench.link.labgrid import Place
from tinybench.project import Project
from tinybench.workflow.plugged import put_on_board, upload_baud, with_port
from tinybench.workflow.watch import Silent

BOARD = load_board("esp32cam")
PORTS = [
    Port("/dev/ttyUSB0", "1a86:7523", None, "USB Serial"),
    Port("/dev/ttyUSB1", "1a86:7523", None, "USB Serial"),
]
Upload = Callable[..., Said]


class Told(Silent):
    """Keeps the steps it is told of."""

    def __init__(self) -> None:
        self.phases: list[str] = []

    def phase(self, text: str) -> None:
        self.phases.append(text)


def made(folder: Path) -> Build:
    folder.mkdir(exist_ok=True)
    elf = folder / "firmware.elf"
    elf.write_bytes(standin_elf(94, ((".iram0.text", 0x40080000),), 100, 1))
    parts = {"model": "aa"}
    ingredients = Ingredients(BOARD.name, "aot", parts)
    artifact = Artifact(elf, Sizes(1, 1, 1, 1), "b" * 32, BOARD.name, "aot", "aa", folder / "log")
    return Build(folder, ingredients, artifact, elf_sha256(elf))


def replace_upload(monkeypatch: pytest.MonkeyPatch, answer: Upload) -> None:
    monkeypatch.setattr("tinybench.flash.upload.upload", answer)


def put(folder: Path, watch: Silent | None = None) -> None:
    project = Project(folder, port="socket://there:1")
    put_on_board(project, made(folder), BOARD, folder / "slots", watch or Silent())


def test_what_platformio_has_flashed_is_remembered(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[Any] = []

    def upload(*given: Any) -> Said:
        asked.extend(given)
        return Said(0, "Hash of data verified.")

    replace_upload(monkeypatch, upload)
    monkeypatch.setenv("ESPBAUD", "115200")
    told = Told()
    put(tmp_path, told)
    log = tmp_path / ".tinybench/logs/flash.log"
    assert asked == [tmp_path / "project", "esp32cam", "socket://there:1", 115_200, log]
    assert read_slot(BOARD, tmp_path / "slots").build_id == "b" * 32
    assert told.phases[0] == "flashing esp32cam on socket://there:1"
    assert "press RST now" in told.phases[1], "the board has no reset circuit of its own"


def test_a_folder_that_esp_idf_cannot_read_is_flashed_by_esptool(tmp_path: Path) -> None:
    folder = tmp_path / "my birds"
    build = made(folder)
    standin_parts("esp32", folder)
    with mock_chip("esp32") as mock:
        project = Project(folder, port=mock.port)
        put_on_board(project, build, BOARD, folder / "slots", Silent())
        data = (folder / "merged.bin").read_bytes()
        assert mock.flash.data[: len(data)] == data
        assert (folder / "firmware.bin").read_bytes() in data


def test_after_a_failed_flash_nobody_knows_what_is_on_the_board(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    replace_upload(monkeypatch, lambda *_: Said(0, ""))
    put(tmp_path)
    text = "A fatal error occurred: Failed to connect to ESP32: Wrong boot mode detected (0x13)!"
    replace_upload(monkeypatch, lambda *_: Said(1, text))
    with pytest.raises(LinkError, match=r"started its program \(0x13\)") as caught:
        put(tmp_path)
    assert "join IO0 and GND" in caught.value.todo
    with pytest.raises(StaleBuild, match="nothing is flashed"):
        read_slot(BOARD, tmp_path / "slots")


def test_ctrl_c_while_platformio_writes_says_how_to_recover(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def upload(*_: Any) -> Said:
        raise KeyboardInterrupt

    replace_upload(monkeypatch, upload)
    with pytest.raises(Interrupted, match="run the same command again"):
        put(tmp_path)


def test_the_speed_is_the_boards_or_espbaud(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("ESPBAUD", raising=False)
    assert upload_baud(BOARD) == BOARD.link.upload_baud
    monkeypatch.setenv("ESPBAUD", "230400")
    assert upload_baud(BOARD) == 230_400


@pytest.mark.parametrize("text", ["fast", "-1", "0", "1e6", "99999999", "٣"])
def test_a_speed_that_is_none_is_refused(text: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ESPBAUD", text)
    with pytest.raises(UsageError, match="ESPBAUD="):
        upload_baud(BOARD)


@pytest.fixture
def two_boards(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tinybench.flash.ports.list_ports", lambda: PORTS)
    monkeypatch.delenv("ESPPORT", raising=False)


def test_whose_word_wins(two_boards: None, monkeypatch: pytest.MonkeyPatch) -> None:
    project = Project(Path("p"))
    assert with_port(project, load_board("virt-c3")) is project
    with pytest.raises(UsageError, match="2 could be it"):
        with_port(project, BOARD)
    assert with_port(project, BOARD, choose=lambda ports: ports[1]).port == "/dev/ttyUSB1"
    monkeypatch.setenv("ESPPORT", "/dev/ttyUSB1")
    assert with_port(project, BOARD).port == "/dev/ttyUSB1"
    monkeypatch.setenv("ESPPORT", "/dev/ttyUSB7")
    with pytest.raises(LinkError, match="ESPPORT='/dev/ttyUSB7'; there is /dev/ttyUSB0"):
        with_port(project, BOARD)
    assert with_port(Project(Path("p"), port="/dev/ttyUSB0"), BOARD).port == "/dev/ttyUSB0"


def test_a_mac_wins_over_espport(
    two_boards: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from tinybench.flash.esptool import ChipSeen, Connection

    monkeypatch.setenv("ESPPORT", "/dev/ttyUSB1")
    macs = {"/dev/ttyUSB0": "24:0a:c4:00:00:01", "/dev/ttyUSB1": "24:0a:c4:00:00:02"}

    def look(connection: Connection, *, stay: bool) -> tuple[Said, ChipSeen]:
        assert not stay, "a chip that is only asked goes on with its program"
        return Said(0, ""), ChipSeen("ESP32", macs[connection.port], None)

    monkeypatch.setattr("tinybench.flash.esptool.look", look)
    project = Project(tmp_path, mac="24:0A:C4:00:00:01")
    assert with_port(project, BOARD).port == "/dev/ttyUSB0"


def test_a_labs_place_is_ours_while_its_board_is_flashed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """labgrid's own name of a place means nothing to esptool: that gets the port's URL."""
    said: list[str] = []

    def ask(place: Place, *words: str) -> str:
        said.append(" ".join((place.name, *words)))
        port = "{host: lab, port: 4000, protocol: raw, speed: 115200}"
        return f"targets: {{main: {{resources: [{{NetworkSerialPort: {port}}}]}}}}"

    monkeypatch.setattr(Place, "_ask", ask)
    replace_upload(monkeypatch, lambda *given: said.append(given[2]) or Said(0, ""))  # type: ignore[func-returns-value]
    project = with_port(Project(tmp_path, port="labgrid:shelf-3"), BOARD)
    assert project.port == "labgrid:shelf-3"
    put_on_board(project, made(tmp_path), BOARD, tmp_path / "slots", Silent())
    assert said == ["shelf-3 acquire", "shelf-3 env", "socket://lab:4000", "shelf-3 release"]


def test_who_is_asked_answers_with_a_number(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    answers = iter(["3", "0", "2"])
    monkeypatch.setattr("typer.prompt", lambda *_, **__: next(answers))
    assert _ask(PORTS) == PORTS[1]
    said = capsys.readouterr().err
    assert "1  /dev/ttyUSB0  1a86:7523, USB Serial" in said
    assert said.count("a number from 1 to 2") == 2


def test_a_port_is_waited_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tinybench.flash.ports.list_ports", lambda: PORTS)
    polls: list[float] = []
    monkeypatch.setattr("time.sleep", polls.append)
    await_port("/dev/ttyUSB1")
    await_port("socket://there:1")
    assert polls == []
    link = tmp_path / "ttyACM0"
    monkeypatch.setattr("time.sleep", lambda _: link.touch())
    await_port(str(link))
    assert link.exists()


def test_what_nobody_knows_is_an_error_with_its_log(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    replace_upload(monkeypatch, lambda *_: Said(1, "something new"))
    with pytest.raises(BuildError, match="whole log") as caught:
        put(tmp_path)
    assert caught.value.details == ("something new",)
