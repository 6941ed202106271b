"""Accident of other programs: fees and T+1 wrong in backtest, right in live (A26).

The same orders four times: as a strategy's backtest, as a replay of signals, in the books of the live engine that its
broker tells no fees, which is how QMT does it, and by the function that all of them share.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import Any, Final

import numpy as np
import pytest
from msgspec.structs import replace

from qmt_trading.codec.journal_record import Record
from qmt_trading.engine.engine import Engine
from qmt_trading.market.fees import fill_fee
from qmt_trading.market.rulebook import STANDARD
from qmt_trading.model import events as ev
from qmt_trading.model import outputs as out
from qmt_trading.model.instrument import Symbol
from qmt_trading.model.numbers import UNIT, Money, Quantity
from qmt_trading.model.settings import FeeSchedule
from qmt_trading.model.words import Side
from qmt_trading.research.backtest import run
from qmt_trading.research.columns import Bars
from qmt_trading.research.costs import FillModel
from qmt_trading.research.result import REASONS, Result
from qmt_trading.research.strategy import Strategy
from qmt_trading.run.replay.messages import read_lines
from qmt_trading.run.replay.replay import Replayed, replay
from tests.replay.parts import CASH, minutes, reasons, setup_for

FRIDAY, MONDAY, TUESDAY = dt.date(2023, 8, 25), dt.date(2023, 8, 28), dt.date(2023, 8, 29)
"""On that Monday the stamp duty became half."""
CASES: Final = (
    ("600000.SH", 10.0, FRIDAY, MONDAY),
    ("600000.SH", 10.0, MONDAY, TUESDAY),
    ("000001.SZ", 10.0, FRIDAY, MONDAY),
    ("688981.SH", 50.0, FRIDAY, MONDAY),
    ("300750.SZ", 200.0, FRIDAY, MONDAY),
    ("835185.BJ", 20.0, FRIDAY, MONDAY),
    ("510300.SH", 4.0, FRIDAY, MONDAY),
    ("513100.SH", 1.1, FRIDAY, MONDAY),
    ("159915.SZ", 2.0, FRIDAY, MONDAY),
    ("113050.SH", 110.0, FRIDAY, MONDAY),
    ("123153.SZ", 120.0, FRIDAY, MONDAY),
    ("600000.SH", 10.0, dt.date(2022, 4, 28), dt.date(2022, 4, 29)),
    ("600000.SH", 10.0, dt.date(2015, 7, 31), dt.date(2015, 8, 3)),
    ("000001.SZ", 10.0, dt.date(2008, 9, 18), dt.date(2008, 9, 19)),
)
Fill = tuple[dt.date, bool, int, int, int]
"""Day, whether it is a buy, shares, price and fee."""


def history(symbol: str, price: float, days: Sequence[dt.date]) -> Bars:
    """Return a few minutes of each day, of which an order of 1,200 takes three."""
    rows = [(f"09:{minute}:00", price, price, price, price, 2000) for minute in range(31, 37)]
    each = [minutes(rows, symbol=symbol, day=day, before=price) for day in days]
    names = ("at_ns", "open", "high", "low", "close", "quantity", "previous_close")
    columns: dict[str, Any] = {name: np.concatenate([getattr(bars, name) for bars in each]) for name in names}
    return Bars.of(symbol, frequency="1m", **columns)


class TwoDays(Strategy):
    """Buys in the first minute of the first day, tries to sell at once, and sells on the second day."""

    fields = ("close",)

    def on_bar(self, bar: Any) -> None:
        if bar.index == 0:
            self.buy(1200, limit=bar.close)
        elif bar.index == 4:
            self.sell(200, limit=bar.close)
        elif bar.index == 6:
            self.sell(self.sellable, limit=bar.close)


def by_strategy(bars: Bars) -> Result:
    return run(TwoDays, bars, cash=CASH, fills=FillModel())


def by_signals(bars: Bars, price: float, days: Sequence[dt.date], turns: list[Sequence[Record]]) -> Replayed:
    """Replay what the strategy does, and keep every record of the engine."""
    first, second = days
    at = f"@{price:.3f}".rstrip("0").rstrip(".")
    text = (
        f"{first} 09:31:00 buy {bars.symbol} 1200{at}:a\n"
        f"{first} 09:35:00 sell {bars.symbol} 200{at}:a\n"
        f"{second} 09:31:00 sell {bars.symbol} 全部{at}:a\n"
    )
    return replay(read_lines(text.encode()).messages, {bars.symbol: bars}, setup_for(text), turns.append)


def by_live(turns: Sequence[Sequence[Record]]) -> tuple[list[Fill], dict[dt.date, list[int]]]:
    """Return the fills as the engine books them that is told no fees, and what it takes as sellable in each list."""
    engine, now_ns = Engine(), 0
    fills: dict[str, Fill] = {}
    sellable: dict[dt.date, list[int]] = {}
    for record in (record for records in turns for record in records):
        match record:
            case ev.At():
                now_ns = record.now_ns
            case ev.FillReported():
                engine.handle(ev.FillReported(record.account, record.session, replace(record.row, fee=None)), now_ns)
                booked = engine.state.fills[len(engine.state.fills) - 1]
                fills[booked.fill_id] = (
                    booked.day,
                    booked.side is Side.BUY,
                    booked.quantity,
                    booked.price,
                    booked.fee,
                )
                held = engine.state.account(record.account).positions[booked.symbol]
                sellable.setdefault(booked.day, []).append(held.sellable_quantity)
            case ev.BrokerListed():
                rows = tuple(replace(row, fee=None) for row in record.fills)
                engine.handle(replace(record, fills=rows), now_ns)
            case _ if not isinstance(record, out.Output):
                engine.handle(record, now_ns)
    return list(fills.values()), sellable


@pytest.mark.parametrize(("symbol", "price", "first", "second"), CASES)
def test_a26_backtests_replays_and_the_live_engine_charge_the_same_and_sell_on_the_same_day(
    symbol: str, price: float, first: dt.date, second: dt.date
) -> None:
    bars = history(symbol, price, (first, second))
    result = by_strategy(bars)
    days = (first, second)
    strategy = [
        (days[day], side > 0, quantity, price, fee)
        for day, side, quantity, price, fee in zip(
            result.fills.day.tolist(),
            result.fills.side.tolist(),
            result.fills.quantity.tolist(),
            result.fills.price.tolist(),
            result.fills.fee.tolist(),
            strict=True,
        )
    ]
    turns: list[Sequence[Record]] = []
    replayed = by_signals(bars, price, days, turns)
    signals = [
        (row.day, row.side is Side.BUY, row.quantity, row.price, row.fee or 0)
        for order in replayed.fates.orders.values()
        for row in order.fills
    ]
    live, sellable = by_live(turns)
    assert strategy == signals == live == shared(symbol, signals)
    bought = [each for each in signals if each[1]]
    assert [each[2] for each in bought] == [500, 500, 200]

    same_day = STANDARD.rule(Symbol(symbol), first).same_day_sell  # type: ignore[union-attr]
    sold_today = [each for each in signals if not each[1] and each[0] == first]
    assert bool(sold_today) == same_day
    assert [REASONS[each] for each in result.orders.reason.tolist()].count("T_PLUS_1") == (not same_day)
    assert reasons(replayed)[1] == ([] if same_day else ["SELLABLE_EXCEEDED"])
    assert sellable[first] == ([500, 1000, 1200, 1000] if same_day else [0, 0, 0])


def shared(symbol: str, fills: Sequence[Fill]) -> list[Fill]:
    """Return ``fills`` with the fees that the one function of live gives them, order by order."""
    done: dict[tuple[dt.date, bool, bool], tuple[Money, Quantity]] = {}
    found: list[Fill] = []
    for number, (day, buys, quantity, price, _) in enumerate(fills):
        side, worth = Side.BUY if buys else Side.SELL, Money(quantity * price)
        order = day, buys, number == 3 and quantity == 200  # What is sold at once is an order of its own.
        before = done.get(order, (Money(0), Quantity(0)))
        charges = STANDARD.fees(Symbol(symbol), day)
        cost = fill_fee(charges, side, before, worth, Quantity(quantity), FeeSchedule())
        done[order] = Money(before[0] + worth), Quantity(before[1] + quantity)
        found.append((day, buys, quantity, price, cost))
    return found


@pytest.mark.parametrize(("days", "duty"), [((FRIDAY, MONDAY), 60_000), ((dt.date(2023, 8, 24), FRIDAY), 120_000)])
def test_a26_the_stamp_duty_of_a_sale_became_half_on_that_monday(days: tuple[dt.date, dt.date], duty: int) -> None:
    bars = history("600000.SH", 10.0, days)
    assert int(by_strategy(bars).fills.stamp_tax.sum()) == duty
    replayed = by_signals(bars, 10.0, days, [])
    sold = [row.fee or 0 for order in replayed.fates.orders.values() for row in order.fills if row.side is Side.SELL]
    assert sum(sold) == duty + 5 * UNIT + 1200  # The commission's minimum, and the transfer fee of both exchanges.
