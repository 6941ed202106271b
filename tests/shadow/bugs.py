"""Bugs on purpose: each breaks one thing that shadow mode promises, and the harness must find it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from unittest import mock

from msgspec.structs import replace

from qmt_trading.engine import bookkeeping, fold, observing, signals, state, timed, usage
from qmt_trading.engine.engine import Engine
from qmt_trading.model import events as ev
from qmt_trading.model import outputs as out
from qmt_trading.model.order import Order
from qmt_trading.model.words import OrderStatus
from qmt_trading.run import hand_over
from tests.shadow.run_one import run_one

WORLDS_MAX = 150
"""So many are played before a bug counts as not found."""

Bug = Callable[[], AbstractContextManager[object]]


def orders_leave() -> AbstractContextManager[object]:
    """The engine releases what it decides, and the hand-over does not look for itself."""
    released = Engine.may_release

    def wrong(self: Engine, order: out.SubmitOrder, now_ns: int, halts: int) -> str:
        return released(self, order, now_ns, halts).replace("shadow", "")

    stack = ExitStack()
    stack.enter_context(mock.patch.object(Engine, "may_release", wrong))
    stack.enter_context(mock.patch.object(Engine, "observes", False))
    return stack


def the_engine_alone_forgets() -> AbstractContextManager[object]:
    """The engine releases what it decides; the hand-over stops the process."""
    released = Engine.may_release
    return mock.patch.object(
        Engine, "may_release", lambda self, order, now_ns, halts: released(self, order, now_ns, halts).strip("shadow")
    )


def cancels_leave() -> AbstractContextManager[object]:
    """The loop hands cancels over as in every other mode."""
    stack = ExitStack()
    stack.enter_context(mock.patch.object(Engine, "observes", False))
    stack.enter_context(mock.patch.object(Engine, "may_release", lambda self, order, now_ns, halts: "shadow"))
    return stack


def cancels_are_repeated_by_a_reconnect() -> AbstractContextManager[object]:
    """A new session repeats every cancel that no row has confirmed."""
    return mock.patch.object(observing, "is_cancel_decided", lambda state, order: False)


def cancels_are_repeated_by_the_clock() -> AbstractContextManager[object]:
    """A cancel that no row confirms is repeated after 0.3 s."""
    folded = fold._cancel

    def wrong(state: state.State, command: out.CancelOrder) -> None:
        folded(state, command)
        order = state.order(command.client_order_id)
        if command.attempt and not command.not_before_ns:
            state.put_order(replace(order, cancel_next_ns=state.now_ns + 300_000_000))

    return mock.patch.object(fold, "_cancel", wrong)


def unknown_after_a_restart() -> AbstractContextManager[object]:
    """What was decided and not yet withheld when the process died is taken for unknown."""

    def wrong(state: state.State, order: Order) -> Order:
        return bookkeeping.ended(state, order, OrderStatus.UNKNOWN, "")

    started = fold._started

    def patched(state: state.State, record: ev.EngineStarted) -> None:
        with mock.patch.object(observing, "withheld", wrong):
            started(state, record)

    return mock.patch.object(fold, "_started", patched)


def unknown_when_the_link_breaks_or_the_disk_is_slow() -> AbstractContextManager[object]:
    """An order that is on its way to disk is asked about, although nobody will send it."""
    changed, reached = Engine._link_changed, Engine._deadline
    forgetful = mock.patch.object(Engine, "observes", False)

    def link_changed(self: Engine, event: ev.LinkChanged) -> None:
        with forgetful:
            changed(self, event)

    def deadline(self: Engine) -> None:
        with forgetful:
            reached(self)

    stack = ExitStack()
    stack.enter_context(mock.patch.object(Engine, "_link_changed", link_changed))
    stack.enter_context(mock.patch.object(Engine, "_deadline", deadline))
    return stack


def cash_stays_frozen() -> AbstractContextManager[object]:
    """What was withheld goes on freezing what it would have cost."""
    withheld = observing.withheld
    return mock.patch.object(
        observing, "withheld", lambda state, order: replace(withheld(state, order), reserved=order.reserved)
    )


def value_forgotten() -> AbstractContextManager[object]:
    """What was withheld does not count for what may be bought in a day."""
    return mock.patch.object(state, "exposure", lambda order: 0 if order.observed else usage.exposure(order))


def receipts_say_nothing() -> AbstractContextManager[object]:
    """A sender is answered as if its orders had left."""
    return mock.patch.object(signals, "observes", lambda state: False)


def chases_go_on() -> AbstractContextManager[object]:
    """An order that was withheld is followed up like one that was cancelled."""
    followed = timed.follow_up

    def wrong(state: state.State, emit: timed.Emit) -> None:
        for key in state.chasing:
            order = state.order(key)
            if order.observed:
                state.current[key] = replace(order, status=OrderStatus.CANCELED, cancel_seq=-2)
        followed(state, emit)

    return mock.patch.object(timed, "follow_up", wrong)


def deadlines_forgotten() -> AbstractContextManager[object]:
    """What live would have withheld counts as what would have been sent, without a word of why it was not."""
    answer = hand_over.HandOver.release

    def wrong(self: hand_over.HandOver, submits: object, *, on_disk: bool, committed_ns: int) -> list[object]:
        found = answer(self, submits, on_disk=on_disk, committed_ns=committed_ns)  # type: ignore[arg-type]
        return [replace(each, cause="unknown") if each.cause == "deadline" else each for each in found]

    return mock.patch.object(hand_over.HandOver, "release", wrong)


BUGS: tuple[Bug, ...] = (
    orders_leave,
    the_engine_alone_forgets,
    cancels_leave,
    cancels_are_repeated_by_a_reconnect,
    cancels_are_repeated_by_the_clock,
    unknown_after_a_restart,
    unknown_when_the_link_breaks_or_the_disk_is_slow,
    cash_stays_frozen,
    value_forgotten,
    receipts_say_nothing,
    chases_go_on,
    deadlines_forgotten,
)


@contextmanager
def planted(bug: Bug) -> Iterator[None]:
    """Have the program behave with ``bug`` in it."""
    with bug():
        yield


def worlds_to_find(bug: Bug, first: int = 0) -> int:
    """Return how many worlds it took to find ``bug``; 0: it was not found."""
    with planted(bug):
        for seed in range(first, first + WORLDS_MAX):
            try:
                run_one(seed)
            except AssertionError:
                return seed - first + 1
    return 0
