"""Backtests of outside engines on real history: the same fills, and the same value every day."""

from __future__ import annotations

import datetime as dt
import sys
from typing import Any

import numpy as np
import pytest

from qmt_trading.market.corporate_actions import Fractions
from qmt_trading.model.corporate_action import CorporateAction
from qmt_trading.model.instrument import Symbol
from qmt_trading.model.numbers import UNIT, Money
from qmt_trading.research.backtest import run
from qmt_trading.research.columns import Bars, instants_of, to_units
from qmt_trading.research.costs import FillModel, referee
from qmt_trading.research.dividends import DividendTax
from qmt_trading.research.result import Result
from qmt_trading.research.strategy import Strategy
from tests import market_data

CASH = 1_000_000 * UNIT
COSTS = referee(800, stamp_duty_millionths=None)
"""0.08 %, at least 5 yuan, stamp duty as it was on the day, nothing rounded."""
AT_CLOSE = FillModel(at="close")


def history(file: str, symbol: str, first: str, last: str) -> Bars:
    """Return real daily bars; the test is skipped where they are not at hand."""
    path = market_data.shared("data", "daily", file)
    if sys.platform == "win32":
        pytest.skip("needs Linux or macOS: there the tests have pyarrow, and figures are the same everywhere")
    parquet: Any = pytest.importorskip("pyarrow.parquet", reason="needs pyarrow, of the extra 'test'")
    begin, end = dt.date.fromisoformat(first), dt.date.fromisoformat(last)
    table = parquet.read_table(path, filters=[("symbol", "=", symbol), ("date", ">=", begin), ("date", "<=", end)])
    table = table.sort_by("date")
    has_reference = "pre_close" in table.column_names
    return Bars.of(
        symbol,
        at_ns=instants_of(np.asarray(table["date"].to_pylist(), "datetime64[D]")),
        open=to_units(table["open"].to_numpy()),
        high=to_units(table["high"].to_numpy()),
        low=to_units(table["low"].to_numpy()),
        close=to_units(table["close"].to_numpy()),
        quantity=table["volume"].to_numpy().astype(np.int64),
        previous_close=to_units(table["pre_close"].to_numpy()) if has_reference else None,
    )


def trades(case: str, symbol: str) -> list[dict[str, str]]:
    return [row for row in market_data.rows("data", "golden", case, "trades.csv") if row["xt_symbol"] == symbol]


def same_fills(result: Result, case: str, symbol: str) -> int:
    """Check fill by fill, in whatever order fills of one day stand; return how many there are."""
    fills = result.fills
    found = sorted(
        zip(
            result.days[fills.day].astype(str).tolist(),
            fills.side.tolist(),
            fills.quantity.tolist(),
            fills.price.tolist(),
            strict=True,
        )
    )
    expected = sorted(
        (
            row["datetime"][:10],
            1 if row["side"] == "BUY" else -1,
            int(float(row["last_quantity"])),
            round(float(row["last_price"]) * UNIT),
        )
        for row in trades(case, symbol)
    )
    assert found == expected
    costs = sum(float(row["transaction_cost"]) for row in trades(case, symbol))
    assert abs(int(fills.fee.sum()) / UNIT - costs) < 0.001
    return len(found)


def same_values(result: Result, case: str) -> int:
    """Check cash and value of every day within 1e-6 of the value; return how many days there are."""
    expected = market_data.rows("data", "golden", case, "stock_account.csv")
    by_day = {day: place for place, day in enumerate(result.days.astype(str).tolist())}
    for row in expected:
        place = by_day[row["date"]]
        total = float(row["total_value"])
        assert abs(int(result.equity[place]) / UNIT - total) <= total * 1e-6, row
        assert abs(int(result.cash[place]) / UNIT - float(row["cash"])) <= total * 1e-6, row
    return len(expected)


class BuyDaily(Strategy):
    """A thousand shares a day."""

    fields = ()

    def on_bar(self, bar: Any) -> None:
        self.buy(1000)


class BuyAndSellDaily(Strategy):
    """A thousand shares a day, sold on the next."""

    fields = ()

    def on_bar(self, bar: Any) -> None:
        if bar.index:
            self.sell(1000)
        self.buy(1000)


class BuyOnce(Strategy):
    fields = ()

    def on_bar(self, bar: Any) -> None:
        if not bar.index:
            self.buy(330_000)


class Nothing(Strategy):
    fields = ()


def test_s_buy_and_hold_through_a_limit_up_and_an_ex_day() -> None:
    case = "rqalpha_s_buy_and_hold"
    action = market_data.rows("data", "golden", case, "corporate_actions_000001SZ.csv")[0]
    given = CorporateAction(
        symbol=Symbol("000001.SZ"),
        ex_day=dt.date.fromisoformat(action["ex_date"]),
        transfer_shares=int(action["transfer_per10"]) * 100_000_000,
        cash=Money(round(float(action["cash_per10_pretax"]) * UNIT) * 100_000_000),
    )
    bars = history("a_share_daily_2010_2025.parquet", "000001.SZ", "2015-01-09", "2016-01-12")
    result = run(
        BuyDaily,
        bars,
        cash=CASH,
        costs=COSTS,
        fills=AT_CLOSE,
        actions=[given],
        fractions=Fractions.HALF_UP,
        dividend_tax=DividendTax.NONE,
    )
    assert same_fills(result, case, "000001.SZ") == 68
    assert same_values(result, case) == 247
    assert result.blocked["CASH"] == len(result.orders) - 68 - result.blocked.get("LIMIT_UP_MISSED", 0)


def test_s_pit_tax_halves_the_stamp_duty_on_its_day() -> None:
    case = "rqalpha_s_pit_tax"
    bars = history("a_share_daily_2010_2025.parquet", "000001.SZ", "2023-08-15", "2023-09-10")
    result = run(BuyAndSellDaily, bars, cash=CASH, costs=COSTS, fills=AT_CLOSE)
    assert same_fills(result, case, "000001.SZ") == len(trades(case, "000001.SZ"))
    same_values(result, case)


def test_s_split_turns_an_odd_lot_into_another_and_pays_its_dividend() -> None:
    rows = market_data.rows("data", "golden", "rqalpha_s_split", "stock_positions.csv")
    prices = to_units([float(row["last_price"]) for row in rows])
    bars = Bars.of(
        "688550.SH",
        at_ns=instants_of(np.asarray([row["date"] for row in rows], "datetime64[D]")),
        open=prices,
        high=prices,
        low=prices,
        close=prices,
        quantity=np.full(len(rows), 1_000_000),
    )
    given = CorporateAction(
        symbol=Symbol("688550.SH"),
        ex_day=dt.date(2024, 6, 14),
        transfer_shares=300_000_000,
        cash=Money(45_000 * 100_000_000),
    )
    result = run(
        Nothing,
        bars,
        cash=CASH,
        costs=COSTS,
        actions=[given],
        fractions=Fractions.HALF_UP,
        dividend_tax=DividendTax.NONE,
        holdings={"688550.SH": 1445},
    )
    assert same_values(result, "rqalpha_s_split") == len(rows)
    assert result.income is not None
    assert int(result.income.sum()) == 6_502_500


def test_sf_buy_and_hold_of_a_fund_holds_its_stock_leg() -> None:
    case = "rqalpha_sf_buy_and_hold"
    bars = history("etf_daily.parquet", "510050.SH", "2016-06-01", "2016-10-05")
    result = run(BuyOnce, bars, cash=CASH, costs=COSTS, fills=AT_CLOSE)
    assert same_fills(result, case, "510050.SH") == 1
    assert same_values(result, case) > 80
