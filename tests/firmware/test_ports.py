"""A sanitized firmware behind every kind of port: socket, pseudo-terminal, RFC 2217 server; each
of them lost in the middle and found again."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from support.lab_server import lab_server
from support.toy import build_native, toy_inputs, toy_outputs
from tinybench.bench.device import Device, Expected
from tinybench.bench.steady import SteadyDevice
from tinybench.errors import LinkLost
from tinybench.link import open_link
from tinybench.link.cable import CableLink, CableSpec
from tinybench.link.cable.proxy import Outlet, Proxy, PtyOutlet, TcpOutlet

EXPECTED = Expected("native", "host", "toy", (b"py" + bytes(30)).hex(), (b"B" + bytes(15)).hex())


@contextlib.contextmanager
def served(outlet: Outlet, log: Path) -> Iterator[Proxy]:
    """The toy behind a good cable."""
    cable = CableLink(open_link(f"process:{build_native()}", log=log), CableSpec())
    proxy = Proxy(outlet, cable)
    thread = threading.Thread(target=proxy.run)
    thread.start()
    yield proxy
    proxy.stop()
    thread.join()
    outlet.close()
    cable.close()


def expect_samples(steady: SteadyDevice, numbers: range) -> None:
    for sample in numbers:
        inputs = toy_inputs(sample)
        assert steady.infer(sample, inputs).outputs == toy_outputs(inputs)


@contextlib.contextmanager
def steady_on(url: str, log: Path) -> Iterator[SteadyDevice]:
    with Device(open_link(url, log=log), reply_timeout_s=5, patience_s=0.2) as device:
        steady = SteadyDevice(device, EXPECTED, comeback_s=5)
        steady.check()
        yield steady


@contextlib.contextmanager
def socket_port(log: Path) -> Iterator[tuple[str, Callable[[], None]]]:
    outlet = TcpOutlet("127.0.0.1", 0)
    with served(outlet, log):
        yield outlet.url, outlet.hang_up


@contextlib.contextmanager
def rfc2217_port(log: Path) -> Iterator[tuple[str, Callable[[], None]]]:
    outlet = TcpOutlet("127.0.0.1", 0)  # a pseudo-terminal has no modem lines, which it asks for
    with served(outlet, log), lab_server(outlet.url) as server:
        yield server.url, server.hang_up


@pytest.mark.parametrize("port", [socket_port, rfc2217_port])
def test_a_server_that_hangs_up_is_called_again(
    port: Callable[[Path], contextlib.AbstractContextManager[tuple[str, Callable[[], None]]]],
    tmp_path: Path,
) -> None:
    with port(tmp_path / "log") as (url, hang_up), steady_on(url, tmp_path / "log") as steady:
        expect_samples(steady, range(5))
        hang_up()
        expect_samples(steady, range(5, 10))
        stats = steady.stats()
    assert (stats.reconnects, stats.resets) == (1, 0), "the same boot: the device went on"


@pytest.mark.parametrize("port", [socket_port, rfc2217_port])
def test_a_board_that_loses_its_power_goes_on(
    port: Callable[[Path], contextlib.AbstractContextManager[tuple[str, Callable[[], None]]]],
    tmp_path: Path,
) -> None:
    with port(tmp_path / "log") as (url, _), steady_on(url, tmp_path / "log") as steady:
        expect_samples(steady, range(3))
        steady.device.reset()
        expect_samples(steady, range(3, 6))


def test_a_pseudo_terminal_is_a_port(tmp_path: Path) -> None:
    outlet = PtyOutlet()
    with served(outlet, tmp_path / "log") as proxy, steady_on(outlet.url, tmp_path / "l") as steady:
        expect_samples(steady, range(3))
        proxy.cable.reset()
        expect_samples(steady, range(3, 6))
        assert steady.stats().resets == 1


def test_a_server_that_stays_away_is_named(tmp_path: Path) -> None:
    outlet = TcpOutlet("127.0.0.1", 0)
    with served(outlet, tmp_path / "log") as proxy:
        device = Device(open_link(outlet.url, log=tmp_path / "log"), reply_timeout_s=5)
        steady = SteadyDevice(device, EXPECTED, comeback_s=0.5)
        steady.check()
        proxy.stop()
        outlet.close()
        with device, pytest.raises(LinkLost, match=r"was lost: .*; not back after 0.5 s"):
            expect_samples(steady, range(1))
