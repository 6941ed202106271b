"""Bugs on purpose: each breaks one promise, and the harness must find it, or the harness proves nothing."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, Final
from unittest import mock

from msgspec.structs import replace

from qmt_trading.engine import (
    bookkeeping,
    cancels,
    fold,
    fold_clock,
    fold_day,
    fold_list,
    fold_reports,
    matching,
    signals,
)
from qmt_trading.engine.engine import Engine
from qmt_trading.engine.reconciliation import reconcile
from qmt_trading.engine.risk import gate
from qmt_trading.engine.transitions import TERMINAL
from qmt_trading.model import events as ev
from qmt_trading.model import outputs as out
from qmt_trading.model.errors import QmtError
from qmt_trading.model.instrument import EVERY_SYMBOL
from qmt_trading.model.numbers import Money, Quantity
from qmt_trading.model.order import Order
from qmt_trading.model.words import OrderStatus, Side, TradingState
from qmt_trading.run import hand_over
from qmt_trading.run.loop import Loop
from tests.simulation.bugs_of_time import BUGS_OF_TIME
from tests.simulation.run_one import run_one

Bug = Callable[[], Any]


def send_before_journal() -> Any:
    """The order leaves, then its intent is written (A23)."""

    def turn(self: Any, *, last: bool = False) -> bool:
        with self._deciding:
            self._decide_batch()
            batch = self._take_pending(last=last)
            if batch is not None:
                self._release(batch.submits, on_disk=True)
        if batch is None:
            return False
        on_disk = self._commit(batch)
        self._answer(batch, on_disk=on_disk)
        return True

    return mock.patch.object(Loop, "turn", turn)


def blind_resend() -> Any:
    """After a restart whatever was unanswered is simply sent again (A1)."""
    begin = Loop.begin

    def begin_and_resend(self: Any, *args: Any, **kwargs: Any) -> None:
        begin(self, *args, **kwargs)
        for order in list(self._engine.state.orders):
            if order.status is OrderStatus.UNKNOWN:
                self._engine.state.put_order(replace(order, status=OrderStatus.PENDING_NEW))
                again = out.SubmitOrder(
                    order.client_order_id,
                    order.account,
                    order.symbol,
                    order.side,
                    order.quantity,
                    order.price,
                    order.signal_seq,
                    order.deadline_ns + 10**12,
                    order.reserved,
                )
                self._pending.submits.append((again, self._engine.halts(order.account)))

    return mock.patch.object(Loop, "begin", begin_and_resend)


def pending_is_not_sent() -> Any:
    """After a restart whatever was unanswered is taken for not sent."""
    ended = bookkeeping.ended

    def wrong(state: Any, order: Order, status: OrderStatus, text: str) -> Order:
        if status is OrderStatus.UNKNOWN and not text:
            status = OrderStatus.NOT_SENT
        return ended(state, order, status, text)

    return mock.patch.object(bookkeeping, "ended", wrong)


def fill_counted_twice() -> Any:
    """A replayed fill moves the position again (A10)."""
    count = iter(range(10**9))
    return mock.patch.object(bookkeeping, "key_of", lambda fill: next(count))


def receipt_before_commit() -> Any:
    """The sender is told before the disk is (A21)."""
    commit = Loop._commit

    def answer_first(self: Any, batch: Any) -> bool:
        self._answer(batch, on_disk=True)
        batch.replies.clear()
        return commit(self, batch)

    return mock.patch.object(Loop, "_commit", answer_first)


def ids_forgotten() -> Any:
    """A restart forgets which ids have been used."""
    started = fold._started

    def forget(state: Any, record: Any) -> None:
        started(state, record)
        state.ids.clear()

    return mock.patch.object(fold, "_started", forget)


def ids_not_looked_up() -> Any:
    """A repeated id is carried out again."""
    return mock.patch.object(signals, "_first_receipt", lambda state, event: None)


def dead_sessions_heard() -> Any:
    """The last words of a dead session are believed (A16)."""
    apply = fold.apply

    def hear(state: Any, record: Any, signal: Any = None) -> Any:
        if isinstance(record, ev.OrderReported | ev.FillReported | ev.BrokerListed | ev.LinkChanged):
            session = max(record.session, state.account(record.account).session)
            record = replace(record, session=session)
        return apply(state, record, signal)

    return mock.patch.object(fold, "apply", hear)


def empty_list_believed() -> Any:
    """An empty list on a dead link is taken for emptiness (A15)."""
    listed = fold_list.fold_listed

    def believe(state: Any, record: Any) -> Any:
        return listed(state, replace(record, alive=True))

    def decide(self: Any, event: Any) -> None:
        original(self, replace(event, alive=True))

    original = Engine._listed
    return _both(mock.patch.object(fold, "fold_listed", believe), mock.patch.object(Engine, "_listed", decide))


def halt_ignored_after_decision() -> Any:
    """What was decided before the halt still leaves after it."""
    return mock.patch.object(Engine, "may_release", lambda self, order, now_ns, halts: "")


def late_fills_dropped() -> Any:
    """A fill of an order that has ended is ignored."""
    fill = fold_reports.fold_fill

    def drop(state: Any, account: Any, row: Any, *, booked: bool) -> Any:
        key = matching.order_of_fill(state, account, row)
        if key is not None and state.order(key).status in TERMINAL:
            return []
        return fill(state, account, row, booked=booked)

    return _both(mock.patch.object(fold, "fold_fill", drop), mock.patch.object(fold_list, "fold_fill", drop))


def reservation_kept() -> Any:
    """A cancelled order keeps its cash."""
    return mock.patch.object(bookkeeping, "reserve", lambda state, order: order)


def minus_one_is_failure() -> Any:
    """-1 is taken for "not sent" (A3)."""
    return mock.patch.object(hand_over, "NotSentError", QmtError)


def decides_again() -> Any:
    """Recovery decides the day anew, and somebody has made a limit smaller in the meantime (A30)."""
    original = Engine.fold

    def decide(self: Any, record: Any) -> None:
        if isinstance(record, out.SignalAnswered):
            return
        if isinstance(record, ev.EngineStarted):
            accounts = tuple(
                replace(each, limits=replace(each.limits, order_value_max=Money(5_000_000)))
                for each in record.settings.accounts
            )
            record = replace(record, settings=replace(record.settings, accounts=accounts))
        if isinstance(record, ev.SignalReceived):
            original(self, record)
            self.handle(record, self.state.now_ns)
        elif not isinstance(record, out.SubmitOrder):
            original(self, record)

    return mock.patch.object(Engine, "fold", decide)


def cancels_not_repeated() -> Any:
    """A cancel is sent once, whatever the row says (A7)."""
    cancel = fold._cancel

    def once(state: Any, command: Any) -> None:
        cancel(state, command)
        state.put_order(replace(state.order(command.client_order_id), cancel_next_ns=0))

    return mock.patch.object(fold, "_cancel", once)


def nothing_in_scope() -> Any:
    """A cancel finds nothing in the table, and leaves all to the list."""
    return mock.patch.object(cancels, "in_scope", lambda state, account, mark: [])


def missed_stay_missed() -> Any:
    """What comes to light after a cancel is not cancelled."""
    return mock.patch.object(cancels, "missed", lambda state, account, emit: None)


def deadline_ignored() -> Any:
    """An order leaves however long its commit took (A2)."""
    may_release = Engine.may_release
    return mock.patch.object(
        Engine, "may_release", lambda self, order, now_ns, halts: may_release(self, order, 0, halts)
    )


def bought_is_sellable() -> Any:
    """What was bought today may be sold today."""
    book = bookkeeping.book

    def wrong(state: Any, account: Any, fill: Any) -> bool:
        booked = book(state, account, fill)
        if fill.side is Side.BUY:
            held = account.positions[fill.symbol]
            more = Quantity(held.sellable_quantity + fill.quantity)
            account.positions[fill.symbol] = replace(held, sellable_quantity=more)
        return booked

    return mock.patch.object(bookkeeping, "book", wrong)


def cash_unchecked() -> Any:
    """A buy needs no cash."""
    return mock.patch.object(gate, "check_cash", lambda *values: None)


def shares_unchecked() -> Any:
    """A sell needs no shares."""
    return mock.patch.object(gate, "check_sellable", lambda *values: None)


def unknown_pair_open() -> Any:
    """An unknown order does not close its account, symbol and side."""
    return mock.patch.object(gate, "check_frozen_pair", lambda *values: None)


def ambiguous_row_is_absence() -> Any:
    """A row that may be one of two orders is no row of either (A6)."""
    count = reconcile._absences
    return mock.patch.object(
        reconcile,
        "_absences",
        lambda state, account, theirs, unmatched, claims: count(state, account, theirs, [], claims),
    )


def dead_list_settles() -> Any:
    """The list that ends an unknown may be a dead or an incomplete one (A15)."""
    listed = Engine._listed

    def wrong(self: Any, event: Any) -> None:
        account = self.state.account(event.account)
        if event.session == account.session and not (event.alive and event.complete):
            self._settle(account, event)
        listed(self, event)

    return mock.patch.object(Engine, "_listed", wrong)


def clock_step_is_time() -> Any:
    """A clock that is put forward lets two lists be far apart."""

    def wrong(state: Any) -> None:
        state.opened_ns = min(state.opened_ns, state.now_ns)

    return mock.patch.object(fold_clock, "distrust_instants", wrong)


def later_orders_cancelled() -> Any:
    """A cancel reaches what came after it."""

    def wrong(state: Any, account: Any, mark: Any) -> list[Order]:
        return [
            order
            for order in map(state.order, account.live)
            if mark.symbol in (EVERY_SYMBOL, order.symbol) and cancels.covers(mark.side, order.side)
        ]

    return mock.patch.object(cancels, "in_scope", wrong)


def unanswered_forgotten_overnight() -> Any:
    """An order that was handed over and never answered is not carried into the next day."""
    open_day = Engine._open_day

    def wrong(self: Any, day: Any, settings: Any) -> None:
        for order in list(self.state.orders):
            if order.status is OrderStatus.PENDING_NEW and not order.answered_ns:
                self.state.put_order(replace(order, status=OrderStatus.CANCELED))
        open_day(self, day, settings)

    return mock.patch.object(Engine, "_open_day", wrong)


def halt_taken_back_forgiven() -> Any:
    """What was decided before a halt leaves when the halt has been taken back within the same commit."""
    may_release = Engine.may_release

    def wrong(self: Any, order: Any, now_ns: int, halts: int) -> str:
        halted = TradingState.HALTED in (self.state.trading_state, self.state.account(order.account).state)
        return "halt" if halted else may_release(self, order, now_ns, self.halts(order.account))

    return mock.patch.object(Engine, "may_release", wrong)


def closed_day_not_indexed() -> Any:
    """The ids of a day that is being closed are looked up on disk only, where they are not yet."""
    return mock.patch.object(Loop, "_known_signal", lambda self, key, now_ns: self._journal.known_signal(key))


def fills_without_their_order() -> Any:
    """Two orders' fills with one number are one fill (A10)."""
    fill = fold_reports.fold_fill

    def wrong(state: Any, account: Any, row: Any, *, booked: bool) -> Any:
        number = account.settings.account
        if any((each.account, each.symbol, each.fill_id) == (number, row.symbol, row.fill_id) for each in state.fills):
            return []
        return fill(state, account, row, booked=booked)

    return _both(mock.patch.object(fold, "fold_fill", wrong), mock.patch.object(fold_list, "fold_fill", wrong))


