"""The checklist, item by item: what is red, what is only to be known, and what the one message says."""

from __future__ import annotations

import datetime as dt

import pytest
from msgspec.structs import replace
from tests.engine_bench import DAY
from tests.unit.run.day_parts import at

from qmt_trading.codec.sentences import sentence
from qmt_trading.model.morning import CheckItem
from qmt_trading.model.numbers import SECOND_NS
from qmt_trading.model.reasons import Denial, Reason
from qmt_trading.model.words import LinkState, Mode, TradingState
from qmt_trading.run.day.checklist import Facts, Item, Mark, checklist, message_of, red_of
from qmt_trading.run.day.outside import FeedState, Outside

OUTSIDE = Outside(feed=FeedState.LIVE, details=(), capability="撤单、查询都验过", clock_ahead_ns=0)
GREEN = Facts(
    mode=Mode.LIVE,
    now_ns=at("10:00"),
    trading=True,
    link=LinkState.CONNECTED,
    ready=True,
    listed=True,
    link_since_ns=at("8:40"),
    night_began_ns=at("16:00", DAY - dt.timedelta(days=1)),
    day=DAY,
    calendar_until=dt.date(2026, 12, 31),
    quote_age_ns=SECOND_NS,
    space=10**10,
    registered=dt.date(2026, 5, 20),
    actions_known=True,
    outside=OUTSIDE,
)
RED = [
    (CheckItem.TERMINAL, {"link": LinkState.DOWN, "link_text": "宿主退出"}),
    (CheckItem.TERMINAL, {"outside": replace(OUTSIDE, account_text="登录中")}),
    (CheckItem.SESSION, {"link_since_ns": GREEN.night_began_ns - 1}),
    (CheckItem.LIST, {"listed": False}),
    (CheckItem.LIST, {"difference": "600000.SH 1≠2"}),
    (CheckItem.FIGURES, {"ready": False}),
    (CheckItem.CALENDAR, {"calendar_until": DAY - dt.timedelta(days=1)}),
    (CheckItem.QUOTES, {"outside": replace(OUTSIDE, feed=FeedState.SILENT)}),
    (CheckItem.QUOTES, {"outside": replace(OUTSIDE, feed=FeedState.DOWN)}),
    (CheckItem.CLOCK, {"outside": replace(OUTSIDE, clock_ahead_ns=-2 * SECOND_NS - 1)}),
    (CheckItem.CLOCK, {"quote_ahead_ns": 2 * SECOND_NS + 1}),
    (CheckItem.DISK, {"space": 199_999_999}),
    (CheckItem.JOURNAL, {"journal_trouble": "磁盘满"}),
    (CheckItem.REGISTRATION, {"registered": None}),
    (CheckItem.REGISTRATION, {"registered": DAY + dt.timedelta(days=1)}),
]
NOTES = [
    (CheckItem.UNKNOWN, {"unknown_orders": 1}),
    (CheckItem.UNRESOLVED, {"unresolved_orders": 1}),
    (CheckItem.CALENDAR, {"calendar_ends_soon": True}),
    (CheckItem.DETAILS, {"outside": replace(OUTSIDE, details=("600000.SH 涨停价",))}),
    (CheckItem.DETAILS, {"outside": replace(OUTSIDE, details=None)}),
    (CheckItem.QUOTES, {"quote_age_ns": 61 * SECOND_NS}),
    (CheckItem.QUOTES, {"quote_age_ns": None}),
    (CheckItem.DISK, {"space": 999_999_999}),
    (CheckItem.DISK, {"space": None}),
    (CheckItem.CAPABILITY, {"outside": replace(OUTSIDE, capability=None)}),
    (CheckItem.HALTED, {"state": TradingState.HALTED}),
    (CheckItem.HALTED, {"state": TradingState.REDUCING}),
    (CheckItem.LIMITS, {"limits_waiting": 2}),
    (CheckItem.TODAY, {"today": ("600000.SH 除权除息",)}),
    (CheckItem.CLOCK, {"outside": replace(OUTSIDE, clock_ahead_ns=None), "quote_age_ns": None}),
]
GOOD = [
    (CheckItem.SESSION, {"link_since_ns": GREEN.night_began_ns}),
    (CheckItem.SESSION, {"link_since_ns": 1, "night_began_ns": 0}),
    (CheckItem.CALENDAR, {"calendar_until": DAY}),
    (CheckItem.CALENDAR, {"calendar_until": None}),
    (CheckItem.QUOTES, {"outside": replace(OUTSIDE, feed=FeedState.SILENT), "trading": False}),
    (CheckItem.QUOTES, {"quote_age_ns": 60 * SECOND_NS}),
    (CheckItem.CLOCK, {"outside": replace(OUTSIDE, clock_ahead_ns=2 * SECOND_NS)}),
    (CheckItem.CLOCK, {"quote_ahead_ns": 2 * SECOND_NS}),
    (CheckItem.DISK, {"space": 10**9}),
    (CheckItem.REGISTRATION, {"registered": None, "mode": Mode.SHADOW}),
    (CheckItem.REGISTRATION, {"registered": DAY}),
    (CheckItem.REGISTRATION, {"registered": None, "simulated": True}),
]


