"""When the broker is asked for an account's list without anybody asking: every so often, and to prove a difference."""

from __future__ import annotations

from typing import Final

from qmt_trading.engine.cancels import ANSWER_MAX_NS
from qmt_trading.engine.state import Account, State
from qmt_trading.model.numbers import SECOND_NS
from qmt_trading.model.reconciliation import APART_NS, CASH, LAG_NS
from qmt_trading.model.signal import AccountId
from qmt_trading.model.words import LinkState

_MINUTE_NS: Final = 60 * SECOND_NS
HOURS: Final = tuple(
    (begins * _MINUTE_NS, ends * _MINUTE_NS)
    for begins, ends in ((9 * 60 + 10, 11 * 60 + 35), (12 * 60 + 55, 15 * 60 + 35))
)
"""After midnight: the auctions, both sessions, and a few minutes around them."""


def next_question_ns(state: State, account: Account) -> int:
    """Return when ``account`` is to be asked about next; 0: not, as things stand.

    Never while an answer is under way that may still come, and never twice within ``APART_NS``. What hangs on an answer
    that has been lost, a cancel or the next question, is asked for again.
    """
    every_ns = account.settings.reconcile_every_ns
    if account.link is not LinkState.CONNECTED:
        return 0
    if account.ask_again or (account.asking_ns and any(not mark.listed for mark in account.marks.values())):
        return account.asking_ns + ANSWER_MAX_NS
    if not (every_ns or account.differences):
        return 0
    due_ns = _in_hours(state, account.questioned_ns + every_ns) if every_ns else 0
    proof_ns = _proof_ns(account)
    if proof_ns and (not due_ns or proof_ns < due_ns):
        due_ns = max(proof_ns, account.questioned_ns + APART_NS)
    if due_ns and account.asking_ns:
        due_ns = max(due_ns, account.asking_ns + ANSWER_MAX_NS)
    return due_ns


def next_due_ns(state: State) -> int:
    """Return when the first of all accounts is to be asked about; 0: none is."""
    found_ns = 0
    for account in state.accounts.values():
        # Looked at every turn, and most accounts want nothing.
        if account.asking_ns or account.ask_again or account.differences or account.settings.reconcile_every_ns:
            due_ns = next_question_ns(state, account)
            if due_ns and not 0 < found_ns < due_ns:
                found_ns = due_ns
    return found_ns


def due_accounts(state: State) -> list[AccountId]:
    """Return the accounts that are to be asked about by now."""
    return [
        number for number, account in state.accounts.items() if 0 < next_question_ns(state, account) <= state.now_ns
    ]


def _proof_ns(account: Account) -> int:
    """Return when a list may prove, or begin to prove, a difference; 0: none waits for that.

    What moves because of an order that works is left to the list after its end.
    """
    found = 0
    busy = bool(account.live or account.gaps or account.orphans)
    for symbol, each in account.differences.items():
        if each.is_proven:
            continue
        if each.still_ns:
            at_ns = each.still_ns + APART_NS
        elif busy:
            continue
        else:
            moved = account.moved.values() if symbol == CASH else (account.moved.get(symbol, 0),)
            at_ns = max(moved, default=0) + LAG_NS
        found = min(found, at_ns) if found else at_ns
    return found


def _in_hours(state: State, at_ns: int) -> int:
    """Return ``at_ns``, or the beginning of the next hours of trading of the open day; 0: they are over."""
    assert state.settings is not None
    if state.settings.always_open:
        return at_ns
    if state.day is None:
        return 0
    for begins_ns, ends_ns in HOURS:
        if at_ns <= state.day_begins_ns + ends_ns:
            return max(at_ns, state.day_begins_ns + begins_ns)
    return 0
