"""What can be traded, and what is known about it right now."""

from __future__ import annotations

from typing import NewType

from msgspec import Struct

from qmt_trading.model.numbers import Price, Quantity
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
