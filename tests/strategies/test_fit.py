"""History that does not lead to the market of today is found: days that are missing, prices that are others."""

from __future__ import annotations

import datetime as dt

import numpy as np
import pytest
from msgspec.structs import replace

from qmt_trading.market.sessions import ALWAYS_OPEN, Session
from qmt_trading.model.corporate_action import BASIS, CorporateAction
from qmt_trading.model.instant import at_time
from qmt_trading.model.instrument import Quote, Symbol
from qmt_trading.model.numbers import SECOND_NS, Money, Price
from qmt_trading.research.columns import Bars, instants_of
from qmt_trading.research.growing import Growing, NewBar
from qmt_trading.run.strategies.fit import carried, is_near, misfits, missed
from tests.strategies.test_bars import DAY, OTHER, STOCK, bar, ns, quote

FRIDAY = dt.date(2026, 2, 27)
"""The trading day before DAY, a Monday."""
THURSDAY = dt.date(2026, 2, 26)


def history(last: dt.date, close: int, symbol: Symbol = STOCK) -> Growing:
    """Return three days of history that end with ``last`` at ``close``."""
    days = np.array([last - dt.timedelta(days=days) for days in (2, 1, 0)], "datetime64[D]")
    prices = np.full(3, close, np.int64)
    return Growing(
        symbol,
        "1d",
        Bars.of(symbol, at_ns=instants_of(days), open=prices, high=prices, low=prices, close=prices, quantity=prices),
    )


def found(*histories: Growing, at: str = "10:00:00", quotes: list[Quote] | None = None) -> list[tuple[str, str]]:
    given = [quote("10:00:00", 100_000)] if quotes is None else quotes
    told = misfits(histories, {each.symbol: each for each in given}, Session(), ns(at))
    return [(each.symbol, each.chinese) for each in told]


def test_history_to_the_trading_day_before_at_the_previous_close_fits() -> None:
    assert found(history(FRIDAY, 100_000)) == []
    assert found(history(FRIDAY, 100_200)) == [], "to within 0.2 %"
    assert found(history(FRIDAY, 100_000), at="08:50:00", quotes=[]) == [], "before the first quote"
    assert found() == []
    assert found(Growing(STOCK, "1d")) == [], "without any history there is nothing to fit"


@pytest.mark.parametrize(("close", "near"), [(100_200, True), (100_201, False), (99_800, True), (99_799, False)])
def test_near_is_within_two_parts_in_a_thousand(close: int, near: bool) -> None:
    assert is_near(close, 100_000) is near


def test_a_missing_trading_day_is_counted_and_a_weekend_is_none() -> None:
    ((symbol, told),) = found(history(THURSDAY, 100_000))
    assert symbol == STOCK
    assert told == "历史到 2026-02-26，到 2026-02-27 还缺 1 个交易日"
    assert found(history(FRIDAY, 100_000), at="15:30:00") != [], "once the day is over its bar is wanted, too"
    assert found(history(DAY, 100_000), at="15:30:00") == []


def test_made_up_bars_of_years_ago_do_not_lead_to_today() -> None:
    ((_, told),) = found(history(dt.date(2024, 12, 31), 97_000))
    assert told.startswith("历史到 2024-12-31，到 2026-02-27 还缺 250 个以上交易日；")
    assert "最后的收盘 9.70，行情的昨收 10.00" in told


def test_a_close_that_is_not_the_exchanges_is_told_with_both() -> None:
    ((_, told),) = found(history(FRIDAY, 103_000))
    assert told == "历史最后的收盘 10.30，行情的昨收 10.00：没有复权的除权除息，或不是同一份行情"


def test_today_in_the_history_is_measured_by_its_reference_price() -> None:
    grown = history(FRIDAY, 103_000)
    row = NewBar(symbol=STOCK, at_ns=ns("10:01:00"), open=1, high=1, low=1, close=99_000, previous_close=100_000)
    grown.add(row)
    assert found(grown, at="10:02:00") == [], "an ex-day that is behind us"
    other = history(FRIDAY, 103_000)
    other.add(replace(row, previous_close=0))
    assert len(found(other, at="10:02:00")) == 1


