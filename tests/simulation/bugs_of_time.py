"""Bugs on purpose in what waits: cancels put off, instructions with a time, orders that are followed up, targets."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Final
from unittest import mock

from msgspec.structs import replace

from qmt_trading.engine import cancels, fold, targets, timed
from qmt_trading.engine.state import State
from qmt_trading.model import outputs as out
from qmt_trading.model.words import OrderStatus


def no_cancel_phase_ignored() -> Any:
    """A cancel leaves while the exchange takes none."""
    return mock.patch.object(cancels, "closed_phase", lambda state, order: None)


def registered_cancels_forgotten() -> Any:
    """A cancel that is put off is never taken up again."""
    fold_cancel = fold._cancel

    def forgetful(state: Any, command: out.CancelOrder) -> None:
        fold_cancel(state, command)
        if command.not_before_ns:
            order = state.order(command.client_order_id)
            state.put_order(replace(order, cancel_next_ns=0, cancel_attempts=order.cancel_attempts or 1))

    return mock.patch.object(fold, "_cancel", forgetful)


def carried_out_before_its_time() -> Any:
    """An instruction is decided when it is put on record."""

    def everything(state: Any) -> Iterator[Any]:
        yield from list(state.timed.values())

    return mock.patch.object(timed, "take_due", everything)


def carried_out_twice() -> Any:
    """An instruction that was decided waits on."""
    add_timed = State.add_timed

    @contextmanager
    def twice() -> Iterator[None]:
        apply = fold.apply

        def keeps(state: Any, record: Any, cause: Any = None) -> Any:
            if isinstance(record, out.InstructionDone):
                waiting = state.timed[record.seq, record.number]
                found = apply(state, record, cause)
                add_timed(state, waiting)
                return found
            return apply(state, record, cause)

        with mock.patch.object(fold, "apply", keeps):
            yield

    return twice()


def waiting_forgotten_at_a_start() -> Any:
    """A new process knows nothing of what waits."""
    started = fold._started

    def forgetful(state: Any, record: Any) -> None:
        started(state, record)
        state.timed.clear()

    return mock.patch.object(fold, "_started", forgetful)


def open_orders_not_counted() -> Any:
    """A target looks at what is held and forgets what is under way."""
    return mock.patch.object(targets, "working_of", lambda state, account, strategy, symbol: (0, 0))


def followed_up_before_the_end() -> Any:
    """A chase does not wait for the row."""
    follow_up = timed.follow_up

    def hasty(state: Any, emit: Any) -> None:
        for key in list(state.chasing):
            order = state.order(key)
            if order.cancel_attempts and order.cancel_seq == cancels.OWN_TIME and not order.ended_ns:
                with mock.patch.dict(state.current, {key: replace(order, ended_ns=1, status=OrderStatus.CANCELED)}):
                    follow_up(state, emit)
                return
        follow_up(state, emit)

    return mock.patch.object(timed, "follow_up", hasty)


def cancel_after_forgotten() -> Any:
    """An order with ``cancel_after`` stays."""
    add_order = State.add_order
    return mock.patch.object(State, "add_order", lambda self, order: add_order(self, replace(order, cancel_next_ns=0)))


BUGS_OF_TIME: Final = (
    no_cancel_phase_ignored,
    registered_cancels_forgotten,
    carried_out_before_its_time,
    carried_out_twice,
    waiting_forgotten_at_a_start,
    open_orders_not_counted,
    followed_up_before_the_end,
    cancel_after_forgotten,
)
