"""What every test may use: real data, the zoo, the demo's model; and what may be skipped when.

A test that lacks something on this machine is skipped with a plain reason. In CI, where a skip
could hide that nothing was tested, TINYBENCH_REQUIRE_REALDATA=1 turns a skipped ``realdata`` test
into a failed one. TINYBENCH_REALDATA names another folder for the real data.
"""

from __future__ import annotations

import importlib.util
import os
from collections.abc import Callable, Generator
from pathlib import Path

import hypothesis
import pytest

from support.once import make_once
from support.realdata import real
from tinybench.train.zoo import ZooModel, zoo_model

TESTS = Path(__file__).parent

# No deadline: test machines are shared. Fixed seeds in CI; elsewhere a failure prints its own.
hypothesis.settings.register_profile("default", deadline=None, print_blob=True)
hypothesis.settings.register_profile("ci", deadline=None, print_blob=True, derandomize=True)
hypothesis.settings.load_profile("ci" if os.environ.get("CI") else "default")


@pytest.fixture(scope="session")
def realdata() -> Path:
    """The folder of real models and images beside the checkout."""
    return real("")


@pytest.fixture(scope="session")
def zoo_models() -> Callable[[str], ZooModel]:
    """``zoo_models(name)``: a seeded model of the zoo, made on first use, then cached."""
    _need_tensorflow()
    return zoo_model


@pytest.fixture(scope="session")
def digits(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the demo's digits.tflite, digits.npz and labels.txt."""
    from tinybench.train.digits import train_digits

    _need_tensorflow()
    return make_once(tmp_path_factory, "digits", train_digits)


@pytest.fixture(scope="session")
def test_jobs() -> Generator[None]:
    """Lets job processes import tests/support."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PYTHONPATH", str(TESTS))
        yield


def _need_tensorflow() -> None:
    if importlib.util.find_spec("tensorflow") is None:
        pytest.skip("TensorFlow is not installed (pip install 'tinybench[train]')")


def pytest_runtest_setup(item: pytest.Item) -> None:
    """Skips what is marked ``train`` where TensorFlow is not installed."""
    if item.get_closest_marker("train"):
        _need_tensorflow()


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Marks each test by the heavy things it asks for, so that ``-m`` can choose.

    What waits for the longest of these comes first: begun last, it would keep one core waiting.
    """
    for item in items:
        asked = set(getattr(item, "fixturenames", ()))
        if asked & {"digits", "zoo_models"}:
            item.add_marker("train")
        if "realdata" in asked:
            item.add_marker("realdata")
    items.sort(key=lambda item: "trials" not in getattr(item, "fixturenames", ()))


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item,
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Fails a skipped test on real data where skipping is not allowed."""
    report = yield
    required = os.environ.get("TINYBENCH_REQUIRE_REALDATA") == "1"
    real_data = item.get_closest_marker("realdata") or "no real data" in str(report.longrepr)
    if required and report.skipped and real_data:
        report.outcome = "failed"
        report.longrepr = f"skipped, but real data is required here: {report.longrepr}"
    return report
