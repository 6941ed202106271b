"""Delivery: hands to a sink, in the order of arrival, what a framer makes of the bytes of one sender."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from qmt_trading.intake.framing import Framer
from qmt_trading.ports import Reply, SignalSink


class Piece(NamedTuple):
    """A message, or bytes that are none."""

    payload: bytes
    is_whole: bool
    """False: it broke off or is too long, and is never parsed."""


def pieces_of(framer: Framer, data: bytes) -> list[Piece]:
    """Feed ``data`` and return what it completed, in the order of arrival."""
    return in_order(framer, framer.feed(data))


def in_order(framer: Framer, messages: list[bytes]) -> list[Piece]:
    """Return ``messages`` of the last feed, and what it found to be none, in the order of arrival."""
    if not framer.truncated:
        return [Piece(message, True) for message in messages]
    pieces: list[Piece] = []
    done = 0
    for before, broken in framer.truncated:
        pieces += [Piece(message, True) for message in messages[done:before]]
        pieces.append(Piece(broken, False))
        done = before
    return pieces + [Piece(message, True) for message in messages[done:]]


def hand_over(pieces: Iterable[Piece], sink: SignalSink, *, door: str, received_ns: int, reply: Reply | None) -> None:
    """Hand ``pieces`` to ``sink``, in order."""
    for payload, is_whole in pieces:
        if is_whole:
            sink.message(door, payload, received_ns, reply)
        else:
            sink.truncated(door, payload, received_ns, reply)


def deliver(framer: Framer, data: bytes, sink: SignalSink, *, door: str, received_ns: int, reply: Reply | None) -> int:
    """Feed ``data`` and hand over what it completed; return how many pieces that were."""
    pieces = pieces_of(framer, data)
    hand_over(pieces, sink, door=door, received_ns=received_ns, reply=reply)
    return len(pieces)


def deliver_rest(framer: Framer, sink: SignalSink, *, door: str, received_ns: int, reply: Reply | None) -> int:
    """Hand over as truncated what is left without an end, if anything; return how many answers that leads to."""
    left = framer.rest()
    if not left:
        return 0
    sink.truncated(door, left, received_ns, reply)
    return 1
