"""The dialect ``plain`` of the broker link: this project's own rows as objects, both ways."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Final, TypeVar

import msgspec
from msgspec import Struct

from qmt_trading.brokers.linked.translate import Complaint
from qmt_trading.model.events import FillRow, OrderRow
from qmt_trading.model.numbers import Money, to_text
from qmt_trading.model.order import Position
from qmt_trading.model.outputs import SubmitOrder
from qmt_trading.model.signal import AccountId

DIALECT: Final = "plain"
Row = Mapping[str, object]
_INSTANT: Final = "_ns"
_Made = TypeVar("_Made", bound=Struct)


def row_of(value: OrderRow | FillRow | Position) -> dict[str, object]:
    """Return ``value`` by the names of its fields, as a line can hold it: instants are text, being beyond 2^53."""
    pairs = zip(value.__struct_fields__, msgspec.to_builtins(value), strict=True)
    return {name: str(each) if name.endswith(_INSTANT) else each for name, each in pairs}


def asset_row(*, cash: Money, frozen: Money, total: Money) -> dict[str, object]:
    """Return an account's money; ``cash`` is available."""
    return {"cash": cash, "frozen_cash": frozen, "total_asset": total}


class PlainTranslate:
    """Reads what ``row_of`` and ``asset_row`` made. A row that they cannot have made is a ValueError."""

    dialect: Final = DIALECT

    def account_of(self, row: Row) -> str:
        """Return nothing: orders and fills carry no account here."""
        return ""

    def has_traded_today(self, row: Row) -> bool:
        """Return False: here every kind is told, so that nobody has to ask."""
        return False

    def order_row(self, row: Row) -> OrderRow:
        return _made(row, OrderRow)

    def fill_row(self, row: Row) -> FillRow:
        return _made(row, FillRow)

    def doubt(self, row: Row) -> None:
        """Find nothing: there is no state here that nobody has described."""

    def positions(self, rows: Iterable[Row], account: AccountId, orders: Sequence[OrderRow]) -> tuple[Position, ...]:
        found = tuple([_made(row, Position) for row in rows])
        if any(position.account != account for position in found):
            raise ValueError(f"positions of another account in the list of {account}")
        return found

    def complaint(self, row: Row) -> Complaint:
        number, remark, text = (str(row.get(name) or "") for name in ("order_id", "order_remark", "error_msg"))
        return Complaint(remark, number, "", text)

    def asset(self, row: Row, account: AccountId) -> tuple[Money, Money, Money]:
        cash, frozen, total = (msgspec.convert(row.get(name), int) for name in ("cash", "frozen_cash", "total_asset"))
        return Money(cash), Money(frozen), Money(total)

    def submit_fields(self, order: SubmitOrder) -> dict[str, object]:
        return {
            "account": order.account,
            "symbol": order.symbol,
            "side": order.side.value,
            "kind": "limit",
            "price": to_text(order.price),
            "quantity": order.quantity,
        }


def _made(row: Row, cls: type[_Made]) -> _Made:
    if row.keys() != set(cls.__struct_fields__):
        raise ValueError(f"{cls.__name__}: {sorted(row)[:20]}")
    values = [_instant(row[name]) if name.endswith(_INSTANT) else row[name] for name in cls.__struct_fields__]
    return msgspec.convert(values, cls)


def _instant(value: object) -> int:
    if not isinstance(value, str) or not value.isdigit():
        raise ValueError(f"an instant of {str(value)[:40]}")
    return int(value)
