"""Filter, sort and page of the tables of the journal: on their structs, so that only the rows shown become text."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Sequence
from operator import attrgetter
from typing import Any, Final, Generic, TypeVar

from msgspec import Struct

from qmt_trading.codec import view_json
from qmt_trading.codec.view_json import Plain
from qmt_trading.model.order import Fill, Order
from qmt_trading.model.view import AlertRow, Rows, SignalRow
from qmt_trading.model.words import TERMINAL, OrderStatus, Side, SignalStatus

LIMIT_MAX: Final = 1_000
KEPT: Final = 4
"""Answers kept for the next page of the same question."""

T = TypeVar("T")
Key = Callable[[Any], Any]


class Wish(Struct, frozen=True):
    """What somebody wants to see of a table; empty words filter nothing."""

    status: str = ""
    account: str = ""
    symbol: str = ""
    side: str = ""
    door: str = ""
    q: str = ""
    """Anywhere in the row's ids and words, in any case."""
    sort: str = ""
    """A column, with ``-`` before it for descending order; empty: the newest first."""


class WishError(ValueError):
    """A wish that the table cannot meet: which word is wrong, and what it may be."""

    def __init__(self, name: str, allowed: Sequence[str]) -> None:
        super().__init__(name)
        self.name = name
        self.allowed = tuple(allowed)


class Kind(Generic[T]):
    """What a table can be asked for."""

    def __init__(
        self,
        *,
        plain: Callable[[T], Plain],
        text: Callable[[T], str],
        sorts: dict[str, Key],
        statuses: dict[str, Callable[[T], bool]],
        fields: dict[str, Callable[[T], str]],
        newest: str,
    ) -> None:
        self.plain = plain
        self.text = text
        self.sorts = sorts
        self.statuses = statuses
        self.fields = fields
        self.newest = newest
        """The column that tells when a row came to be."""

    def check(self, wish: Wish) -> None:
        """Refuse what this table does not know.

        Raises:
            WishError: a status or a column that it has not.
        """
        if wish.status and wish.status not in self.statuses:
            raise WishError("status", sorted(self.statuses))
        if wish.sort.removeprefix("-") not in ("", *self.sorts):
            raise WishError("sort", sorted(self.sorts))
        if wish.side and ("side" not in self.fields or wish.side not in set(Side)):
            raise WishError("side", [side.value for side in Side] if "side" in self.fields else [])
        for name in ("account", "symbol", "door"):
            if getattr(wish, name) and name not in self.fields:
                raise WishError(name, [])

    def select(self, rows: Rows[T], wish: Wish) -> Sequence[T]:
        """Return the rows that meet ``wish``, in its order."""
        found = list(rows)
        for name, field in self.fields.items():
            value = getattr(wish, name)
            if value:
                found = [row for row in found if field(row) == value]
        if wish.status:
            holds = self.statuses[wish.status]
            found = [row for row in found if holds(row)]
        if wish.q:
            word, text = wish.q.lower(), self.text
            found = [row for row in found if word in text(row).lower()]
        column = wish.sort.removeprefix("-") or self.newest
        descends = wish.sort.startswith("-") or not wish.sort
        if descends:
            found.reverse()  # Sorting is stable: of equal rows the one that came last stands first.
        found.sort(key=self.sorts[column], reverse=descends)
        return found


class Index(Generic[T]):
    """Answers wishes about one table, for any thread; the next page of the same question costs nothing."""

    def __init__(self, kind: Kind[T]) -> None:
        self._kind = kind
        self._lock = threading.Lock()
        self._kept: OrderedDict[Wish, tuple[Rows[T], Sequence[T]]] = OrderedDict()

    def find(self, rows: Rows[T], wish: Wish) -> Sequence[T]:
        """Return all rows that meet ``wish``, in its order.

        Raises:
            WishError: the table cannot meet it.
        """
        self._kind.check(wish)
        with self._lock:
            kept = self._kept.get(wish)
            if kept is not None and kept[0] is rows:
                self._kept.move_to_end(wish)
                return kept[1]
            if self._kept and next(iter(self._kept.values()))[0] is not rows:
                self._kept.clear()  # An older table is nobody's any more, and would be kept alive.
        found = self._kind.select(rows, wish)
        with self._lock:
            self._kept[wish] = (rows, found)
            while len(self._kept) > KEPT:
                self._kept.popitem(last=False)
        return found

    def page(self, rows: Rows[T], wish: Wish, offset: int, limit: int) -> tuple[list[Plain], int]:
        """Return ``limit`` rows from ``offset`` on as plain values, and how many there are in all.

        Raises:
            WishError: the table cannot meet it.
        """
        found = self.find(rows, wish)
        plain = self._kind.plain
        return [plain(row) for row in found[offset : offset + limit]], len(found)

    def plain(self, row: T) -> Plain:
        """Return one row as plain values."""
        return self._kind.plain(row)