def test_a_bar_of_today_that_has_not_ended_is_not_history() -> None:
    ((_, told),) = found(history(DAY, 100_000))
    assert told.startswith("历史里有还没走完的一根（2026-03-02 15:00）")
    assert found(history(DAY, 100_000), at="15:00:00") == []


def test_a_quote_of_the_day_before_is_measured_by_the_close_before_it() -> None:
    old = replace(quote("10:00:00", 100_000), quoted_ns=at_time(FRIDAY, 15 * 3600 * SECOND_NS))
    assert found(history(FRIDAY, 100_000), at="08:50:00", quotes=[old]) == [], "Friday's own bar is not what it means"
    off = replace(old, previous_close=Price(90_000))
    assert len(found(history(FRIDAY, 100_000), at="08:50:00", quotes=[off])) == 1


def test_a_symbol_that_stood_still_fits_where_another_shows_that_the_data_goes_on() -> None:
    quotes = [quote("10:00:00", 100_000), quote("10:00:00", 100_000, OTHER)]
    stood = history(THURSDAY, 100_000)
    assert found(stood, history(FRIDAY, 100_000, OTHER), quotes=quotes) == []
    assert len(found(stood, history(THURSDAY, 100_000, OTHER), quotes=quotes)) == 2, "all of it is old"
    moved = history(THURSDAY, 100_100)
    assert [symbol for symbol, _ in found(moved, history(FRIDAY, 100_000, OTHER), quotes=quotes)] == [STOCK]
    halted = replace(quotes[0], suspended=True)
    assert found(moved, history(FRIDAY, 100_000, OTHER), quotes=[halted, quotes[1]]) == []


def test_adjusted_history_is_carried_over_the_ex_day_of_today() -> None:
    days = np.array(["2026-02-26", "2026-02-27"], "datetime64[D]")
    prices = np.array([98_000, 103_000], np.int64)
    bars = Bars.of(
        STOCK, at_ns=instants_of(days), open=prices, high=prices, low=prices, close=prices, quantity=prices,
        adjusted="forward",
    )  # fmt: skip
    quotes = {STOCK: quote("10:00:00", 100_000)}
    actions = [
        CorporateAction(symbol=STOCK, ex_day=day, cash=Money(cash * BASIS))
        for day, cash in ((FRIDAY, 1), (DAY, 3_000), (DAY + dt.timedelta(days=1), 7_000))
    ]
    (made,) = carried({STOCK: bars}, quotes, Session(), actions).values()
    assert made.close.tolist() == [95_146, 100_000], "by today's alone: what was before is in it, what comes is not yet"
    assert found(Growing(STOCK, "1d", made)) == []
    assert len(found(Growing(STOCK, "1d", bars))) == 1
    assert carried({STOCK: bars}, {}, Session(), actions)[STOCK] is bars


@pytest.mark.parametrize(
    ("last", "at", "is_missed"),
    [
        ("", "09:32:59", False),
        ("", "09:33:00", True),
        ("10:00:00", "10:02:00", False),
        ("10:00:00", "10:02:01", True),
        ("11:30:00", "13:01:30", False),
        ("11:29:00", "12:00:00", True),
        ("11:30:00", "13:02:01", True),
        ("14:00:00", "15:00:00", False),
    ],
)
def test_the_minutes_of_today_that_nobody_watched_are_known(last: str, at: str, is_missed: bool) -> None:
    grown = Growing(STOCK, "1m")
    if last:
        grown.add(bar(last, 100_000))
    assert missed([grown], Session(), ns(at)) == ([STOCK] if is_missed else [])
    assert missed([grown], ALWAYS_OPEN, ns(at)) == []
