"""manifest.json: the SHA-256 of every file of a run, so that any later change shows."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tinybench.errors import UsageError, system_error

MANIFEST = "manifest.json"
SCHEMA = "tinybench.manifest/1"


@dataclass(frozen=True)
class Checked:
    """A run folder beside its manifest.

    Attributes:
        files: how many the manifest names.
        changes: a line per file that is not as the run left it; empty where all are.
        added: names of files that the manifest does not know, e.g. reports made later.
    """

    files: int
    changes: tuple[str, ...]
    added: tuple[str, ...]


def describe(folder: Path) -> dict[str, Any]:
    """The content of manifest.json for the files that are in a folder now."""
    names = sorted(p.name for p in folder.iterdir() if p.is_file() and p.name != MANIFEST)
    return {"schema": SCHEMA, "files": {name: _facts(folder / name) for name in names}}


def check_folder(folder: Path) -> Checked:
    """Compares a run folder with its manifest.

    Raises:
        UsageError: no readable manifest of this schema: no run, or one that did not end.
    """
    known = _read(folder)
    try:
        there = describe(folder)["files"]
    except OSError as error:
        raise system_error(f"read {folder}", error) from error
    return Checked(
        files=len(known),
        changes=tuple(_changes(known, there)),
        added=tuple(name for name in there if name not in known),
    )


def altered(folder: Path, names: Sequence[str]) -> tuple[str, ...]:
    """A line per file of these that is not as the run left it; none where there is no manifest.

    Raises:
        UsageError: the manifest is damaged.
        OSError: one of them cannot be read.
    """
    if not (folder / MANIFEST).exists():
        return ()
    known = _read(folder)
    told = {name: known[name] for name in names if name in known}
    there = {name: _facts(folder / name) for name in told if (folder / name).is_file()}
    return tuple(_changes(told, there))


def _facts(path: Path) -> dict[str, Any]:
    with path.open("rb") as file:
        return {
            "bytes": path.stat().st_size,
            "sha256": hashlib.file_digest(file, "sha256").hexdigest(),
        }


def _changes(known: dict[str, Any], there: dict[str, Any]) -> Iterator[str]:
    for name, facts in known.items():
        if name not in there:
            yield f"{name}: is gone"
        elif there[name] != facts:
            yield f"{name}: {_difference(facts, there[name])}"


def _difference(then: dict[str, Any], now: dict[str, Any]) -> str:
    if then["bytes"] != now["bytes"]:
        return f"{then['bytes']:,} bytes then, {now['bytes']:,} now"
    return f"sha256 {then['sha256'][:16]}... then, {now['sha256'][:16]}... now"


def _read(folder: Path) -> dict[str, Any]:
    path = folder / MANIFEST
    try:
        content = json.loads(path.read_text("utf-8"))
        if content["schema"] == SCHEMA:
            return {
                str(name): {"bytes": int(facts["bytes"]), "sha256": str(facts["sha256"])}
                for name, facts in content["files"].items()
            }
    except (FileNotFoundError, NotADirectoryError):
        raise UsageError(
            f"a run folder with a {MANIFEST}",
            f"{folder} has none",
            "name the folder; that of a killed run has one after `tinybench bench --resume`",
        ) from None
    except OSError as error:
        raise system_error(f"read {path}", error) from error
    except (ValueError, KeyError, TypeError, AttributeError):
        pass
    raise UsageError(
        f"{path} of schema {SCHEMA}",
        "its content is something else",
        "take a folder that `tinybench bench` made; `tinybench runs` lists them",
    )
