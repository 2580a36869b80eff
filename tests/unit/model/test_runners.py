"""LiteRT and TFLM on this machine, alone and in the reference process."""

from __future__ import annotations

import os
import pickle
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

from support.models import conv_model, float_boundary_model, one_op_model
from support.realdata import PERSON, real
from tinybench.errors import DataError, ModelError
from tinybench.model.desktop import DesktopRunner
from tinybench.model.oracle import TflmRunner, available
from tinybench.model.read import parse_tflite
from tinybench.model.reference import ReferenceWorker

RUNNERS = [DesktopRunner, TflmRunner] if available() is None else [DesktopRunner]
IMAGE = np.arange(-96, 96, dtype=np.int8).reshape(1, 8, 8, 3)

needs_tflm = pytest.mark.skipif(available() is not None, reason=str(available()))


@pytest.mark.parametrize("runner", RUNNERS)
def test_runs_int8(runner: type[DesktopRunner]) -> None:
    loaded = runner(conv_model())
    (scores,) = loaded.run([IMAGE])
    assert (scores.dtype, scores.shape) == (np.int8, (1, 4))
    assert loaded.last_us > 0
    (again,) = loaded.run([IMAGE])
    assert scores.tobytes() == again.tobytes() and scores is not again
    loaded.close()


@needs_tflm
def test_both_agree_where_their_arithmetic_does() -> None:
    model = conv_model()
    desktop, oracle = DesktopRunner(model).run([IMAGE]), TflmRunner(model).run([IMAGE])
    assert np.abs(desktop[0].astype(int) - oracle[0]).max() <= 1


@pytest.mark.parametrize("runner", RUNNERS)
def test_runs_float_boundaries(runner: type[DesktopRunner]) -> None:
    (out,) = runner(float_boundary_model()).run([np.array([[-2, -0.2, 0.3, 1e9]], np.float32)])
    assert out.tolist() == [[0.0, 0.0, 0.5, 65.0]]


@pytest.mark.parametrize("runner", RUNNERS)
@pytest.mark.parametrize(
    "inputs", [[], [IMAGE, IMAGE], [IMAGE[0]], [IMAGE.astype(np.uint8)], [IMAGE[..., :2]]]
)
def test_refuses_other_arrays(runner: type[DesktopRunner], inputs: list[np.ndarray]) -> None:
    with pytest.raises(DataError, match=r"int8 \(1, 8, 8, 3\)"):
        runner(conv_model()).run(inputs)


def test_desktop_says_why_it_refuses_a_model() -> None:
    with pytest.raises(ModelError, match="unresolved custom op"):
        DesktopRunner(one_op_model("CUSTOM:mine"))


