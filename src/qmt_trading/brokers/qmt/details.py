"""The terminal's instrument detail, a dict of xtdata's names, as a value of the model."""

from __future__ import annotations

import datetime as dt
import re
from typing import Final, TypeGuard

from qmt_trading.brokers.qmt.fields import QUANTITY_MAX, Row, RowError, price, text
from qmt_trading.model.detail import Detail
from qmt_trading.model.instrument import Symbol
from qmt_trading.model.numbers import UNIT, Price, Quantity, from_float

NO_LIMIT: Final = Price(100_000 * UNIT)
"""What a terminal shows as the upper limit of a day without any, with 0 as the lower one: 291 instruments in July 2025.
Anything above it is the same."""
_DAY: Final = re.compile(r"(199\d|20\d\d)(\d\d)(\d\d)", re.ASCII)
_SUSPENDED_DAYS_MAX: Final = 20_000


def detail(symbol: Symbol, row: Row) -> Detail:
    """Return what ``row`` says of ``symbol``. What cannot be read counts as not said: the rule book stands for it.

    Raises:
        RowError: the row is about another instrument.
    """
    code = text(row, "InstrumentID")
    if code and code != symbol.partition(".")[0]:
        raise RowError(row, f"是 {code} 的资料，而不是 {symbol}", f"it is about {code}")
    up, down = _price(row, "UpStopPrice"), _price(row, "DownStopPrice")
    unlimited = _is_no_limit(row) and down <= UNIT // 100
    status = row.get("InstrumentStatus")
    is_trading = row.get("IsTrading")
    return Detail(
        symbol=symbol,
        name=text(row, "InstrumentName"),
        tick=_price(row, "PriceTick"),
        limit_up=Price(0) if unlimited or up >= NO_LIMIT else up,
        limit_down=Price(0) if unlimited or up >= NO_LIMIT else down,
        unlimited=unlimited,
        previous_close=_price(row, "PreClose"),
        trading_day=_day(row, "TradingDay"),
        listed=_day(row, "OpenDate"),
        quantity_max=_quantity(row, "MaxLimitOrderVolume"),
        quantity_min=_quantity(row, "MinLimitOrderVolume"),
        market_quantity_max=_quantity(row, "MaxMarketOrderVolume"),
        market_quantity_min=_quantity(row, "MinMarketOrderVolume"),
        suspended_days=status if _is_whole(status) and abs(status) < _SUSPENDED_DAYS_MAX else 0,
        is_trading=is_trading if isinstance(is_trading, bool) else None,
    )


def _price(row: Row, name: str) -> Price:
    try:
        return price(row, name)
    except RowError:
        return Price(0)


def _is_no_limit(row: Row) -> bool:
    value = row.get("UpStopPrice")
    if isinstance(value, bool) or not isinstance(value, int | float):
        return False
    try:
        return from_float(float(value)) >= NO_LIMIT
    except (ValueError, OverflowError):
        return False  # Such as 1.8e308: the terminal has not got it yet.


def _quantity(row: Row, name: str) -> Quantity:
    value = row.get(name)
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    return Quantity(value) if _is_whole(value) and 0 < value <= QUANTITY_MAX else Quantity(0)


def _is_whole(value: object) -> TypeGuard[int]:
    return isinstance(value, int) and not isinstance(value, bool)


def _day(row: Row, name: str) -> dt.date | None:
    """Return a date told as ``20250723``, be it text or number; ``0`` and ``19700101`` are none."""
    match = _DAY.fullmatch(text(row, name))
    if match is None:
        return None
    try:
        return dt.date(int(match[1]), int(match[2]), int(match[3]))
    except ValueError:
        return None
