"""Figures of round trips: how often they win, how much, how long they are held, and which symbols earned it."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
from msgspec import Struct

from qmt_trading.research.result import Result
from qmt_trading.research.returns import longest_run
from qmt_trading.research.round_trips import Book, RoundTrips

Array = npt.NDArray[Any]


class TradeFigures(Struct, frozen=True, kw_only=True):
    """Of closed round trips, after fees. Money in ten-thousandths of a yuan. None: there is nothing to tell it from."""

    count: int
    wins: int
    """Trips that earned more than 0."""
    losses: int
    win_rate: float | None
    """Wins over all, those that came to exactly 0 among them."""
    average_profit: float | None
    average_win: float | None
    average_loss: float | None
    """Below 0."""
    average_return: float | None
    """The plain mean of each trip's profit over what it cost."""
    payoff: float | None
    """The average win over the average loss: 盈亏比."""
    profit_factor: float | None
    """All wins over all losses: 盈利因子."""
    best: int | None
    worst: int | None
    longest_losing: int
    """The most losing trips in a row, in the order they were closed."""
    longest_winning: int
    held_days_mean: float | None
    """Trading days from buy to sale."""
    held_days_median: float | None
    held_days_max: int | None


def figures_of(trips: RoundTrips) -> TradeFigures:
    """Return the figures of ``trips``."""
    profit, days = trips.profit, trips.held_days
    count = len(trips)
    won, lost = profit[profit > 0], profit[profit < 0]
    average_win = float(won.mean()) if len(won) else None
    average_loss = float(lost.mean()) if len(lost) else None
    return TradeFigures(
        count=count,
        wins=len(won),
        losses=len(lost),
        win_rate=len(won) / count if count else None,
        average_profit=float(profit.mean()) if count else None,
        average_win=average_win,
        average_loss=average_loss,
        average_return=float(trips.returns.mean()) if count else None,
        payoff=average_win / -average_loss if average_win is not None and average_loss is not None else None,
        profit_factor=int(won.sum()) / -int(lost.sum()) if len(lost) else None,
        best=int(profit.max()) if count else None,
        worst=int(profit.min()) if count else None,
        longest_losing=longest_run(profit < 0),
        longest_winning=longest_run(profit > 0),
        held_days_mean=float(days.mean()) if count else None,
        held_days_median=float(np.median(days)) if count else None,
        held_days_max=int(days.max()) if count else None,
    )


class SymbolProfit(Struct, frozen=True, kw_only=True):
    """What one symbol brought. Money in ten-thousandths of a yuan."""

    symbol: int
    trips: int
    wins: int
    realised: int
    floating: int | None
    """Of what is still held; None: its last price is not known."""
    income: int
    """What corporate actions paid, within the two above."""
    fee: int
    value: int
    """What was bought and sold of it."""

    @property
    def profit(self) -> int:
        return self.realised + (self.floating or 0)


def by_symbol(result: Result, book: Book) -> list[SymbolProfit]:
    """Return what each traded symbol brought, the best first."""
    trips, fills, size = book.trips, result.fills, len(result.symbols)

    def summed(places: Array, amounts: Array) -> list[int]:
        found = np.zeros(size, np.int64)
        np.add.at(found, places, amounts)
        return list(map(int, found.tolist()))

    counts = summed(trips.symbol, np.ones(len(trips), np.int64))
    wins = summed(trips.symbol, (trips.profit > 0).astype(np.int64))
    realised = summed(trips.symbol, trips.profit)
    income = summed(trips.symbol, trips.income)
    fee = summed(fills.symbol, fills.fee)
    value = summed(fills.symbol, fills.quantity * fills.price)
    floating: dict[int, int] = {}
    for lot in book.open:
        income[lot.symbol] += lot.income
        if result.last_prices is not None:
            worth = lot.quantity * int(result.last_prices[lot.symbol]) - lot.cost - lot.fee + lot.income
            floating[lot.symbol] = floating.get(lot.symbol, 0) + worth
    held = {lot.symbol for lot in book.open}
    for place, cash in book.stray_income.items():
        realised[place] += cash
        income[place] += cash
    found = [
        SymbolProfit(
            symbol=place,
            trips=counts[place],
            wins=wins[place],
            realised=realised[place],
            floating=floating.get(place) if place in held else 0,
            income=income[place],
            fee=fee[place],
            value=value[place],
        )
        for place in range(size)
        if value[place] or realised[place] or place in held
    ]
    return sorted(found, key=lambda each: -each.profit)
