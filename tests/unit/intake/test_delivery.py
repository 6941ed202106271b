"""Delivery: the order of arrival is kept between messages and what broke off."""

from __future__ import annotations

from qmt_trading.intake.delivery import deliver, deliver_rest
from qmt_trading.intake.framing import StreamFramer
from qmt_trading.ports import Reply


class Sink:
    def __init__(self) -> None:
        self.told: list[tuple[str, str, bytes, int]] = []

    def message(self, door: str, payload: bytes, received_ns: int, reply: Reply | None) -> None:
        self.told.append(("message", door, payload, received_ns))

    def truncated(self, door: str, payload: bytes, received_ns: int, reply: Reply | None) -> None:
        self.told.append(("truncated", door, payload, received_ns))

    def heartbeat(self, door: str, received_ns: int) -> None: ...


def test_messages_and_broken_ones_arrive_in_the_order_in_which_they_came() -> None:
    sink, framer = Sink(), StreamFramer(bound=4)
    data = b"xxxxx\none\ntwo\nyyyyy\nzzzzz\nlast\nrest"
    assert deliver(framer, data, sink, door="d", received_ns=7, reply=None) == 6
    assert deliver_rest(framer, sink, door="d", received_ns=8, reply=None) == 1
    assert deliver_rest(framer, sink, door="d", received_ns=9, reply=None) == 0
    assert sink.told == [
        ("truncated", "d", b"xxxx", 7),
        ("message", "d", b"one", 7),
        ("message", "d", b"two", 7),
        ("truncated", "d", b"yyyy", 7),
        ("truncated", "d", b"zzzz", 7),
        ("message", "d", b"last", 7),
        ("truncated", "d", b"rest", 8),
    ]
