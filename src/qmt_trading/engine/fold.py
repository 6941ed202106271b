"""Folding: what each record changes. Live and recovery use this one function, so that they cannot differ."""

from __future__ import annotations

from enum import Enum
from typing import NamedTuple, assert_never

from msgspec.structs import replace

from qmt_trading.engine import bookkeeping, matching
from qmt_trading.engine.state import Account, CancelMark, State
from qmt_trading.engine.tables import Table
from qmt_trading.model import events as ev
from qmt_trading.model import outputs as out
from qmt_trading.model.numbers import SECOND_NS, Money, Quantity
from qmt_trading.model.order import Fill, Order
from qmt_trading.model.settings import EngineSettings
from qmt_trading.model.signal import AccountId
from qmt_trading.model.view import AlertRow, SignalRow
from qmt_trading.model.words import LinkState, OrderStatus, Side, SignalStatus, TradingState

RECENT_MAX = 4096
"""Instructions without an id that are remembered before the expired ones are forgotten."""
MARK_KEPT_NS = 600 * SECOND_NS
"""How long a mark still reaches orders that come to light: longer than any signal waits."""

Record = ev.At | ev.Event | out.Output


class FindingKind(Enum):
    """What folding a fact brought to light; the engine decides what follows from it."""

    SPENT = "spent"
    INTRUDER = "intruder"
    DEFERRED = "deferred"
    RISEN = "risen"
    """An order believed not sent, or given up, is there."""
    REJECTED = "rejected"
    OVERSOLD = "oversold"
    ORPHAN = "orphan"
    DIFFERENCE = "difference"


class Finding(NamedTuple):
    kind: FindingKind
    account: AccountId
    order: Order | None
    text: str = ""


def apply(state: State, record: Record, signal: ev.SignalReceived | None = None) -> list[Finding]:
    """Change ``state`` by one record; ``signal`` is the message that a SignalAnswered answers."""
    match record:
        case out.SubmitOrder():
            _submit(state, record, signal)
        case ev.SignalReceived():
            state.signal_seq = record.seq
            for quote in record.quotes:
                state.prices[quote.symbol] = quote.last
        case out.SignalAnswered():
            assert signal is not None
            assert signal.seq == record.seq, record.seq
            _answered(state, record, signal)
        case ev.At():
            state.now_ns = record.now_ns
        case ev.OrderReported():
            return _order_reported(state, record)
        case ev.FillReported():
            account = state.account(record.account)
            return [] if record.session != account.session else _fill(state, account, record.row, booked=True)
        case ev.SubmitsHandedOver():
            for key, called_ns in record.calls:
                state.note_call(key, called_ns=called_ns, committed_ns=record.committed_ns)
        case ev.SubmitRefused():
            _not_sent(state, record.client_order_id, record.text)
        case ev.SubmitsWithheld():
            for key in record.client_order_ids:
                _not_sent(state, key, record.cause)
        case out.OrderEnded():
            order = state.order(record.client_order_id)
            state.put_order(bookkeeping.ended(state, order, record.status, record.text))
        case out.CancelOrder():
            _cancel(state, record)
        case out.CancelMarked():
            state.account(record.account).marks.append(CancelMark(record))
        case out.QueryBroker():
            _queried(state, record)
        case ev.CancelRefused():
            refused = state.find_order(record.client_order_id)
            if refused is not None:
                state.put_order(replace(refused, text=record.text or refused.text))
        case ev.LinkChanged():
            _link(state, record)
        case ev.BrokerListed():
            return _listed(state, record)
        case out.Alert():
            state.alerts.append(AlertRow(state.now_ns, record))
        case out.TradingStateChanged():
            if record.account is None:
                state.trading_state = record.state
            else:
                state.account(record.account).state = record.state
        case ev.MalformedReceived():
            state.malformed += 1
        case ev.JournalBound():
            state.bound = record
        case ev.EngineStarted():
            _started(state, record)
        case out.DayOpened():
            _opened(state, record)
        case ev.ClockStepped():
            state.clock_unsettled = {each.account for each in _settings(state).accounts}
        case ev.JournalFailed():
            state.submits_closed = "journal"
        case (
            ev.DayBegan()
            | ev.DeadlineReached()
            | ev.CancelRequested()
            | ev.HaltRequested()
            | ev.ResumeRequested()
            | ev.ResolveRequested()
            | ev.SubmitUncertain()
        ):
            pass
        case _:
            assert_never(record)
    return []


