"""What a code does not tell of an instrument: its name, its listing, its troubles."""

from __future__ import annotations

import datetime as dt

from msgspec import Struct

from qmt_trading.model.numbers import Price
from qmt_trading.model.rule_row import Trait


class Listing(Struct, frozen=True, array_like=True, kw_only=True, cache_hash=True):
    """Facts of one instrument, as of one day; what is not known stays empty, and the common, stricter rule holds."""

    name: str = ""
    """As the market shows it that day: ``*ST大晟``, ``退市锦港``. The flags are not read from it here."""
    risk_warning: bool = False
    """ST or *ST."""
    share_reform: bool = False
    """An S share: its non-tradable shares were never reformed."""
    listed: dt.date | None = None
    trading_days: tuple[dt.date, ...] = ()
    """Its first trading days, the listing day first; six are enough. Empty: weekdays from ``listed`` are counted."""
    issue_price: Price = Price(0)
    by_swap: bool = False
    """Listed by a share swap or a move of its seat, not by an offering."""
    relisted: dt.date | None = None
    """First day after a suspension of its listing, a listing anew, or the share reform."""
    delisting_since: dt.date | None = None
    """First trading day of its delisting period."""
    delisting: bool = False
    """In its delisting period, whose first day is not known."""
    fund_class: Trait | None = None
    """One of ``FUND_CLASSES``."""


class Charges(Struct, frozen=True, array_like=True, gc=False):
    """What the state and the clearing house take of a trade; ratios in millionths."""

    taxed: bool = False
    """Stocks: an account's own duty and transfer fee, where it has any, fall on them alone."""
    duty_buy_millionths: int = 0
    duty_sell_millionths: int = 0
    transfer_millionths: int = 0
    """Of the trade's value, both ways."""
    transfer_par_millionths: int = 0
    """Of the par value, one yuan a share, both ways."""
    transfer_minimum: int = 0
    """Of one order that the par value is charged on, in ten-thousandths of a yuan."""
