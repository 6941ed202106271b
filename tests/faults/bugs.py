"""Bugs on purpose, in the engine's end of the link or in the host: the harness must find each of them."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager, nullcontext
from typing import Any, Final, NamedTuple
from unittest import mock

from qmt_trading.brokers.linked.broker import LinkedBroker
from qmt_trading.brokers.linked.lists import Gathered
from qmt_trading.brokers.linked.reports import Reports
from qmt_trading.engine import fold, fold_list, fold_reports, matching
from qmt_trading.link.engine_end import Begun, EngineEnd
from qmt_trading.model.events import OrderReported, OrderRow
from qmt_trading.model.numbers import Quantity
from qmt_trading.model.words import OrderStatus
from tests.faults.machine import Mend
from tests.faults.run_one import run_one

RUNS_MAX: Final = 1_500


class Bug(NamedTuple):
    """One bug: in the engine while its context is entered, or in each host that is started."""

    name: str
    seed: int
    """A world that has shown it; others do, too."""
    patched: Callable[[], AbstractContextManager[Any]] = nullcontext
    mend: Mend = lambda module: None


# In the host


def _resend(module: Any) -> None:
    """An order whose call did not return is handed over again (A1)."""

    def lost(self: Any, order: Any, call: str) -> None:
        with self._host.lock:
            order.state = "queued"
            self.submits_queued += 1
        self._submits.put(module.Job(functools.partial(self._place, order), lambda call: None))

    module.Book._lost = lost


def _refused_for(why_taken: str) -> Mend:
    """An outcome that nobody knows is taken for a refusal (A3, A8)."""

    def mend(module: Any) -> None:
        right = module.Book._stage

        def stage(self: Any, order: Any, st: str, why: str, *rest: Any, **more: Any) -> None:
            right(self, order, "refused" if why == why_taken else st, why, *rest, **more)

        module.Book._stage = stage

    return mend


def _ages_ignored(module: Any) -> None:
    """The stamp that the engine echoes is not looked at: an order leaves however old it is (A2)."""
    right = module.Book.submit
    module.Book._clock = lambda self, line: ("", "")
    module.Book.submit = lambda self, line: right(self, {**line, "ttl": 10**12})


def _one_boot_for_ever(module: Any) -> None:
    """A host that was started anew says it was the one before."""
    right = module.Host.__init__

    def init(self: Any, *arguments: Any) -> None:
        right(self, *arguments)
        self._boot = "always"

    module.Host.__init__ = init


def _dead_session_heard(module: Any) -> None:
    """What a dead session calls back is told as the living one's (A16)."""

    def hear(self: Any) -> None:
        while True:
            trader, kind, row = self._events.get()
            with self._host.lock:
                self._heard(self.trader or trader, kind, row)

    module.Terminal._hear = hear


def _cancels_by_id_alone(module: Any) -> None:
    """An order without the terminal's number is cancelled by number 0 (A20)."""
    right = module.Book._cancel

    def cancel(self: Any, line: Any, broker_id: int, venue_id: str, worker: Any) -> None:
        if broker_id:
            right(self, line, broker_id, venue_id, worker)
            return
        trader = self._host.terminal.trader
        trader.native.cancel_order_stock_async(trader.stock_accounts[line["account"]], 0)

    module.Book._cancel = cancel


def _ready_told_once(module: Any) -> None:
    """After a resumed connection nothing is told of accounts that are ready."""
    right = module.Terminal.open

    def open_once(self: Any, wanted: Any, *rest: Any, **more: Any) -> None:
        if not self._opened:
            right(self, wanted, *rest, **more)

    module.Terminal.open = open_once


def _claims_forgotten(module: Any) -> None:
    """A fence is answered as if nothing had ever been handed over."""

    def outcome(self: Any, line: Any) -> None:
        answer = {"t": "outcome", "q": line["q"], "coid": line["coid"], "st": "refused", "why": "fenced"}
        self._host.tell({**answer, "basis": "memory", "complete": True})

    module.Book.outcome = outcome


# In the engine's end of the link


def _commands_replayed() -> Any:
    """What was unanswered is said again to the next host."""
    submit, take_over = EngineEnd.submit, LinkedBroker._take_over
    written: dict[str, bytes] = {}

    def submit_and_keep(self: Any, coid: str, *rest: Any, **more: Any) -> bytes:
        line = submit(self, coid, *rest, **more)
        written[coid] = line
        return line

    def take_over_and_repeat(self: Any, connection: Any, hello: Any) -> None:
        unanswered = [*self._end._unanswered, *self._end._lost]
        take_over(self, connection, hello)
        for coid in unanswered:
            self._write(written[coid])

    return _both(
        mock.patch.object(EngineEnd, "submit", submit_and_keep),
        mock.patch.object(LinkedBroker, "_take_over", take_over_and_repeat),
    )


