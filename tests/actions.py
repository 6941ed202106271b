"""Actions in the words of an announcement: figures per 10 shares, as text."""

from __future__ import annotations

import datetime as dt
from fractions import Fraction

from qmt_trading.model.corporate_action import BASIS, CorporateAction
from qmt_trading.model.instrument import Symbol
from qmt_trading.model.numbers import UNIT, Money, Price, from_decimal


def _whole(value: Fraction) -> int:
    assert value.denominator == 1, value
    return value.numerator


def action(
    symbol: str = "600000.SH",
    ex_day: dt.date = dt.date(2026, 7, 3),
    *,
    bonus: str = "0",
    transfer: str = "0",
    rights: str = "0",
    rights_price: str = "0",
    cash: str = "0",
    split: str = "1",
    record_day: dt.date | None = None,
) -> CorporateAction:
    """Return the action of ``symbol``; ``split`` is what one unit becomes."""
    return CorporateAction(
        symbol=Symbol(symbol),
        ex_day=ex_day,
        bonus_shares=_whole(Fraction(bonus) * BASIS / 10),
        transfer_shares=_whole(Fraction(transfer) * BASIS / 10),
        rights_shares=_whole(Fraction(rights) * BASIS / 10),
        rights_price=Price(from_decimal(rights_price)),
        cash=Money(_whole(Fraction(cash) * BASIS * UNIT / 10)),
        split_shares=_whole(Fraction(split) * BASIS),
        record_day=record_day,
    )
