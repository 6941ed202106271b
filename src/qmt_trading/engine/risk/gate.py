"""The gate: the rules in their order. ``admit`` judges an instruction, ``judge`` the order it became."""

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
from qmt_trading.model.numbers import SECOND_NS, Money, Price, Quantity, notional
from qmt_trading.model.reasons import Denial, Reason
from qmt_trading.model.settings import DoorSettings, EngineSettings
from qmt_trading.model.words import Side


class Instruction(Struct, frozen=True, gc=False):
    """What one item asks of one account, before its size is known."""

    symbol: Symbol
    side: Side
    bare: bool
    received_ns: int
    deadline_ns: int
    duplicate_key: str
    """Empty for messages with an id."""


class Candidate(Struct, frozen=True, gc=False):
    """The order an instruction became."""

    symbol: Symbol
    side: Side
    quantity: Quantity
    price: Price
    needed: Money
    """Cash a buy freezes, with fees; 0 for sells."""


def admit(
    state: State, settings: EngineSettings, door: DoorSettings, account: Account, instruction: Instruction
) -> Denial | None:
    """Return why ``instruction`` may not be carried out at all, or None."""
    side = instruction.side
    number = account.settings.account
    return (
        _check_closed(state)
        or check_trading_state(state.trading_state, side)
        or check_trading_state(account.state, side)
        or check_door_account(door, number)
        or check_account_ready(number, account.link, ready=account.ready)
        or _check_clock(state, account)
        or check_staleness(deadline_ns=instruction.deadline_ns, now_ns=state.now_ns)
        or _check_marks(account, instruction)
        or _check_frozen(state, account, instruction.symbol, side)
        or _check_repeat(state, account, instruction)
        or check_amplification(_submits_this_minute(state), count_max=settings.submits_per_minute_max)
    )


def judge(
    state: State,
    settings: EngineSettings,
    door: DoorSettings,
    account: Account,
    rule: TradingRule,
    quote: Quote,
    candidate: Candidate,
    *,
    signal_count: int,
    account_count: int,
) -> Denial | None:
    """Return why ``candidate`` may not be sent, or None.

    Args:
        signal_count: orders this signal has made so far, over all accounts.
        account_count: orders this signal has made so far for this account.
    """
    worth = notional(candidate.price, candidate.quantity)
    held = account.positions.get(candidate.symbol)
    return (
        check_tick(candidate.price, rule)
        or check_price_limit(candidate.price, quote)
        or check_lot(rule, candidate.side, candidate.quantity, held)
        or (
            check_cash(candidate.needed, available=state.available_cash(account))
            if candidate.side is Side.BUY
            else check_sellable(candidate.quantity, held)
        )
        or check_order_value(worth, value_max=account.settings.order_value_max)
        or check_door_value(door, worth)
        or check_orders_per_signal(account_count, count_max=account.settings.orders_per_signal_max)
        or check_orders_per_signal(signal_count, count_max=settings.orders_per_signal_max)
    )


def _check_closed(state: State) -> Denial | None:
    return Denial(Reason.JOURNAL_CLOSED) if state.submits_closed else None


def _check_clock(state: State, account: Account) -> Denial | None:
    if account.settings.account in state.clock_unsettled:
        return Denial(Reason.CLOCK_UNSETTLED)
    return None


def _check_marks(account: Account, instruction: Instruction) -> Denial | None:
    if not account.marks:
        return None
    return check_cancel_mark(account.marks, instruction.symbol, instruction.side, received_ns=instruction.received_ns)


def _check_frozen(state: State, account: Account, symbol: Symbol, side: Side) -> Denial | None:
    if not account.unresolved:
        return None
    return check_frozen_pair(map(state.order, account.unresolved), symbol, side)


def _check_repeat(state: State, account: Account, instruction: Instruction) -> Denial | None:
    if instruction.duplicate_key:
        denial = check_duplicate(state.recent.get(instruction.duplicate_key, 0), now_ns=state.now_ns)
        if denial is not None:
            return denial
    if instruction.bare:
        pair = account.settings.account, instruction.symbol
        return check_bare_per_day(state.bare_counts.get(pair, 0), count_max=account.settings.bare_per_day_max)
    return None


def _submits_this_minute(state: State) -> int:
    return state.submits_in_minute if state.now_ns // (60 * SECOND_NS) == state.minute else 0
