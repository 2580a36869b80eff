"""The files beside a Keras model: put in place together, and never over what a run reads."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from tinybench.errors import UsageError, system_error
from tinybench.whole import write_whole

SCHEMA = "tinybench.compress/1"
ENDINGS = (".tflite", ".npz", ".txt", ".json", ".keras")
"""What lies under one name, in the order in which it is put there."""


def check_apart(out: Path, request: Mapping[str, Any]) -> None:
    """Refuses an output that would be written over the data, the labels or the model.

    Args:
        out: the Keras file to write.
        request: of the job.

    Raises:
        UsageError: with the file that would be lost.
    """
    written = {out.with_suffix(ending).resolve() for ending in ENDINGS}
    for text in _read(request):
        if Path(text).resolve() in written:
            raise UsageError(
                "an output that is not written over what is read",
                f"{out} comes with {', '.join(ENDINGS[:-1])} beside it, and {text} is read",
                "choose another name for the output",
            )


def _read(request: Mapping[str, Any]) -> Iterator[str]:
    """What may be files, of all that a job is told."""
    data, options = request.get("data") or {}, request.get("options") or {}
    for value in (request.get("model"), *data.values(), *options.values(), request.get("code")):
        yield from [value] if isinstance(value, str) else ()
        yield from value if isinstance(value, list | tuple) else ()


def publish(out: Path, made: Path, report: dict[str, Any]) -> None:
    """Puts the files in place, each whole, and removes the checkpoints.

    Of an earlier run under this name nothing stays: a .tflite of another model is none of this one.

    Args:
        out: the Keras file's place.
        made: the Keras file as it is, its .tflite and .npz beside it.
        report: goes beside it.
    """
    report["made"]["path"] = str(out)
    try:
        write_report(made, report)
        if report["labels"] is not None:
            names = "".join(f"{name}\n" for name in report["labels"])
            made.with_suffix(".txt").write_text(names, "utf-8")
        stale = _made_before(out)
        for ending in ENDINGS:
            if made.with_suffix(ending).is_file():
                made.with_suffix(ending).replace(out.with_suffix(ending))
            elif ending in stale:
                out.with_suffix(ending).unlink(missing_ok=True)
    except OSError as error:
        raise system_error(f"write {out}", error) from error
    shutil.rmtree(made.parent, ignore_errors=True)


def _made_before(out: Path) -> set[str]:
    """What an earlier run put here by its own report; files of the user's are none of these."""
    try:
        known = json.loads(out.with_suffix(".json").read_text("utf-8"))
        own = known["schema"] == SCHEMA
        return {".tflite", ".npz", *([".txt"] if known["labels"] else [])} if own else set()
    except (OSError, ValueError, LookupError, TypeError):
        return set()


def write_report(keras: Path, report: Mapping[str, Any]) -> None:
    """The report beside a model: the old one, or the new one, whole."""
    write_whole(keras.with_suffix(".json"), json.dumps(report, indent=2).encode())
