"""The port of a board: found by what USB says of it, never guessed among several."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest

from tinybench.errors import LinkError, TinybenchError, UsageError
from tinybench.flash.ports import Port, Wanted, find_port

CAM = Port("/dev/ttyUSB0", "1a86:7523", None, "USB Serial")
KIT = Port("/dev/ttyUSB1", "10c4:ea60", "0001", "CP2102 USB to UART Bridge Controller")
KIT2 = Port("/dev/ttyUSB2", "10c4:ea60", "0001", "CP2102 USB to UART Bridge Controller")
XIAO = Port("/dev/ttyACM0", "303a:1001", "7C:DF:A1:00:11:22", "USB JTAG/serial debug unit")
XIAO2 = Port("/dev/ttyACM1", "303a:1001", "7C:DF:A1:00:11:33", "USB JTAG/serial debug unit")
TWIN = Port("/dev/ttyACM2", "303a:1001", "7C:DF:A1:00:11:22", "USB JTAG/serial debug unit")
BOARD = Port("/dev/ttyS0", None, None, "n/a")
ALL = [BOARD, CAM, KIT, KIT2, XIAO, XIAO2]

ESP32CAM = Wanted("esp32cam", ("1a86:7523",))
ESP32DEV = Wanted("esp32dev", ("10C4:EA60",))
XIAO_S3 = Wanted("xiao-s3-sense", ("303a:1001",))


def wanted(base: Wanted, *, port: str | None = None, mac: str | None = None) -> Wanted:
    return Wanted(base.board, base.usb_ids, port, mac)


@pytest.mark.parametrize(
    ("who", "ports", "device"),
    [
        (ESP32CAM, ALL, "/dev/ttyUSB0"),
        (ESP32DEV, [CAM, KIT], "/dev/ttyUSB1"),
        (Wanted("own", ()), [BOARD, KIT], "/dev/ttyUSB1"),
        (wanted(ESP32CAM, port="/dev/ttyUSB1"), ALL, "/dev/ttyUSB1"),
        (wanted(ESP32CAM, port="socket://host:1"), [], "socket://host:1"),
        (wanted(ESP32DEV, port="7C:DF:A1:00:11:33"), ALL, "/dev/ttyACM1"),
        (wanted(XIAO_S3, mac="7c:df:a1:00:11:33"), ALL, "/dev/ttyACM1"),
        (wanted(XIAO_S3, mac="7CDF-A100-1122"), ALL, "/dev/ttyACM0"),
    ],
)
def test_a_port_is_found(who: Wanted, ports: list[Port], device: str) -> None:
    assert find_port(who, ports) == device


def test_a_path_of_udevs_is_a_port(tmp_path: Path) -> None:
    link = tmp_path / "by-id"
    link.symlink_to("/dev/null")
    assert find_port(wanted(ESP32CAM, port=str(link)), []) == str(link)


@pytest.mark.parametrize(
    ("who", "ports", "kind", "said"),
    [
        (ESP32DEV, ALL, UsageError, "2 could be it"),
        (Wanted("own", ()), [BOARD], LinkError, "a USB id, as own has: none"),
        (ESP32CAM, [], LinkError, "no serial port"),
        (ESP32CAM, [KIT], LinkError, "USB id 1a86:7523"),
        (wanted(ESP32DEV, port="0001"), ALL, UsageError, "one port with serial number 0001"),
        (wanted(ESP32DEV, port="/dev/ttyUSB9"), ALL, LinkError, "did you mean '/dev/ttyUSB"),
        (wanted(ESP32DEV, port="COM3"), [], LinkError, "no serial port at all"),
        (wanted(XIAO_S3, mac="7c:df"), ALL, UsageError, "mac='7c:df'"),
        (wanted(XIAO_S3, mac="7c:df:a1:00:11:44"), ALL, LinkError, "none of these has it"),
        (
            wanted(XIAO_S3, mac="7c:df:a1:00:11:22"),
            [*ALL, TWIN],
            UsageError,
            "one board with MAC 7c:df:a1:00:11:22: 2 could be it",
        ),
    ],
)
def test_what_is_not_clear_is_said(
    who: Wanted, ports: list[Port], kind: type[TinybenchError], said: str
) -> None:
    with pytest.raises(kind, match=said):
        find_port(who, ports)


def test_several_are_listed() -> None:
    with pytest.raises(UsageError) as caught:
        find_port(ESP32DEV, ALL)
    assert [line.split()[0] for line in caught.value.details] == ["/dev/ttyUSB1", "/dev/ttyUSB2"]
    assert "--port" in caught.value.todo


def test_who_is_asked_among_several_gets_those_only() -> None:
    asked: list[Port] = []

    def choose(ports: Sequence[Port]) -> Port:
        asked.extend(ports)
        return ports[1]

    assert find_port(ESP32DEV, ALL, choose=choose) == "/dev/ttyUSB2"
    assert asked == [KIT, KIT2]


def test_a_chip_behind_a_bridge_is_asked_for_its_mac() -> None:
    macs = {"/dev/ttyUSB1": None, "/dev/ttyUSB2": "24:0a:c4:12:34:56"}
    who = wanted(ESP32DEV, mac="24:0A:C4:12:34:56")
    assert find_port(who, ALL, read_mac=lambda port: macs[port.device]) == "/dev/ttyUSB2"
    macs["/dev/ttyUSB1"] = macs["/dev/ttyUSB2"]
    with pytest.raises(UsageError, match="2 could be it"):
        find_port(who, ALL, read_mac=lambda port: macs[port.device])


def test_a_port_and_a_mac_must_agree() -> None:
    macs = {"/dev/ttyUSB1": "24:0a:c4:12:34:56", "socket://host:1": "24:0a:c4:12:34:57"}
    for port, mac in macs.items():
        who = wanted(ESP32DEV, port=port, mac=mac)
        assert find_port(who, ALL, read_mac=lambda port: macs[port.device]) == port
        who = wanted(ESP32DEV, port=port, mac="24:0a:c4:00:00:00")
        with pytest.raises(LinkError, match="none of these has it") as caught:
            find_port(who, ALL, read_mac=lambda port: macs[port.device])
        assert macs[port].replace(":", "") in caught.value.details[0]


def test_no_chip_is_reset_where_usb_tells_its_mac() -> None:
    who = wanted(XIAO_S3, mac="7c:df:a1:00:11:22")
    assert find_port(who, ALL, read_mac=lambda port: pytest.fail(port.device)) == "/dev/ttyACM0"
