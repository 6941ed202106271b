"""Bugs on purpose: each lets reconciliation go wrong in one way, and the judge must find it, or he proves nothing."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, Final
from unittest import mock

from msgspec.structs import replace

from qmt_trading.engine import bookkeeping, fold, fold_list, fold_reports, matching
from qmt_trading.engine.findings import Finding, FindingKind
from qmt_trading.engine.reconciliation import differences, policy, questions, reconcile
from qmt_trading.engine.reconciliation.reconcile import Absence
from qmt_trading.model.order import Order
from qmt_trading.model.reconciliation import CASH, LAG_NS, Difference, OnDifference
from qmt_trading.model.words import OrderStatus
from tests.reconciliation.run_one import run_one

Bug = Callable[[], Any]
RUNS_MAX: Final = 6000


def lag_believed() -> Any:
    """Figures are held against ours within seconds of a fill."""
    return mock.patch.object(differences, "LAG_NS", 0)


def one_list_is_proof() -> Any:
    """A difference is acted on at first sight."""
    return mock.patch.object(Difference, "is_proven", property(lambda self: True))


def taken_while_it_moves() -> Any:
    """Orders that work keep no figure from being taken."""
    return mock.patch.object(differences, "is_still", lambda state, account, symbol, asked_ns: True)


def working_orders_overlooked() -> Any:
    """Only fills are waited for, and not orders that may fill at any moment."""

    def wrong(state: Any, account: Any, symbol: Any, asked_ns: int) -> bool:
        moved = account.moved.values() if symbol == CASH else [account.moved.get(symbol, 0)]
        return bool(asked_ns >= max(moved, default=0) + LAG_NS)

    return mock.patch.object(differences, "is_still", wrong)


def clock_step_proves() -> Any:
    """A step of the clock lets two lists be far apart."""
    return mock.patch("qmt_trading.engine.fold_clock.begin_anew", lambda state, account: None)


def foreign_orders_forgotten() -> Any:
    """What is not ours is not taken in."""
    return _without_rows(matching.Identity.FOREIGN)


def known_rows_ignored() -> Any:
    """A list tells of new orders only."""
    return _without_rows(matching.Identity.KNOWN)


def _without_rows(identity: Any) -> Any:
    right = reconcile.reconcile

    def wrong(*args: Any, **named: Any) -> Any:
        found = right(*args, **named)
        return found._replace(rows=tuple(row for row in found.rows if row.identity is not identity))

    return mock.patch.object(fold_list, "reconcile", wrong)


def missing_fills_ignored() -> Any:
    """Fills that were lost on the way stay lost."""
    return mock.patch.object(reconcile, "_missing", lambda state, account, fills, claims: ())


def fills_counted_again() -> Any:
    """Each list's fills are new ones."""
    count = iter(range(10**9))
    return mock.patch.object(bookkeeping, "key_of", lambda fill: next(count))


def rows_of_one_list_apart() -> Any:
    """What an earlier row of a list has shown counts for nothing in the next."""
    return mock.patch.object(matching.Claims, "add", lambda self, key, row: None)


def incomplete_lists_compared() -> Any:
    """A list that is not whole is held against our positions and cash."""
    right = fold_list.fold_listed
    return mock.patch.object(
        fold, "fold_listed", lambda state, record: right(state, replace(record, complete=True, alive=True))
    )


def young_orders_absent() -> Any:
    """An order is missed by a list that was asked for before its session, or before its deadline."""

    def wrong(state: Any, account: Any, theirs: Any, unmatched: Any, claims: Any) -> Iterator[Absence]:
        for order in matching.nameless(state, account, claims):
            yield Absence(order.client_order_id, is_counted=True)

    return _both(
        mock.patch.object(reconcile, "_absences", wrong),
        mock.patch.object(fold_list, "_count_absence", _settled_at_once),
    )


def _settled_at_once(state: Any, absence: Any, asked_ns: int) -> None:
    order = state.order(absence.key)
    state.put_order(replace(order, status=OrderStatus.NOT_SENT))


def absence_counted_twice() -> Any:
    """The same list is two proofs."""

    def wrong(state: Any, absence: Any, asked_ns: int) -> None:
        order = state.order(absence.key)
        state.put_order(replace(order, asked=order.asked + 1, asked_ns=order.asked_ns or asked_ns))

    return mock.patch.object(fold_list, "_count_absence", wrong)


