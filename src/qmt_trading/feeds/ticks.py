"""One tick of the terminal, a dict of xtdata's names, as checked values; pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from msgspec import Struct

from qmt_trading.model.errors import QmtError
from qmt_trading.model.numbers import MILLISECOND_NS, Money, Price

LEVELS: Final = 5
_PRICE_MAX: Final = 1_000_000.0
"""Yuan."""
_AMOUNT_MAX: Final = 1e11
_STATES: Final = frozenset(range(11, 24))
"""11 before the opening, 12 opening auction, 13 continuous, 14 break, 15 closed, 16 volatility halt, 17 halted for a
while, 18 closing auction, 19 intraday auction, 20 halted to the close, 22 and 23 after hours."""
HALTED: Final = frozenset({17, 20})
TRADING: Final = frozenset({12, 13, 18, 19})


class TickError(QmtError):
    """A tick cannot be read; what was known of its symbol before it stays, and grows old."""


class Tick(Struct, frozen=True, gc=False):
    """What the terminal says of one symbol at one instant. A price of 0 means none."""

    time_ns: int
    """The exchange's instant; 0: not told."""
    last: Price
    previous_close: Price
    bids: tuple[Price, ...]
    """Best first, at most 5; an empty level ends them."""
    asks: tuple[Price, ...]
    traded: Money
    """Since the day began; -1: not told."""
    state: int
    """0: not told."""


def read_tick(row: Mapping[str, object]) -> Tick:
    """Return the tick that ``row`` is.

    Of stocks the state stands in ``openInt``, which is what other instruments have of open interest; older terminals
    have it in ``stockStatus``.

    Raises:
        TickError: a price, a level or an amount is no number, below zero, or beyond reason.
    """
    return Tick(
        _time_ns(row.get("time")),
        read_price(row.get("lastPrice"), "lastPrice"),
        read_price(row.get("lastClose"), "lastClose"),
        _levels(row.get("bidPrice"), "bidPrice"),
        _levels(row.get("askPrice"), "askPrice"),
        Money(-1 if (amount := row.get("amount")) is None else _units(amount, "amount", _AMOUNT_MAX)),
        _state(row.get("openInt")) or _state(row.get("stockStatus")),
    )


def _state(value: object) -> int:
    return int(value) if isinstance(value, int | float) and value in _STATES else 0


def _time_ns(value: object) -> int:
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 < value < 1e14:
        return 0
    return int(value) * MILLISECOND_NS


def read_price(value: object, name: str) -> Price:
    """Return a price in yuan; 0 where it is absent.

    Raises:
        TickError: it is no number, below zero, or beyond reason.
    """
    return Price(0 if value is None else _units(value, name, _PRICE_MAX))


def _levels(value: object, name: str) -> tuple[Price, ...]:
    if value is None:
        return ()
    if not isinstance(value, list | tuple):
        raise TickError(f"行情 {name} 不是一组价格：{str(value)[:80]} / {name} is no list of prices")
    prices: list[Price] = []
    for level in value[:LEVELS]:
        price = read_price(level, name)
        if not price:
            break
        prices.append(price)
    return tuple(prices)


def _units(value: object, name: str, most: float) -> int:
    """Return ten-thousandths; what has at most four decimals comes out exactly, and a whole market must be quick."""
    if isinstance(value, float) or (isinstance(value, int) and not isinstance(value, bool)):
        if 0 <= value <= most:
            return int(value * 10_000 + 0.5)
    raise TickError(f"行情 {name} 的值 {str(value)[:80]} 不合理 / {name} cannot be that")
