"""The condition of an account, case by case, and the hours in which a link may be down."""

from __future__ import annotations

import datetime as dt

import pytest
from msgspec.structs import replace
from tests.engine_bench import DAY
from tests.unit.run.day_parts import at

from qmt_trading.market.sessions import Session
from qmt_trading.model.numbers import SECOND_NS
from qmt_trading.model.words import LinkState
from qmt_trading.run.day.condition import CONDITION_TEXT, LISTING_NS, STARTING_NS, Condition, Seen, condition_of
from qmt_trading.run.day.night import USUAL, Night
from qmt_trading.run.day.outside import FeedState, Outside

READY = Seen(
    link=LinkState.CONNECTED,
    listed=True,
    link_age_ns=SECOND_NS,
    running_ns=3600 * SECOND_NS,
    night=False,
    trading=True,
    outside=Outside(feed=FeedState.LIVE),
)
DOWN = replace(READY, link=LinkState.DOWN, listed=False, link_age_ns=150 * SECOND_NS)
SILENT = Outside(feed=FeedState.SILENT, feed_text="12 秒")
CASES = [
    (READY, Condition.READY, "已核对"),
    (replace(READY, listed=False), Condition.CONNECTED, "正在核对"),
    (replace(READY, listed=False, link_age_ns=LISTING_NS), Condition.CONNECTED, "正在核对"),
    (replace(READY, listed=False, link_age_ns=LISTING_NS + 1), Condition.DEGRADED, "60 秒仍没有核对完"),
    (replace(READY, outside=SILENT), Condition.DEGRADED, "行情没有更新：12 秒"),
    (replace(READY, outside=SILENT, trading=False), Condition.READY, ""),
    (replace(READY, outside=Outside(feed=FeedState.DOWN)), Condition.DEGRADED, "行情断开"),
    (replace(READY, outside=Outside(account_text="登录中")), Condition.DEGRADED, "登录中"),
    (replace(READY, difference="600000.SH 1≠2"), Condition.DEGRADED, "600000.SH 1≠2"),
    (replace(READY, unknown_orders=2), Condition.DEGRADED, "2 笔委托待核实"),
    (DOWN, Condition.DOWN, "已 2 分钟，请登录客户端"),
    (replace(DOWN, link_text="宿主退出"), Condition.DOWN, "（宿主退出）"),
    (replace(DOWN, night=True), Condition.NIGHT, "属正常"),
    (replace(DOWN, running_ns=STARTING_NS), Condition.STARTING, "正在连接"),
    (replace(DOWN, running_ns=STARTING_NS + 1), Condition.DOWN, ""),
    (replace(DOWN, running_ns=STARTING_NS, link_text="没有权限"), Condition.STARTING, "没有权限"),
]


@pytest.mark.parametrize(("seen", "expected", "words"), CASES)
def test_each_condition_follows_from_what_is_seen(seen: Seen, expected: Condition, words: str) -> None:
    standing = condition_of(seen)
    assert standing.condition is expected
    assert words in standing.chinese
    assert (
        standing.english.isascii()
        or seen.difference
        or seen.link_text
        or seen.outside.feed_text
        or seen.outside.account_text
    )


def test_every_condition_has_a_word_and_a_case() -> None:
    assert set(CONDITION_TEXT) == set(Condition) == {expected for _, expected, _ in CASES}


def test_the_night_begins_and_ends_to_the_minute_and_holds_on_days_without_trading() -> None:
    night, session = Night(*USUAL), Session()
    saturday = DAY + dt.timedelta(days=4)
    assert saturday.weekday() == 5
    for clock, day, expected in (
        ("8:29", DAY, True),
        ("8:30", DAY, False),
        ("15:59", DAY, False),
        ("16:00", DAY, True),
        ("23:59", DAY, True),
        ("10:00", saturday, True),
        ("12:00", dt.date(2026, 10, 1), True),
    ):
        assert night.holds(at(clock, day), session) is expected, clock
    assert night.last_began_ns(at("8:45")) == at("16:00", DAY - dt.timedelta(days=1))
    assert night.last_began_ns(at("16:00")) == at("16:00")


def test_a_night_within_one_day_holds_between_its_ends() -> None:
    night = Night(1 * 3600 * SECOND_NS, 5 * 3600 * SECOND_NS)
    held = [night.holds(at(clock), Session()) for clock in ("0:59", "1:00", "4:59", "5:00", "20:00")]
    assert held == [False, True, True, False, False]
