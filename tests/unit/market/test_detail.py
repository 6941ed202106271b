"""The terminal's detail beside the rule book: which of the two holds."""

from __future__ import annotations

import datetime as dt

import pytest
from msgspec.structs import replace

from qmt_trading.market.detail import Merged, compare, is_fresh, merge
from qmt_trading.market.rulebook import STANDARD
from qmt_trading.model.detail import Detail
from qmt_trading.model.instrument import Symbol
from qmt_trading.model.numbers import Price, Quantity

DAY = dt.date(2026, 11, 26)
PUFA = Detail(
    symbol=Symbol("600000.SH"),
    name="浦发银行",
    tick=Price(100),
    limit_up=Price(110_000),
    limit_down=Price(90_000),
    previous_close=Price(100_000),
    trading_day=DAY,
    listed=dt.date(1999, 11, 10),
    quantity_max=Quantity(1_000_000),
    quantity_min=Quantity(100),
)


def merged(detail: Detail, close: int = 100_000) -> Merged:
    found = merge(detail, STANDARD, DAY, Price(close))
    assert found is not None
    return found


def whats(found: Merged) -> list[str]:
    return [difference.what for difference in found.differences]


def test_where_both_agree_nothing_is_said() -> None:
    found = merged(PUFA)
    assert found.differences == ()
    assert (found.facts.limit_up, found.facts.limit_down) == (110_000, 90_000)
    assert found.facts.rule == STANDARD.rule(PUFA.symbol, DAY)


def test_a_fresh_detail_goes_before_the_rule_book_and_the_difference_is_told() -> None:
    found = merged(replace(PUFA, limit_up=Price(105_000), limit_down=Price(95_000)))
    assert (found.facts.limit_up, found.facts.limit_down) == (105_000, 95_000)
    assert whats(found) == ["limit_up", "limit_down"]
    assert found.differences[0].chinese == "600000.SH 涨停价：终端 10.50，规则库 11.00，按 10.50"
    assert found.differences[0].english == "600000.SH upper limit: terminal 10.50, rule book 11.00, held 10.50"
    wider = merged(replace(PUFA, limit_up=Price(120_000)))
    assert wider.facts.limit_up == 120_000


def test_a_detail_without_a_day_is_held_to_the_stricter_of_the_two() -> None:
    found = merged(
        replace(PUFA, trading_day=None, limit_up=Price(120_000), limit_down=Price(95_000), tick=Price(1_000))
    )
    assert (found.facts.limit_up, found.facts.limit_down) == (110_000, 95_000)
    assert found.facts.rule.tick == 1_000
    finer = merged(replace(PUFA, trading_day=None, tick=Price(10)))
    assert finer.facts.rule.tick == 100
    assert whats(finer) == ["tick"]


def test_limits_that_leave_no_price_are_those_of_another_day() -> None:
    found = merged(replace(PUFA, trading_day=None, limit_up=Price(80_000), limit_down=Price(70_000)))
    assert (found.facts.limit_up, found.facts.limit_down) == (110_000, 90_000)
    assert whats(found) == ["limit_up", "limit_down"]


def test_a_detail_of_another_day_says_nothing_but_that_it_is_old() -> None:
    old = replace(PUFA, trading_day=DAY - dt.timedelta(days=1), limit_up=Price(105_000), quantity_max=Quantity(100))
    found = merged(old)
    assert (found.facts.limit_up, found.facts.rule.quantity_max) == (110_000, 1_000_000)
    assert whats(found) == ["day"]


@pytest.mark.parametrize(
    ("changed", "fresh"),
    [
        ({}, True),
        ({"trading_day": None}, False),
        ({"tick": Price(0)}, False),
        ({"limit_down": Price(0)}, False),
        ({"limit_up": Price(90_000)}, False),
    ],
)
def test_fresh_is_of_today_with_a_tick_and_limits(changed: dict[str, object], fresh: bool) -> None:
    assert is_fresh(replace(PUFA, **changed), DAY) is fresh


def test_no_limits_hold_only_where_the_rule_book_has_none_either() -> None:
    unlimited = replace(PUFA, limit_up=Price(0), limit_down=Price(0), unlimited=True)
    found = merged(unlimited)
    assert (found.facts.limit_up, found.facts.limit_down) == (110_000, 90_000)
    assert found.differences[0].chinese == "600000.SH 涨停价：终端 无涨跌停，规则库 11.00，按 11.00"
    young = merged(replace(unlimited, listed=DAY))
    assert (young.facts.limit_up, young.facts.limit_down, young.differences) == (0, 0, ())


def test_limits_that_are_not_told_yet_are_the_rule_books() -> None:
    found = merged(replace(PUFA, limit_up=Price(0), limit_down=Price(0)))
    assert (found.facts.limit_up, found.differences) == (110_000, ())


@pytest.mark.parametrize(("told", "held"), [(300_000, 300_000), (2_000_000, 1_000_000), (0, 1_000_000)])
def test_the_order_maximum_is_the_stricter_of_the_two(told: int, held: int) -> None:
    found = merged(replace(PUFA, quantity_max=Quantity(told)))
    assert found.facts.rule.quantity_max == held
    assert whats(found) == ([] if told == 0 else ["quantity_max"])


def test_the_least_buy_is_the_stricter_of_the_two() -> None:
    found = merged(replace(PUFA, quantity_min=Quantity(200)))
    assert found.facts.rule.buy_minimum == 200
    assert merged(replace(PUFA, quantity_min=Quantity(1))).differences == ()


def test_a_name_tells_the_risk_warning() -> None:
    assert merged(replace(PUFA, name="*ST浦发")).facts.risk_warning
    assert not merged(PUFA).facts.risk_warning


def test_what_the_rule_book_does_not_know_is_not_compared() -> None:
    assert merge(replace(PUFA, symbol=Symbol("999999.SH")), STANDARD, DAY, Price(0)) is None
    assert compare(replace(PUFA, symbol=Symbol("999999.SH")), STANDARD, DAY) == ()


def test_comparing_takes_the_terminals_previous_close() -> None:
    assert compare(PUFA, STANDARD, DAY) == ()
    assert [each.what for each in compare(replace(PUFA, previous_close=Price(100_500)), STANDARD, DAY)] == [
        "limit_up",
        "limit_down",
    ]
