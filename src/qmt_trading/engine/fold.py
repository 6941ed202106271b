"""Folding: what each record changes. Live and recovery use this one function, so that they cannot differ."""

from __future__ import annotations

from typing import assert_never

from msgspec.structs import replace

from qmt_trading.engine import acknowledging, bookkeeping, corporate, fold_clock, fold_day, morning, observing
from qmt_trading.engine.cancel_mark import CancelMark
from qmt_trading.engine.findings import Finding
from qmt_trading.engine.fold_list import fold_listed
from qmt_trading.engine.fold_reports import fold_fill, fold_order_reported
from qmt_trading.engine.reconciliation import policy
from qmt_trading.engine.state import Account, State
from qmt_trading.market.no_cancel import next_end_ns
from qmt_trading.model import events as ev
from qmt_trading.model import outputs as out
from qmt_trading.model import shadow
from qmt_trading.model.instrument import Quote
from qmt_trading.model.morning import LinkTold
from qmt_trading.model.numbers import SECOND_NS, Quantity
from qmt_trading.model.order import Order
from qmt_trading.model.reasons import Reason
from qmt_trading.model.settings import EngineSettings
from qmt_trading.model.signal import AccountId
from qmt_trading.model.timed import Timed, TimedDone
from qmt_trading.model.told import StateTold
from qmt_trading.model.view import SignalRow
from qmt_trading.model.words import LinkState, OrderStatus, Side, SignalStatus, TradingState

RECENT_MAX = 4096
"""Instructions without an id that are remembered before the expired ones are forgotten."""

_WORDS_MAX = 300
_UNANSWERED = (OrderStatus.PENDING_NEW, OrderStatus.UNKNOWN, OrderStatus.EXPIRED_UNRESOLVED)
_SPENDS_NO_ID = (SignalStatus.DUPLICATE, SignalStatus.MALFORMED)

Record = ev.At | ev.Event | out.Output
Cause = ev.SignalReceived | Timed
"""What is being decided: a message, or an instruction that waited."""


