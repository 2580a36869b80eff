"""`tinybench doctor`: what is missing, and the command that mends it."""

from __future__ import annotations

import typer

from tinybench.cli.console import news, print_json, print_table, reports_errors
from tinybench.cli.options import AsJson


@reports_errors
def doctor(as_json: AsJson = False) -> None:
    """Check this computer for all that tinybench needs; exit 4 if something is missing."""
    from dataclasses import asdict

    from tinybench.build.doctor import examine

    checks = examine()
    if as_json:
        print_json([asdict(check) for check in checks])
    else:
        rows = [
            ("ok" if c.ok else "optional" if c.optional else "MISSING", c.name, c.seen, c.mend)
            for c in checks
        ]
        print_table(("", "what", "seen", "mends it"), rows)
    if not all(c.ok or c.optional for c in checks):
        news("something is missing; the last column has the command")
        raise typer.Exit(4)
