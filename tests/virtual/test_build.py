"""Real builds through PlatformIO: offline, repeatable, side by side; and how they fail."""

from __future__ import annotations

import contextlib
import dataclasses
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from support.builds import small_program
from support.cli import hear_signals
from tinybench.boards import Board, load_board
from tinybench.build import cache
from tinybench.build.cache import Build, find_build, make_build
from tinybench.build.driver import Artifact, build_project
from tinybench.build.ingredients import gather_ingredients
from tinybench.errors import BuildError, DoesNotFit, StaleBuild, ToolMissing
from tinybench.render.instrument import Instrument
from tinybench.render.project import Identity, render_project, write_project

VIRT = load_board("virt-c3")
NATIVE = load_board("native")
BUILD_ID = "5a" * 16


def render(out: Path, board: Board = VIRT) -> Path:
    return render_project(
        small_program(), board, engine="aot", labels=None, build_id=BUILD_ID, out=out
    )


def build(folder: Path, board: Board = VIRT) -> Artifact:
    return build_project(render(folder / "project", board), board, log=folder / "build.log")


def write_model(folder: Path, model: str, board: Board = VIRT) -> Path:
    """A project around a model.cc of any content."""
    identity = Identity(BUILD_ID, board.name, "aot", "00" * 32)
    return write_project({"model.cc": model, "labels.h": ""}, board, identity, out=folder)


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Artifact:
    """Of objects that were all made for it."""
    folder = tmp_path_factory.mktemp("built")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_CACHE_HOME", str(folder / "cache"))
        made = build(folder)
    assert "from cache" not in made.log.read_text()
    return made


def test_an_artifact_says_what_it_is(built: Artifact) -> None:
    assert (built.build_id, built.board, built.engine) == (BUILD_ID, "virt-c3", "aot")
    assert built.model_sha256 == small_program().graph.sha256
    assert "firmware.elf" in built.log.read_text()


def test_sizes_agree_with_the_toolchains_own(built: Artifact) -> None:
    size = VIRT.build.toolchain + "size"
    done = subprocess.run([size, "-A", built.elf], capture_output=True, text=True, check=True)
    rows = (line.split() for line in done.stdout.splitlines())
    sections = {row[0]: int(row[1]) for row in rows if len(row) == 3 and row[1].isdigit()}
    sizes = built.sizes
    assert sizes.code == sections[".text"]
    assert sizes.flash_total == sum(sections[name] for name in (".text", ".rodata", ".data"))
    assert sizes.ram_static == sections[".data"] + sections[".bss"]
    assert sizes.weights == small_program().weights_bytes
    assert sizes.ram_static > small_program().arena_bytes


def test_equal_input_gives_an_equal_elf_wherever_it_is_built(
    built: Artifact, tmp_path: Path
) -> None:
    elsewhere = build(tmp_path / "a folder with spaces")
    assert elsewhere.elf.read_bytes() == built.elf.read_bytes()


def test_objects_are_shared_by_what_they_are_made_of(built: Artifact, tmp_path: Path) -> None:
    folder = Path(tmp_path, "cache", "tinybench", "objects")
    shutil.copytree(built.elf.parents[4] / "cache" / "tinybench" / "objects", folder)
    project = render(tmp_path / "project")
    header = project / "src" / "kernels" / "tb_scale16.h"
    header.write_text(header.read_text() + "\n/* not as it was */\n")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
        build_project(project, VIRT, log=tmp_path / "build.log")
    log = (tmp_path / "build.log").read_text()
    taken = re.findall(r"Retrieved `.*/(\w+)\.c\.o' from cache", log)
    made = re.findall(r"Compiling .*/(\w+)\.c\.o", log)
    assert {"tb_session", "tb_conv", "tb_pool"} <= set(taken)
    assert set(made) > {"tb_conv16", "tb_pool16", "port"} and not set(made) & set(taken)


ODD = ("R&D", "John's", 'a "b', "c;touch d", "$HOME (e)", "f\\g`h`\t", "ü#%=", os.fsdecode(b"\xff"))


