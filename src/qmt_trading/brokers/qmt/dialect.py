"""The dialect ``xt`` of the broker link: attributes of xtquant's objects, as the xtquant host copies them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final

from qmt_trading.brokers.linked.translate import Complaint
from qmt_trading.brokers.qmt import translate
from qmt_trading.brokers.qmt.fields import OtherBusinessError, Row, text
from qmt_trading.model.events import FillRow, OrderRow
from qmt_trading.model.numbers import Money
from qmt_trading.model.order import Position
from qmt_trading.model.outputs import SubmitOrder
from qmt_trading.model.signal import AccountId


class XtTranslate:
    """Reads a terminal's rows for a link. A row of other business is None; one that cannot be read is a RowError."""

    dialect: Final = "xt"

    def account_of(self, row: Row) -> str:
        return text(row, "account_id")

    def has_traded_today(self, row: Row) -> bool:
        before, now = row.get("yesterday_volume"), row.get("volume")
        return isinstance(before, int) and isinstance(now, int) and before != now

    def order_row(self, row: Row) -> OrderRow | None:
        try:
            return translate.order_row(row)
        except OtherBusinessError:
            return None

    def fill_row(self, row: Row) -> FillRow | None:
        try:
            return translate.fill_row(row)
        except OtherBusinessError:
            return None

    def doubt(self, row: Row) -> tuple[str, str] | None:
        """Return what a person must look at: a state that is not listed, in an order that could be ours."""
        if self.order_row(row) is None:
            return None
        found = translate.unlisted(row)
        return None if found is None else (found.chinese, found.english)

    def positions(self, rows: Iterable[Row], account: AccountId, orders: Sequence[OrderRow]) -> tuple[Position, ...]:
        return translate.positions(rows, account, orders)

    def asset(self, row: Row, account: AccountId) -> tuple[Money, Money, Money]:
        return translate.asset(row, account)

    def complaint(self, row: Row) -> Complaint:
        return translate.complaint(row)

    def submit_fields(self, order: SubmitOrder) -> dict[str, object]:
        return translate.submit_fields(order)
