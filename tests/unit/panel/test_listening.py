"""The listening socket: the next free port, and answers that leave at once."""

from __future__ import annotations

import socket
from contextlib import closing

import pytest

from qmt_trading.model.errors import ConfigurationError
from qmt_trading.panel import listening
from qmt_trading.panel.listening import listen


def test_the_next_free_port_is_taken() -> None:
    with closing(listen("127.0.0.1", 0)) as first:
        taken = first.getsockname()[1]
        if taken > 65_000:
            pytest.skip("needs POSIX or any system that gave a lower port")
        with closing(listen("127.0.0.1", taken)) as second:
            assert taken < second.getsockname()[1] < taken + listening.TRIES


def test_small_answers_do_not_wait_for_more() -> None:
    # asyncio looks at this before it switches the waiting off.
    with closing(listen("localhost", 0)) as listener:
        assert listener.proto == socket.IPPROTO_TCP
        assert listener.getsockname()[0] == "127.0.0.1"


def test_no_port_at_all_is_told_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(listening, "TRIES", 1)
    with closing(listen("127.0.0.1", 0)) as first, pytest.raises(ConfigurationError, match="端口"):
        listen("127.0.0.1", first.getsockname()[1])


@pytest.mark.parametrize("host", ["203.0.113.7", "not an address", "300.1.1.1"])
def test_an_address_that_is_not_ours_is_told_so(host: str) -> None:
    with pytest.raises(ConfigurationError, match="监听"):
        listen(host, 8800)


def test_many_connections_are_allowed_for() -> None:
    listening.allow_many_connections()
    listening.allow_many_connections()
