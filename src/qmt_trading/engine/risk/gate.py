"""The gate: the rules in their order. ``admit`` judges an instruction, ``judge_legality`` and ``judge`` its order.

Rules that hang on something rare (an unknown order, a mark) are asked only where it exists: the condition stands here.
"""

from __future__ import annotations

from msgspec import Struct

from qmt_trading.engine.risk.account_ready import check_account_ready
from qmt_trading.engine.risk.bare_per_day import check_bare_per_day
from qmt_trading.engine.risk.cancel_mark import check_cancel_mark
from qmt_trading.engine.risk.cash import check_cash
from qmt_trading.engine.risk.door_permission import check_door_account, check_door_value
from qmt_trading.engine.risk.duplicate import check_duplicate
from qmt_trading.engine.risk.frozen_pair import check_frozen_pair
from qmt_trading.engine.risk.lot import check_lot
from qmt_trading.engine.risk.order_value import check_order_value
from qmt_trading.engine.risk.orders_per_signal import check_amplification, check_orders_per_signal
from qmt_trading.engine.risk.price_limit import check_price_limit, check_tick
from qmt_trading.engine.risk.sellable import check_sellable
from qmt_trading.engine.risk.staleness import check_staleness
from qmt_trading.engine.risk.trading_state import check_trading_state
from qmt_trading.engine.state import Account, State
from qmt_trading.model.instrument import Quote, Symbol, TradingRule
from qmt_trading.model.numbers import SECOND_NS, Money, Price, Quantity
from qmt_trading.model.order import Position
from qmt_trading.model.reasons import Denial, Reason
from qmt_trading.model.settings import AccountSettings, DoorSettings, EngineSettings
from qmt_trading.model.signal import AccountId
from qmt_trading.model.words import Side


class Instruction(Struct, frozen=True, gc=False):
    """What one item asks of one account, before its size is known."""

    symbol: Symbol
    side: Side
    bare: bool
    arrival: int
    deadline_ns: int
    duplicate_key: str
    """Empty for messages with an id."""


class Candidate(Struct, frozen=True, gc=False):
    """The order an instruction became."""

    symbol: Symbol
    side: Side
    quantity: Quantity
    price: Price
    worth: Money
    needed: Money
    """Cash a buy freezes, with fees; 0 for sells."""


def admit(
    state: State, settings: EngineSettings, door: DoorSettings, account: Account, instruction: Instruction
) -> Denial | None:
    """Return why ``instruction`` may not be carried out at all, or None."""
    side = instruction.side
    own = account.settings
    return (
        (_check_closed() if state.submits_closed else None)
        or check_trading_state(state.trading_state, side)
        or check_trading_state(account.state, side)
        or check_door_account(door, own.account)
        or check_account_ready(own.account, account.link, account.ready)
        or (_check_clock(own.account, state) if state.clock_unsettled else None)
        or check_staleness(instruction.deadline_ns, state.now_ns)
        or (_check_marks(account, instruction) if account.marks else None)
        or (_check_frozen(state, account, instruction) if account.unresolved else None)
        or (_check_duplicate(state, instruction) if instruction.duplicate_key else None)
        or (_check_bare(state, own, instruction) if instruction.bare else None)
        or (_check_minute(state, settings) if state.submits_in_minute >= settings.submits_per_minute_max else None)
    )


def judge_legality(rule: TradingRule, quote: Quote, candidate: Candidate, held: Position | None) -> Denial | None:
    """Return why no exchange would take ``candidate``, or None; for a buy the same whoever buys."""
    return (
        check_tick(candidate.price, rule)
        or check_price_limit(candidate.price, quote)
        or check_lot(rule, candidate.side, candidate.quantity, held)
    )


def judge(
    state: State,
    settings: EngineSettings,
    door: DoorSettings,
    account: Account,
    candidate: Candidate,
    *,
    signal_count: int,
    account_count: int,
) -> Denial | None:
    """Return why ``candidate``, which is legal, may not be sent for ``account``, or None.

    Args:
        signal_count: orders this signal has made so far, over all accounts.
        account_count: orders this signal has made so far for this account.
    """
    worth = candidate.worth
    own = account.settings
    return (
        (
            check_cash(candidate.needed, Money(account.cash - account.reserved))
            if candidate.side is Side.BUY
            else check_sellable(candidate.quantity, account.positions.get(candidate.symbol))
        )
        or check_order_value(worth, own.order_value_max)
        or (check_door_value(door, worth) if door.order_value_max else None)
        or check_orders_per_signal(account_count, own.orders_per_signal_max)
        or check_orders_per_signal(signal_count, settings.orders_per_signal_max)
    )


def _check_closed() -> Denial:
    return Denial(Reason.JOURNAL_CLOSED)


def _check_clock(number: AccountId, state: State) -> Denial | None:
    return Denial(Reason.CLOCK_UNSETTLED) if number in state.clock_unsettled else None


def _check_marks(account: Account, instruction: Instruction) -> Denial | None:
    marks = account.marks.values()
    return check_cancel_mark(marks, instruction.symbol, instruction.side, arrival=instruction.arrival)


def _check_frozen(state: State, account: Account, instruction: Instruction) -> Denial | None:
    return check_frozen_pair(map(state.order, account.unresolved), instruction.symbol, instruction.side)


def _check_duplicate(state: State, instruction: Instruction) -> Denial | None:
    return check_duplicate(state.recent.get(instruction.duplicate_key, 0), now_ns=state.now_ns)


def _check_bare(state: State, own: AccountSettings, instruction: Instruction) -> Denial | None:
    count = state.bare_counts.get((own.account, instruction.symbol), 0)
    return check_bare_per_day(count, count_max=own.bare_per_day_max)


def _check_minute(state: State, settings: EngineSettings) -> Denial | None:
    return check_amplification(submits_this_minute(state), settings.submits_per_minute_max)


def submits_this_minute(state: State) -> int:
    """Return how many orders were decided in the minute of the clock that is running."""
    return state.submits_in_minute if state.now_ns // (60 * SECOND_NS) == state.minute else 0