def limits_of_the_last_start() -> Any:
    """A limit that was made smaller holds from the second start on."""
    started = fold._started

    def wrong(state: Any, record: Any) -> None:
        started(state, replace(record, settings=state.settings or record.settings))

    return mock.patch.object(fold, "_started", wrong)


def halt_forgotten_overnight() -> Any:
    """A new day trades again, whoever has halted the old one."""
    opened = fold_day.fold_opened
    return mock.patch.object(
        fold_day, "fold_opened", lambda state, record: opened(state, replace(record, trading_state=TradingState.ACTIVE))
    )


def phone_orders_not_cancelled() -> Any:
    """What has a contract number only cannot be cancelled (A17)."""
    return mock.patch.object(cancels, "has_number", lambda order: bool(order.broker_order_id))


def wrong_clock_trusted() -> Any:
    """Orders do not wait until the clock's step is settled."""
    return mock.patch.object(gate, "_check_clock", lambda number, state: None)


@contextmanager
def _both(first: Any, second: Any) -> Iterator[None]:
    with first, second:
        yield


def contract_numbers_of_no_exchange() -> Any:
    """A contract number is looked up by account alone, though each exchange gives the same ones."""
    right = matching._by_number

    def wrong(state: Any, account: Any, row: Any, claims: Any) -> Any:
        found = right(state, account, row, claims)
        if found is not None or not row.venue_order_id:
            return found
        where = account.settings.account, row.venue_order_id
        return next((name for (number, _, venue), name in state.by_venue.items() if (number, venue) == where), None)

    return mock.patch.object(matching, "_by_number", wrong)


