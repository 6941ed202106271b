"""What becomes of proven differences and of foreign orders: the account's policy, carried out and told."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Final

from msgspec.structs import replace

from qmt_trading.engine import brakes
from qmt_trading.engine.bookkeeping import empty_position
from qmt_trading.engine.reconciliation import alerts
from qmt_trading.engine.reconciliation.differences import is_still
from qmt_trading.engine.state import Account, State
from qmt_trading.model.events import IgnoreDifferenceRequested
from qmt_trading.model.instrument import Symbol
from qmt_trading.model.numbers import SECOND_NS, Money, Quantity
from qmt_trading.model.order import Order
from qmt_trading.model.outputs import (
    Alert,
    DifferenceAbsorbed,
    DifferenceIgnored,
    DifferencesTold,
    Output,
    TradingStateChanged,
)
from qmt_trading.model.reconciliation import CASH, Difference, OnDifference, OnForeign
from qmt_trading.model.words import TradingState

TELL_AGAIN_NS: Final = 600 * SECOND_NS
"""After so long people are told again of a difference that stays as it is."""
WHY_STOPPED: Final = "DIFFERENCE"
FOREIGN_TOLD_SINGLY: Final = 3
"""Foreign orders of one event that get an alert each; more of them share one."""

Emit = Callable[[Output], None]


def decide_differences(state: State, account: Account, emit: Emit) -> None:
    """Do with the proven differences of ``account`` what its settings say; what is not proven is left alone.

    So is what a person has judged already.
    """
    proven = [each for each in account.differences.values() if each.is_proven and each.is_open]
    policy = account.settings.on_difference
    if policy is OnDifference.ABSORB:
        absorb(account, proven, brakes.WHO, emit)
        return
    to_tell = [each for each in proven if not each.told_ns or state.now_ns - each.told_ns >= TELL_AGAIN_NS]
    if not to_tell:
        return
    emit(alerts.differ(account.settings.account, to_tell, policy))
    emit(DifferencesTold(account.settings.account, tuple(each.symbol for each in to_tell)))
    if policy is OnDifference.PAUSE and any(not each.told_ns for each in to_tell):
        _stop(account, TradingState.REDUCING, WHY_STOPPED, emit)


def accept(state: State, account: Account, who: str, emit: Emit) -> None:
    """Take the broker's figures because a person says so: those that are proven and that nothing has moved since."""
    proven = [each for each in account.differences.values() if each.is_proven]
    absorb(account, [each for each in proven if is_still(state, account, each.symbol, each.agreed_ns)], who, emit)


def decide_ignored(state: State, event: IgnoreDifferenceRequested, emit: Emit) -> None:
    """Leave a proven difference as it is because a person says so; with the last one its brake is released.

    Refused, with nothing put out: it is not there in these figures, not proven, judged already, or an order whose
    outcome nobody knows may explain it. Positions, cash and orders stay what they are.
    """
    account = state.accounts.get(event.account)
    found = {each.key: each for each in account.differences.values()}.get(event.key) if account is not None else None
    if account is None or found is None or not (found.is_proven and found.is_open):
        return
    if concerns_unknown(found.symbol, (state.order(key).symbol for key in account.unresolved)):
        return
    emit(DifferenceIgnored(event.account, found, event.who, event.why))
    emit(alerts.ignored(event.account, found, event.who, event.why))
    if _holds_alone(state, account) and not any(
        each.is_proven and each.is_open for each in account.differences.values()
    ):
        emit(TradingStateChanged(event.account, TradingState.ACTIVE, event.who, event.why))


def concerns_unknown(symbol: Symbol, unresolved: Iterable[Symbol]) -> bool:
    """Tell whether orders of the symbols ``unresolved`` may be what differs; cash may differ by any of them."""
    return any(symbol in (CASH, each) for each in unresolved)


def _holds_alone(state: State, account: Account) -> bool:
    """Tell whether differences are all that keeps ``account`` from buying: no person, no loss."""
    told = account.told
    is_ours = account.state is TradingState.REDUCING and (told.who, told.why) == (brakes.WHO, WHY_STOPPED)
    return is_ours and not state.gauges.of_account(account.settings.account).loss_step


def absorb(account: Account, proven: Iterable[Difference], who: str, emit: Emit) -> None:
    """Take the broker's figures, each on record and told; of nothing else in the account."""
    for each in proven:
        emit(DifferenceAbsorbed(account.settings.account, each, who))
        emit(alerts.absorbed(account.settings.account, each, who))


def decide_foreign(account: Account, orders: Sequence[Order], emit: Emit) -> None:
    """Tell of foreign orders that were taken in just now, as the account's settings say."""
    policy = account.settings.foreign
    if policy is OnForeign.IGNORE:
        return
    for alert in foreign_alerts(account, orders):
        emit(alert)
    if policy is OnForeign.PAUSE:
        _stop(account, TradingState.HALTED, "FOREIGN_ORDER", emit)


def foreign_alerts(account: Account, orders: Sequence[Order]) -> list[Alert]:
    """Return one alert for each order, or one for all where there are many."""
    policy = account.settings.foreign
    if len(orders) > FOREIGN_TOLD_SINGLY:
        return [alerts.foreign_many(account.settings.account, orders, policy)]
    return [alerts.foreign(order, policy) for order in orders]


def _stop(account: Account, wanted: TradingState, why: str, emit: Emit) -> None:
    """Stop ``account`` as far as ``wanted``, until a person resumes it."""
    if brakes.STRICTNESS.index(wanted) > brakes.STRICTNESS.index(account.state):
        emit(TradingStateChanged(account.settings.account, wanted, brakes.WHO, why))


def fold_absorbed(account: Account, record: DifferenceAbsorbed) -> None:
    """Let the broker's figure be ours. What working sells freeze stays ours to compute, and profit what it was."""
    taken = record.difference
    account.differences.pop(taken.symbol, None)
    if taken.symbol == CASH:
        account.cash = Money(taken.theirs)
        return
    held = account.positions.get(taken.symbol) or empty_position(record.account, taken.symbol, Quantity(0))
    told = taken.position
    account.positions[taken.symbol] = replace(
        held,
        quantity=told.quantity if told is not None else Quantity(0),
        sellable_quantity=told.sellable_quantity if told is not None else Quantity(0),
        cost=told.cost if told is not None else Money(0),
    )


def fold_ignored(account: Account, record: DifferenceIgnored, now_ns: int) -> None:
    """Note who has judged these figures; they change nothing else."""
    found = account.differences[record.difference.symbol]
    account.differences[found.symbol] = replace(found, ignored_ns=now_ns, ignored_by=record.who, ignored_why=record.why)


def fold_told(account: Account, record: DifferencesTold, now_ns: int) -> None:
    """Note that people were told of these figures now."""
    for symbol in record.symbols:
        told = account.differences.get(symbol)
        if told is not None:
            account.differences[symbol] = replace(told, told_ns=now_ns)
