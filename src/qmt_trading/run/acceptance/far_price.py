"""The price of an order that is to be taken by the counter and to trade under no circumstances."""

from __future__ import annotations

from typing import Final

from msgspec import Struct

from qmt_trading.link.messages import Row
from qmt_trading.market.limits import price_limits
from qmt_trading.market.names import listing_of
from qmt_trading.market.rulebook import RuleBook
from qmt_trading.model.instant import day_of
from qmt_trading.model.instrument import Symbol
from qmt_trading.model.numbers import (
    MILLISECOND_NS,
    SECOND_NS,
    UNIT,
    Money,
    Price,
    Quantity,
    from_float,
    notional,
    to_money_text,
    to_text,
)

QUANTITY: Final = Quantity(100)
VALUE_MAX: Final = Money(2_000 * UNIT)
"""Of one order, at its price."""
QUOTE_AGE_NS: Final = 15 * SECOND_NS
"""An older quote says nothing of where the market is: a feed may have died at any price (A14)."""
DISTANCE_MILLIONTHS: Final = 40_000
"""The market is at least so far above limit-down, part of the previous close."""


class Refusal(Struct, frozen=True):
    """Why no order is sent."""

    chinese: str
    english: str

    def __str__(self) -> str:
        return f"{self.chinese} / {self.english}"


class FarPrice(Struct, frozen=True, kw_only=True):
    """A buy at limit-down: nobody sells there while the market is far above."""

    symbol: Symbol
    name: str
    price: Price
    tick: Price
    last: Price


def far_price(
    symbol: Symbol,
    detail: Row | None,
    quote: Row | None,
    now_ns: int,
    book: RuleBook,
    *,
    value_max: Money = VALUE_MAX,
) -> FarPrice | Refusal:
    """Return limit-down of the day of ``now_ns``, told by the terminal and by the rule book alike.

    Any doubt is a refusal: a detail of another day, limits that differ, no price of the last seconds, a market that is
    not far above.
    """
    today = day_of(now_ns)
    if detail is None:
        return Refusal(f"终端没有 {symbol} 的合约资料", "the terminal has no details of it")
    day = "".join(filter(str.isdigit, str(detail.get("TradingDay") or "")))[:8]
    if day != today.strftime("%Y%m%d"):
        return Refusal(f"合约资料是 {day or '?'} 的，不是今天", "the details are of another day")
    figures = [_price(detail, key) for key in ("DownStopPrice", "UpStopPrice", "PreClose", "PriceTick")]
    down, up, previous, tick = figures
    if not 0 < down < previous < up or tick <= 0:
        return Refusal("终端的涨跌停价、昨收不合理", "the terminal's limits make no sense")
    name = str(detail.get("InstrumentName") or "")
    rule = book.rule(symbol, today, listing_of(name))
    if rule is None:
        return Refusal(f"规则手册不认识 {symbol}", "the rule book does not know it")
    if rule.buy_minimum > QUANTITY or rule.lot != QUANTITY:
        return Refusal(f"{symbol} 不是 100 股一手：请换一只主板股票", "its lot is not 100 shares")
    own_up, own_down = price_limits(rule, Price(previous))
    if (own_up, own_down) != (up, down):
        told = f"终端 {to_text(down)}–{to_text(up)}，规则手册 {to_text(own_down)}–{to_text(own_up)}"
        return Refusal(f"涨跌停价不一致：{told}", "terminal and rule book differ about the limits")
    worth = notional(Price(down), QUANTITY)
    if worth > value_max:
        return Refusal(
            f"{QUANTITY} 股值 {to_money_text(worth)} 元，超过 {to_money_text(value_max)} 元：请换一只便宜的",
            "the order would be worth more than the ceiling",
        )
    last = 0 if quote is None else _price(quote, "lastPrice")
    quoted_ms = None if quote is None else quote.get("time")
    quoted_ns = quoted_ms * MILLISECOND_NS if isinstance(quoted_ms, int) else 0
    if last <= 0 or day_of(quoted_ns) != today:
        return Refusal("没有今天的行情，不知道市价离跌停多远", "there is no price of today")
    if abs(now_ns - quoted_ns) > QUOTE_AGE_NS:
        return Refusal(
            f"行情差 {abs(now_ns - quoted_ns) / SECOND_NS:.0f} 秒（太旧，或本机时钟不准）：等新行情，或换活跃的股票",
            "the quote is old, or this machine's clock is wrong: wait for a new one or take an active stock",
        )
    asks = [] if quote is None else quote.get("askPrice")
    best = min((ask for ask in map(_value, asks if isinstance(asks, list) else []) if ask > 0), default=last)
    if (min(last, best) - down) * 1_000_000 < previous * DISTANCE_MILLIONTHS:
        return Refusal(
            f"市价 {to_text(min(last, best))} 离跌停 {to_text(down)} 太近，可能成交", "the market is near limit-down"
        )
    return FarPrice(symbol=symbol, name=name, price=Price(down), tick=Price(tick), last=Price(last))


def _price(row: Row, key: str) -> int:
    return _value(row.get(key))


def _value(value: object) -> int:
    try:
        return from_float(float(value)) if isinstance(value, int | float) else 0
    except ValueError:
        return 0