def apply(state: State, record: Record, cause: Cause | None = None) -> list[Finding]:
    """Change ``state`` by one record; ``cause`` is what orders come of, and the message that is answered."""
    match record:
        case ev.OrderReported():
            return fold_order_reported(state, record)
        case out.SubmitOrder():
            _submit(state, record, cause)
        case ev.SignalReceived():
            state.signal_seq = record.seq
            state.arrival = max(state.arrival, record.arrival)
            _quoted(state, record.quotes)
        case out.SignalAnswered():
            assert isinstance(cause, ev.SignalReceived)
            assert cause.seq == record.seq, record.seq
            _answered(state, record, cause)
        case ev.At():
            state.now_ns = record.now_ns
        case ev.FillReported():
            account = state.account(record.account)
            return [] if record.session != account.session else fold_fill(state, account, record.row, booked=True)
        case ev.SubmitsHandedOver():
            state.note_calls(record)
        case ev.SubmitRefused():
            _not_sent(state, record.client_order_id, record.text)
        case ev.SubmitUncertain():
            _doubted(state, record)
        case ev.SubmitsWithheld():
            for key in record.client_order_ids:
                _not_sent(state, key, record.cause, observed=record.cause == shadow.CAUSE)
        case out.OrderEnded():
            order = state.order(record.client_order_id)
            state.put_order(bookkeeping.ended(state, order, record.status, record.text))
            state.account(order.account).moved[order.symbol] = state.now_ns
        case out.CancelOrder():
            _cancel(state, record)
        case out.CancelMarked():
            marks, reach = state.account(record.account).marks, (record.symbol, record.side)
            if reach not in marks or marks[reach].arrival <= record.arrival:
                marks[reach] = CancelMark(record)
        case out.QueryBroker():
            _queried(state, record)
        case out.InstructionQueued():
            _queue(state, record.timed, cause)
        case out.InstructionDropped():
            _dropped(state, record)
        case out.InstructionDone():
            _done(state, record)
        case out.ChaseEnded():
            state.chasing.pop(record.client_order_id, None)
        case ev.InstructionDue():
            _due(state, record)
        case ev.PositionsMarked():
            _marked(state, record)
        case ev.LimitsConfirmed():
            state.gauges.confirm()
        case out.LimitSet():
            told = StateTold(record.who, record.why, state.now_ns)
            state.gauges.set(record.scope, record.limit, record.value, told)
        case out.BrakeTripped():
            usage = state.gauges.usage(record.scope)
            usage.loss_step = max(usage.loss_step, record.step) if record.brake == "loss" else usage.loss_step
            usage.warned = usage.warned or record.brake == "cancel_share"
            usage.touched()
        case ev.CancelRefused():
            refused = state.find_order(record.client_order_id)
            if refused is not None:
                state.put_order(replace(refused, text=record.text or refused.text))
        case ev.LinkChanged():
            _link(state, record)
        case ev.MorningChecked():
            account = state.account(record.account)
            account.morning = morning.checked(account.morning, record, state.now_ns)
        case ev.MorningAccepted():
            account = state.account(record.account)
            account.morning = morning.accepted(account.morning)
        case ev.BrokerListed():
            return fold_listed(state, record)
        case out.DifferenceAbsorbed():
            policy.fold_absorbed(state.account(record.account), record)
        case out.DifferenceIgnored():
            policy.fold_ignored(state.account(record.account), record, state.now_ns)
        case out.DifferencesTold():
            policy.fold_told(state.account(record.account), record, state.now_ns)
        case out.Alert():
            acknowledging.fold_alert(state, record)
        case out.AlertsAcknowledged():
            acknowledging.fold_acknowledged(state, record)
        case out.TradingStateChanged():
            changed = state if record.account is None else state.account(record.account)
            _set_trading_state(changed, record.state, StateTold(record.who, record.why, state.now_ns))
        case ev.MalformedReceived():
            state.malformed += 1
        case ev.JournalBound():
            state.bound = record
        case ev.EngineStarted():
            _started(state, record)
        case out.DayOpened():
            fold_day.fold_opened(state, record)
        case ev.CorporateActionsTold():
            return corporate.fold_actions(state, record)
        case ev.ClockStepped():
            fold_clock.clock_stepped(state, record.step_ns)
        case ev.JournalFailed():
            state.submits_closed = "journal"
        case ev.CancelRequested() | ev.HaltRequested():
            state.arrival = max(state.arrival, record.arrival)
        case (
            ev.DayBegan()
            | ev.DeadlineReached()
            | ev.SignalsDropped()
            | ev.DoorComplained()
            | ev.TerminalComplained()
            | ev.CancelsEnding()
            | ev.ResumeRequested()
            | ev.ResolveRequested()
            | ev.ReconcileRequested()
            | ev.LimitRequested()
            | ev.AcknowledgeRequested()
            | ev.IgnoreDifferenceRequested()
        ):
            pass
        case _:
            assert_never(record)
    return []


def _settings(state: State) -> EngineSettings:
    assert state.settings is not None
    return state.settings


def _set_trading_state(changed: State | Account, trading_state: TradingState, told: StateTold) -> None:
    changed.told = told
    if isinstance(changed, Account):
        changed.state = trading_state
    else:
        changed.trading_state = trading_state
    if trading_state is not TradingState.ACTIVE:
        changed.halts += 1
    elif isinstance(changed, State):
        changed.wanted_in_minute = 0  # A person has seen what tripped the brake.


def _submit(state: State, command: out.SubmitOrder, cause: Cause | None) -> None:
    now_ns = state.now_ns
    state.order_seq += 1
    door = cause.door if cause is not None else ""
    if not isinstance(cause, Timed) or not cause.paced:
        _want(state, 1)
    if command.bare:
        pair = command.account, command.symbol
        state.bare_counts[pair] = state.bare_counts.get(pair, 0) + 1
    if command.duplicate_key:
        _remember(state, command.duplicate_key, command.deadline_ns)
    if command.chase is not None:
        state.chasing[command.client_order_id] = command.chase
    state.add_order(
        Order(
            client_order_id=command.client_order_id,
            account=command.account,
            symbol=command.symbol,
            side=command.side,
            quantity=command.quantity,
            price=command.price,
            status=OrderStatus.PENDING_NEW,
            created_ns=now_ns,
            updated_ns=now_ns,
            received_ns=cause.received_ns if cause is not None else now_ns,
            session=state.account(command.account).session,
            deadline_ns=command.deadline_ns,
            signal_seq=command.signal_seq,
            strategy=command.strategy,
            reserved=command.reserved,
            reserved_quantity=Quantity(0) if command.side is Side.BUY or command.reserved else command.quantity,
            arrival=cause.arrival if cause is not None else state.arrival,
            cancel_next_ns=command.cancel_at_ns,
            door=door,
            decision_price=command.decision_price,
        )
    )