def guesses_freely() -> Any:
    """A row without a remark is the first order's that it might be."""

    def wrong(state: Any, account: Any, rows: list[Any], claims: Any = matching.NO_CLAIMS) -> list[tuple[Any, Order]]:
        waiting = matching.nameless(state, account, claims)
        pairs = []
        for row in rows:
            for order in waiting:
                if matching.may_be(order, row):
                    pairs.append((row, order))
                    waiting.remove(order)
                    break
        return pairs

    return mock.patch.object(matching, "guess", wrong)


def cash_must_be_exact() -> Any:
    """Fees that were estimated are a difference."""
    return mock.patch.object(differences, "cash_tolerance", lambda state, account: 0)


def cash_unseen() -> Any:
    """Cash may differ by anything."""
    return mock.patch.object(differences, "cash_tolerance", lambda state, account: 10**18)


def positions_unseen() -> Any:
    """Only what the broker lists is compared: what it no longer holds stays ours."""
    right = differences._found

    def wrong(state: Any, account: Any, theirs: Any) -> Any:
        listed = {held.symbol for held in theirs.positions if held.quantity}
        return (each for each in right(state, account, theirs) if each.symbol in listed or each.symbol == CASH)

    return mock.patch.object(differences, "_found", wrong)


def ignored_is_absorbed() -> Any:
    """The policy is not asked."""

    def wrong(state: Any, account: Any, emit: Any) -> None:
        policy.absorb(account, [each for each in account.differences.values() if each.is_proven], "engine", emit)

    return mock.patch.object(policy, "decide_differences", wrong)


def nobody_pauses() -> Any:
    """An account that should stop goes on."""
    return mock.patch.object(policy, "_stop", lambda account, wanted, why, emit: None)


def absorbed_in_words_only() -> Any:
    """It is told that the broker's figure was taken, and it was not."""
    return mock.patch.object(
        policy, "fold_absorbed", lambda account, record: account.differences.pop(record.difference.symbol)
    )


def sellable_forgotten() -> Any:
    """Shares are taken over, and not that they may be sold."""
    right = policy.fold_absorbed

    def wrong(account: Any, record: Any) -> None:
        held = account.positions.get(record.difference.symbol)
        right(account, record)
        if record.difference.symbol != CASH:
            sellable = held.sellable_quantity if held is not None else 0
            after = account.positions[record.difference.symbol]
            account.positions[record.difference.symbol] = replace(after, sellable_quantity=sellable)

    return mock.patch.object(policy, "fold_absorbed", wrong)


def foreign_told_each_time() -> Any:
    """Every row of a foreign order is news."""
    right = fold_reports.fold_known_row

    def wrong(state: Any, account: Any, row: Any, order: Order, **more_told: Any) -> list[Finding]:
        more = [Finding(FindingKind.FOREIGN, order.account, order)] if order.foreign else []
        return right(state, account, row, order, **more_told) + more

    return mock.patch.object(fold_reports, "fold_known_row", wrong)


def never_asked_again() -> Any:
    """A difference waits for a second list that nobody asks for."""
    return mock.patch.object(questions, "_proof_ns", lambda account: 0)


def accepted_unproven() -> Any:
    """What a person accepts may be a lag."""
    right = policy.decide_differences

    def wrong(state: Any, account: Any, emit: Any) -> None:
        if account.settings.on_difference is OnDifference.ABSORB:
            policy.absorb(account, list(account.differences.values()), "engine", emit)
        else:
            right(state, account, emit)

    return mock.patch.object(policy, "decide_differences", wrong)


@contextmanager
def _both(first: Any, second: Any) -> Iterator[None]:
    with first, second:
        yield


BUGS: tuple[Bug, ...] = (
    lag_believed,
    one_list_is_proof,
    taken_while_it_moves,
    working_orders_overlooked,
    clock_step_proves,
    foreign_orders_forgotten,
    known_rows_ignored,
    missing_fills_ignored,
    fills_counted_again,
    rows_of_one_list_apart,
    incomplete_lists_compared,
    young_orders_absent,
    absence_counted_twice,
    guesses_freely,
    cash_must_be_exact,
    cash_unseen,
    positions_unseen,
    ignored_is_absorbed,
    nobody_pauses,
    absorbed_in_words_only,
    sellable_forgotten,
    foreign_told_each_time,
    never_asked_again,
    accepted_unproven,
)


def runs_to_find(bug: Bug, first: int = 0) -> int:
    """Return how many runs, from seed ``first`` on, it takes to find ``bug``; 0 when RUNS_MAX do not find it."""
    with bug():
        for seed in range(first, first + RUNS_MAX):
            try:
                run_one(seed)
            except AssertionError:  # Only the judge counts: a bug that breaks the program proves nothing of him.
                return seed - first + 1
    return 0
