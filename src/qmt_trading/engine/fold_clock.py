"""Folding a step of the wall clock: what was measured by the clock that was wrong is measured anew."""

from __future__ import annotations

from msgspec.structs import replace

from qmt_trading.engine.reconciliation.differences import begin_anew
from qmt_trading.engine.state import State
from qmt_trading.engine.usage import Usage
from qmt_trading.model.numbers import SECOND_NS
from qmt_trading.model.timed import Timed


def clock_stepped(state: State, step_ns: int) -> None:
    """Forget what was measured with the clock that is wrong now: no list has been told apart from another by it."""
    assert state.settings is not None
    state.clock_unsettled = {each.account for each in state.settings.accounts}
    state.timed_due = []
    for waiting in state.timed.values():
        state.remind(waiting, waiting.due_ns)  # Whenever it was to be looked at again by the other clock.
    for usage in state.gauges.usages.values():
        usage.shift(step_ns)  # So far away are they still, whatever the clock says.
    for waiting in state.timed.values():
        if waiting.paced:
            for usage in usages_of(state, waiting):
                for _ in range(waiting.orders):
                    usage.give_turn_back(waiting.due_ns + step_ns)
                    usage.take_turn(waiting.due_ns)
    for account in state.accounts.values():
        account.asking_ns = 0
        for order in map(state.order, list(account.live)):
            if order.cancel_next_ns and not order.cancel_seq:  # A span of time, whatever the clock says.
                state.put_order(replace(order, cancel_next_ns=order.cancel_next_ns + step_ns))
    distrust_instants(state)


def distrust_instants(state: State) -> None:
    """Let no list be taken for an old day's because the clock went back, or for a second one because it went on.

    The clock that lists are stamped with may be a second behind: the loop waits small corrections out.
    """
    state.opened_ns = min(state.opened_ns, state.now_ns - SECOND_NS)
    for account in state.accounts.values():
        account.cancels_free_ns = 0
        begin_anew(state, account)
        for order in map(state.order, list(account.unresolved)):
            if order.asked:
                state.put_order(replace(order, asked=0, asked_ns=0))
        for order in map(state.order, list(account.live)):
            if order.cancel_next_ns and order.cancel_seq:  # Repeated now, rather than never when the clock went back.
                state.put_order(replace(order, cancel_next_ns=state.now_ns, cancel_paced=False))


def usages_of(state: State, timed: Timed) -> tuple[Usage, ...]:
    """Return the counters that an instruction which waits for its turn belongs to; it has one account."""
    (account,) = timed.accounts
    return state.gauges.counted(account, timed.door, timed.item.strategy)
