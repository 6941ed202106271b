"""What can be traded, and what is known about it right now."""

from __future__ import annotations

from typing import NewType

from msgspec import Struct

from qmt_trading.model.numbers import Money, Price, Quantity
from qmt_trading.model.words import InstrumentKind

Symbol = NewType("Symbol", str)
"""Code and venue: ``600000.SH``, ``000001.SZ``, ``830799.BJ``. ``*`` stands for every symbol, in cancels only."""

EVERY_SYMBOL = Symbol("*")


class TradingRule(Struct, frozen=True, array_like=True, gc=False):
    """The legality rules of one instrument on one day."""

    kind: InstrumentKind
    board: str
    tick: Price
    lot: Quantity
    """One 手 in shares: 100, bonds and repo 10."""
    buy_minimum: Quantity
    buy_step: Quantity
    sell_step: Quantity
    """Sells are multiples of this, or sell the whole rest (odd lot)."""
    quantity_max: Quantity
    same_day_sell: bool
    """T+0: what is bought today may be sold today."""
    market_quantity_max: Quantity = Quantity(0)
    """Of one order without a limit price; 0: as ``quantity_max``."""
    cage_millionths: int = 0
    """The price cage of continuous trading, part of the reference price either way; 0: there is none."""
    cage_ticks: int = 0
    """The cage is at least so many ticks wide."""
    day_buy_max: Quantity = Quantity(0)
    """What one investor may buy of it in a day (risk warning); 0: no such bound."""
    limit_millionths: int = 0
    """The day's price limit, part of the reference price either way; 0: no limit that day."""
    limit_inward: bool = False
    """Limits are rounded towards the reference price (BSE), not half-up."""
    band_up_millionths: int = 0
    """The highest price of an order on a listing day, part of the issue price; 0: no such band."""
    band_down_millionths: int = 0


class Quote(Struct, frozen=True, array_like=True, gc=False):
    """One instrument's market and rule at one instant. A price of 0 means none: a sealed limit has an empty side."""

    symbol: Symbol
    last: Price
    previous_close: Price
    limit_up: Price
    """0: no limit today."""
    limit_down: Price
    bids: tuple[Price, ...]
    """Best first, at most 5."""
    asks: tuple[Price, ...]
    quoted_ns: int
    rule: TradingRule | None
    """None: the symbol is not known to the rule book."""
    name: str = ""
    risk_warning: bool = False
    """ST, *ST, or in its delisting period."""
    suspended: bool = False
    band_up: Price = Price(0)
    """Highest price of an order where the day has no limit but a band (listing days of 2013 to 2023); 0: none."""
    band_down: Price = Price(0)
    recent_value: Money = Money(-1)
    """What was traded in the last five minutes; -1: the feed does not say."""
