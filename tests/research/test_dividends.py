"""Dividends come on their pay day, and are taxed by how long the shares were held: first in, first out."""

from __future__ import annotations

import datetime as dt
from typing import Any

import numpy as np
from msgspec.structs import replace

from qmt_trading.model.corporate_action import CorporateAction
from qmt_trading.model.numbers import UNIT
from qmt_trading.research.backtest import run
from qmt_trading.research.columns import Bars
from qmt_trading.research.costs import referee
from qmt_trading.research.dividends import DividendTax, TaxedLots
from qmt_trading.research.metrics import measure
from qmt_trading.research.result import Result
from qmt_trading.research.round_trips import book_of
from qmt_trading.research.strategy import Strategy
from tests.actions import action
from tests.research.days import CASH, daily, flat

FREE = referee(0, minimum=0)


def day(text: str) -> dt.date:
    return dt.date.fromisoformat(text)


def test_the_oldest_shares_are_sold_first_and_each_owes_by_its_own_time() -> None:
    lots = TaxedLots()
    lots.buy(day("2023-01-03"), 1000)
    lots.buy(day("2024-01-03"), 1000)
    assert lots.give(action(ex_day=day("2024-01-10"), cash="10"), 2000) == 0
    # 800 old shares, held for longer than a year: free.
    assert lots.sell(day("2024-01-12"), 800) == 0
    # 200 old ones, free, and 300 young ones: 300 yuan at 20 %.
    assert lots.sell(day("2024-01-12"), 500) == 60 * UNIT
    # The other 700, held for longer than a month: 10 %.
    assert lots.sell(day("2024-03-01"), 700) == 70 * UNIT
    assert lots.sell(day("2024-03-01"), 700) == 0


def test_bonus_shares_are_income_of_a_yuan_each_and_shares_from_the_reserve_are_none() -> None:
    bonus, reserve = TaxedLots(), TaxedLots()
    for lots in (bonus, reserve):
        lots.buy(day("2024-01-03"), 1000)
    bonus.give(action(ex_day=day("2024-01-10"), bonus="3"), 1300)
    reserve.give(action(ex_day=day("2024-01-10"), transfer="3"), 1300)
    assert bonus.sell(day("2024-01-11"), 1300) == 60 * UNIT
    assert reserve.sell(day("2024-01-11"), 1300) == 0


def test_shares_that_were_given_are_held_from_their_ex_day_on() -> None:
    lots = TaxedLots()
    lots.buy(day("2023-01-03"), 1000)
    lots.give(action(ex_day=day("2024-01-10"), transfer="10"), 2000)
    lots.give(action(ex_day=day("2024-01-17"), cash="10"), 2000)
    assert lots.sell(day("2024-01-18"), 1000) == 0
    assert lots.sell(day("2024-01-18"), 1000) == 200 * UNIT


def test_from_2013_on_a_part_was_taken_at_once_and_the_rest_at_the_sale() -> None:
    lots = TaxedLots()
    lots.buy(day("2014-01-02"), 1000)
    assert lots.give(action(ex_day=day("2014-06-10"), cash="10"), 1000) == 50 * UNIT
    assert lots.sell(day("2014-06-11"), 500) == 25 * UNIT
    assert lots.sell(day("2015-06-11"), 500) == 0


class BuysAndSells(Strategy):
    """Buys on the first day; sells on the day it is told to."""

    fields = ("close",)

    def __init__(self, sells: int) -> None:
        super().__init__()
        self.sells = sells
        self.seen: list[tuple[int, int]] = []

    def on_bar(self, bar: Any) -> None:
        if bar.index == 0:
            self.buy(1000)
        if bar.index == self.sells:
            self.sell(self.position)
        self.seen.append((self.cash, self.equity))


def history(days: int = 10) -> Bars:
    """Ten yuan, and nine from the ex-day on, 2024-01-05."""
    bars = daily([*flat(10, 3), *flat(9, days - 3)])
    bars.previous_close[3] = 9 * UNIT
    return bars


def dividend(**others: Any) -> CorporateAction:
    return replace(action(ex_day=day("2024-01-05"), cash="10", record_day=day("2024-01-04")), **others)


def ran(sells: int, given: CorporateAction, **others: Any) -> tuple[Result, BuysAndSells]:
    strategy = BuysAndSells(sells)
    return run(strategy, history(), cash=CASH, costs=FREE, actions=[given], **others), strategy


def test_a_sale_within_a_month_pays_a_fifth_of_the_dividend() -> None:
    result, _ = ran(5, dividend())
    assert result.dividend_tax == 200 * UNIT
    assert int(result.equity[-1]) == CASH - 200 * UNIT
    assert int(result.equity[4]) == CASH  # Nothing is owed before the sale.
    assert result.equity.tolist() == (result.cash + result.market_value).tolist()
    trips = book_of(result).trips
    assert trips.profit.tolist() == [-200 * UNIT]
    assert trips.income.tolist() == [800 * UNIT]
    assert measure(result).activity.dividend_tax == 200 * UNIT
    assert "红利税" in result.costs


def test_without_the_tax_nothing_is_taken() -> None:
    result, _ = ran(5, dividend(), dividend_tax=DividendTax.NONE)
    assert (result.dividend_tax, int(result.equity[-1])) == (0, CASH)
    assert "不计" in result.costs


def test_the_cash_comes_on_the_pay_day_and_counts_from_the_ex_day_on() -> None:
    result, strategy = ran(99, dividend(pay_day=day("2024-01-09")))
    assert result.equity.tolist() == [CASH] * 10
    spent = CASH - 10_000 * UNIT
    assert result.cash.tolist() == [CASH, *[spent] * 4, *[spent + 1000 * UNIT] * 5]
    assert [cash for cash, _ in strategy.seen] == result.cash.tolist()
    assert [equity for _, equity in strategy.seen] == result.equity.tolist()


def test_a_dividend_whose_pay_day_lies_beyond_the_end_is_owed_still() -> None:
    result, _ = ran(99, dividend(pay_day=day("2024-12-31")))
    assert int(result.equity[-1]) == CASH
    assert int(result.cash[-1] + result.market_value[-1]) == CASH - 1000 * UNIT


def test_funds_are_not_taxed() -> None:
    bars = daily([*flat(10, 3), *flat(9, 7)], symbol="510300.SH")
    given = replace(dividend(), symbol=bars.symbol)
    result = run(BuysAndSells(5), bars, cash=CASH, costs=FREE, actions=[given])
    assert (result.dividend_tax, int(result.equity[-1])) == (0, CASH)


def test_what_the_account_begins_with_is_that_of_its_first_morning() -> None:
    """An action whose ex-day is the first day is in the holdings already, as it is in the price of that day."""
    bars = daily(flat(9, 3), first="2024-01-05")
    result = run(BuysAndSells(99), bars, cash=CASH, costs=FREE, actions=[dividend()], holdings={"600000.SH": 1000})
    assert result.initial_equity == int(result.equity[0]) == CASH + 9_000 * UNIT


def test_the_tax_reads_back_from_a_file() -> None:
    result, _ = ran(5, dividend())
    again = Result.from_json(result.to_json())
    assert again.dividend_tax == result.dividend_tax
    assert np.array_equal(again.equity, result.equity)