def test_a_path_may_hold_what_a_shell_would_read(built: Artifact, tmp_path: Path) -> None:
    elsewhere = build(Path(tmp_path, *ODD))
    assert elsewhere.elf.is_relative_to(Path(tmp_path, *ODD))
    assert elsewhere.elf.read_bytes() == built.elf.read_bytes()
    assert [path.name for path in tmp_path.iterdir()] == [ODD[0]], "nothing beside it"


def test_no_plain_path_at_all_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    odd = tmp_path / "R&D"
    odd.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(odd))
    with pytest.raises(BuildError, match=r"'&' in .*R&D.*TMPDIR"):
        build(odd)
    assert not [path for path in odd.iterdir() if path.name.startswith("tinybench-")]


def test_no_network_and_no_home_are_needed(tmp_path: Path) -> None:
    project = render(tmp_path / "project")
    blocked = ["unshare", "--net", "--map-root-user"]
    if subprocess.run([*blocked, "true"], capture_output=True, check=False).returncode:
        pytest.skip("this computer does not let a test take the network away")
    code = (
        "import sys; from pathlib import Path; from tinybench.boards import load_board;"
        "from tinybench.build.driver import build_project;"
        "build_project(Path(sys.argv[1]), load_board('virt-c3'), log=Path(sys.argv[2]))"
    )
    log = tmp_path / "build.log"
    environment = {**os.environ, "HOME": str(tmp_path / "home"), "XDG_CACHE_HOME": "/nonexistent"}
    subprocess.run(
        [*blocked, sys.executable, "-c", code, project, log], env=environment, check=True
    )
    assert not (tmp_path / "home").exists()
    assert "SUCCESS" in log.read_text()


def test_a_copied_project_builds_with_its_own_platform(built: Artifact, tmp_path: Path) -> None:
    original = built.elf.parents[3]
    copy = tmp_path / "copy"
    shutil.copytree(original, copy)
    main = copy / "platform" / "builder" / "main.py"
    main.write_text(main.read_text() + "\nprint('built by the copy')\n")
    build_project(copy, VIRT, log=tmp_path / "build.log")
    assert "built by the copy" in (tmp_path / "build.log").read_text()


