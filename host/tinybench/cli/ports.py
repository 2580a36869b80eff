"""`tinybench ports`: the serial ports of this computer."""

from __future__ import annotations

from tinybench.cli.console import news, print_json, print_table, reports_errors
from tinybench.cli.options import AsJson


@reports_errors
def ports(as_json: AsJson = False) -> None:
    """List serial ports with their USB ids."""
    from serial.tools.list_ports import comports

    found = [
        {
            "device": port.device,
            "usb_id": f"{port.vid:04x}:{port.pid:04x}" if port.vid is not None else None,
            "serial_number": port.serial_number,
            "description": port.description,
        }
        for port in sorted(comports())
    ]
    if as_json:
        print_json(found)
        return
    if not found:
        news("no serial port; virtual boards need none")
        return
    rows = [tuple(str(value or "") for value in port.values()) for port in found]
    print_table(("port", "USB id", "serial number", "description"), rows)
