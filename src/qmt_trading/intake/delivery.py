"""Delivery: hands to a sink, in the order of arrival, what a framer makes of the bytes of one sender."""

from __future__ import annotations

from qmt_trading.intake.framing import Framer
from qmt_trading.ports import Reply, SignalSink


def deliver(framer: Framer, data: bytes, sink: SignalSink, *, door: str, received_ns: int, reply: Reply | None) -> int:
    """Feed ``data`` and hand over what it completed; return how many answers that may lead to."""
    messages = framer.feed(data)
    if framer.truncated:
        return _deliver_mixed(framer, messages, sink, door, received_ns, reply)
    for message in messages:
        sink.message(door, message, received_ns, reply)
    return len(messages)


def deliver_rest(framer: Framer, sink: SignalSink, *, door: str, received_ns: int, reply: Reply | None) -> int:
    """Hand over as truncated what is left without an end, if anything; return how many answers that may lead to."""
    left = framer.rest()
    if not left:
        return 0
    sink.truncated(door, left, received_ns, reply)
    return 1


def _deliver_mixed(
    framer: Framer, messages: list[bytes], sink: SignalSink, door: str, received_ns: int, reply: Reply | None
) -> int:
    delivered = 0
    for before, broken in framer.truncated:
        for message in messages[delivered:before]:
            sink.message(door, message, received_ns, reply)
        delivered = before
        sink.truncated(door, broken, received_ns, reply)
    for message in messages[delivered:]:
        sink.message(door, message, received_ns, reply)
    return len(messages) + len(framer.truncated)
