"""The dialect ``fullqmt`` of the broker link: attributes of the full terminal's objects, as its host copies them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final

from qmt_trading.brokers.linked.translate import Complaint
from qmt_trading.brokers.qmt import native, translate
from qmt_trading.brokers.qmt.fields import OtherBusinessError, Row, text
from qmt_trading.model.events import FillRow, OrderRow
from qmt_trading.model.numbers import Money
from qmt_trading.model.order import Position
from qmt_trading.model.outputs import SubmitOrder
from qmt_trading.model.signal import AccountId


class FullQmtTranslate:
    """Reads the full terminal's rows. A row of other business is None; one that cannot be read, a RowError."""

    dialect: Final = "fullqmt"

    def account_of(self, row: Row) -> str:
        return text(row, "m_strAccountID")

    def has_traded_today(self, row: Row) -> bool:
        before, now = row.get("m_nYesterdayVolume"), row.get("m_nVolume")
        return isinstance(before, int) and isinstance(now, int) and before != now

    def order_row(self, row: Row) -> OrderRow | None:
        try:
            return native.read(row, native.order, translate.order_row)
        except OtherBusinessError:
            return None

    def fill_row(self, row: Row) -> FillRow | None:
        try:
            return native.read(row, native.fill, translate.fill_row)
        except OtherBusinessError:
            return None

    def doubt(self, row: Row) -> tuple[str, str] | None:
        """Return what a person must look at: a state that is not listed, in an order that could be ours."""
        if self.order_row(row) is None:
            return None
        found = native.read(row, native.order, translate.unlisted)
        return None if found is None else (found.chinese, found.english)

    def positions(self, rows: Iterable[Row], account: AccountId, orders: Sequence[OrderRow]) -> tuple[Position, ...]:
        return translate.positions(map(native.position, rows), account, orders)

    def asset(self, row: Row, account: AccountId) -> tuple[Money, Money, Money]:
        return native.read(row, native.asset, lambda renamed: translate.asset(renamed, account))

    def complaint(self, row: Row) -> Complaint:
        return translate.complaint(native.order_error(row))

    def submit_fields(self, order: SubmitOrder) -> dict[str, object]:
        return translate.submit_fields(order)