def _settings(state: State) -> EngineSettings:
    assert state.settings is not None
    return state.settings


def _submit(state: State, command: out.SubmitOrder, signal: ev.SignalReceived | None) -> None:
    now_ns = state.now_ns
    state.order_seq += 1
    minute = now_ns // (60 * SECOND_NS)
    if minute != state.minute:
        state.minute, state.submits_in_minute = minute, 0
    state.submits_in_minute += 1
    if command.bare:
        pair = command.account, command.symbol
        state.bare_counts[pair] = state.bare_counts.get(pair, 0) + 1
    if command.duplicate_key:
        state.recent[command.duplicate_key] = command.deadline_ns
        if len(state.recent) > RECENT_MAX:
            state.recent = {key: until_ns for key, until_ns in state.recent.items() if until_ns >= now_ns}
    is_buy = command.side is Side.BUY
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
            received_ns=signal.received_ns if signal is not None else now_ns,
            session=state.account(command.account).session,
            deadline_ns=command.deadline_ns,
            signal_seq=command.signal_seq,
            strategy=command.strategy,
            reserved=command.reserved,
            reserved_quantity=Quantity(0) if is_buy else command.quantity,
        )
    )


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
    key = signal_key(signal)
    if key and answer.receipt.status is not SignalStatus.DUPLICATE and key not in state.ids:
        state.ids[key] = answer.seq


def signal_key(signal: ev.SignalReceived) -> str:
    """Return what makes a message the same message: ``sender/number``; empty without an id."""
    number = signal.signal.id
    if not number or "/" in number:
        return number
    return f"{signal.signal.sender or signal.door}/{number}"


def _order_reported(state: State, record: ev.OrderReported) -> list[Finding]:
    account = state.account(record.account)
    if record.session != account.session:
        return []  # A dead session's last words (A16).
    identity, order = matching.identify(state, account, record.row, listed=False)
    return _row(state, account, record.row, identity, order)


def _row(
    state: State, account: Account, row: ev.OrderRow, identity: matching.Identity, order: Order | None
) -> list[Finding]:
    number = account.settings.account
    match identity:
        case matching.Identity.KNOWN:
            assert order is not None
            return _known_row(state, account, row, order)
        case matching.Identity.PAST:
            return []
        case matching.Identity.DEFERRED:
            return [Finding(FindingKind.DEFERRED, number, None)]
        case matching.Identity.FOREIGN | matching.Identity.SPENT | matching.Identity.INTRUDER:
            made = bookkeeping.foreign_order(state, number, row)
            state.put_order(made)
            _adopt(state, account, made)
            if identity is matching.Identity.FOREIGN:
                return []
            kind = FindingKind.SPENT if identity is matching.Identity.SPENT else FindingKind.INTRUDER
            return [Finding(kind, number, made, row.client_order_id)]
        case _:
            assert_never(identity)


def _known_row(state: State, account: Account, row: ev.OrderRow, order: Order) -> list[Finding]:
    changed = bookkeeping.row_applied(state, order, row)
    state.put_order(changed)
    findings: list[Finding] = []
    if order.status in (OrderStatus.NOT_SENT, OrderStatus.EXPIRED_UNRESOLVED):
        findings.append(Finding(FindingKind.RISEN, order.account, changed))
    if changed.status is OrderStatus.REJECTED and order.status is not OrderStatus.REJECTED:
        findings.append(Finding(FindingKind.REJECTED, order.account, changed, row.text))
    if account.orphans:
        _adopt(state, account, changed)
    return findings


def _adopt(state: State, account: Account, order: Order) -> None:
    """Give ``order`` the fills that were booked before it was known."""
    for index in list(account.orphans):
        fill = state.fills[index]
        numbers = fill.venue_order_id, fill.broker_order_id
        if fill.symbol == order.symbol and (
            (order.venue_order_id and order.venue_order_id in numbers)
            or (order.broker_order_id and order.broker_order_id in numbers)
        ):
            account.orphans.remove(index)
            state.fills.replace(index, replace(fill, client_order_id=order.client_order_id))
            order = bookkeeping.fill_applied(state, order, fill)
            state.put_order(order)


