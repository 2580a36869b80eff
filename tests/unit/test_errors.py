"""The type checker asks for `todo` wherever an error is made: none is left out.
Here, that nobody writes an empty one."""

import ast
import errno
from collections.abc import Iterator
from pathlib import Path

import pytest

import tinybench
from tinybench import errors

KINDS = {
    name
    for name, kind in vars(errors).items()
    if isinstance(kind, type) and issubclass(kind, errors.TinybenchError)
}


def steps(tree: ast.AST) -> Iterator[ast.expr | None]:
    """What every error made in a module is given as `todo`, and what is kept under that name."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in KINDS:
            named = [keyword.value for keyword in node.keywords if keyword.arg == "todo"]
            yield node.args[2] if len(node.args) > 2 else next(iter(named), None)
        elif isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "todo":
            yield node.value


def may_be_empty(step: ast.expr | None) -> bool:
    """None, an empty text, or a choice that can end in one."""
    if isinstance(step, ast.IfExp):
        return may_be_empty(step.body) or may_be_empty(step.orelse)
    if isinstance(step, ast.BoolOp):
        return may_be_empty(step.values[-1])
    return step is None or (isinstance(step, ast.Constant) and not step.value)


def test_every_error_has_a_next_step() -> None:
    root = Path(tinybench.__file__).parent
    found = {path: list(steps(ast.parse(path.read_text()))) for path in root.rglob("*.py")}
    assert sum(map(len, found.values())) > 350  # the walk sees them
    assert [path for path, given in found.items() if any(map(may_be_empty, given))] == []


@pytest.mark.parametrize(
    ("number", "todo"),
    [
        (errno.ENOSPC, "free some space"),
        (errno.EACCES, "change who may use this one"),
        (errno.EROFS, "read-only"),
        (errno.ENOENT, "mind the spelling"),
        (errno.EIO, "check path and permissions"),
    ],
)
def test_what_the_system_refuses_has_a_next_step_of_its_own(number: int, todo: str) -> None:
    error = errors.system_error("write x", OSError(number, "no", "/y"))
    assert (error.seen, todo in error.todo) == ("no: /y", True)
