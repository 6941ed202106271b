"""Watching the doors: told once, told again after a pause, silent while upstreams rest."""

from __future__ import annotations

import datetime as dt

from tests.loop_bench import HandClock

from qmt_trading.market.sessions import ALWAYS_OPEN, Session
from qmt_trading.model import instant
from qmt_trading.model.events import DoorComplained
from qmt_trading.model.numbers import SECOND_NS
from qmt_trading.run.door_watch import DoorWatch


class Door:
    name = "pipe"

    def __init__(self) -> None:
        self.says = "监听"

    def condition(self) -> tuple[str, str]:
        return self.says, "…"


class Upstream(Door):
    silent_ns = 9 * SECOND_NS


def test_a_complaint_is_told_once_until_it_has_ceased() -> None:
    door, told = Door(), list[DoorComplained]()
    watch = DoorWatch([door], ALWAYS_OPEN, HandClock(), told.append)
    for says in ("监听", "⚠ 满了", "⚠ 满了", "⚠ 还是满的", "监听", "⚠ 满了"):
        door.says = says
        watch.look()
    assert [event.chinese for event in told] == ["⚠ 满了", "⚠ 满了"]
    assert told[0].door == "pipe"


def test_an_upstream_may_be_silent_at_night_and_at_lunch_and_a_full_door_may_not() -> None:
    clock, day = HandClock(), dt.date(2026, 11, 24)
    for hour, expected in ((3, 1), (10, 2), (12, 1), (14, 2)):
        clock.steady = instant.at_time(day, hour * 3600 * SECOND_NS)
        upstream, full, told = Upstream(), Door(), list[DoorComplained]()
        upstream.says = full.says = "⚠"
        full.name = "socket"
        DoorWatch([upstream, full], Session(), clock, told.append).look()
        assert len(told) == expected, hour
