"""Which orders a cancel concerns, and the commands that cancel them."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Final

from qmt_trading.engine import alerts, observing
from qmt_trading.engine.cancel_mark import CancelMark
from qmt_trading.engine.state import Account, State
from qmt_trading.market.no_cancel import phase_of
from qmt_trading.model.instant import at_time, day_of, to_clock_text, to_hour_text
from qmt_trading.model.instrument import EVERY_SYMBOL, Symbol
from qmt_trading.model.numbers import SECOND_NS
from qmt_trading.model.order import Order
from qmt_trading.model.outputs import CancelMarked, CancelOrder, InstructionDropped, Output, QueryBroker
from qmt_trading.model.reasons import Denial, Reason
from qmt_trading.model.receipt import CancelLine
from qmt_trading.model.settings import NoCancelPhase
from qmt_trading.model.signal import AccountId, Item
from qmt_trading.model.timed import Timed
from qmt_trading.model.words import Side, SideScope, Verb

ANSWER_MAX_NS: Final = 5 * SECOND_NS
PERSON: Final = -1
"""In place of a signal's number: a person has asked for it."""
OWN_TIME: Final = -2
"""In place of a signal's number: its own ``cancel_after`` has come."""


def cancel_scope(
    state: State, account: Account, mark: CancelMarked, emit: Callable[[Output], None]
) -> list[tuple[Order, CancelOrder]]:
    """Cancel what is known to be in the reach of ``mark``, and ask for what is not known; return orders and commands.

    Orders of ours count by their arrival; others' count when they were seen before the cancel was decided. The mark
    stays for what the list brings to light, and for intents that are still on their way.
    """
    found: list[tuple[Order, CancelOrder]] = []
    for order in in_scope(state, account, mark):
        command = first_cancel(state, account, order, signal_seq=mark.signal_seq or PERSON)
        emit(command)  # Each takes its turn under the rate before the next is decided.
        found.append((order, command))
    emit(mark)
    emit(query(state, account))
    return found


def cancel_lines(
    state: State, mark: CancelMarked, emit: Callable[[Output], None], *, said: int = 0
) -> list[CancelLine]:
    """Carry ``mark`` out, and return the lines of the receipt that say what became of it.

    Args:
        said: the arrival of a cancel that waited: what was put to wait after it is meant for after it.
    """
    account = state.account(mark.account)
    lines = [
        CancelLine(
            account=mark.account,
            symbol=order.symbol,
            client_order_id=order.client_order_id,
            broker_order_id=order.broker_order_id,
            venue_order_id=order.venue_order_id,
            denial=_put_off(state, order, command) if command.not_before_ns else None,
        )
        for order, command in cancel_scope(state, account, mark, emit)
    ]
    for waiting in list(state.timed.values()):
        if reaches_waiting(mark, waiting) and (not said or waiting.arrival < said):
            emit(InstructionDropped(waiting.seq, waiting.number, mark.account, mark.signal_seq))
            dropped = Denial(Reason.WAITING_DROPPED, (waiting.name, to_clock_text(waiting.due_ns)))
            lines.append(CancelLine(account=mark.account, symbol=waiting.item.symbol, denial=dropped))
    count = sum(bool(line.client_order_id) for line in lines)
    if count and observing.observes(state):
        emit(alerts.would_cancel(mark.account, mark.symbol, count, mark.signal_seq))
    if not lines:
        nothing = Denial(Reason.NOTHING_TO_CANCEL, (mark.symbol, mark.account))
        lines.append(CancelLine(account=mark.account, symbol=mark.symbol, denial=nothing))
    return lines


def reaches_waiting(mark: CancelMarked, waiting: Timed) -> bool:
    """Tell whether a cancel drops an instruction that waits: one that came before it, of its symbol and side.

    A portfolio goes whole: what would be left of it is another one.
    """
    if waiting.arrival >= mark.arrival or mark.account not in waiting.accounts:
        return False
    return _concerns(mark.symbol, mark.side, waiting.item, waiting.verb)


def overnight(state: State) -> tuple[list[CancelMarked], list[Order]]:
    """Return what a new day takes over of cancels without an end, and the orders that they concern.

    The new day knows those orders again by the counter's lists, as rows of somebody else: the marks reach what was
    placed up to the orders' own time, and nothing later.
    """
    marks: dict[tuple[AccountId, Symbol, SideScope], CancelMarked] = {}
    orders: list[Order] = []
    for number, account in state.accounts.items():
        for mark in account.marks.values():
            marks[number, mark.symbol, mark.side] = CancelMarked(
                number, mark.symbol, mark.side, mark.seq, mark.received_ns, mark.arrival
            )
        for order in map(state.order, account.live):
            if not order.cancel_seq or not has_number(order) or observing.is_cancel_decided(state, order):
                continue
            orders.append(order)
            reach = number, order.symbol, SideScope(order.side.value)
            placed_ns = max(order.received_ns, order.created_ns) + SECOND_NS
            before = marks.get(reach)
            if before is None or before.received_ns < placed_ns:
                seq = max(order.cancel_seq, 0)
                marks[reach] = CancelMarked(*reach, seq, placed_ns, state.arrival + 1)
    return list(marks.values()), orders


def overtaken_by(account: Account, item: Item, verb: Verb, arrival: int) -> CancelMark | None:
    """Return the cancel that came after ``item`` and was decided before it; None: there is none."""
    for mark in account.marks.values():
        if arrival < mark.arrival and _concerns(mark.symbol, mark.side, item, verb):
            return mark
    return None


