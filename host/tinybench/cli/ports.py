"""`tinybench ports`: the serial ports of this computer."""

from __future__ import annotations

from dataclasses import asdict

from tinybench.cli.console import news, print_json, print_table, reports_errors
from tinybench.cli.options import AsJson


@reports_errors
def ports(as_json: AsJson = False) -> None:
    """List serial ports with their USB ids."""
    from tinybench.flash.ports import list_ports

    found = [asdict(port) for port in list_ports()]
    if as_json:
        print_json(found)
        return
    if not found:
        news("no serial port; virtual boards need none")
        return
    rows = [tuple(str(value or "") for value in port.values()) for port in found]
    print_table(("port", "USB id", "serial number", "description"), rows)
