"""What a run leaves behind when it ends early."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tinybench.errors import ModelError, UsageError
from tinybench.methods import DataSpec
from tinybench.train import isolated
from tinybench.workflow import compress
from tinybench.workflow.beside import SCHEMA, publish
from tinybench.workflow.compress import CREATE_JOB, Order, run_and_publish

REPLY = {
    "after": {"parameters": 5},
    **{
        "facts": {},
        "notes": [],
        "labels": None,
        "classes": None,
        "pixel_range": None,
        "stages": {},
    },
}


def run(
    monkeypatch: pytest.MonkeyPatch, out: Path, error: Exception, reply: dict[str, Any] | None
) -> None:
    """A job that has saved its model when it fails."""

    def job(_: str, request: dict[str, Any], **__: Any) -> dict[str, Any]:
        Path(request["out"]).write_bytes(b"model")
        if reply is not None:
            Path(request["work"], "reply.json").write_text(json.dumps(reply))
        raise error

    monkeypatch.setattr(isolated, "run_job", job)
    with pytest.raises(type(error)):
        run_and_publish(CREATE_JOB, {}, out, 0.0, None)


def test_a_model_is_kept_where_the_converter_ends_its_process(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("keras")
    out = tmp_path / "m.keras"
    run(monkeypatch, out, ModelError("convert", "it crashed", ""), REPLY)
    assert out.read_bytes() == b"model"
    assert "it crashed" in json.loads(out.with_suffix(".json").read_text())["after"]["int8_reason"]


@pytest.mark.parametrize(
    ("error", "reply"),
    [
        (UsageError("keep it", "No space left on device", ""), REPLY),
        (ModelError("save", "died", ""), None),
    ],
)
def test_what_can_be_done_again_is_not_called_done(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, error: Exception, reply: dict[str, Any] | None
) -> None:
    out = tmp_path / "m.keras"
    run(monkeypatch, out, error, reply)
    assert [path.name for path in tmp_path.iterdir()] == [".m.checkpoints"], "it is resumed"


@pytest.mark.parametrize(("method", "measured"), [("huffman", 1), ("prune", 2)])
def test_what_stays_as_it_is_is_measured_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, method: str, measured: int
) -> None:
    sides = {"before": {"parameters": 6}, "after": {"parameters": 5}}

    def job(_: str, request: dict[str, Any], *__: Any) -> dict[str, Any]:
        return {s: v for s, v in sides.items() if s == "after" or request["measure_before"]}

    monkeypatch.setattr(compress, "run_and_publish", job)
    (tmp_path / "m.keras").write_bytes(b"\x89HDF")  # as a whole file begins
    np.savez(tmp_path / "x.npz", x=np.zeros((2, 4), np.float32), y=[0, 1])
    options = {"board": ""} if method == "huffman" else {}
    order = Order(
        method,
        tmp_path / "m.keras",
        DataSpec(str(tmp_path / "x.npz")),
        tmp_path / "o.keras",
        options,
    )
    report = compress.compress_model(order)
    assert len({side["parameters"] for side in (report["before"], report["after"])}) == measured
    assert json.loads((tmp_path / "o.json").read_text()) == report


@pytest.mark.parametrize(
    "request_",
    [
        {"data": {"path": "m.npz"}},
        {"data": {"path": "x.npz", "labels": "m.txt"}},
        {"options": {"keep": ["m.txt"]}},
        {"options": {"student": "m.keras"}},
    ],
)
def test_what_is_read_is_not_written_over(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, request_: dict[str, Any]
) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(UsageError, match="not written over what is read"):
        run_and_publish(CREATE_JOB, request_, Path("m.keras"), 0.0, None)
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("own", [True, False])
def test_files_of_the_model_before_do_not_pass_for_this_ones(tmp_path: Path, own: bool) -> None:
    """A model that has no int8 form leaves no other's .tflite beside it."""
    out, made = tmp_path / "m.keras", tmp_path / "work" / "m.keras"
    before = {"schema": SCHEMA if own else "another", "labels": ["a"]}
    out.with_suffix(".json").write_text(json.dumps(before))
    for ending in (".tflite", ".txt"):
        out.with_suffix(ending).write_text("of the one before")
    made.parent.mkdir()
    made.write_bytes(b"model")
    publish(out, made, {"made": {}, "labels": None})
    kept = [] if own else ["m.tflite", "m.txt"]
    assert sorted(p.name for p in tmp_path.iterdir()) == sorted(["m.json", "m.keras", *kept])
