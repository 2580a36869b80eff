"""The pytest plugin, by pytest's own pytester: real boards behind it."""

from __future__ import annotations

import xml.etree.ElementTree as ET
from importlib.metadata import entry_points
from pathlib import Path

import platformdirs
import pytest

from support import cli

CACHE = platformdirs.user_cache_dir()  # before pytester sets another home

SUITE = """
import pytest

@pytest.mark.tinybench(model="model.tflite", data="data-6.npz", limit=4)
def test_shape(tinybench_result):
    assert tinybench_result["samples"]["measured"] == 4

@pytest.mark.tinybench(model="model.tflite", data="data-6.npz", limit=4)
def test_again(tinybench_report, tinybench_board):
    assert tinybench_report.result["board"]["name"] == tinybench_board
    assert (tinybench_report.folder / "result.json").is_file()
"""


@pytest.fixture
def suite(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> pytest.Pytester:
    monkeypatch.setenv("XDG_CACHE_HOME", CACHE)  # objects of other builds
    cli.write_model(pytester.path)
    cli.write_data(pytester.path, 6)
    pytester.makepyfile(SUITE)
    return pytester


def run(suite: pytest.Pytester, *words: str) -> pytest.RunResult:
    installed = any(e.value == "tinybench.pytest_plugin" for e in entry_points(group="pytest11"))
    plugin = () if installed else ("-p", "tinybench.pytest_plugin")
    return suite.runpytest_subprocess(*plugin, "-rs", *words)


def runs(suite: pytest.Pytester) -> list[Path]:
    return list((suite.path / "runs").glob("*"))


def test_a_suite_runs_on_every_board_that_is_named(suite: pytest.Pytester) -> None:
    done = run(suite, "--tinybench-board=native", "--tinybench-board=virt-c3", "--junitxml=out.xml")
    done.assert_outcomes(passed=4)
    assert len(runs(suite)) == 2, "equal runs are made once"
    cases = ET.parse(suite.path / "out.xml").findall(".//testcase")
    for case in cases:
        properties = {p.get("name"): p.get("value") for p in case.iter("property")}
        assert properties["tinybench.samples"] == "4"
        assert int(properties["tinybench.latency_median"] or 0) > 0
        assert properties["tinybench.outputs_byte_equal"] == "4"
    values = {p.get("value") for p in ET.parse(suite.path / "out.xml").iter("property")}
    assert "instructions" in values
    assert "not measured: the board cannot tell" in values, "native has no stack of its own"


def test_without_a_board_tests_are_skipped_with_a_reason(suite: pytest.Pytester) -> None:
    done = run(suite)
    done.assert_outcomes(skipped=2)
    done.stdout.fnmatch_lines(["*no board is named: pytest --tinybench-board NAME*"])


def test_the_board_of_the_project_file_is_taken(suite: pytest.Pytester) -> None:
    (suite.path / "tinybench.toml").write_text('board = "native"\n')
    run(suite, "-k", "shape").assert_outcomes(passed=1, deselected=1)


def test_gates_and_mistakes_fail_with_a_sentence(suite: pytest.Pytester) -> None:
    suite.makepyfile(
        test_more="""
        import pytest

        @pytest.mark.tinybench(model="model.tflite", data="data-6.npz", max_arena_bytes=1)
        def test_gate(tinybench_result):
            pass

        @pytest.mark.tinybench(model="nowhere.tflite", data="data-6.npz")
        def test_no_model(tinybench_result):
            pass

        @pytest.mark.tinybench(modle="model.tflite")
        def test_typo(tinybench_result):
            pass

        @pytest.mark.tinybench(model="model.tflite", data="data-6.npz", board="virt-c3")
        def test_other_board(tinybench_result):
            pass
        """
    )
    done = run(suite, "test_more.py", "--tinybench-board=native")
    done.assert_outcomes(failed=1, errors=2, skipped=1)
    done.stdout.fnmatch_lines_random(
        [
            "*max_arena_bytes: wanted <= 1 B, seen *",
            "*nowhere.tflite*",
            "*did you mean 'model'?*",
            "*this test is for virt-c3, not for native*",
        ]
    )
    assert "Traceback" not in done.stdout.str()


def test_an_absent_board_skips_unless_it_is_required(
    suite: pytest.Pytester, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(suite.path))  # no compiler, no emulator
    run(suite, "--tinybench-board=virt-c3").assert_outcomes(skipped=2)
    run(suite, "--tinybench-board=virt-c3", "--tinybench-require").assert_outcomes(errors=2)


def test_beside_pytest_embedded(suite: pytest.Pytester) -> None:
    pytest.importorskip("pytest_embedded", reason="pytest-embedded is not installed")
    suite.makepyfile(
        test_both="""
        import pytest

        @pytest.mark.tinybench(model="model.tflite", data="data-6.npz")
        def test_both(tinybench_result, dut):
            dut.write("hello")
            dut.expect("hello", timeout=3)
        """
    )
    run(suite, "test_both.py", "--tinybench-board=native").assert_outcomes(passed=1)
