"""How much a run traded, what that cost, and how much of its money stood in the market."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
from msgspec import Struct

from qmt_trading.research.conventions import Conventions
from qmt_trading.research.result import Result

Array = npt.NDArray[Any]


class Activity(Struct, frozen=True, kw_only=True):
    """Money in ten-thousandths of a yuan, shares of money as fractions."""

    bought: int
    sold: int
    turnover_annual: float | None
    """Half of what was bought and sold over the mean equity, by the year: 1 is everything once around a year."""
    fee: int
    commission: int
    stamp_tax: int
    transfer_fee: int
    fee_of_value: float | None
    """Fees over what was bought and sold."""
    fee_of_gross: float | None
    """Fees over the profit before fees; None where that is a loss."""
    fee_annual: float | None
    """Fees over the mean equity, by the year: what they take off the yearly return."""
    dividends: int
    """What corporate actions brought in cash, before the tax on it."""
    dividend_tax: int
    exposure_mean: float | None
    """The mean over all days of market value over equity, at the day's end."""
    exposure_max: float | None
    days_held: float | None
    """The share of days that end with anything held."""
    holdings_mean: float | None
    """Symbols held at the day's end, over all days."""
    holdings_max: int


def activity_of(result: Result, conventions: Conventions) -> Activity:
    """Return how much ``result`` traded."""
    fills = result.fills
    value = fills.quantity * fills.price
    bought, sold = int(value[fills.side > 0].sum()), int(value[fills.side < 0].sum())
    fee = int(fills.fee.sum())
    days = len(result.days)
    mean = float(result.equity.mean()) if days else 0.0
    years = days / conventions.days_a_year
    by_year = mean * years
    exposed = exposure(result)
    held = holdings(result)
    gross = (result.final_equity - result.initial_equity) + fee
    return Activity(
        bought=bought,
        sold=sold,
        turnover_annual=(bought + sold) / 2 / by_year if by_year > 0 else None,
        fee=fee,
        commission=int(fills.commission.sum()),
        stamp_tax=int(fills.stamp_tax.sum()),
        transfer_fee=int(fills.transfer_fee.sum()),
        fee_of_value=fee / (bought + sold) if bought + sold else None,
        fee_of_gross=fee / gross if gross > 0 else None,
        fee_annual=fee / by_year if by_year > 0 else None,
        dividends=result.dividend_tax + (0 if result.entries is None else int(result.entries.cash.sum())),
        dividend_tax=result.dividend_tax,
        exposure_mean=float(exposed.mean()) if days else None,
        exposure_max=float(exposed.max()) if days else None,
        days_held=float(np.count_nonzero(held) / days) if days else None,
        holdings_mean=float(held.mean()) if days else None,
        holdings_max=int(held.max()) if days else 0,
    )


def exposure(result: Result) -> npt.NDArray[np.float64]:
    """Return market value over equity at each day's end; 0 where no equity is left."""
    equity = result.equity.astype(np.float64)
    return np.divide(result.market_value, equity, out=np.zeros(len(equity)), where=equity > 0)


def traded(result: Result) -> Array:
    """Return half of what was bought and sold, by the day."""
    amounts = np.zeros(len(result.days), np.int64)
    np.add.at(amounts, result.fills.day, result.fills.quantity * result.fills.price)
    return amounts / 2


def holdings(result: Result) -> Array:
    """Return how many symbols are held at each day's end."""
    fills, entries = result.fills, result.entries
    days, symbols = fills.day.astype(np.int64), fills.symbol.astype(np.int64)
    moves = fills.side.astype(np.int64) * fills.quantity
    if entries is not None:
        days = np.concatenate((days, entries.day))
        symbols = np.concatenate((symbols, entries.symbol))
        moves = np.concatenate((moves, entries.quantity))
    counts = np.zeros(len(result.days) + 1, np.int64)
    if not len(moves):
        return counts[:-1]
    order = np.lexsort((days, symbols))
    days, symbols, running = days[order], symbols[order], np.cumsum(moves[order])
    is_last = np.concatenate(((days[1:] != days[:-1]) | (symbols[1:] != symbols[:-1]), [True]))
    days, symbols, running = days[is_last], symbols[is_last], running[is_last]
    is_first = np.concatenate(([True], symbols[1:] != symbols[:-1]))
    before = np.concatenate(([0], running[:-1]))
    base = before[is_first][np.cumsum(is_first) - 1]
    held = running - base > 0
    was_held = np.where(is_first, False, np.concatenate(([False], held[:-1])))
    np.add.at(counts, days, held.astype(np.int64) - was_held.astype(np.int64))
    return np.cumsum(counts)[:-1]
