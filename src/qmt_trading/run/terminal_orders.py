"""A terminal's order rows as a person in a hurry needs them: whatever can be read of them, and nothing raised."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Final

from msgspec import Struct

from qmt_trading.brokers.qmt.fields import RowError, price
from qmt_trading.engine.ids import in_our_form
from qmt_trading.link.messages import Row
from qmt_trading.model.numbers import to_text

STATES: Final[Mapping[int, str]] = {
    48: "未报",
    49: "待报",
    50: "已报",
    51: "已报待撤",
    52: "部成待撤",
    53: "部撤",
    54: "已撤",
    55: "部成",
    56: "已成",
    57: "废单",
    255: "未知",
}
"""Source: xtconstant.py of xtquant 250807, order_status."""
ENDED: Final = frozenset({53, 54, 56, 57})
"""States that an order never leaves. Every other number, one that nobody has described included, may still work."""
CANCELED: Final = frozenset({53, 54})
CANCELS_PENDING: Final = frozenset({51, 52})
SIDES: Final[Mapping[int, str]] = {23: "买入", 24: "卖出"}


class TerminalOrder(Struct, frozen=True, kw_only=True):
    """One order as the terminal tells it; what it does not tell is empty or -1."""

    symbol: str
    name: str
    side: str
    quantity: int
    filled: int
    price: str
    status: int
    broker_id: str
    """The terminal's own number; empty for an order that another client has sent (it says 0 there)."""
    venue_id: str
    """合同编号."""
    remark: str
    text: str
    """The counter's own words."""
    account: str

    @property
    def key(self) -> str:
        """What tells it from the others of its account: the terminal's number, else the contract's with its stock.

        Each exchange numbers by itself, so two contracts may bear one number.
        """
        if self.broker_id:
            return f"id {self.broker_id}"
        if self.venue_id:
            return f"{self.symbol} {self.venue_id}"
        return self.unnumbered_key

    @property
    def unnumbered_key(self) -> str:
        """What it is told from others by while it has no number: two that are alike may share it."""
        return f"{self.symbol} - {self.remark} {self.side} {self.quantity} {self.price}"

    @property
    def works(self) -> bool:
        """Tell whether it may still trade."""
        return self.status not in ENDED

    @property
    def state(self) -> str:
        return STATES.get(self.status, f"状态 {self.status}")

    @property
    def origin(self) -> str:
        """Who has sent it, as far as its row tells."""
        if in_our_form(self.remark):
            return "本系统"
        if not self.broker_id:
            return "手机或别处"
        return f"其他程序 {self.remark}" if self.remark else "手工"


def order_of(row: Row) -> TerminalOrder:
    """Return what can be read of ``row``."""
    kind = _whole(row, "order_type")
    return TerminalOrder(
        symbol=_text(row, "stock_code"),
        name=_text(row, "instrument_name"),
        side=SIDES.get(kind, f"业务 {kind}"),
        quantity=_whole(row, "order_volume"),
        filled=max(_whole(row, "traded_volume"), 0),
        price=_price(row),
        status=_whole(row, "order_status"),
        broker_id=_number(row, "order_id"),
        venue_id=_number(row, "order_sysid"),
        remark=_text(row, "order_remark"),
        text=_text(row, "status_msg"),
        account=_text(row, "account_id"),
    )


class OrderBook:
    """What was told last of every order. One that a list leaves out stays as it was: it has not ended by that."""

    def __init__(self) -> None:
        self._orders: dict[str, TerminalOrder] = {}

    def take(self, rows: Iterable[Row]) -> None:
        """Take rows in the order in which they were told."""
        for row in rows:
            order = order_of(row)
            if order.broker_id and order.venue_id:
                self._orders.pop(f"{order.symbol} {order.venue_id}", None)  # It has got its number.
            before = self._orders.get(order.key)
            if order.key == order.unnumbered_key and before is not None and before.works and not order.works:
                continue  # One of two that are alike has ended: the other may work. A whole list tells.
            self._orders[order.key] = order

    def forget_unnumbered(self) -> None:
        """Drop what was told without any number: in a complete list it comes again, or with the number it has got."""
        self._orders = {key: order for key, order in self._orders.items() if order.broker_id or order.venue_id}

    @property
    def orders(self) -> tuple[TerminalOrder, ...]:
        return tuple(self._orders.values())

    @property
    def working(self) -> tuple[TerminalOrder, ...]:
        return tuple(order for order in self._orders.values() if order.works)


def _whole(row: Row, name: str) -> int:
    value = row.get(name)
    return int(value) if isinstance(value, int | float) else -1


def _text(row: Row, name: str) -> str:
    value = row.get(name)
    return "" if value is None else str(value).strip()


def _price(row: Row) -> str:
    """Return the price as everywhere, with two decimals at least; what is none as it stands."""
    try:
        return to_text(price(row, "price"))
    except RowError:
        return _text(row, "price")


def _number(row: Row, name: str) -> str:
    text = _text(row, name)
    return "" if text in {"0", "-1"} else text
