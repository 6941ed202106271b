"""Folding a broker's whole list: opening figures, and what its reconciliation with our books says."""

from __future__ import annotations

from typing import Final

from msgspec.structs import replace

from qmt_trading.engine import bookkeeping, corporate
from qmt_trading.engine.findings import Finding, FindingKind
from qmt_trading.engine.fold_reports import fold_fill, fold_row
from qmt_trading.engine.reconciliation.differences import differences
from qmt_trading.engine.reconciliation.reconcile import Absence, Reconciliation, reconcile
from qmt_trading.engine.state import Account, State
from qmt_trading.model import events as ev
from qmt_trading.model.numbers import SECOND_NS, Quantity
from qmt_trading.model.reconciliation import Difference, Listed

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
    good = record.alive and record.complete
    opening = not account.ready
    if opening and good:
        _open_account(state, account, record)
    found = reconcile(state, account, record, is_proof=good and not older and not record.is_doubtful)
    findings: list[Finding] = []
    proven_ns = record.asked_ns if good and not older else 0
    for row, identity, key in found.rows:
        findings += fold_row(state, account, row, identity, key, proven_ns=proven_ns)
    for fill in found.fills:
        findings += fold_fill(state, account, fill, booked=not opening)
    for absence in found.absences:
        _count_absence(state, absence, record.asked_ns)
    if good:
        state.clock_unsettled.discard(record.account)
        account.listed_session = record.session
        _keep_marks(account, state.now_ns - MARK_KEPT_NS)
        if not older and record.asked_ns >= account.listed.asked_ns:
            findings += _compare(state, account, record, found, opening=opening)
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


def _count_absence(state: State, absence: Absence, asked_ns: int) -> None:
    """Count a list against an unknown order: the first, and one that is younger than the first."""
    order = state.order(absence.key)
    if not absence.is_counted:
        state.put_order(replace(order, asked=0, asked_ns=0))
    elif not order.asked:
        state.put_order(replace(order, asked=1, asked_ns=asked_ns))
    elif asked_ns > order.asked_ns and order.asked < 2:
        state.put_order(replace(order, asked=2))


def _keep_marks(account: Account, kept_ns: int) -> None:
    """Forget marks that are old and have been applied to a list; the list at hand is applied by who called this."""
    for reach, mark in list(account.marks.items()):
        if mark.listed and mark.received_ns <= kept_ns:
            del account.marks[reach]
        mark.listed = True


def _compare(
    state: State, account: Account, record: ev.BrokerListed, found: Reconciliation, *, opening: bool
) -> list[Finding]:
    """Note what the list held and where positions and cash differ from it now.

    From the opening one, whose figures were taken, only by what was counted before it came.
    """
    if record.asked_ns > state.now_ns:  # The clock has stepped back since: no later list would count until it is there.
        record = replace(record, asked_ns=state.now_ns)
    account.listed = Listed(
        asked_ns=record.asked_ns,
        orders=len(record.rows),
        fills=sum(row.day == state.day for row in record.fills),
        positions=sum(bool(held.quantity) for held in record.positions),
        cash=record.cash,
        unmatched=len(found.unmatched),
        absent_orders=found.absent_orders,
        absent_fills=found.absent_fills,
    )
    taken = [] if opening or account.live else corporate.take_over(state, account, record.positions)
    before, account.differences = account.differences, differences(state, account, record)
    gone = [
        each
        for symbol, each in before.items()
        if (each.told_ns or each.ignored_ns) and symbol not in account.differences
    ]
    return [*taken, *(_agreed(record, each) for each in gone)]


def _agreed(record: ev.BrokerListed, gone: Difference) -> Finding:
    return Finding(FindingKind.AGREED, record.account, None, gone.symbol)