BUGS: tuple[Bug, ...] = (
    contract_numbers_of_no_exchange,
    send_before_journal,
    blind_resend,
    pending_is_not_sent,
    fill_counted_twice,
    receipt_before_commit,
    ids_forgotten,
    ids_not_looked_up,
    dead_sessions_heard,
    empty_list_believed,
    halt_ignored_after_decision,
    late_fills_dropped,
    reservation_kept,
    minus_one_is_failure,
    decides_again,
    cancels_not_repeated,
    nothing_in_scope,
    missed_stay_missed,
    deadline_ignored,
    bought_is_sellable,
    cash_unchecked,
    shares_unchecked,
    unknown_pair_open,
    ambiguous_row_is_absence,
    dead_list_settles,
    clock_step_is_time,
    later_orders_cancelled,
    unanswered_forgotten_overnight,
    halt_taken_back_forgiven,
    closed_day_not_indexed,
    fills_without_their_order,
    limits_of_the_last_start,
    halt_forgotten_overnight,
    phone_orders_not_cancelled,
    wrong_clock_trusted,
    *BUGS_OF_TIME,
)
RUNS_MAX: Final = 2500


def runs_to_find(bug: Bug, first: int = 0) -> int:
    """Return how many runs, from seed ``first`` on, it takes to find ``bug``; 0 when RUNS_MAX do not find it."""
    with bug():
        for seed in range(first, first + RUNS_MAX):
            try:
                run_one(seed)
            except AssertionError:  # Only the judge counts: a bug that breaks the program proves nothing of him.
                return seed - first + 1
    return 0