_UNKNOWN: Final = (OrderStatus.UNKNOWN, OrderStatus.EXPIRED_UNRESOLVED)


def _order_text(row: Order) -> str:
    return (
        f"{row.client_order_id} {row.symbol} {row.broker_order_id} {row.venue_order_id} {row.account} "
        f"{row.strategy} {row.text}"
    )


def _of_status(status: OrderStatus) -> Callable[[Order], bool]:
    return lambda row: row.status is status


ORDERS: Final = Kind[Order](
    plain=view_json.order,
    text=_order_text,
    sorts={
        "created_at": attrgetter("created_ns"),
        "updated_at": attrgetter("updated_ns"),
        "leaves_quantity": view_json.leaves,
        "status_text": view_json.order_text,
        "side_text": attrgetter("side"),
        "seq": attrgetter("signal_seq"),
        "average_price": lambda row: row.filled_value // row.filled_quantity if row.filled_quantity else 0,
        **{
            name: attrgetter(name)
            for name in (
                "client_order_id",
                "account",
                "symbol",
                "side",
                "quantity",
                "price",
                "status",
                "filled_quantity",
                "broker_order_id",
                "venue_order_id",
                "strategy",
                "foreign",
                "observed",
                "text",
            )
        },
    },
    statuses={
        "working": lambda row: row.status not in TERMINAL and row.status is not OrderStatus.EXPIRED_UNRESOLVED,
        "ended": lambda row: row.status in TERMINAL,
        "unknown": lambda row: row.status in _UNKNOWN,
        **{status.value: _of_status(status) for status in OrderStatus},
    },
    fields={"account": attrgetter("account"), "symbol": attrgetter("symbol"), "side": attrgetter("side")},
    newest="created_at",
)

FILLS: Final = Kind[Fill](
    plain=view_json.fill,
    text=lambda row: f"{row.fill_id} {row.symbol} {row.client_order_id} {row.venue_order_id} {row.account}",
    sorts={
        "filled_at": attrgetter("filled_ns"),
        "side_text": attrgetter("side"),
        **{
            name: attrgetter(name)
            for name in (
                "fill_id",
                "account",
                "symbol",
                "side",
                "price",
                "quantity",
                "fee",
                "client_order_id",
                "venue_order_id",
            )
        },
    },
    statuses={},
    fields={"account": attrgetter("account"), "symbol": attrgetter("symbol"), "side": attrgetter("side")},
    newest="filled_at",
)


def _of_outcome(status: SignalStatus) -> Callable[[SignalRow], bool]:
    return lambda row: row.receipt.status is status


SIGNALS: Final = Kind[SignalRow](
    plain=view_json.signal,
    text=lambda row: f"{row.seq} {row.id} {row.sender} {row.door} {row.text}",
    sorts={
        "seq": attrgetter("seq"),
        "received_at": attrgetter("received_ns"),
        "id": attrgetter("id"),
        "door": attrgetter("door"),
        "sender": attrgetter("sender"),
        "status": attrgetter("receipt.status"),
        "status_text": attrgetter("receipt.status"),
    },
    statuses={status.value: _of_outcome(status) for status in SignalStatus},
    fields={"door": attrgetter("door")},
    newest="seq",
)

ALERTS: Final = Kind[AlertRow](
    plain=view_json.alert,
    text=lambda row: f"{row.alert.code} {row.alert.chinese} {row.alert.english} {row.alert.client_order_id}",
    sorts={
        "id": attrgetter("id"),
        "at": attrgetter("at_ns"),
        "importance": attrgetter("alert.importance"),
        "code": attrgetter("alert.code"),
    },
    statuses={
        "open": attrgetter("is_open"),
        "acknowledged": lambda row: bool(row.acknowledged_ns),
    },
    fields={
        "account": lambda row: row.alert.account or "",
        "symbol": lambda row: row.alert.symbol or "",
    },
    newest="id",
)
