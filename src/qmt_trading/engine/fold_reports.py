"""Folding what a broker tells of one order or one fill."""

from __future__ import annotations

from typing import assert_never

from msgspec.structs import replace

from qmt_trading.engine import alerts, bookkeeping, matching
from qmt_trading.engine.findings import Finding, FindingKind
from qmt_trading.engine.state import Account, State
from qmt_trading.engine.usage import MINUTE_NS
from qmt_trading.model import events as ev
from qmt_trading.model.limits import ScopeKind
from qmt_trading.model.numbers import Price
from qmt_trading.model.order import ClientOrderId, Fill, Order
from qmt_trading.model.words import OrderStatus


def fold_order_reported(state: State, record: ev.OrderReported) -> list[Finding]:
    account = state.account(record.account)
    if record.session != account.session:
        return []  # A dead session's last words (A16).
    identity, key = matching.identify(state, account, record.row, listed=False)
    return fold_row(state, account, record.row, identity, key)


def fold_row(
    state: State,
    account: Account,
    row: ev.OrderRow,
    identity: matching.Identity,
    key: ClientOrderId | None,
    *,
    proven_ns: int = 0,
) -> list[Finding]:
    """Fold one row; ``proven_ns`` is when the whole list that it stands in was asked for, 0: it stands in none."""
    number = account.settings.account
    match identity:
        case matching.Identity.KNOWN:
            assert key is not None
            return fold_known_row(state, account, row, state.order(key), proven_ns=proven_ns)
        case matching.Identity.PAST | matching.Identity.NUMBERLESS:
            return []
        case matching.Identity.DEFERRED:
            return [Finding(FindingKind.DEFERRED, number, None)]
        case matching.Identity.FOREIGN | matching.Identity.SPENT | matching.Identity.INTRUDER:
            made = bookkeeping.foreign_order(state, number, row)
            state.put_order(made)
            _adopt(state, account, made)
            if identity is matching.Identity.FOREIGN:
                _count_foreign(state, made)
                return [Finding(FindingKind.FOREIGN, number, made)]
            kind = FindingKind.SPENT if identity is matching.Identity.SPENT else FindingKind.INTRUDER
            return [Finding(kind, number, made, row.client_order_id)]
        case _:
            assert_never(identity)


def _count_foreign(state: State, made: Order) -> None:
    """Let an order of somebody else count towards the rates, when it was placed so lately that it still does."""
    if made.created_ns <= state.now_ns - MINUTE_NS:
        return
    for usage in state.gauges.counted(made.account, "", ""):
        usage.add_foreign(made.created_ns, is_account=usage.scope.kind is ScopeKind.ACCOUNT)


def fold_known_row(
    state: State, account: Account, row: ev.OrderRow, order: Order, *, proven_ns: int = 0
) -> list[Finding]:
    changed = bookkeeping.row_applied(state, order, row, is_proof=0 < order.ended_ns < proven_ns)
    state.put_order(changed)
    findings: list[Finding] = []
    if order.status is OrderStatus.REJECTED and changed.status not in (OrderStatus.REJECTED, OrderStatus.FILLED):
        findings.append(Finding(FindingKind.ADJUSTED, order.account, changed, alert=alerts.not_rejected(changed)))
    if order.status in (OrderStatus.NOT_SENT, OrderStatus.EXPIRED_UNRESOLVED):
        findings.append(Finding(FindingKind.RISEN, order.account, changed))
    if changed.status is OrderStatus.REJECTED and order.status is not OrderStatus.REJECTED:
        findings.append(Finding(FindingKind.REJECTED, order.account, changed, row.text))
    if account.orphans:
        _adopt(state, account, changed)
    return findings


def _adopt(state: State, account: Account, order: Order) -> None:
    """Give ``order`` the fills that were booked before it was known."""
    for index in list(account.orphans):
        fill = state.fills[index]
        numbers = fill.venue_order_id, fill.broker_order_id
        if fill.symbol == order.symbol and (
            (order.venue_order_id and order.venue_order_id in numbers)
            or (order.broker_order_id and order.broker_order_id in numbers)
        ):
            account.orphans.remove(index)
            fill = replace(
                fill,
                client_order_id=order.client_order_id,
                strategy=order.strategy,
                decision_price=order.decision_price,
            )
            state.fills.replace(index, fill)
            state.fill_keys.add(bookkeeping.key_of(fill))
            order = bookkeeping.fill_applied(state, order, fill)
            state.put_order(order)


def fold_fill(state: State, account: Account, row: ev.FillRow, *, booked: bool) -> list[Finding]:
    """Count one fill; ``booked`` moves position and cash, too (False: the broker's opening figures hold it already)."""
    number = account.settings.account
    if row.day != state.day:
        return []  # Yesterday's replay.
    key = matching.order_of_fill(state, account, row)
    order = None if key is None else state.order(key)
    names = [key] if key is not None else bookkeeping.orphan_names(row)
    if any((number, row.symbol, row.fill_id, name) in state.fill_keys for name in names):
        return []
    fill = Fill(
        account=number,
        day=row.day,
        fill_id=row.fill_id,
        venue_order_id=row.venue_order_id,
        client_order_id=names[0],
        symbol=row.symbol,
        side=row.side,
        price=row.price,
        quantity=row.quantity,
        fee=bookkeeping.fee_of(state, account, row, order),
        filled_ns=row.filled_ns,
        broker_order_id=row.broker_order_id,
        strategy=order.strategy if order is not None else "",
        decision_price=order.decision_price if order is not None else Price(0),
    )
    bookkeeping.flow(account, fill)
    account.moved[row.symbol] = state.now_ns
    index = state.fills.append(fill)
    state.fill_keys.add(bookkeeping.key_of(fill))
    findings: list[Finding] = []
    if booked and not bookkeeping.book(state, account, fill):
        findings.append(Finding(FindingKind.OVERSOLD, number, order, row.symbol))
    if order is None:
        account.orphans.append(index)
        findings.append(Finding(FindingKind.ORPHAN, number, None, row.symbol))
    else:
        if order.status is OrderStatus.NOT_SENT or order.status is OrderStatus.EXPIRED_UNRESOLVED:
            findings.append(Finding(FindingKind.RISEN, number, order))
        if row.broker_order_id and not order.broker_order_id:
            order = replace(order, broker_order_id=row.broker_order_id)
        state.put_order(bookkeeping.fill_applied(state, order, fill))
    return findings
