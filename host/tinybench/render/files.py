"""Writing rendered files: whole or not at all, and only where something changed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from functools import cache
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Any

import jinja2

from tinybench import __version__, resources
from tinybench.errors import BuildError, system_error
from tinybench.whole import write_whole

if TYPE_CHECKING:
    from _typeshed import DataclassInstance


def render_template(name: str, context: DataclassInstance) -> str:
    """A template's text for a frozen context dataclass.

    Args:
        name: file name below templates/, ending in ".j2".
        context: its fields are the template's variables; ``origin_note`` comes on top.
    """
    fields: dict[str, Any] = asdict(context)
    note = f"Rendered by tinybench {__version__} from templates/{name}. Do not edit."
    return _environment().get_template(name).render(**fields, origin_note=note)


@cache
def _environment() -> jinja2.Environment:
    return jinja2.Environment(
        loader=jinja2.FileSystemLoader(resources.templates()),
        autoescape=lambda name: name is not None and name.endswith(".html.j2"),
        undefined=jinja2.StrictUndefined,
        keep_trailing_newline=True,
        trim_blocks=True,
        lstrip_blocks=True,
    )


def write_if_changed(path: Path, content: bytes) -> bool:
    """Writes a file atomically unless it already holds this; says whether it wrote.

    Raises:
        BuildError: no room, no permission, or whatever else the system says.
    """
    try:
        if path.is_file() and path.read_bytes() == content:
            return False
        write_whole(path, content)
    except OSError as error:
        told = system_error(f"write {path}", error)
        raise BuildError(told.wanted, told.seen, told.todo) from error
    return True


def write_tree(root: Path, files: Mapping[PurePosixPath, bytes], owned: tuple[str, ...]) -> None:
    """Makes folders hold exactly these files.

    Args:
        root: where the files go.
        files: content by path below root.
        owned: folders below root in which anything else is removed.

    Raises:
        BuildError: as write_if_changed().
    """
    for relative, content in files.items():
        write_if_changed(root / relative, content)
    for folder in owned:
        for path in sorted((root / folder).rglob("*")):
            if path.is_file() and PurePosixPath(path.relative_to(root).as_posix()) not in files:
                path.unlink(missing_ok=True)
