"""--help answers at once, because nothing heavy is imported for it."""

from __future__ import annotations

import resource
import subprocess
import sys
from importlib.metadata import version
from pathlib import Path

import pytest

from tinybench.cli.main import EXIT_CODES, app
from tinybench.errors import TinybenchError

COMMANDS = (
    "demo",
    "init",
    "inspect",
    "build",
    "flash",
    "bench",
    "compare",
    "check",
    "runs",
    "report",
)
COMMANDS += ("profile", "verify", "boards", "ports", "doctor", "compress", "new", "quantize")
COMMANDS += ("pipeline", "cable")
HEAVY = {"numpy", "tensorflow", "keras", "sklearn", "PIL", "ai_edge_litert", "tflite_micro"}
HEAVY |= {"rich", "jinja2", "elftools", "serial", "platformio", "SCons", "scipy"}
LIMIT_S = 0.6  # of which typer with pydantic takes half
PROBE = """
import sys
from tinybench.cli.main import app
try:
    app(sys.argv[1:])
except SystemExit as end:
    assert end.code == 0, end.code
print("modules:", *{name.partition(".")[0] for name in sys.modules})
"""


def run(*words: str) -> str:
    done = subprocess.run(
        [sys.executable, "-P", *words], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.mark.parametrize("command", ["", *COMMANDS])
def test_help_imports_nothing_heavy(command: str) -> None:
    said = run("-c", PROBE, *command.split(), "--help")
    text, _, modules = said.rpartition("modules:")
    assert text.startswith("Usage: ")
    assert HEAVY & set(modules.split()) == set()


@pytest.mark.parametrize("words", [["--help"], ["bench", "-h"], ["--version"]])
def test_help_takes_little_time(words: list[str]) -> None:
    """Processor time, and the least of several: other work on this machine is not its fault."""
    program = Path(sys.executable).with_name("tinybench")
    spent = []
    for _ in range(5):
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        subprocess.run([program, *words], stdout=subprocess.DEVNULL, check=True)
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        spent.append(after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime)
    assert min(spent) < LIMIT_S, spent


def test_every_command_is_listed_with_a_whole_sentence() -> None:
    text = run("-c", "from tinybench.cli.main import app; app()", "--help")
    lines = {words[0]: words for words in map(str.split, text.splitlines()) if words}
    for command in COMMANDS:
        assert lines[command][-1].endswith("."), lines[command]
        assert not lines[command][-1].endswith("..."), lines[command]


def test_the_exit_codes_that_help_tells_are_those_of_the_errors() -> None:
    def codes(kind: type[TinybenchError]) -> set[int]:
        return {kind.exit_code}.union(*(codes(child) for child in kind.__subclasses__()))

    told = {int(word) for word in EXIT_CODES.replace(";", " ").split() if word.isdecimal()}
    assert told == codes(TinybenchError) | {0}


def test_version() -> None:
    said = run("-c", "from tinybench.cli.main import app; app()", "--version")
    assert said.strip() == f"tinybench {version('tinybench')}"


def test_commands_are_those_that_are_tested_here() -> None:
    groups = {group.name for group in app.registered_groups}
    assert groups | {command.name for command in app.registered_commands} == set(COMMANDS)