def _remember(state: State, duplicate_key: str, until_ns: int) -> None:
    """Take what looks like this for a repeat of it until ``until_ns``."""
    state.recent[duplicate_key] = until_ns
    if len(state.recent) > RECENT_MAX:
        state.recent = {key: each for key, each in state.recent.items() if each >= state.now_ns}


def _want(state: State, count: int) -> None:
    """Count orders that were to be sent in this minute of the clock."""
    minute = state.now_ns // (60 * SECOND_NS)
    if minute != state.minute:
        state.minute, state.wanted_in_minute = minute, 0
    state.wanted_in_minute += count


def _queue(state: State, timed: Timed, cause: Cause | None) -> None:
    """Put an instruction to wait; one that waits for its turn keeps it in every scope that it belongs to."""
    state.add_timed(timed)
    if timed.duplicate_key:
        _remember(state, timed.duplicate_key, timed.deadline_ns)
    if not timed.paced:
        return
    for usage in fold_clock.usages_of(state, timed):
        for _ in range(timed.orders):
            usage.take_turn(timed.due_ns)
    if not isinstance(cause, Timed) or not cause.paced:
        _want(state, timed.orders)


def _give_turn_back(state: State, timed: Timed) -> None:
    if timed.paced:
        for usage in fold_clock.usages_of(state, timed):
            for _ in range(timed.orders):
                usage.give_turn_back(timed.due_ns)


def _due(state: State, record: ev.InstructionDue) -> None:
    """Take the quotes; whoever waited for a turn gives it back, to be judged like one that comes now."""
    _quoted(state, record.quotes)
    waiting = state.timed.get((record.seq, record.number))
    if waiting is not None:
        _give_turn_back(state, waiting)


def _quoted(state: State, quotes: tuple[Quote, ...]) -> None:
    for quote in quotes:
        if quote.last:  # 0 is no price, and wipes none out (A18).
            state.prices[quote.symbol] = quote.last
        if quote.previous_close:
            state.references[quote.symbol] = quote.previous_close


def _marked(state: State, record: ev.PositionsMarked) -> None:
    for mark in record.marks:
        if mark.last:
            state.prices[mark.symbol] = mark.last
        if mark.previous_close:
            state.references[mark.symbol] = mark.previous_close


def _answered(state: State, answer: out.SignalAnswered, signal: ev.SignalReceived) -> None:
    row = SignalRow(
        seq=answer.seq,
        door=signal.door,
        sender=signal.signal.sender or signal.door,
        id=signal.signal.id,
        received_ns=signal.received_ns,
        decided_ns=state.now_ns,
        text=signal.text,
        receipt=answer.receipt,
        content=signal.signal.content,
    )
    state.signal_index[answer.seq] = state.signals.append(row)
    for line in answer.receipt.orders if answer.receipt.status is not SignalStatus.DUPLICATE else ():
        if line.denial is not None and line.denial.reason is Reason.ORDER_RATE_EXCEEDED:
            _want(state, 1)
    key = signal_key(signal)
    is_first = signal.known is None and answer.receipt.status not in _SPENDS_NO_ID
    if key and is_first and key not in state.ids:
        state.ids[key] = answer.seq


def signal_key(signal: ev.SignalReceived) -> str:
    """Return what makes a message the same message: ``sender/number``; empty without an id."""
    number = signal.signal.id
    if not number or "/" in number:
        return number
    return f"{signal.signal.sender or signal.door}/{number}"


def _not_sent(state: State, client_order_id: str, text: str, *, observed: bool = False) -> None:
    order = state.find_order(client_order_id)
    if order is not None and not order.answered_ns and order.status in _UNANSWERED:
        ended = bookkeeping.ended(state, order, OrderStatus.NOT_SENT, text)
        state.put_order(observing.withheld(state, order) if observed else ended)


def _doubted(state: State, record: ev.SubmitUncertain) -> None:
    """Keep what is said of an order that is unknown already: often the counter's own words come last."""
    order = state.find_order(record.client_order_id)
    if order is None or order.answered_ns or order.status is not OrderStatus.UNKNOWN:
        return
    if record.text and record.text not in order.text and len(order.text) + len(record.text) <= _WORDS_MAX:
        text = f"{order.text}；{record.text}" if order.text else record.text
        state.put_order(replace(order, text=text, updated_ns=state.now_ns))


