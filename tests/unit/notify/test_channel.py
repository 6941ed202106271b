"""A channel takes what it asked for, and its address shows nowhere."""

from __future__ import annotations

import datetime as dt

import msgspec
import pytest

from qmt_trading.model.instant import at_time
from qmt_trading.model.numbers import SECOND_NS
from qmt_trading.model.words import Importance
from qmt_trading.notify.channel import Channel, Quiet, Secret
from qmt_trading.notify.message import Kind
from tests.engine_bench import ACCOUNT, OTHER
from tests.notify_bench import TOKEN, message

HOUR_NS = 3600 * SECOND_NS
DAY = dt.date(2026, 11, 24)


@pytest.mark.parametrize("least", list(Importance))
def test_what_is_less_important_than_asked_for_is_left_out(least: Importance) -> None:
    channel = Channel(name="c", importance=least)
    order = [Importance.INFORMATION, Importance.WARNING, Importance.CRITICAL]
    wanted = [each for each in order if channel.wants(message(1, importance=each))]
    assert wanted == order[order.index(least) :]


def test_alerts_of_other_accounts_are_left_out_and_those_of_none_are_not() -> None:
    channel = Channel(name="c", accounts=(ACCOUNT,))
    assert [channel.wants(message(1, account=each)) for each in (ACCOUNT, OTHER, "")] == [True, False, True]


def test_reports_are_for_those_who_asked_for_them() -> None:
    noon, daily = message(1, kind=Kind.NOON), message(2, kind=Kind.DAILY)
    critical = Importance.CRITICAL
    assert [Channel(name="c", importance=critical, noon=True).wants(each) for each in (noon, daily)] == [True, False]
    assert [Channel(name="c", importance=critical, daily=True).wants(each) for each in (noon, daily)] == [False, True]


@pytest.mark.parametrize(
    ("hour", "over_midnight", "within"), [(21, False, False), (22, True, False), (7, True, False), (8, False, True)]
)
def test_quiet_hours_may_go_over_midnight_and_their_end_is_loud(hour: int, over_midnight: bool, within: bool) -> None:
    now_ns = at_time(DAY, hour * HOUR_NS)
    assert Quiet(22 * HOUR_NS, 8 * HOUR_NS).holds_at(now_ns) is over_midnight
    assert Quiet(8 * HOUR_NS, 9 * HOUR_NS).holds_at(now_ns) is within


def test_only_what_is_critical_passes_in_quiet_hours() -> None:
    channel = Channel(name="c", quiet=Quiet(22 * HOUR_NS, 8 * HOUR_NS))
    night, morning = at_time(DAY, 23 * HOUR_NS), at_time(DAY, 9 * HOUR_NS)
    assert [channel.is_held(each, night) for each in Importance] == [True, True, False]
    assert [channel.is_held(each, morning) for each in Importance] == [False] * 3


def test_an_address_is_in_no_dump() -> None:
    channel = Channel(name="c", url=Secret(f"json://host/{TOKEN}"))
    assert TOKEN not in f"{channel!r} {channel} {channel.url!s}"
    with pytest.raises(TypeError):
        msgspec.json.encode(channel)
    assert channel.url is not None
    assert channel.url.reveal().endswith(TOKEN)
    assert channel.url == Secret(f"json://host/{TOKEN}") != Secret("json://host/")
