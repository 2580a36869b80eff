"""`tinybench doctor`: what is missing, and the command that mends it."""

from __future__ import annotations

import typer

from tinybench.cli.console import news, print_json, print_table, reports_errors
from tinybench.cli.options import AsJson
from tinybench.errors import ToolMissing


@reports_errors
def doctor(as_json: AsJson = False) -> None:
    """Say what is missing here, and what mends it.

    Exit code 4 if something is missing that is not optional.
    """
    from dataclasses import asdict

    from tinybench.build.doctor import examine

    checks = examine()
    if as_json:
        print_json([asdict(check) for check in checks])
    else:
        rows = [
            ("ok" if c.ok else "optional" if c.optional else "MISSING", c.name, c.seen)
            for c in checks
        ]
        print_table(("", "what", "seen"), rows)
        for check in checks:
            if check.mend:
                news(f"{check.name}: {check.seen}\n  next: {check.mend}")
    if not all(c.ok or c.optional for c in checks):
        raise typer.Exit(ToolMissing.exit_code)
