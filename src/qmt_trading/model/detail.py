"""What a terminal says of one instrument, beside what the rule book says."""

from __future__ import annotations

import datetime as dt

from msgspec import Struct

from qmt_trading.model.instrument import Symbol
from qmt_trading.model.numbers import Price, Quantity


class Detail(Struct, frozen=True, kw_only=True):
    """One instrument by its terminal; 0, None and empty: the terminal does not say."""

    symbol: Symbol
    name: str = ""
    """As the market shows it: ``*ST大晟``, ``N沪电``."""
    tick: Price = Price(0)
    limit_up: Price = Price(0)
    limit_down: Price = Price(0)
    unlimited: bool = False
    """The terminal says that the day has no limits, with a price that nothing ever costs."""
    previous_close: Price = Price(0)
    trading_day: dt.date | None = None
    """The day that all of this is about."""
    listed: dt.date | None = None
    quantity_max: Quantity = Quantity(0)
    """Of one limit order."""
    quantity_min: Quantity = Quantity(0)
    market_quantity_max: Quantity = Quantity(0)
    market_quantity_min: Quantity = Quantity(0)
    suspended_days: int = 0
    """1 on the first day of a suspension; below 0: it trades again from today on."""
    is_trading: bool | None = None
    """Not to be relied on: a terminal of July 2025 said False of all 6,552 instruments."""
