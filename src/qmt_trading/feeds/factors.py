"""Adjusted prices, made when history is read: from corporate actions, a column of factors, or ex-right closes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np
import numpy.typing as npt

from qmt_trading.feeds.table import FACTOR_UNIT, Integers
from qmt_trading.market.corporate_actions import reference_price
from qmt_trading.market.rulebook import STANDARD
from qmt_trading.model.corporate_action import CorporateAction
from qmt_trading.model.errors import QmtError
from qmt_trading.model.instant import day_of
from qmt_trading.model.instrument import Symbol
from qmt_trading.model.numbers import Price

Ratios = npt.NDArray[np.float64]
ADJUSTS: Final = ("none", "forward", "backward")
_DAY_NS: Final = 86_400 * 1_000_000_000
_FEN: Final = Price(100)


class FactorsError(QmtError):
    """Prices cannot be adjusted: nothing tells by how much; the text says what is needed."""


def by_factor_column(factor: Integers) -> Ratios:
    """Return cumulative factors of each day from a stored column: a price times its factor is 后复权.

    Days without one keep the factor of the day before, the first ones have 1.
    """
    known = np.maximum.accumulate(np.where(factor > 0, np.arange(len(factor)), -1))
    found: Ratios = np.where(known >= 0, factor[np.maximum(known, 0)] / FACTOR_UNIT, 1.0).astype(np.float64)
    return found


def by_previous_closes(close: Integers, previous_close: Integers) -> Ratios:
    """Return cumulative factors of each day from what the exchange shows as the close before: that is ex-right."""
    steps = np.ones(len(close))
    before, shown = close[:-1], previous_close[1:]
    known = (before > 0) & (shown > 0)
    steps[1:][known] = before[known] / shown[known]
    return np.cumprod(steps).astype(np.float64)


def by_actions(symbol: Symbol, days: Integers, close: Integers, actions: Sequence[CorporateAction]) -> Ratios:
    """Return cumulative factors of each day (days since 1970, in order) from corporate actions.

    A step is the close before over the ex-right reference price, which is rounded to the tick as the exchange does. An
    ex-day without a row counts on the next day that has one; actions before the first row change nothing.
    """
    steps = np.ones(len(days))
    for action in sorted(actions, key=lambda each: each.ex_day):
        if action.symbol != symbol:
            continue
        place = int(np.searchsorted(days, (action.ex_day.toordinal() - day_of(0).toordinal())))
        if not 0 < place < len(days):
            continue
        rule = STANDARD.rule(symbol, action.ex_day)
        before = Price(int(close[place - 1]))
        if before > 0:
            steps[place] *= before / reference_price(before, action, rule.tick if rule is not None else _FEN)
    return np.cumprod(steps).astype(np.float64)


def multipliers(factors: Ratios, adjust: str, *, last: float | None = None) -> Ratios:
    """Return what each day's prices are multiplied by.

    Forward (前复权): the last day keeps its prices, so an earlier day's change with every later ex-day. Backward
    (后复权): the first day of the store keeps its prices, and a day's never change.

    Args:
        last: the factor of the last day that is read, where ``factors`` go on beyond it: nothing later is looked at.
    """
    if not len(factors):
        return factors
    if adjust == "forward":
        ratios: Ratios = factors / (float(factors[-1]) if last is None else last)
        return ratios
    assert adjust == "backward", adjust
    found: Ratios = factors / float(factors[0])
    return found


def adjusted(prices: Integers, ratios: Ratios) -> Integers:
    """Return prices times ratios, to the nearest ten-thousandth; 0, which is no price, stays 0."""
    return np.rint(prices * ratios).astype(np.int64)
