"""Pauses grow to half an hour, and a burst has no more messages than a group robot bears."""

from __future__ import annotations

from qmt_trading.model.numbers import SECOND_NS
from qmt_trading.notify.timing import PACES, Pace, pause_ns


def test_the_pauses_are_those_that_were_promised() -> None:
    assert [pause_ns(tries) // SECOND_NS for tries in range(1, 8)] == [5, 30, 120, 600, 1800, 1800, 1800]


def test_there_is_room_for_five_in_ten_seconds_and_fifteen_in_a_minute() -> None:
    pace, now_ns, sent = Pace(), 0, []
    for _ in range(1200):
        if pace.room(now_ns) > 0:
            pace.note(now_ns)
            sent.append(now_ns)
        now_ns += SECOND_NS // 10
    for most, span in PACES:
        within = [sum(at <= each < at + span for each in sent) for at in sent]
        assert max(within) == most
