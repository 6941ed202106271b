"""Whose order a broker's row is: number first, contract number next, and the remark as a hint."""

from __future__ import annotations

from enum import Enum
from typing import Final

from qmt_trading.engine.ids import TAG_LENGTH, in_our_form, sequence_of
from qmt_trading.engine.state import Account, State
from qmt_trading.engine.transitions import LIVE
from qmt_trading.model.enumeration import direct
from qmt_trading.model.events import FillRow, OrderRow
from qmt_trading.model.instrument import Symbol
from qmt_trading.model.numbers import SECOND_NS
from qmt_trading.model.order import ClientOrderId, Order
from qmt_trading.model.signal import AccountId
from qmt_trading.model.words import OrderStatus

_REMARK_MINIMUM: Final = TAG_LENGTH + 1
_CLOCK_TOLERANCE_NS: Final = 5 * SECOND_NS


@direct
class Identity(Enum):
    """What a row turned out to be."""

    KNOWN = "known"
    FOREIGN = "foreign"
    DEFERRED = "deferred"
    """Could be one of ours whose remark was lost: a complete list will tell."""
    SPENT = "spent"
    """Carries the remark of an order of ours that already has another number: two orders under one name."""
    PAST = "past"
    """An order of ours from an earlier day, which has ended. One that still works is taken in like a foreign one."""
    NUMBERLESS = "numberless"
    """Has no number, and cannot be told from another order of its symbol and second: it waits for its number."""
    INTRUDER = "intruder"
    """Carries a remark in our form that this journal never gave out: another engine, or a lost journal (A31)."""


class Claims:
    """What rows judged before this one have shown, and no fold has written into the state yet."""

    __slots__ = ("by_broker", "by_venue", "numbered", "shown")

    def __init__(self) -> None:
        self.by_broker: dict[tuple[Symbol, str], ClientOrderId] = {}
        self.by_venue: dict[tuple[Symbol, str], ClientOrderId] = {}
        self.numbered: set[ClientOrderId] = set()
        """Orders that a row has given a broker's number."""
        self.shown: set[ClientOrderId] = set()
        """Orders that a row or a fill tells of."""

    def add(self, key: ClientOrderId, row: OrderRow | FillRow) -> None:
        """Note that ``row`` tells of the order ``key``."""
        self.shown.add(key)
        if row.broker_order_id:
            self.by_broker.setdefault((row.symbol, row.broker_order_id), key)
            self.numbered.add(key)
        if row.venue_order_id:
            self.by_venue.setdefault((row.symbol, row.venue_order_id), key)


NO_CLAIMS: Final = Claims()
"""Of a row that stands alone; nothing is ever added to it."""


def foreign_name(state: State, account: AccountId, row: OrderRow) -> ClientOrderId:
    """Return our local name for a row that is not ours: by its number, else by what and when it was.

    Contract numbers are of one market: two exchanges give the same one (A6). A number of the terminal's that begins
    anew after its restart does not give one order the name of another.
    """
    place = f"{row.symbol}-{row.venue_order_id or row.ordered_ns}"
    name = ClientOrderId(f"~{account}~{row.broker_order_id or place}")
    taken = state.find_order(name) if row.broker_order_id else None
    return name if taken is None or not _is_another(taken, row) else ClientOrderId(f"{name}-{place}")


def identify(
    state: State, account: Account, row: OrderRow, *, listed: bool, claims: Claims = NO_CLAIMS
) -> tuple[Identity, ClientOrderId | None]:
    """Return whose ``row`` is, by its numbers and its exact remark, and which order of the table it tells of.

    A row placed before the day was opened may be an order of the evening before or an old day's last word: unless its
    order is known today already, only a ``listed`` row, out of a complete list of today, is believed.

    Args:
        claims: what the rows before it in the same list have shown.
    """
    old = not listed and 0 < row.ordered_ns < state.opened_ns
    key = _by_number(state, account, row, claims)
    if key is not None:
        if old and state.order(key).status is OrderStatus.EXPIRED_UNRESOLVED:
            return Identity.DEFERRED, None
        return Identity.KNOWN, key
    if old:
        return Identity.DEFERRED, None
    remark = row.client_order_id
    order = state.find_order(remark)
    if order is not None and order.account == account.settings.account and not order.foreign:
        key = order.client_order_id
        has_number = bool(order.broker_order_id) or key in claims.numbered
        if (has_number and row.broker_order_id) or not _same_order(order, row):
            return Identity.SPENT, key
        return Identity.KNOWN, key
    if in_our_form(remark):
        return _unknown_name(state, row, listed=listed), None
    if any(may_be(order, row) for order in nameless(state, account, claims)):
        return Identity.DEFERRED, None
    if not (row.broker_order_id or row.venue_order_id) and _may_be_known(state, account, row):
        return Identity.NUMBERLESS, None
    return Identity.FOREIGN, None


def _by_number(state: State, account: Account, row: OrderRow | FillRow, claims: Claims) -> ClientOrderId | None:
    number = account.settings.account
    key = None
    if row.broker_order_id:
        key = state.by_broker.get((number, row.broker_order_id))
        if key is None or _is_used_again(state, account, state.order(key), row):
            key = claims.by_broker.get((row.symbol, row.broker_order_id))
    if key is None and row.venue_order_id:
        place = row.symbol, row.venue_order_id
        key = state.by_venue.get((number, *place)) or claims.by_venue.get(place)
    return key if key is not None or isinstance(row, FillRow) else _without_number(state, account, row, claims)