def _fill(state: State, account: Account, row: ev.FillRow, *, booked: bool) -> list[Finding]:
    """Count one fill; ``booked`` moves position and cash, too (False: the broker's opening figures hold it already)."""
    number = account.settings.account
    if row.day != state.day:
        return []  # Yesterday's replay.
    key = bookkeeping.fill_key(number, row)
    if key in state.fill_keys:
        return []
    state.fill_keys.add(key)
    order = matching.order_of_fill(state, account, row)
    fill = Fill(
        account=number,
        day=row.day,
        fill_id=row.fill_id,
        venue_order_id=row.venue_order_id,
        client_order_id=order.client_order_id if order is not None else bookkeeping.orphan_name(row),
        symbol=row.symbol,
        side=row.side,
        price=row.price,
        quantity=row.quantity,
        fee=bookkeeping.fee_of(state, account, row),
        filled_ns=row.filled_ns,
        broker_order_id=row.broker_order_id,
    )
    index = state.fills.append(fill)
    findings: list[Finding] = []
    if booked and not bookkeeping.book(state, account, fill):
        findings.append(Finding(FindingKind.OVERSOLD, number, order, row.symbol))
    if order is None:
        account.orphans.append(index)
        findings.append(Finding(FindingKind.ORPHAN, number, None, row.symbol))
    else:
        if order.status is OrderStatus.NOT_SENT or order.status is OrderStatus.EXPIRED_UNRESOLVED:
            findings.append(Finding(FindingKind.RISEN, number, order))
        if row.broker_order_id and not order.broker_order_id:
            order = replace(order, broker_order_id=row.broker_order_id)
        state.put_order(bookkeeping.fill_applied(state, order, fill))
    return findings


def _not_sent(state: State, client_order_id: str, text: str) -> None:
    order = state.find_order(client_order_id)
    if order is not None and not order.answered_ns and order.status in (OrderStatus.PENDING_NEW, OrderStatus.UNKNOWN):
        state.put_order(bookkeeping.ended(state, order, OrderStatus.NOT_SENT, text))


def _cancel(state: State, command: out.CancelOrder) -> None:
    order = state.order(command.client_order_id)
    settings = _settings(state)
    wait_ns = settings.cancel_retry_ns if command.attempt < settings.cancel_attempts_max else 5 * SECOND_NS
    state.put_order(
        replace(
            order,
            cancel_seq=command.signal_seq or order.cancel_seq or -1,
            cancel_attempts=command.attempt,
            cancel_next_ns=state.now_ns + wait_ns if command.attempt else 0,
        )
    )


def _queried(state: State, command: out.QueryBroker) -> None:
    account = state.account(command.account)
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
    account.link = record.state
    if record.state is LinkState.CONNECTED:
        for key in account.live:
            state.put_order(state.order(key))  # Puts its deadlines back into the heap.


def _listed(state: State, record: ev.BrokerListed) -> list[Finding]:
    account = state.account(record.account)
    if record.session != account.session or record.asked_ns < state.opened_ns:
        return []
    opening = not account.ready
    if opening and record.alive and record.complete:
        _open_account(state, account, record)
    findings: list[Finding] = []
    unmatched: list[ev.OrderRow] = []
    for row in record.rows:
        identity, order = matching.identify(state, account, row, listed=True)
        if identity is matching.Identity.DEFERRED:
            unmatched.append(row)
        else:
            findings += _row(state, account, row, identity, order)
    for row, order in matching.guess(state, account, unmatched):
        unmatched.remove(row)
        findings += _known_row(state, account, row, order)
    for row in unmatched:
        if not any(matching.may_be(order, row) for order in matching.nameless(state, account)):
            findings += _row(state, account, row, matching.Identity.FOREIGN, None)
    for fill in record.fills:
        findings += _fill(state, account, fill, booked=not opening)
    if record.alive and record.complete:
        _count_absence(state, account, record)
        state.clock_unsettled.discard(record.account)
        kept_ns = state.now_ns - MARK_KEPT_NS
        account.marks = [mark for mark in account.marks if mark.received_ns > kept_ns]
        if not opening:
            findings += _difference(account, record)
    return findings


