"""Bugs on purpose: each breaks one promise, and the harness must find it, or the harness proves nothing."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any
from unittest import mock

from msgspec.structs import replace

from qmt_trading.engine import bookkeeping, fold, fold_list, fold_reports, matching, signals
from qmt_trading.engine.engine import Engine
from qmt_trading.engine.transitions import TERMINAL
from qmt_trading.model import events as ev
from qmt_trading.model import outputs as out
from qmt_trading.model.errors import QmtError
from qmt_trading.model.numbers import Money
from qmt_trading.model.order import Order
from qmt_trading.model.words import OrderStatus
from qmt_trading.run import loop as loop_module
from qmt_trading.run.loop import Loop

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
        order = matching.order_of_fill(state, account, row)
        if order is not None and order.status in TERMINAL:
            return []
        return fill(state, account, row, booked=booked)

    return _both(mock.patch.object(fold, "fold_fill", drop), mock.patch.object(fold_list, "fold_fill", drop))


def reservation_kept() -> Any:
    """A cancelled order keeps its cash."""
    return mock.patch.object(bookkeeping, "reserve", lambda state, order: order)


def minus_one_is_failure() -> Any:
    """-1 is taken for "not sent" (A3)."""
    return mock.patch.object(loop_module, "NotSentError", QmtError)


def decides_again() -> Any:
    """Recovery decides the day anew, and somebody has made a limit smaller in the meantime (A30)."""
    original = Engine.fold

    def decide(self: Any, record: Any) -> None:
        if isinstance(record, out.SignalAnswered):
            return
        if isinstance(record, ev.EngineStarted):
            accounts = tuple(replace(each, order_value_max=Money(5_000_000)) for each in record.settings.accounts)
            record = replace(record, settings=replace(record.settings, accounts=accounts))
        if isinstance(record, ev.SignalReceived):
            original(self, record)
            self.handle(record, self.state.now_ns)
        elif not isinstance(record, out.SubmitOrder):
            original(self, record)

    return mock.patch.object(Engine, "fold", decide)


@contextmanager
def _both(first: Any, second: Any) -> Iterator[None]:
    with first, second:
        yield


BUGS: tuple[Bug, ...] = (
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
)
