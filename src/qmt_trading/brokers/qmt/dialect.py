"""The dialect ``xt`` of the broker link: xtquant's objects by their own names."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Final

from qmt_trading.brokers.linked.translate import Complaint
from qmt_trading.brokers.qmt import translate
from qmt_trading.brokers.qmt.fields import OtherBusinessError
from qmt_trading.model.events import FillRow, OrderRow
from qmt_trading.model.numbers import Money
from qmt_trading.model.order import Position
from qmt_trading.model.outputs import SubmitOrder
from qmt_trading.model.signal import AccountId

Row = Mapping[str, object]


class XtTranslate:
    """Reads a QMT host's rows. What is no plain buy or sell of a security of ours is no business of this system."""

    dialect: Final = "xt"

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
        unlisted = translate.unlisted(row)
        return None if unlisted is None else (unlisted.chinese, unlisted.english)

    def positions(self, rows: Iterable[Row], account: AccountId, orders: Sequence[OrderRow]) -> tuple[Position, ...]:
        return translate.positions(rows, account, orders)

    def asset(self, row: Row, account: AccountId) -> tuple[Money, Money, Money]:
        return translate.asset(row, account)

    def complaint(self, row: Row) -> Complaint:
        return translate.complaint(row)

    def submit_fields(self, order: SubmitOrder) -> dict[str, object]:
        return dict(translate.submit_fields(order))