def _cancel(state: State, command: out.CancelOrder) -> None:
    order = state.order(command.client_order_id)
    settings = _settings(state)
    next_ns = command.not_before_ns
    sent = bool(command.attempt) and not next_ns
    if command.paced or (sent and not order.cancel_paced):
        account = state.account(command.account)
        taken_ns = max(account.cancels_free_ns, state.now_ns)
        account.cancels_free_ns = taken_ns + SECOND_NS // settings.cancels_per_second
    if sent:
        for usage in state.gauges.counted(order.account, "", ""):
            usage.cancels += 1
            usage.canceled += command.attempt == 1
            usage.touched()
        state.gauges.of_account(order.account).add_message(state.now_ns)
        wait_ns = settings.cancel_retry_ns if command.attempt < settings.cancel_attempts_max else 5 * SECOND_NS
        next_ns = 0 if observing.observes(state) else state.now_ns + wait_ns  # Nothing left to be repeated.
        if next_ns and settings.no_cancel and state.day is not None:
            end_ns = next_end_ns(settings.no_cancel, state.day, state.now_ns)
            next_ns = min(next_ns, end_ns) if end_ns else next_ns  # A repeat misses no instant of opening.
    state.put_order(
        replace(
            order,
            cancel_seq=command.signal_seq or order.cancel_seq or -1,
            cancel_attempts=command.attempt,
            cancel_next_ns=next_ns,
            cancel_paced=command.paced or (order.cancel_paced and not sent),
        )
    )


def _done(state: State, record: out.InstructionDone) -> None:
    key = record.seq, record.number
    waiting = state.timed[key]
    done = replace(waiting, accounts=record.accounts)
    row = TimedDone(timed=done, at_ns=state.now_ns, orders=record.orders, cancels=record.cancels)
    state.timed_done.append(row)
    _without(state, waiting, record.accounts)


def _without(state: State, waiting: Timed, accounts: tuple[AccountId, ...]) -> None:
    """Let ``waiting`` concern ``accounts`` no longer; nobody is left: it is gone."""
    left = tuple(number for number in waiting.accounts if number not in accounts)
    if left:
        state.timed[waiting.seq, waiting.number] = replace(waiting, accounts=left)
    else:
        del state.timed[waiting.seq, waiting.number]


def _dropped(state: State, record: out.InstructionDropped) -> None:
    key = record.seq, record.number
    waiting = state.timed[key]
    _give_turn_back(state, waiting)
    gone = replace(waiting, accounts=(record.account,))
    dropped_by = record.by_seq or -1
    state.timed_done.append(TimedDone(timed=gone, at_ns=state.now_ns, dropped_by=dropped_by))
    _without(state, waiting, (record.account,))


def _queried(state: State, command: out.QueryBroker) -> None:
    account = state.account(command.account)
    if command.later:
        account.ask_again = True
        return
    account.asking_ns, account.questioned_ns, account.ask_again = state.now_ns, state.now_ns, False
    again_ns = state.now_ns + max(_settings(state).settle_ns // 2, SECOND_NS)
    for key in [*account.live, *account.gaps]:
        order = state.order(key)
        if order.ask_next_ns and order.ask_next_ns < again_ns:
            state.put_order(replace(order, ask_next_ns=again_ns))


def _link(state: State, record: ev.LinkChanged) -> None:
    account = state.account(record.account)
    if record.session < account.session:
        return
    account.session = record.session
    account.link, account.link_told = record.state, LinkTold(state.now_ns, record.text)
    account.asking_ns = 0  # An answer of the session before will not come.
    if record.state is LinkState.CONNECTED:
        for key in account.live:
            state.put_order(state.order(key))  # Puts its deadlines back into the heap.


def _started(state: State, record: ev.EngineStarted) -> None:
    state.version = record.version
    state.configure(record.settings)
    state.gauges.distrust()
    state.submits_closed = ""
    state.chasing = {}  # What ends from here on ended nobody knows when: too late to follow up.
    state.clock_unsettled = set()
    fold_clock.distrust_instants(state)  # Nobody has watched the clock between two processes.
    if record.safe:
        state.trading_state, state.told = TradingState.HALTED, StateTold("start", record.why, state.now_ns)
    for account in state.accounts.values():
        account.link, account.asking_ns, account.ask_again = LinkState.DOWN, 0, False
        account.morning = morning.unchecked(account.settings, account.morning.accepted)
    for order in list(state.orders):
        if order.status is OrderStatus.PENDING_NEW and not order.answered_ns:
            unknown = bookkeeping.ended(state, order, OrderStatus.UNKNOWN, "")
            state.put_order(observing.withheld(state, order) if observing.observes(state) else unknown)