def _open_account(state: State, account: Account, record: ev.BrokerListed) -> None:
    """Take the day's opening figures; fills counted already that the list does not hold came after it."""
    account.ready = True
    account.cash = record.cash
    frozen = {symbol: held.frozen_quantity for symbol, held in account.positions.items() if held.frozen_quantity}
    account.positions = {
        held.symbol: replace(held, frozen_quantity=Quantity(frozen.pop(held.symbol, 0))) for held in record.positions
    }
    for symbol, quantity in frozen.items():
        account.positions[symbol] = bookkeeping.empty_position(record.account, symbol, quantity)
    listed = {bookkeeping.fill_key(record.account, row) for row in record.fills}
    for fill in state.fills:
        if fill.account == record.account and bookkeeping.key_of(fill) not in listed:
            bookkeeping.book(state, account, fill)


def _count_absence(state: State, account: Account, record: ev.BrokerListed) -> None:
    for order in matching.nameless(state, account):
        if (
            order.status is OrderStatus.UNKNOWN
            and record.session > order.session
            and record.asked_ns > max(order.deadline_ns, order.handed_over_ns)
        ):
            state.put_order(replace(order, asked=order.asked + 1, asked_ns=order.asked_ns or record.asked_ns))


def _difference(account: Account, record: ev.BrokerListed) -> list[Finding]:
    """Tell where the broker's positions are not ours, when nothing is moving."""
    if account.live:
        return []
    theirs = {held.symbol: held.quantity for held in record.positions if held.quantity}
    ours = {symbol: held.quantity for symbol, held in account.positions.items() if held.quantity}
    if theirs == ours:
        account.difference = ""
        return []
    different = sorted(symbol for symbol in theirs.keys() | ours.keys() if theirs.get(symbol) != ours.get(symbol))
    text = ", ".join(f"{symbol} {ours.get(symbol, 0)}≠{theirs.get(symbol, 0)}" for symbol in different)
    if text == account.difference:
        return []
    account.difference = text
    return [Finding(FindingKind.DIFFERENCE, record.account, None, text)]


def _started(state: State, record: ev.EngineStarted) -> None:
    state.version = record.version
    state.configure(record.settings)
    state.submits_closed = ""
    state.clock_unsettled = set()
    if record.safe:
        state.trading_state = TradingState.HALTED
    for account in state.accounts.values():
        account.link = LinkState.DOWN
    for order in list(state.orders):
        if order.status is OrderStatus.PENDING_NEW and not order.foreign:
            state.put_order(bookkeeping.ended(state, order, OrderStatus.UNKNOWN, ""))


def _opened(state: State, record: out.DayOpened) -> None:
    state.day = record.day
    state.opened_ns = state.now_ns
    state.bound = record.bound
    state.version = record.version
    state.accounts = {}
    state.orders, state.fills, state.signals = Table(), Table(), Table()
    state.order_index, state.current, state.by_broker, state.by_venue = {}, {}, {}, {}
    state.fill_keys, state.signal_index, state.ids = set(), {}, {}
    state.recent, state.bare_counts, state.due = {}, {}, []
    state.prices, state.malformed, state.minute, state.submits_in_minute = {}, 0, 0, 0
    state.clock_unsettled = set()  # Nothing is sent before the day's first complete list anyway.
    state.alerts.clear()
    state.configure(record.settings)
    state.trading_state = record.trading_state
    state.signal_seq, state.order_seq = record.signal_seq, record.order_seq
    for number, account_state in record.account_states:
        state.account(number).state = account_state
    for number, cash in record.cash:
        state.account(number).cash = Money(cash)
    for held in record.positions:
        state.account(held.account).positions[held.symbol] = held
    for number, session, link in record.sessions:
        account = state.account(number)
        account.session, account.link = session, link
    for order in record.unresolved:
        state.put_order(bookkeeping.reserve(state, order))
