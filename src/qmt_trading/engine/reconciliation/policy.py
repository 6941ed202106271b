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
from qmt_trading.model.numbers import SECOND_NS, Money, Quantity
from qmt_trading.model.order import Order
from qmt_trading.model.outputs import Alert, DifferenceAbsorbed, DifferencesTold, Output, TradingStateChanged
from qmt_trading.model.reconciliation import CASH, Difference, OnDifference, OnForeign
from qmt_trading.model.words import TradingState

TELL_AGAIN_NS: Final = 600 * SECOND_NS
"""After so long people are told again of a difference that stays as it is."""
FOREIGN_TOLD_SINGLY: Final = 3
"""Foreign orders of one event that get an alert each; more of them share one."""

Emit = Callable[[Output], None]


def decide_differences(state: State, account: Account, emit: Emit) -> None:
    """Do with the proven differences of ``account`` what its settings say; what is not proven is left alone."""
    proven = [each for each in account.differences.values() if each.is_proven]
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
        _stop(account, TradingState.REDUCING, "DIFFERENCE", emit)


def accept(state: State, account: Account, who: str, emit: Emit) -> None:
    """Take the broker's figures because a person says so: those that are proven and that nothing has moved since."""
    proven = [each for each in account.differences.values() if each.is_proven]
    absorb(account, [each for each in proven if is_still(state, account, each.symbol, each.agreed_ns)], who, emit)


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


def fold_told(account: Account, record: DifferencesTold, now_ns: int) -> None:
    """Note that people were told of these figures now."""
    for symbol in record.symbols:
        told = account.differences.get(symbol)
        if told is not None:
            account.differences[symbol] = replace(told, told_ns=now_ns)
