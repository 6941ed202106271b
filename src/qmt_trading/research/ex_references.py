"""The reference prices of ex-days where history does not tell them: what the day's limits are reckoned from."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from qmt_trading.market.corporate_actions import reference_price
from qmt_trading.market.rulebook import RuleBook
from qmt_trading.model.corporate_action import CorporateAction
from qmt_trading.model.instrument import Symbol
from qmt_trading.model.numbers import Price
from qmt_trading.research.columns import Bars, CrossSection

Days = npt.NDArray[np.datetime64]


def with_references(bars: Bars, actions: Sequence[CorporateAction], rules: RuleBook) -> Bars:
    """Return ``bars``, unadjusted, with the ex-right price of each action where the close before stands in its place.

    A reference price of its own is what an exchange has shown, and stays.
    """
    before = np.concatenate((bars.open[:1], bars.close[bars.day_start[1:] - 1]))
    references = _on_ex_days(bars.symbol, bars.days, before, bars.previous_close, actions, rules)
    return bars if references is None else dataclasses.replace(bars, previous_close=references)


def dates_with_references(data: CrossSection, actions: Sequence[CorporateAction], rules: RuleBook) -> CrossSection:
    """Return ``data`` with the same of each symbol."""
    before = np.concatenate((data.open[:1], data.close[:-1]))
    given = before if data.previous_close is None else data.previous_close
    made = None
    for place in sorted({data.symbols.index(each.symbol) for each in actions if each.symbol in data.symbols}):
        # A date without a bar has no reference price: the ex-day counts on the next one that has.
        held = np.flatnonzero(given[:, place] > 0)
        found = _on_ex_days(
            data.symbols[place], data.days[held], before[held, place], given[held, place], actions, rules
        )
        if found is not None:
            made = given.copy() if made is None else made
            made[held, place] = found
    return data if made is None else dataclasses.replace(data, previous_close=made)


def _on_ex_days(
    symbol: Symbol,
    days: Days,
    before: npt.NDArray[np.int64],
    given: npt.NDArray[np.int64],
    actions: Sequence[CorporateAction],
    rules: RuleBook,
) -> npt.NDArray[np.int64] | None:
    """Return the reference prices with those of ex-days reckoned; None: there is nothing to reckon."""
    made = None
    for action in sorted((each for each in actions if each.symbol == symbol), key=lambda each: each.ex_day):
        row = int(np.searchsorted(days, np.datetime64(action.ex_day, "D")))
        rule = rules.rule(symbol, action.ex_day)
        if not 0 < row < len(days) or rule is None or given[row] != before[row] or before[row] <= 0:
            continue
        made = given.copy() if made is None else made
        # Two actions between two bars follow one another.
        made[row] = reference_price(Price(int(made[row])), action, rule.tick)
    return made
