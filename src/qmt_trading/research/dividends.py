"""What a person pays on dividends: by how long the shares were held, first in, first out, mostly when they are sold.

Source: 财税[2005]102号, 财税[2012]85号, 财税[2015]101号. Which of them holds goes by the record day. A holding period
runs from the day of the purchase to the day before the sale, in calendar months: bought on 8 January and sold on 8
February is one month, a day later it is more. Shares that an action gives are held from its ex-day on. Bonus shares
count as income of their par value, taken as one yuan; shares out of the capital reserve (转增) do not. Funds are not
taxed.
"""

from __future__ import annotations

import calendar
import datetime as dt
from collections import deque
from collections.abc import Sequence
from enum import StrEnum
from typing import Final

from msgspec import Struct

from qmt_trading.market.corporate_actions import cash_of
from qmt_trading.model.corporate_action import BASIS, CorporateAction
from qmt_trading.model.enumeration import direct
from qmt_trading.model.numbers import FEN, MILLION, UNIT, Quantity, ratio_half_up


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


class Levy(Struct, frozen=True):
    """Rates in millionths."""

    month: int
    """Held for a month at most."""
    year: int
    """For a year at most."""
    longer: int
    at_once: int
    """Of it taken when the dividend is paid; the rest when the shares are sold."""


_LEVIES: Final = (
    (dt.date(2015, 9, 8), Levy(200_000, 100_000, 0, 0)),
    (dt.date(2013, 1, 1), Levy(200_000, 100_000, 50_000, 50_000)),
    (dt.date(2005, 6, 13), Levy(100_000, 100_000, 100_000, 100_000)),
    (dt.date.min, Levy(200_000, 200_000, 200_000, 200_000)),
)


def levy_of(action: CorporateAction) -> Levy:
    """Return what is levied on ``action``; without a record day by the day before its ex-day."""
    day = action.record_day or action.ex_day - dt.timedelta(days=1)
    return next(levy for since, levy in _LEVIES if day >= since)


def rate_of(levy: Levy, bought: dt.date, sold: dt.date) -> int:
    """Return the rate on shares that were held from ``bought`` to the day before ``sold``, in millionths."""
    if sold <= months_after(bought, 1):
        return levy.month
    return levy.year if sold <= months_after(bought, 12) else levy.longer


def months_after(day: dt.date, months: int) -> dt.date:
    """Return the same day of a later month, or that month's last day where it has no such day."""
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    return dt.date(year, month + 1, min(day.day, calendar.monthrange(year, month + 1)[1]))


class _Due:
    """What a lot has received of one action, and what is levied on it."""

    __slots__ = ("income", "levy")

    def __init__(self, income: int, levy: Levy) -> None:
        self.income = income
        """Of all shares that the lot has left, in ten-thousandths of a yuan."""
        self.levy = levy


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
        levy = levy_of(action)
        whole = sum(lot.quantity for lot in self._lots)
        if not whole:
            return 0
        income = cash_of(Quantity(whole), action) + whole * action.bonus_shares // BASIS * UNIT
        if income and (levy.month > levy.at_once or levy.year > levy.at_once or levy.longer > levy.at_once):
            for lot, part in zip(self._lots, _parts(income, self._lots, whole), strict=True):
                lot.due.append(_Due(part, levy))
        split = Quantity(whole * action.split_shares // BASIS)
        if split != whole:
            for lot, part in zip(self._lots, _parts(split, self._lots, whole), strict=True):
                lot.quantity = part
        if after > split:
            self._lots.append(_Lot(action.ex_day, after - split))
        return _to_fen(income * levy.at_once)

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
                owed += part * max(0, rate_of(due.levy, lot.bought, day) - due.levy.at_once)
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
