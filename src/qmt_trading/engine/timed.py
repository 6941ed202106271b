"""Instructions that wait: when they are due, who drops them, and what becomes of them then."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator
from typing import Final

from msgspec.structs import replace

from qmt_trading.engine import alerts, cancels
from qmt_trading.engine.orders import Orders
from qmt_trading.engine.source import Source
from qmt_trading.engine.state import State
from qmt_trading.market.lots import round_down_to_lot
from qmt_trading.model.events import InstructionDue
from qmt_trading.model.instant import at_time, to_clock_text
from qmt_trading.model.instrument import Symbol
from qmt_trading.model.numbers import SECOND_NS, Quantity
from qmt_trading.model.order import Order
from qmt_trading.model.outputs import CancelMarked, ChaseEnded, InstructionDone, InstructionQueued, Output
from qmt_trading.model.reasons import NOTHING_TO_DO, Denial, Reason
from qmt_trading.model.receipt import CancelLine
from qmt_trading.model.settings import DoorSettings
from qmt_trading.model.signal import AccountId, Item, Size, SizeKind
from qmt_trading.model.timed import Chase, Timed
from qmt_trading.model.words import LinkState, OrderStatus, Verb

WAIT_MAX_NS: Final = 30 * 24 * 3600 * SECOND_NS
"""The furthest instant that an instruction may name."""

Emit = Callable[[Output], None]


def due_ns(state: State, item: Item, next_day: dt.date | None) -> int | Denial:
    """Return when ``item`` is due: ``at`` today if that is still ahead, after the close on the next trading day.

    ``not_before`` may have passed: it is due then, and its ttl counts from there.

    Args:
        next_day: the next trading day when this one's trading is over, else None.
    """
    now_ns = state.now_ns
    if item.not_before_ns is not None:
        if item.not_before_ns - now_ns > WAIT_MAX_NS:
            return Denial(Reason.AT_TOO_FAR, ("30",))
        return item.not_before_ns
    assert item.at_ns is not None
    assert state.day is not None
    if next_day is not None:
        return at_time(next_day, item.at_ns)
    at_ns = at_time(state.day, item.at_ns)
    if at_ns > now_ns:
        return at_ns
    return Denial(Reason.AT_PASSED, (to_clock_text(at_ns), to_clock_text(now_ns)))


def take_due(state: State) -> Iterator[Timed]:
    """Yield, earliest first, what is due, for those of its accounts that can trade; the others are waited for.

    Waiting ends with the deadline: what is due then is decided, and denied. What the decision about one drops is not
    among those that follow.
    """
    for key in state.take_timed():
        each = state.timed.get(key)
        if each is None:
            continue
        if each.verb is Verb.CANCEL or state.now_ns > each.deadline_ns:
            yield each
            continue
        able = tuple(number for number in each.accounts if _is_decidable(state, number))
        if len(able) < len(each.accounts):
            state.remind(each, each.deadline_ns + 1)
        if able:
            yield replace(each, accounts=able)


def _is_decidable(state: State, number: AccountId) -> bool:
    """Tell whether it is no use to wait for ``number``: it can trade, or is not configured any more."""
    if number not in state.names:
        return True
    account = state.account(number)
    return account.ready and account.link is LinkState.CONNECTED and number not in state.clock_unsettled


def wake(state: State, number: AccountId) -> None:
    """Have what is due and waits for ``number`` looked at again: it may be able to trade now."""
    for each in state.timed.values():
        if each.due_ns <= state.now_ns and number in each.accounts:
            state.remind(each, state.now_ns)


def decide_due(state: State, event: InstructionDue, emit: Emit) -> None:
    """Emit what follows from an instruction whose time has come, its ``InstructionDone`` last."""
    waiting = state.timed.get((event.seq, event.number))
    if waiting is None:
        return
    door = state.doors.get(waiting.door) or DoorSettings(name=waiting.door, allow=())
    item, quotes = waiting.item, {quote.symbol: quote for quote in event.quotes}
    if waiting.verb is Verb.CANCEL:
        lines: list[CancelLine] = []
        side = item.side or door.cancel_side
        for number in event.accounts:
            # Its scope is what is there when it fires, not when it was written.
            mark = CancelMarked(number, item.symbol, side, waiting.seq, state.now_ns, state.arrival + 1)
            lines += cancels.cancel_lines(state, mark, emit, said=waiting.arrival)
        emit(InstructionDone(waiting.seq, waiting.number, (), tuple(lines), event.accounts))
        return
    # A cancel that came since has dropped it; one that is older, or that left it waiting, is no business of it.
    source = Source(
        waiting.seq,
        door,
        state.arrival + 1 if not waiting.paced else waiting.arrival,
        waiting.due_ns,
        waiting.has_id,
        quotes,
        waiting.deadline_ns,
        waiting.received_ns,
    )
    orders = Orders(state, source, emit)
    orders.make(item, waiting.verb, event.accounts)
    for denial in dict.fromkeys(line.denial for line in orders.lines):
        if denial is not None and denial.reason not in NOTHING_TO_DO:
            emit(alerts.timed_denied(waiting, denial))
    emit(InstructionDone(waiting.seq, waiting.number, tuple(orders.lines), (), event.accounts))


def symbols_of(state: State, item: Item) -> list[Symbol]:
    """Return the symbols whose quotes a decision about ``item`` needs."""
    if item.verb is not Verb.PORTFOLIO:
        return [] if item.verb is Verb.CANCEL else [item.symbol]
    found = dict.fromkeys(symbol for symbol, _ in item.holdings)
    if item.close_others:
        found |= dict.fromkeys(symbol for _, strategy, symbol in state.holdings if strategy == item.strategy)
    return list(found)


# Following up


def follow_up(state: State, emit: Emit) -> None:
    """Queue a new order for what ``cancel_after`` has left of each order that is chased and has come to its end."""
    for key, chase in list(state.chasing.items()):
        order = state.order(key)
        if not order.ended_ns:
            continue
        emit(ChaseEnded(key))
        if order.status is not OrderStatus.CANCELED or order.cancel_seq != cancels.OWN_TIME:
            continue
        if state.now_ns > chase.until_ns:
            continue
        left = order.quantity - max(order.filled_quantity, order.reported_quantity)
        rule = state.rule(order.symbol)
        quantity = round_down_to_lot(rule, Quantity(left), order.side) if rule is not None else left
        if quantity > 0:
            emit(InstructionQueued(_next(state, order, chase, Quantity(quantity))))


def _next(state: State, order: Order, chase: Chase, quantity: Quantity) -> Timed:
    item = replace(chase.item, size=Size(SizeKind.SHARES, quantity, text=str(quantity)))
    return Timed(
        seq=order.signal_seq,
        number=state.timed_numbers.get(order.signal_seq, 0) + 1,
        door=chase.door,
        verb=item.verb,
        item=item,
        accounts=(AccountId(order.account),),
        due_ns=state.now_ns,
        deadline_ns=chase.until_ns,
        arrival=order.arrival,
        received_ns=order.received_ns,
        has_id=True,  # It repeats the words of the order before, and is no repeat of it.
    )