@needs_tflm
def test_tflm_says_why_it_refuses_a_model(capfd: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(ModelError, match=r"exp\.cc"):
        TflmRunner(one_op_model("EXP"))
    assert capfd.readouterr().err == ""


@needs_tflm
def test_tflm_finds_its_arena() -> None:
    (out,) = TflmRunner(one_op_model("RELU", (1, 1000, 1000))).run(
        [np.full((1, 1000, 1000), -5, np.int8)]
    )
    assert not out.any()


@needs_tflm
def test_tflm_shows_intermediate_tensors() -> None:
    model = conv_model()
    runner = TflmRunner(model, keep_tensors=True)
    runner.run([IMAGE])
    conv = parse_tflite(model).ops[0].outputs[0]
    assert runner.tensor(conv).shape == (1, 4, 4, 5)


def test_reference_answers_in_order_and_knows_who_computed() -> None:
    model = conv_model()
    direct = DesktopRunner(model)
    images = [np.full((1, 8, 8, 3), value, np.int8) for value in range(0, 100, 10)]
    with ReferenceWorker(model) as worker:
        answers = [worker.submit([image]) for image in images]
        for image, answer in zip(images, answers, strict=True):
            outputs = answer.result(60)
            assert outputs.desktop[0].tobytes() == direct.run([image])[0].tobytes()
            assert outputs.desktop_us > 0
            assert (outputs.oracle is None) == (available() is not None)
        facts = worker.facts()
    assert facts.desktop.startswith("LiteRT")
    assert facts.oracle_reason == available()
    assert facts.memory_bytes is None or facts.memory_bytes > 0


def test_one_wrong_sample_does_not_spoil_the_others() -> None:
    with ReferenceWorker(conv_model()) as worker:
        wrong, right = worker.submit([IMAGE[0]]), worker.submit([IMAGE])
        with pytest.raises(DataError):
            wrong.result(60)
        assert right.result(60).desktop[0].shape == (1, 4)


def test_a_model_that_cannot_run_is_told_to_everyone_who_asks() -> None:
    with ReferenceWorker(one_op_model("CUSTOM:mine")) as worker:
        with pytest.raises(ModelError, match="unresolved custom op"):
            worker.submit([IMAGE]).result(60)
        with pytest.raises(ModelError, match="unresolved custom op"):
            worker.facts()


@needs_tflm
def test_without_tflm_the_desktop_goes_on() -> None:
    with ReferenceWorker(one_op_model("EXP")) as worker:
        assert worker.submit([np.zeros((1, 4), np.int8)]).result(60).oracle is None
        assert "exp.cc" in str(worker.facts().oracle_reason)


def test_a_dead_process_is_an_error_not_a_wait() -> None:
    with ReferenceWorker(conv_model()) as worker:
        worker.facts()
        worker._process.kill()
        with pytest.raises(DataError, match="SIGKILL"):
            worker.submit([IMAGE]).result(60)


@needs_tflm
def test_a_process_that_dies_of_a_sample_has_answered_those_before(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As where TFLM aborts on an input that it does not expect."""
    (tmp_path / "sitecustomize.py").write_text(
        "import os\n"
        "from tinybench.model.oracle import TflmRunner\n"
        "real = TflmRunner.run\n"
        "def run(self, inputs):\n"
        "    return os.abort() if (inputs[0] == 66).all() else real(self, inputs)\n"
        "TflmRunner.run = run\n"
    )
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    with ReferenceWorker(conv_model()) as worker:
        answers = [worker.submit([np.full_like(IMAGE, n)]) for n in (1, 2, 66, 3)]
        assert [a.result(60).desktop[0].shape for a in answers[:2]] == [(1, 4)] * 2
        for answer in answers[2:]:
            with pytest.raises(DataError, match="SIGABRT"):
                answer.result(60)


@needs_tflm
def test_a_process_that_dies_while_loading_blames_the_model(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "sitecustomize.py").write_text(
        "import os, tinybench.model.oracle as o\no.TflmRunner.__init__ = lambda *_: os.abort()\n"
    )
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    with (
        ReferenceWorker(conv_model()) as worker,
        pytest.raises(ModelError, match="the model probably breaks one of them"),
    ):
        worker.facts()


@pytest.mark.skipif(sys.platform == "win32", reason="signals")
def test_the_process_ends_with_its_parent() -> None:
    script = (
        "import os, signal, sys; from support.models import conv_model;"
        "from tinybench.model.reference import ReferenceWorker;"
        "w = ReferenceWorker(conv_model()); w.facts(); print(w._process.pid, flush=True);"
        "os.kill(os.getpid(), signal.SIGKILL)"
    )
    tests = Path(__file__).parents[2]
    done = subprocess.run(
        [sys.executable, "-c", script], cwd=tests, capture_output=True, text=True, check=False
    )
    worker = int(done.stdout)
    deadline = time.monotonic() + 10
    while _alive(worker):
        assert time.monotonic() < deadline, f"process {worker} outlived its parent"
        time.sleep(0.02)


def _alive(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    # An orphan that ended but was not collected yet is dead too.
    status = Path(f"/proc/{process}/stat")
    return not status.exists() or status.read_text().rpartition(")")[2].split()[0] != "Z"


def test_errors_cross_the_border_whole() -> None:
    error = ModelError("wanted", "seen", "todo", details=("a", "b"))
    copy = pickle.loads(pickle.dumps(error))
    assert type(copy) is ModelError and str(copy) == str(error) and copy.details == ("a", "b")


@pytest.mark.realdata
def test_person_detect_is_mended_for_litert() -> None:
    model = real(PERSON).read_bytes()
    runner = DesktopRunner(model)
    assert "14 biases" in runner.notes[0]
    for name, scores in [("no_person", [57, -57]), ("person", [-113, 113])]:
        # The bitmaps hold int8 bit patterns, see the data's README.
        from PIL import Image

        image = real(f"tflm/person_detection_testdata/{name}.bmp")
        x = np.asarray(Image.open(image)).view(np.int8).reshape(1, 96, 96, 1)
        assert runner.run([x])[0].tolist() == [scores]
