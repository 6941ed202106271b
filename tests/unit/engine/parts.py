"""Small values for the engine's unit tests: positions, orders, quotes and rules, with one word each."""

from __future__ import annotations

from qmt_trading.market.instruments import rule_for
from qmt_trading.model.instrument import Quote, Symbol, TradingRule
from qmt_trading.model.numbers import Price, Quantity
from qmt_trading.model.order import ClientOrderId, Order, Position
from qmt_trading.model.reasons import Denial, Reason
from qmt_trading.model.words import OrderStatus, Side
from tests.engine_bench import ACCOUNT, START_NS, STOCK

STAR_STOCK = Symbol("688001.SH")
CONVERTIBLE = Symbol("113050.SH")


def reason(denial: object) -> Reason | None:
    """Return the reason of a denial, or None for anything else."""
    return denial.reason if isinstance(denial, Denial) else None


def rule(symbol: Symbol = STOCK) -> TradingRule:
    found = rule_for(symbol)
    assert found is not None
    return found


def position(quantity: int, sellable: int | None = None, frozen: int = 0, symbol: Symbol = STOCK) -> Position:
    return Position(
        account=ACCOUNT,
        symbol=symbol,
        quantity=Quantity(quantity),
        sellable_quantity=Quantity(quantity if sellable is None else sellable),
        frozen_quantity=Quantity(frozen),
    )


def order(status: OrderStatus = OrderStatus.NEW, **changes: object) -> Order:
    figures: dict[str, object] = {
        "client_order_id": ClientOrderId("BENCH00000001"),
        "account": ACCOUNT,
        "symbol": STOCK,
        "side": Side.BUY,
        "quantity": Quantity(100),
        "price": Price(105_000),
        "status": status,
        "created_ns": START_NS,
        "updated_ns": START_NS,
        "received_ns": START_NS,
    }
    return Order(**{**figures, **changes})  # type: ignore[arg-type]


def quote(symbol: Symbol = STOCK, **changes: object) -> Quote:
    figures: dict[str, object] = {
        "symbol": symbol,
        "last": Price(105_000),
        "previous_close": Price(104_000),
        "limit_up": Price(114_400),
        "limit_down": Price(93_600),
        "bids": (Price(104_900), Price(104_800)),
        "asks": (Price(105_100), Price(105_200)),
        "quoted_ns": START_NS,
        "rule": rule_for(symbol),
    }
    return Quote(**{**figures, **changes})  # type: ignore[arg-type]