def _fence_of_another_boot() -> Any:
    """A new host's word is taken for what the one before has done."""
    right = EngineEnd.begin

    def begin(self: Any, hello: Any, steady_ns: int) -> Begun:
        lost = {**self._lost, **self._unanswered}
        begun = right(self, hello, steady_ns)
        self._lost.update(lost)
        return Begun(begun.same_boot, begun.replay_from, tuple(self._lost))

    return mock.patch.object(EngineEnd, "begin", begin)


def _any_list_believed() -> Any:
    """An empty list on a dead link is a proof (A15)."""
    right = Gathered.report

    def report(self: Any, listed: Any, *rest: Any) -> Any:
        found = right(self, listed._replace(complete=True, alive=True, none=()), *rest)
        return found if found.complete else type(found)(**{**_fields(found), "complete": True})

    return mock.patch.object(Gathered, "report", report)


def _fills_without_their_order() -> Any:
    """An execution's number is taken to be its own within the account (A10)."""
    right = fold_reports.fold_fill

    def fold_fill(state: Any, account: Any, row: Any, *, booked: bool) -> Any:
        if any(
            (fill.account, fill.symbol, fill.fill_id) == (account.settings.account, row.symbol, row.fill_id)
            for fill in state.fills
        ):
            return []
        return right(state, account, row, booked=booked)

    return _both(mock.patch.object(fold_list, "fold_fill", fold_fill), mock.patch.object(fold, "fold_fill", fold_fill))


def _cancel_answer_believed() -> Any:
    """A cancel that the terminal has taken is taken for an order that is over (A7)."""
    right = Reports.cancel_stage

    def cancel_stage(self: Any, stage: Any) -> Any:
        order = self._memory.order(stage.coid)
        way = self._accounts.get(order.account) if order is not None else None
        if stage.st == "sent" and order is not None and way is not None:
            return OrderReported(order.account, way.session, _row_of(order, OrderStatus.CANCELED))
        return right(self, stage)

    return mock.patch.object(Reports, "cancel_stage", cancel_stage)


def _dispatch_believed() -> Any:
    """An order that was handed to the terminal is taken for one that the counter has (A4)."""
    right = Reports.stage

    def stage_of(self: Any, stage: Any) -> Any:
        order = self._memory.order(stage.coid)
        way = self._accounts.get(order.account) if order is not None else None
        if stage.st == "dispatched" and order is not None and way is not None:
            return OrderReported(order.account, way.session, _row_of(order, OrderStatus.NEW))
        return right(self, stage)

    return mock.patch.object(Reports, "stage", stage_of)


def _armed_once() -> Any:
    """Only the first connection is armed."""
    right = LinkedBroker._arm

    def arm(self: Any) -> None:
        if self._connections <= 1:
            right(self)

    return mock.patch.object(LinkedBroker, "_arm", arm)


def _numberless_overwrite() -> Any:
    """An order by phone takes the place of another of its second, until its number comes."""
    return mock.patch.object(matching, "_may_be_known", lambda state, account, row: False)


def _row_of(order: Any, status: OrderStatus) -> OrderRow:
    name, nothing = order.client_order_id, Quantity(0)
    return OrderRow(name, "", "", order.symbol, order.side, order.quantity, order.price, nothing, status, "")


def _fields(struct: Any) -> dict[str, Any]:
    return {name: getattr(struct, name) for name in struct.__struct_fields__}


@contextmanager
def _both(*patches: Any) -> Iterator[None]:
    with ExitStack() as stack:
        for patch in patches:
            stack.enter_context(patch)
        yield


BUGS: Final = (
    Bug("resend on timeout", 213, mend=_resend),
    Bug("-1 taken for a refusal", 0, mend=_refused_for("minus_one")),
    Bug("a timeout taken for a refusal", 272, mend=_refused_for("no_return")),
    Bug("an error taken for a refusal", 35, mend=_refused_for("raised")),
    Bug("echo stamp ignored", 17, mend=_ages_ignored),
    Bug("one boot for ever", 1, mend=_one_boot_for_ever),
    Bug("a dead session heard", 6, mend=_dead_session_heard),
    Bug("cancel by id 0", 2, mend=_cancels_by_id_alone),
    Bug("ready told once", 0, mend=_ready_told_once),
    Bug("claims forgotten", 68, mend=_claims_forgotten),
    Bug("commands replayed", 0, _commands_replayed),
    Bug("a fence answered by another boot", 6, _fence_of_another_boot),
    Bug("any list believed", 12, _any_list_believed),
    Bug("fills without their order", 0, _fills_without_their_order),
    Bug("a cancel's answer believed", 364, _cancel_answer_believed),
    Bug("dispatched taken for accepted", 2, _dispatch_believed),
    Bug("armed once", 1, _armed_once),
    Bug("an order by phone overwritten", 10, _numberless_overwrite),
)


def runs_to_find(bug: Bug, first: int = 0) -> int:
    """Return how many runs, from seed ``first`` on, it takes to find ``bug``; 0 when RUNS_MAX do not find it."""
    for seed in range(first, first + RUNS_MAX):
        with bug.patched():
            try:
                run_one(seed, mend=bug.mend)
            except AssertionError:  # Only the judge counts: a bug that breaks the program proves nothing of him.
                return seed - first + 1
    return 0