def _is_used_again(state: State, account: Account, order: Order, row: OrderRow | FillRow) -> bool:
    """Tell whether the terminal's number in ``row`` was that of ``order`` before a restart of the terminal.

    So it is where what both say cannot be of one order, or where the row bears the exact name of another order of ours
    that has no number yet.
    """
    if _is_another(order, row):
        return True
    named = state.find_order(row.client_order_id)
    if named is None or named is order or named.foreign or named.account != account.settings.account:
        return False
    return not named.broker_order_id and isinstance(row, OrderRow) and _same_order(named, row)


def _is_another(order: Order, row: OrderRow | FillRow) -> bool:
    """Tell whether ``row`` is of another order, whatever its number says."""
    if order.symbol != row.symbol or order.side is not row.side:
        return True
    return bool(order.venue_order_id and row.venue_order_id) and order.venue_order_id != row.venue_order_id


def _without_number(state: State, account: Account, row: OrderRow, claims: Claims) -> ClientOrderId | None:
    """Return the foreign order that was taken in while it had no number, and that ``row`` tells of again."""
    key = ClientOrderId(f"~{account.settings.account}~{row.symbol}-{row.ordered_ns}")
    order = state.find_order(key)
    if order is None:
        return key if key in claims.shown and not (row.broker_order_id or row.venue_order_id) else None
    if order.broker_order_id or order.venue_order_id or not _same_order(order, row) or order.price != row.price:
        return None
    return None if key in claims.numbered or key in claims.by_venue.values() else key


def _may_be_known(state: State, account: Account, row: OrderRow) -> bool:
    """Tell whether ``row``, without any number, has the name of another order or may be late news of a numbered one."""
    number = account.settings.account
    if state.find_order(foreign_name(state, number, row)) is not None:
        return True
    return any(
        order.foreign
        and order.account == number
        and order.created_ns == row.ordered_ns
        and order.price == row.price
        and _same_order(order, row)
        for order in state.orders
    )


def _unknown_name(state: State, row: OrderRow, *, listed: bool) -> Identity:
    assert state.bound is not None
    given_out = row.client_order_id.startswith(state.bound.tag) and sequence_of(row.client_order_id) <= state.order_seq
    if not given_out:
        return Identity.INTRUDER
    if row.status in LIVE:
        return Identity.FOREIGN if listed else Identity.DEFERRED
    return Identity.PAST


def nameless(state: State, account: Account, claims: Claims = NO_CLAIMS) -> list[Order]:
    """Return our orders that wait for the first row of them."""
    waiting = (OrderStatus.PENDING_NEW, OrderStatus.UNKNOWN)
    return [
        order
        for order in map(state.current.__getitem__, account.live)
        if not order.broker_order_id
        and not order.venue_order_id
        and order.status in waiting
        and order.client_order_id not in claims.shown
    ]


def guess(
    state: State, account: Account, rows: list[OrderRow], claims: Claims = NO_CLAIMS
) -> list[tuple[OrderRow, Order]]:
    """Pair rows without a usable remark with orders without a row, where only one pairing is possible (A6)."""
    waiting = nameless(state, account, claims)
    pairs: list[tuple[OrderRow, Order]] = []
    for row in rows:
        candidates = [order for order in waiting if _in_time(order, row) and may_be(order, row)]
        if len(candidates) != 1:
            continue
        order = candidates[0]
        if sum(_in_time(order, other) and may_be(order, other) for other in rows) == 1:
            pairs.append((row, order))
    return pairs


def order_of_fill(state: State, account: Account, row: FillRow, claims: Claims = NO_CLAIMS) -> ClientOrderId | None:
    """Return the order that ``row`` executed, or None when it is not known yet."""
    key = _by_number(state, account, row, claims)
    if key is not None:
        return key
    order = state.find_order(row.client_order_id)
    if (
        order is None
        or order.account != account.settings.account
        or order.symbol != row.symbol
        or order.side is not row.side
    ):
        return None
    if (order.broker_order_id or order.client_order_id in claims.numbered) and row.broker_order_id:
        return None
    return order.client_order_id


def _same_order(order: Order, row: OrderRow) -> bool:
    return order.symbol == row.symbol and order.side is row.side and order.quantity == row.quantity


def _in_time(order: Order, row: OrderRow) -> bool:
    """Tell whether ``row`` was placed after ``order`` was decided, by two clocks that may differ a little."""
    return not row.ordered_ns or row.ordered_ns + _CLOCK_TOLERANCE_NS >= order.created_ns


def may_be(order: Order, row: OrderRow) -> bool:
    """Tell whether ``row`` cannot be told from what ``order`` would look like.

    Instants are not asked: the clocks of the counter and of this machine may differ by any amount, and a row that is
    taken for another's lets an order that works be settled as never sent.
    """
    if not _same_order(order, row) or order.price != row.price:
        return False
    remark = row.client_order_id
    cut = len(remark) >= _REMARK_MINIMUM and order.client_order_id.startswith(remark)
    return cut or not in_our_form(remark)
