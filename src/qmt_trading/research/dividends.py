"""The dividend tax of a backtest: lots first in, first out, and what each owes of the dividends that it has had.

Rates and eras are those of ``market/dividend_tax``. Shares that an action gives are held from its ex-day on. Funds are
not taxed.
"""

from __future__ import annotations

import datetime as dt
from collections import deque
from collections.abc import Sequence
from enum import StrEnum

from qmt_trading.market.corporate_actions import cash_of
from qmt_trading.market.dividend_tax import PAR, record_day_of, tax_millionths, withheld_millionths
from qmt_trading.model.corporate_action import BASIS, CorporateAction
from qmt_trading.model.enumeration import direct
from qmt_trading.model.numbers import FEN, MILLION, Quantity, ratio_half_up


@direct
class DividendTax(StrEnum):
    """Who holds the account."""

    PERSONAL = "personal"
    """A natural person: 20 % within a month, 10 % within a year, later nothing."""
    NONE = "none"
    """Nothing is taken here: a product or a firm, or a referee that does not tax."""

    def words(self) -> str:
        """Return it in a line, Chinese and English."""
        told = "不计 / not counted" if self is DividendTax.NONE else "个人按持股期限 / by the time that a person held"
        return f"红利税 / dividend tax {told}"


class _Due:
    """What a lot has received of one action, and what of its tax was taken then."""

    __slots__ = ("at_once", "income", "record_day")

    def __init__(self, income: int, record_day: dt.date, at_once: int) -> None:
        self.income = income
        """Of all shares that the lot has left, in ten-thousandths of a yuan."""
        self.record_day = record_day
        self.at_once = at_once
        """In millionths."""


class _Lot:
    __slots__ = ("bought", "due", "quantity")

    def __init__(self, bought: dt.date, quantity: int) -> None:
        self.bought = bought
        self.quantity = quantity
        self.due: list[_Due] = []


class TaxedLots:
    """The shares of one symbol by the day they came, and the dividends on which more may be owed."""

    def __init__(self) -> None:
        self._lots: deque[_Lot] = deque()

    def buy(self, day: dt.date, quantity: int) -> None:
        """Take in shares, after whatever an action of that day has brought."""
        last = self._lots[-1] if self._lots else None
        if last is not None and last.bought == day:
            last.quantity += quantity
        else:
            self._lots.append(_Lot(day, quantity))

    def give(self, action: CorporateAction, after: int) -> int:
        """Take in what ``action`` brings, after which ``after`` shares are held; return the tax that is due at once."""
        record_day = record_day_of(action)
        at_once = withheld_millionths(record_day)
        whole = sum(lot.quantity for lot in self._lots)
        if not whole:
            return 0
        income = cash_of(Quantity(whole), action) + whole * action.bonus_shares // BASIS * PAR
        if income and tax_millionths(record_day, record_day, record_day) > at_once:
            for lot, part in zip(self._lots, _parts(income, self._lots, whole), strict=True):
                lot.due.append(_Due(part, record_day, at_once))
        split = Quantity(whole * action.split_shares // BASIS)
        if split != whole:
            for lot, part in zip(self._lots, _parts(split, self._lots, whole), strict=True):
                lot.quantity = part
        if after > split:
            self._lots.append(_Lot(action.ex_day, after - split))
        return _to_fen(income * at_once)

    def sell(self, day: dt.date, quantity: int) -> int:
        """Take out the shares that came first; return the tax that falls due, half-up to the fen."""
        owed = 0
        while quantity and self._lots:
            lot = self._lots[0]
            if not lot.quantity:  # A merger has left nothing of it.
                self._lots.popleft()
                continue
            taken = min(quantity, lot.quantity)
            for due in lot.due:
                part = due.income * taken // lot.quantity
                due.income -= part
                owed += part * (tax_millionths(due.record_day, lot.bought, day) - due.at_once)
            lot.quantity -= taken
            quantity -= taken
        return _to_fen(owed)


def _parts(amount: int, lots: Sequence[_Lot], whole: int) -> list[int]:
    """Return ``amount`` shared among ``lots`` by their shares, to the unit."""
    found, counted = [], 0
    for lot in lots:
        before, counted = counted, counted + lot.quantity
        found.append(amount * counted // whole - amount * before // whole)
    return found


def _to_fen(millionths: int) -> int:
    return int(ratio_half_up(millionths, MILLION * FEN) * FEN)
