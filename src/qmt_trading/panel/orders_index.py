"""Filter, sort and page of the tables of the journal: on their structs, so that only the rows shown become text."""

from __future__ import annotations

import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Sequence
from operator import attrgetter
from typing import Final, Generic, TypeVar

from msgspec import Struct

from qmt_trading.codec import view_json
from qmt_trading.codec.view_json import Plain
from qmt_trading.model.order import Fill, Order
from qmt_trading.model.view import AlertRow, Rows, SignalRow
from qmt_trading.model.words import TERMINAL, OrderStatus, Side, SignalStatus
from qmt_trading.panel.ranking import Key, Ranking

LIMIT_MAX: Final = 1_000
KEPT: Final = 6
"""Questions whose answers are kept up for the next page."""
KEPT_S: Final = 60.0

T = TypeVar("T")


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
        fields: dict[str, Callable[[T], str | frozenset[str]]],
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

    def ranking(self, rows: Rows[T], wish: Wish) -> Ranking[T]:
        """Return the rows that meet ``wish``, ascending by its column."""
        conditions: list[Callable[[T], bool]] = []
        for name, field in self.fields.items():
            value = getattr(wish, name)
            if value:
                conditions.append(_is_in(field, value))
        if wish.status:
            conditions.append(self.statuses[wish.status])
        if wish.q:
            word, text = wish.q.lower(), self.text
            conditions.append(lambda row: word in text(row).lower())
        return Ranking(rows, conditions, self.sorts[wish.sort.removeprefix("-") or self.newest])


def _is_in(field: Callable[[T], str | frozenset[str]], value: str) -> Callable[[T], bool]:
    """Return what tells whether a row's field is ``value``, or holds it where it holds several."""

    def holds(row: T) -> bool:
        found = field(row)
        return found == value if isinstance(found, str) else value in found

    return holds


def _accounts(row: SignalRow) -> frozenset[str]:
    """Return the accounts that a signal was answered for."""
    receipt = row.receipt
    return frozenset(str(line.account) for lines in (receipt.orders, receipt.cancels) for line in lines)


class _Kept(Struct, Generic[T]):
    ranking: Ranking[T]
    asked_s: float


class Index(Generic[T]):
    """Answers wishes about one table, for any thread; what was asked lately is kept up with the table."""

    def __init__(self, kind: Kind[T]) -> None:
        self._kind = kind
        self._lock = threading.Lock()
        self._kept: OrderedDict[Wish, _Kept[T]] = OrderedDict()

    def find(self, rows: Rows[T], wish: Wish) -> list[T]:
        """Return all rows that meet ``wish``, in its order.

        Raises:
            WishError: the table cannot meet it.
        """
        return self._part(rows, wish, 0, len(rows))[0]

    def page(self, rows: Rows[T], wish: Wish, offset: int, limit: int) -> tuple[list[Plain], int]:
        """Return ``limit`` rows from ``offset`` on as plain values, and how many there are in all.

        Raises:
            WishError: the table cannot meet it.
        """
        found, total = self._part(rows, wish, offset, limit)
        plain = self._kind.plain
        return [plain(row) for row in found], total

    def _part(self, rows: Rows[T], wish: Wish, offset: int, limit: int) -> tuple[list[T], int]:
        self._kind.check(wish)
        with self._lock:
            ranking = self._ranking(rows, wish)
            descends = wish.sort.startswith("-") or not wish.sort
            return ranking.page(offset, limit, descends=descends), len(ranking)

    def _ranking(self, rows: Rows[T], wish: Wish) -> Ranking[T]:
        now = time.monotonic()
        kept = self._kept.pop(wish, None)
        if kept is None:
            ranking = self._kind.ranking(rows, wish)
        else:
            ranking = kept.ranking
            ranking.follow(rows)
        self._kept[wish] = _Kept(ranking, now)
        while len(self._kept) > KEPT or now - next(iter(self._kept.values())).asked_s > KEPT_S:
            self._kept.popitem(last=False)  # It would keep rows alive that have long been replaced.
        return ranking

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


def _slippage_key(row: Fill) -> float:
    """Return by what fills are ranked: those without a slippage stand below all others."""
    return float("-inf") if row.slippage is None else row.slippage / row.decision_price


FILLS: Final = Kind[Fill](
    plain=view_json.fill,
    text=lambda row: (
        f"{row.fill_id} {row.symbol} {row.client_order_id} {row.venue_order_id} {row.account} {row.strategy}"
    ),
    sorts={
        "slippage": _slippage_key,
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
                "strategy",
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
    fields={"door": attrgetter("door"), "account": _accounts},
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