def item(facts: Facts, name: CheckItem) -> Item:
    (found,) = [each for each in checklist(facts) if each.item is name]
    return found


def test_a_good_account_is_green_in_every_item() -> None:
    items = checklist(GREEN)
    assert {each.mark for each in items} == {Mark.GOOD}
    assert red_of(items) == ()
    assert message_of(items) == ("", "")
    assert {each.item for each in items} == set(CheckItem) - {CheckItem.UNCHECKED}


@pytest.mark.parametrize(("name", "change"), RED)
def test_what_is_certainly_wrong_is_red_with_what_to_do(name: CheckItem, change: dict[str, object]) -> None:
    facts = replace(GREEN, **change)
    found = item(facts, name)
    assert found.mark is Mark.BAD
    assert found.todo
    assert name.value in red_of(checklist(facts))
    chinese, english = message_of(checklist(facts))
    assert found.chinese in chinese
    assert found.todo in chinese
    assert found.english in english


@pytest.mark.parametrize(("name", "change"), NOTES)
def test_what_is_unsure_or_closed_elsewhere_is_a_note_and_closes_nothing(
    name: CheckItem, change: dict[str, object]
) -> None:
    facts = replace(GREEN, **change)
    assert item(facts, name).mark is Mark.NOTE
    assert red_of(checklist(facts)) == ()


@pytest.mark.parametrize(("name", "change"), GOOD)
def test_a_figure_at_its_bound_is_good(name: CheckItem, change: dict[str, object]) -> None:
    assert item(replace(GREEN, **change), name).mark is Mark.GOOD


def test_the_green_message_tells_what_is_special_today_and_not_what_nobody_knows() -> None:
    facts = replace(GREEN, today=("600000.SH 除权除息",), outside=replace(OUTSIDE, capability=None))
    chinese, _ = message_of(checklist(facts))
    assert "600000.SH 除权除息" in chinese
    assert "能力卡" not in chinese


def test_the_red_message_tells_only_what_is_red() -> None:
    chinese, english = message_of(checklist(replace(GREEN, today=("600000.SH 停牌",), listed=False)))
    assert "停牌" not in chinese
    assert "compared" in english


def test_without_a_file_of_ex_days_the_list_says_that_it_knows_none() -> None:
    assert "除权" in item(replace(GREEN, actions_known=False), CheckItem.TODAY).chinese


@pytest.mark.parametrize("name", list(CheckItem))
def test_every_item_has_a_name_in_the_refusal(name: CheckItem) -> None:
    chinese, english = sentence(Denial(Reason.MORNING_RED, (name.value,)))
    assert name.value not in chinese
    assert name.value in english
