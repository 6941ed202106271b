"""Folding a broker's whole list: opening figures, rows and fills that were missed, and what is not there."""

from __future__ import annotations

from typing import Final

from msgspec.structs import replace

from qmt_trading.engine import bookkeeping, corporate, matching
from qmt_trading.engine.findings import Finding, FindingKind
from qmt_trading.engine.fold_reports import fold_fill, fold_known_row, fold_row
from qmt_trading.engine.state import Account, State
from qmt_trading.model import events as ev
from qmt_trading.model.numbers import SECOND_NS, Quantity
from qmt_trading.model.words import OrderStatus

MARK_KEPT_NS: Final = 600 * SECOND_NS
"""How long a mark still reaches orders that come to light: longer than any signal waits."""


def fold_listed(state: State, record: ev.BrokerListed) -> list[Finding]:
    account = state.account(record.account)
    if record.session != account.session:
        return []
    # Asked for before the question that is open, perhaps by a clock that has stepped since: not its answer.
    older = record.asked_ns < account.asking_ns - SECOND_NS
    if not older:
        account.asking_ns = 0
    if record.asked_ns < state.opened_ns:
        return []
    opening = not account.ready
    if opening and record.alive and record.complete:
        _open_account(state, account, record)
    findings: list[Finding] = []
    unmatched: list[ev.OrderRow] = []
    for row in record.rows:
        identity, order = matching.identify(state, account, row, listed=True)
        if identity is matching.Identity.DEFERRED:
            unmatched.append(row)
        else:
            findings += fold_row(state, account, row, identity, order)
    for row, order in matching.guess(state, account, unmatched):
        unmatched.remove(row)
        findings += fold_known_row(state, account, row, order)
    for row in unmatched:
        if not any(matching.may_be(order, row) for order in matching.nameless(state, account)):
            findings += fold_row(state, account, row, matching.Identity.FOREIGN, None)
    for fill in record.fills:
        findings += fold_fill(state, account, fill, booked=not opening)
    if record.alive and record.complete:
        if not older:
            _count_absence(state, account, record, unmatched)
        state.clock_unsettled.discard(record.account)
        account.listed_session = record.session
        _keep_marks(account, state.now_ns - MARK_KEPT_NS)
        if not opening:
            findings += _difference(state, account, record)
    return findings


def _open_account(state: State, account: Account, record: ev.BrokerListed) -> None:
    """Take the day's opening figures; fills counted already that the list does not hold came after it."""
    account.ready = True
    account.cash = record.cash
    frozen = {symbol: held.frozen_quantity for symbol, held in account.positions.items() if held.frozen_quantity}
    account.positions = {
        held.symbol: replace(held, frozen_quantity=Quantity(frozen.pop(held.symbol, 0))) for held in record.positions
    }
    for symbol, quantity in frozen.items():
        account.positions[symbol] = bookkeeping.empty_position(record.account, symbol, quantity)
    account.morning_assets = record.total_assets or bookkeeping.total_assets(state, account)
    for fill in state.fills:
        if fill.account == record.account and not any(bookkeeping.same_fill(fill, row) for row in record.fills):
            bookkeeping.book(state, account, fill)


def _count_absence(state: State, account: Account, record: ev.BrokerListed, unmatched: list[ev.OrderRow]) -> None:
    """Count this list for the orders that it does not hold; a row that may be one of them proves the opposite."""
    for order in matching.nameless(state, account):
        if order.status is not OrderStatus.UNKNOWN:
            continue
        if any(matching.may_be(order, row) for row in unmatched):
            if order.asked:
                state.put_order(replace(order, asked=0, asked_ns=0))
        elif record.session > order.session and record.asked_ns > max(order.deadline_ns, order.handed_over_ns):
            state.put_order(replace(order, asked=order.asked + 1, asked_ns=order.asked_ns or record.asked_ns))


def _keep_marks(account: Account, kept_ns: int) -> None:
    """Forget marks that are old and have been applied to a list; the list at hand is applied by who called this."""
    for reach, mark in list(account.marks.items()):
        if mark.listed and mark.received_ns <= kept_ns:
            del account.marks[reach]
        mark.listed = True


def _difference(state: State, account: Account, record: ev.BrokerListed) -> list[Finding]:
    """Tell where the broker's positions are not ours, when nothing is moving."""
    if account.live:
        return []
    taken = corporate.take_over(state, account, record.positions)
    theirs = {held.symbol: held.quantity for held in record.positions if held.quantity}
    ours = {symbol: held.quantity for symbol, held in account.positions.items() if held.quantity}
    if theirs == ours:
        account.difference = ""
        return taken
    different = sorted(symbol for symbol in theirs.keys() | ours.keys() if theirs.get(symbol) != ours.get(symbol))
    text = ", ".join(f"{symbol} {ours.get(symbol, 0)}≠{theirs.get(symbol, 0)}" for symbol in different)
    if text == account.difference:
        return taken
    account.difference = text
    return [*taken, Finding(FindingKind.DIFFERENCE, record.account, None, text)]
