"""The tax of individuals on dividends of listed shares, by how long they were held, through the eras.

Source: 财税〔2005〕102号, 财税〔2012〕85号, 财税〔2015〕101号.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import Final

from msgspec import Struct

from qmt_trading.model.corporate_action import BASIS, CorporateAction
from qmt_trading.model.numbers import FEN, MILLION, PERCENT_UNIT, UNIT, Money, Quantity, ratio_half_up

PAR: Final = UNIT
"""Bonus shares (送股) are taxed as one yuan each, shares out of the capital reserve (转增) not. Certainty: medium."""

_Rates = tuple[int, int, int]
_ERAS: Final[tuple[tuple[dt.date, _Rates], ...]] = (
    (dt.date(2015, 9, 8), (20 * PERCENT_UNIT, 10 * PERCENT_UNIT, 0)),
    (dt.date(2013, 1, 1), (20 * PERCENT_UNIT, 10 * PERCENT_UNIT, 5 * PERCENT_UNIT)),
    (dt.date(2005, 6, 13), (10 * PERCENT_UNIT, 10 * PERCENT_UNIT, 10 * PERCENT_UNIT)),
)
"""The first record day → rates when held up to a month, up to a year, and longer; the last era first."""
_BEFORE: Final[_Rates] = (20 * PERCENT_UNIT, 20 * PERCENT_UNIT, 20 * PERCENT_UNIT)


class Lot(Struct, frozen=True, array_like=True, gc=False):
    """Shares that were acquired on one day and held on the record day."""

    acquired: dt.date
    quantity: Quantity


def tax_millionths(record_day: dt.date, acquired: dt.date, delivered: dt.date) -> int:
    """Return the rate for shares that were acquired and delivered on these days, in millionths.

    A month is over on the same day of the next one: acquired on 8 January and delivered on 8 February they were held
    from the 8th to the 7th, which is one month and no more. Where that month has no such day, its last one counts.
    """
    month, year, longer = next((rates for begins, rates in _ERAS if record_day >= begins), _BEFORE)
    if delivered <= _months_after(acquired, 1):
        return month
    return year if delivered <= _months_after(acquired, 12) else longer


def withheld_millionths(record_day: dt.date) -> int:
    """Return what is taken when the dividend is paid: what is owed however long the shares will be held.

    The rest falls due when they are sold.
    """
    return next((rates for begins, rates in _ERAS if record_day >= begins), _BEFORE)[2]


def record_day_of(action: CorporateAction) -> dt.date:
    """Return the record day, or the day before the ex-day where the source names none."""
    return action.record_day or action.ex_day - dt.timedelta(days=1)


def dividend_tax(action: CorporateAction, lots: Sequence[Lot], quantity: Quantity, delivered: dt.date) -> Money:
    """Return the tax on ``action`` that falls due when ``quantity`` of the shares in ``lots`` is delivered.

    First in, first out; half-up to the fen over all of it. What was delivered by the record day is no part of ``lots``,
    and neither are the shares that the action gave. Where the source names no record day, the day before the ex-day
    stands for it: eras begin in the middle of no weekend.
    """
    record_day = record_day_of(action)
    taxed = action.cash + PAR * action.bonus_shares
    due, left = 0, int(quantity)
    for lot in sorted(lots, key=lambda lot: lot.acquired):
        taken = min(lot.quantity, left)
        due += taken * taxed * tax_millionths(record_day, lot.acquired, delivered)
        left -= taken
    assert left == 0, (quantity, lots)
    return Money(ratio_half_up(due, BASIS * MILLION * FEN) * FEN)


def _months_after(day: dt.date, months: int) -> dt.date:
    years, month = divmod(day.month - 1 + months, 12)
    first = dt.date(day.year + years, month + 1, 1)
    last = (first + dt.timedelta(days=31)).replace(day=1) - dt.timedelta(days=1)
    return first.replace(day=min(day.day, last.day))