def test_the_users_platformio_settings_do_not_matter(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PLATFORMIO_BUILD_FLAGS", "-DNONSENSE(")
    monkeypatch.setenv("PLATFORMIO_CORE_DIR", "/nonexistent/core")
    monkeypatch.setenv("PLATFORMIO_BUILD_DIR", "/nonexistent/build")
    monkeypatch.setenv("LC_ALL", "de_DE.UTF-8")
    build(tmp_path)


def test_what_does_not_fit_is_refused_with_numbers(built: Artifact, tmp_path: Path) -> None:
    small = dataclasses.replace(VIRT.memory, ram_bytes=8_192 + 2_048, flash_bytes=4_096)
    board = dataclasses.replace(VIRT, memory=small)
    with pytest.raises(DoesNotFit) as caught:
        build(tmp_path, board)
    assert "flash: " in caught.value.seen
    assert "ram: " in caught.value.seen
    needed = caught.value.seen.split("ram: ")[1].split(" B")[0].replace(",", "")
    beside = 8_192 + 512 + 16  # stack, the trap's stack, what survives a reset
    assert abs(int(needed) - built.sizes.ram_static - beside) <= 32
    assert (tmp_path / "build.log").is_file()


@pytest.mark.parametrize("board", [VIRT, NATIVE], ids=lambda b: b.name)
def test_errors_in_code_are_shown_with_their_places(board: Board, tmp_path: Path) -> None:
    model = "\nint first = nothing;\nsigned char second(int x) { return x; }\n"
    project = write_model(tmp_path / "project", model, board)
    with pytest.raises(BuildError) as caught:
        build_project(project, board, log=tmp_path / "build.log")
    first, second = caught.value.details
    assert re.match(r"src/model.cc:2:\d+: error: .*nothing", first)
    assert re.match(r"src/model.cc:3:\d+: error: .*-Werror=conversion", second)
    assert not list(project.rglob("firmware.elf"))


def test_a_missing_engine_is_a_link_error(tmp_path: Path) -> None:
    project = write_model(tmp_path / "project", "// nothing\n")
    with pytest.raises(BuildError, match="does not link") as caught:
        build_project(project, VIRT, log=tmp_path / "build.log")
    assert any("tb_engine" in line for line in caught.value.details)


def test_static_constructors_are_refused(tmp_path: Path) -> None:
    model = '#include "tb_port.h"\nuint32_t when = tb_port_facts()->boot_id;\n'
    project = write_model(tmp_path / "project", model)
    with pytest.raises(BuildError) as caught:
        build_project(project, VIRT, log=tmp_path / "build.log")
    assert any("static constructors are not run" in line for line in caught.value.details)


def test_a_full_disk_is_said(tmp_path: Path) -> None:
    """On a file system of 1 MB: enough for the project, not for its firmware."""
    blocked = ["unshare", "--mount", "--map-root-user"]
    if subprocess.run([*blocked, "true"], capture_output=True, check=False).returncode:
        pytest.skip("this computer does not let a test mount a small disk")
    project = render(tmp_path / "project")
    code = (
        "import shutil, sys; from pathlib import Path; from tinybench.boards import load_board\n"
        "from tinybench.build.driver import build_project\n"
        "from tinybench.errors import BuildError\n"
        "small = Path(sys.argv[2], 'project'); shutil.copytree(sys.argv[1], small)\n"
        "try: build_project(small, load_board('virt-c3'), log=small / 'build.log')\n"
        "except BuildError as error: print(error)\n"
    )
    small = tmp_path / "small"
    small.mkdir()
    script = 'mount -t tmpfs -o size=1M none "$3" && exec "$0" -c "$1" "$2" "$3"'
    command = [*blocked, "sh", "-c", script, sys.executable, code, project, small]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert "disk" in done.stdout or "No space left" in done.stdout, done.stdout + done.stderr


def test_a_missing_compiler_says_how_to_install_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    project = write_model(tmp_path / "project", "")
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(ToolMissing, match="gcc-riscv64-unknown-elf"):
        build_project(project, VIRT, log=tmp_path / "build.log")


def test_a_project_for_another_board_is_refused(tmp_path: Path) -> None:
    project = write_model(tmp_path, "")
    with pytest.raises(BuildError, match="is for virt-c3"):
        build_project(project, NATIVE, log=tmp_path / "log")
    with pytest.raises(BuildError, match=r"tinybench\.json"):
        build_project(tmp_path / "platform", VIRT, log=tmp_path / "log")


# The cache ---------------------------------------------------------------------------------------


def make(root: Path, board: Board = VIRT, labels: list[str] | None = None) -> Build:
    return make_build(small_program(), board, engine="aot", labels=labels, root=root)


def test_a_build_is_made_once_and_found_again(tmp_path: Path) -> None:
    first = make(tmp_path)
    assert first.fresh
    again = make(tmp_path)
    assert not again.fresh
    assert dataclasses.replace(again, fresh=True) == first
    sha256 = small_program().graph.sha256
    wanted = gather_ingredients(sha256, VIRT, engine="aot", labels=None)
    assert find_build(wanted, tmp_path) == again
    assert first.artifact.build_id == wanted.build_id

    others = gather_ingredients("00" * 32, VIRT, engine="aot", labels=["cat"])
    with pytest.raises(StaleBuild, match="differs in: model, labels"):
        find_build(others, tmp_path)
    elsewhere = gather_ingredients(sha256, NATIVE, engine="aot", labels=None)
    with pytest.raises(StaleBuild, match="none in"):
        find_build(elsewhere, tmp_path)

    first.artifact.elf.write_bytes(first.artifact.elf.read_bytes()[:-1] + b"?")
    with pytest.raises(StaleBuild, match="altered"):
        find_build(wanted, tmp_path)
    assert make(tmp_path).elf_sha256 == first.elf_sha256, "an altered ELF is built again"


def test_old_builds_are_forgotten(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cache, "_KEPT", 1)
    first = make(tmp_path, labels=["a"])
    native = make(tmp_path, NATIVE)
    second = make(tmp_path, labels=["b"])
    assert not first.artifact.elf.exists()
    assert second.artifact.elf.exists()
    assert native.artifact.elf.exists(), "each board has its own"


def test_builds_with_an_instrument_stand_apart(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """`build` makes one without a model beside each: it is nobody's last build."""
    monkeypatch.setattr(cache, "_KEPT", 1)
    shipped = make(tmp_path)
    root, program = tmp_path, small_program()
    null = make_build(
        program, VIRT, engine="aot", labels=None, root=root, instrument=Instrument.NULL
    )
    assert shipped.artifact.elf.exists()
    assert null.folder.parent == shipped.folder.parent
    others = gather_ingredients(program.graph.sha256, VIRT, engine="aot", labels=["cat"])
    with pytest.raises(StaleBuild, match=r"differs in: labels( |$)"):
        find_build(others, tmp_path)


@pytest.mark.parametrize("damage", ["", "{", "[]", '{"schema": "tinybench.build/0"}'])
def test_a_damaged_record_is_no_build(tmp_path: Path, damage: str) -> None:
    wanted = gather_ingredients("00" * 32, VIRT, engine="aot", labels=None)
    folder = tmp_path / f"virt-c3-aot-{wanted.build_id[:12]}"
    folder.mkdir()
    (folder / "build.json").write_text(damage)
    with pytest.raises(StaleBuild):
        find_build(wanted, tmp_path)


def test_builds_side_by_side_do_not_disturb_each_other(tmp_path: Path) -> None:
    wishes = [(VIRT, None), (VIRT, None), (NATIVE, None), (VIRT, ["a", "b", "c", "d"])]
    with ThreadPoolExecutor(len(wishes)) as pool:
        builds = list(pool.map(lambda wish: make(tmp_path, *wish), wishes))
    assert [b.artifact.board for b in builds] == ["virt-c3", "virt-c3", "native", "virt-c3"]
    assert builds[0].elf_sha256 == builds[1].elf_sha256
    assert sorted(b.fresh for b in builds[:2]) == [False, True]
    assert builds[0].folder != builds[3].folder
    for made in builds:
        record = json.loads((made.folder / "build.json").read_text())
        assert record["elf_sha256"] == made.elf_sha256


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGKILL])
def test_an_interrupted_build_leaves_no_process(tmp_path: Path, number: signal.Signals) -> None:
    project = render(tmp_path / "project").resolve()
    log = tmp_path / "build.log"
    code = (
        "import sys; from pathlib import Path; from tinybench.boards import load_board;"
        "from tinybench.build.driver import build_project;"
        "build_project(Path(sys.argv[1]), load_board('virt-c3'), log=Path(sys.argv[2]))"
    )
    builder = subprocess.Popen(
        [sys.executable, "-c", code, project, log],
        stderr=subprocess.DEVNULL,
        env={**os.environ, "XDG_CACHE_HOME": str(tmp_path / "cache")},  # all is compiled
        preexec_fn=hear_signals,
    )
    try:
        while not (log.is_file() and b"Compiling" in log.read_bytes()):
            assert builder.poll() is None
            time.sleep(0.02)
        builder.send_signal(number)
        builder.wait(timeout=30)
    finally:
        builder.kill()
        builder.wait()
    deadline = time.monotonic() + 5
    while working := processes_in(project):
        assert time.monotonic() < deadline, working
        time.sleep(0.05)
    assert not list(project.rglob("firmware.elf")), "it went on to the end"


def processes_in(folder: Path) -> list[str]:
    """Processes whose working directory is a folder."""
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            if (process / "cwd").readlink() == folder:
                found.append((process / "cmdline").read_text())
    return found
