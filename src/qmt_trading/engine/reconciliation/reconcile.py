"""Reconciling: what a broker's list means for our books, said as values. Nothing is changed here."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import islice
from typing import Final, NamedTuple

from qmt_trading.engine import bookkeeping, matching
from qmt_trading.engine.matching import Claims, Identity
from qmt_trading.engine.state import Account, State
from qmt_trading.model.events import BrokerListed, FillRow, OrderRow
from qmt_trading.model.order import ClientOrderId
from qmt_trading.model.reconciliation import LAG_NS
from qmt_trading.model.words import OrderStatus

ABSENT_SHOWN: Final = 20
"""Orders without a row that are named."""


class JudgedRow(NamedTuple):
    """One order row and whose it is."""

    row: OrderRow
    identity: Identity
    key: ClientOrderId | None
    """Of the order that it tells of, where there is one: in the table, or made by an earlier row of the same list."""


class Absence(NamedTuple):
    """What a list says of an unknown order that no row of it is certain to tell of."""

    key: ClientOrderId
    is_counted: bool
    """The list is a proof against it. False: some row may be it, which takes earlier proofs back."""


class Reconciliation(NamedTuple):
    """What a list means: apply in this order, and our orders and fills are the broker's."""

    rows: tuple[JudgedRow, ...]
    """Known rows, then those that only one order can be, then foreign ones that looked like ours."""
    unmatched: tuple[OrderRow, ...]
    """Rows that may be one of several orders of ours: not applied, and no proof that any of them is absent."""
    fills: tuple[FillRow, ...]
    """Executions of today that we have not counted."""
    absences: tuple[Absence, ...]
    """Of unknown orders; empty unless the list is a proof, as the two below."""
    absent_orders: tuple[ClientOrderId, ...]
    """Orders that the broker had numbered before it was asked and that it does not list now; the first few. Nothing
    follows from them: people are shown them."""
    absent_fills: int
    """How many fills that we counted, executed well before the question, it does not list."""


def reconcile(state: State, account: Account, theirs: BrokerListed, *, is_proof: bool) -> Reconciliation:
    """Return what ``theirs`` means for the orders and fills of ``account``.

    The same list again, once it was applied, means nothing new. No order is judged by what a row might be: a row is an
    order's by its number or its exact remark, or because no other pairing is possible.

    Args:
        is_proof: the list is complete, came over a live link, and answers the newest question: what it does not hold
            is not there.
    """
    claims = Claims()
    rows: list[JudgedRow] = []
    doubtful: list[OrderRow] = []
    for row in theirs.rows:
        identity, key = matching.identify(state, account, row, listed=True, claims=claims)
        if identity is Identity.DEFERRED:
            doubtful.append(row)
        else:
            rows.append(_judged(state, account, row, identity, key, claims))
    # Only a whole list shows that no other pairing is possible: in a part of one the order's own row may be missing.
    for row, order in matching.guess(state, account, doubtful, claims) if theirs.complete else ():
        doubtful.remove(row)
        rows.append(_judged(state, account, row, Identity.KNOWN, order.client_order_id, claims))
    unmatched: list[OrderRow] = []
    waiting = matching.nameless(state, account, claims) if doubtful else []
    for row in doubtful:
        if any(matching.may_be(order, row) for order in waiting):
            unmatched.append(row)
        else:
            # An earlier row may be it.
            identity, key = matching.identify(state, account, row, listed=True, claims=claims)
            identity = Identity.FOREIGN if identity is Identity.DEFERRED else identity
            rows.append(_judged(state, account, row, identity, key, claims))
    fills = tuple(_missing(state, account, theirs.fills, claims))
    if not is_proof:
        return Reconciliation(tuple(rows), tuple(unmatched), fills, (), (), 0)
    return Reconciliation(
        tuple(rows),
        tuple(unmatched),
        fills,
        tuple(_absences(state, account, theirs, unmatched, claims)),
        tuple(islice(_absent_orders(state, account, theirs, claims), ABSENT_SHOWN)),
        _absent_fills(state, account, theirs),
    )


def _judged(
    state: State, account: Account, row: OrderRow, identity: Identity, key: ClientOrderId | None, claims: Claims
) -> JudgedRow:
    if identity is Identity.KNOWN:
        assert key is not None
        claims.add(key, row)
    elif identity not in (Identity.PAST, Identity.NUMBERLESS):
        claims.add(matching.foreign_name(state, account.settings.account, row), row)
    return JudgedRow(row, identity, key)


def _missing(state: State, account: Account, fills: Iterable[FillRow], claims: Claims) -> Iterator[FillRow]:
    """Yield the fills that are not counted yet, each once."""
    number = account.settings.account
    met: set[tuple[str, str, ClientOrderId]] = set()
    for row in fills:
        if row.day != state.day:
            continue
        key = matching.order_of_fill(state, account, row, claims)
        names = bookkeeping.orphan_names(row) if key is None else [key, *bookkeeping.orphan_names(row)]
        if any((number, row.symbol, row.fill_id, name) in state.fill_keys for name in names):
            continue
        if any((row.symbol, row.fill_id, name) in met for name in names):
            continue
        met.add((row.symbol, row.fill_id, names[0]))
        if key is not None:
            claims.add(key, row)
        yield row


def _absences(
    state: State, account: Account, theirs: BrokerListed, unmatched: list[OrderRow], claims: Claims
) -> Iterator[Absence]:
    for order in matching.nameless(state, account, claims):
        if order.status is not OrderStatus.UNKNOWN:
            continue
        if any(matching.may_be(order, row) for row in unmatched):
            if order.asked:
                yield Absence(order.client_order_id, is_counted=False)
        elif theirs.session > order.session and theirs.asked_ns > max(order.deadline_ns, order.handed_over_ns):
            yield Absence(order.client_order_id, is_counted=True)


def _absent_orders(state: State, account: Account, theirs: BrokerListed, claims: Claims) -> Iterator[ClientOrderId]:
    number, shown, asked_ns = account.settings.account, claims.shown, theirs.asked_ns
    for order in state.orders:
        if order.client_order_id in shown or order.account != number:
            continue
        if 0 < order.answered_ns < asked_ns and (order.broker_order_id or order.venue_order_id):
            yield order.client_order_id


def _absent_fills(state: State, account: Account, theirs: BrokerListed) -> int:
    number, executed_ns = account.settings.account, theirs.asked_ns - LAG_NS
    told = {(row.symbol, row.fill_id) for row in theirs.fills}
    return sum(
        fill.account == number and fill.filled_ns < executed_ns and (fill.symbol, fill.fill_id) not in told
        for fill in state.fills
    )
