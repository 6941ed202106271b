"""Hosts that dial: loopback, a secret of some length, few strangers, and an end to all of it."""

from __future__ import annotations

import json
import socket
from collections.abc import Iterator

import pytest

from qmt_trading.brokers.linked.carrier import Sent
from qmt_trading.brokers.linked.listener import ListenerCarrier
from qmt_trading.model.errors import ConfigurationError
from tests.unit.brokers.linked.told_side import PATIENCE_S, ToldSide, wait

SECRET = b"0123456789abcdef"


@pytest.fixture
def listening() -> Iterator[tuple[ListenerCarrier, ToldSide]]:
    carrier, side = ListenerCarrier("tcp:127.0.0.1:0", SECRET), ToldSide()
    carrier.open(side, observe=False)
    yield carrier, side
    carrier.close()


@pytest.mark.parametrize(
    ("address", "secret"),
    [
        ("tcp:0.0.0.0:0", SECRET),
        ("tcp:localhost:0", SECRET),
        ("tcp:127.0.0.1:x", SECRET),
        ("127.0.0.1", SECRET),
        ("tcp:127.0.0.1:0", SECRET[:-1]),
    ],
)
def test_only_loopback_with_a_secret_is_listened_at(address: str, secret: bytes) -> None:
    with pytest.raises(ConfigurationError):
        ListenerCarrier(address, secret)


def test_a_port_in_use_is_refused(listening: tuple[ListenerCarrier, ToldSide]) -> None:
    with pytest.raises(ConfigurationError):
        ListenerCarrier(f"tcp:127.0.0.1:{listening[0].port}", SECRET)


def test_lines_go_both_ways_and_either_side_may_end(listening: tuple[ListenerCarrier, ToldSide]) -> None:
    carrier, side = listening
    with socket.create_connection(("127.0.0.1", carrier.port)) as dialled:
        wait(lambda: side.connections)
        dialled.sendall(b"hello\n")
        wait(lambda: side.data == b"hello\n")
        assert side.connections[0].secret == SECRET
        assert side.connections[0].send(b'{"t":"bye"}\n') is Sent.WHOLE
        assert json.loads(dialled.makefile("rb").readline()) == {"t": "bye"}
        side.connections[0].close("enough")
        assert dialled.recv(1) == b""
    wait(lambda: side.ends == ["enough"])
    assert side.connections[0].send(b"x\n") is Sent.NOTHING
    socket.create_connection(("127.0.0.1", carrier.port)).close()
    wait(lambda: len(side.ends) == 2)
    assert "gone" in side.ends[1]


def test_a_crowd_of_strangers_is_turned_away(listening: tuple[ListenerCarrier, ToldSide]) -> None:
    carrier, side = listening
    dialled = [socket.create_connection(("127.0.0.1", carrier.port)) for _ in range(12)]
    for one in dialled[8:]:
        assert one.recv(1) == b""
    assert len(side.connections) == 8
    for one in dialled:
        one.close()
    wait(lambda: len(side.ends) == 8)


def test_a_close_ends_every_connection_and_repeating_it_does_no_harm() -> None:
    carrier, side = ListenerCarrier("tcp:127.0.0.1:0", SECRET), ToldSide()
    carrier.open(side, observe=False)
    with socket.create_connection(("127.0.0.1", carrier.port)) as dialled:
        wait(lambda: side.connections)
        carrier.close()
        assert dialled.recv(1) == b""
    assert side.ends == ["stop"]
    carrier.close()


def test_a_stranger_who_goes_while_being_accepted_does_not_end_the_door() -> None:
    class Failing:
        """A socket that fails to accept three times, as Windows does when whoever dialled has reset."""

        def __init__(self, real: socket.socket) -> None:
            self.real = real
            self.left = 3

        def accept(self) -> tuple[socket.socket, object]:
            if self.left:
                self.left -= 1
                raise ConnectionResetError(10054, "reset")
            return self.real.accept()

        def getsockname(self) -> tuple[str, int]:
            return self.real.getsockname()  # type: ignore[no-any-return]

        def close(self) -> None:
            self.real.close()

    class Patient(ToldSide):
        def complained(self, code: str, chinese: str, english: str) -> None:
            complaints.append(code)

    complaints: list[str] = []
    carrier, side = ListenerCarrier("tcp:127.0.0.1:0", SECRET), Patient()
    carrier._listener = Failing(carrier._listener)  # type: ignore[assignment]
    carrier.open(side, observe=False)
    try:
        with socket.create_connection(("127.0.0.1", carrier.port), PATIENCE_S):
            wait(lambda: side.connections)
    finally:
        carrier.close()
    assert complaints == ["link_listen"]
