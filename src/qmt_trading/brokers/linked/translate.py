"""What a dialect must do: a host's rows into the model's, and an order into the fields of a submit."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple, Protocol

from qmt_trading.model.events import FillRow, OrderRow
from qmt_trading.model.numbers import Money
from qmt_trading.model.order import Position
from qmt_trading.model.outputs import SubmitOrder
from qmt_trading.model.signal import AccountId

Row = Mapping[str, object]


class Complaint(NamedTuple):
    """What an ``order_error`` or a ``cancel_error`` says, and of which order."""

    client_order_id: str
    broker_order_id: str
    """Empty: the terminal had not numbered it."""
    venue_order_id: str
    text: str
    """The counter's own words."""


class Translate(Protocol):
    """Pure. A row that cannot be read raises QmtError or ValueError: nothing is concluded from it.

    None stands for a row that is no business of this system: a list is complete without it.
    """

    @property
    def dialect(self) -> str:
        """The name that a host's ``hello`` must carry."""
        ...

    def account_of(self, row: Row) -> str:
        """Return the account that a row names as its own; empty: it names none."""
        ...

    def has_traded_today(self, row: Row) -> bool:
        """Tell whether a holding's row shows that it is not what it was in the morning. Never raises."""
        ...

    def order_row(self, row: Row) -> OrderRow | None: ...

    def fill_row(self, row: Row) -> FillRow | None: ...

    def doubt(self, row: Row) -> tuple[str, str] | None:
        """Return what a person must look at in an order's row, in Chinese and English; None: nothing."""
        ...

    def positions(self, rows: Iterable[Row], account: AccountId, orders: Sequence[OrderRow]) -> tuple[Position, ...]:
        """Return what ``account`` holds; sellable before the working sells among ``orders`` are taken off."""
        ...

    def asset(self, row: Row, account: AccountId) -> tuple[Money, Money, Money]:
        """Return available cash, frozen cash and total assets."""
        ...

    def complaint(self, row: Row) -> Complaint:
        """Return what a pushed error says; what it lacks is empty. Never raises."""
        ...

    def submit_fields(self, order: SubmitOrder) -> dict[str, object]:
        """Return account, symbol, side, kind, price (decimal text) and quantity.

        Raises:
            QmtError: this dialect cannot say such an order.
        """
        ...