def _concerns(marked: Symbol, side: SideScope, item: Item, verb: Verb) -> bool:
    if verb is Verb.CANCEL:
        return False
    symbols = {symbol for symbol, _ in item.holdings} if verb is Verb.PORTFOLIO else {item.symbol}
    if marked != EVERY_SYMBOL and marked not in symbols:
        return False
    if side is SideScope.ALL or verb not in (Verb.BUY, Verb.SELL, Verb.CLEAR):
        return True
    return (side is SideScope.BUY) is (verb is Verb.BUY)


def _put_off(state: State, order: Order, command: CancelOrder) -> Denial:
    """Return why a cancel that is registered has not left yet."""
    assert state.settings is not None
    phase = closed_phase(state, order)
    if phase is None:
        figures = str(state.settings.cancels_per_second), to_clock_text(command.not_before_ns)
        return Denial(Reason.CANCEL_PACED, figures)
    return Denial(Reason.NO_CANCEL_PHASE, (to_hour_text(phase.begins_ns), to_hour_text(phase.ends_ns)))


def query(state: State, account: Account) -> QueryBroker:
    """Return the question for the account's list: at once, or when the answer that is under way has come.

    An answer that has been out for ANSWER_MAX_NS is not waited for any longer.
    """
    asking_ns = account.asking_ns
    return QueryBroker(account.settings.account, later=bool(asking_ns and state.now_ns - asking_ns < ANSWER_MAX_NS))


def in_scope(state: State, account: Account, mark: CancelMarked) -> list[Order]:
    """Return the account's orders, ours and foreign, that may still fill and came before ``mark``."""
    return [
        order
        for order in map(state.order, account.live)
        if mark.symbol in (EVERY_SYMBOL, order.symbol)
        and covers(mark.side, order.side)
        and order.arrival < mark.arrival
    ]


def covers(scope: SideScope, side: Side) -> bool:
    return scope is SideScope.ALL or scope.value == side.value


def named(state: State, accounts: Iterable[Account], order_id: str) -> list[Order]:
    """Return the working orders that ``order_id`` names: the one of our own name, else all that bear it as a number.

    Numbers are a terminal's, contract numbers one exchange's: several orders may bear the same one.
    """
    live = [state.order(key) for account in accounts for key in account.live]
    ours = [order for order in live if order.client_order_id == order_id]
    return ours or [order for order in live if order_id in (order.broker_order_id, order.venue_order_id)]


def has_number(order: Order) -> bool:
    """Tell whether there is anything to name the order by at the broker."""
    return bool(order.broker_order_id or order.venue_order_id)


def first_cancel(state: State, account: Account, order: Order, *, signal_seq: int) -> CancelOrder:
    """Return the first try for ``order``: now, when its exchange takes cancels again, or when its turn comes.

    While the broker has not given it a number it is registered only.
    """
    return _command(state, account, order, made=0, signal_seq=signal_seq)


def next_cancel(state: State, account: Account, order: Order) -> CancelOrder:
    """Return the next try; the first when nobody has asked for it but its own ``cancel_after``."""
    signal_seq = max(order.cancel_seq, 0) if order.cancel_seq else OWN_TIME
    return _command(state, account, order, made=order.cancel_attempts, signal_seq=signal_seq)


def newly_possible(state: State, account: Account, emit: Callable[[Output], None]) -> None:
    """Cancel the orders that waited for a number and have got one."""
    for order in map(state.order, list(account.to_cancel)):
        if has_number(order) and not order.cancel_next_ns:
            emit(next_cancel(state, account, order))


def missed(state: State, account: Account, emit: Callable[[Output], None]) -> None:
    """Cancel the orders that came to light after the mark that covers them was set."""
    for order in map(state.order, list(account.live)):
        if order.cancel_seq or not has_number(order):
            continue
        for mark in account.marks.values():
            if mark.reaches(order):
                emit(first_cancel(state, account, order, signal_seq=mark.seq or PERSON))
                break


def closed_phase(state: State, order: Order) -> NoCancelPhase | None:
    """Return the phase of now in which the exchange of ``order`` takes no cancels, None when it takes them."""
    assert state.settings is not None
    phases = state.settings.no_cancel
    if not phases or state.day is None or day_of(state.now_ns) != state.day:
        return None
    return phase_of(phases, order.symbol, state.day, state.now_ns)


def turn_ns(state: State, account: Account) -> int:
    """Return when ``account`` may next send a cancel; not after now: at once."""
    settings = state.settings
    assert settings is not None
    return account.cancels_free_ns - (settings.cancel_burst - 1) * SECOND_NS // settings.cancels_per_second


def _command(state: State, account: Account, order: Order, *, made: int, signal_seq: int) -> CancelOrder:
    attempt, not_before_ns, paced = made + 1, 0, False
    if not has_number(order):
        attempt = 0
    elif (phase := closed_phase(state, order)) is not None:
        assert state.day is not None
        attempt, not_before_ns = made, at_time(state.day, phase.ends_ns)
    elif order.cancel_paced and order.cancel_next_ns > state.now_ns:
        attempt, not_before_ns = made, order.cancel_next_ns  # It keeps the turn that it has.
    elif not order.cancel_paced and turn_ns(state, account) > state.now_ns:
        attempt, not_before_ns, paced = made, turn_ns(state, account), True
    return CancelOrder(
        account=order.account,
        client_order_id=order.client_order_id,
        broker_order_id=order.broker_order_id,
        venue_order_id=order.venue_order_id,
        symbol=order.symbol,
        attempt=attempt,
        signal_seq=signal_seq,
        not_before_ns=not_before_ns,
        paced=paced,
    )
