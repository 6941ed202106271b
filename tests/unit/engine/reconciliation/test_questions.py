"""When the broker is asked by itself: every so often in the hours of trading, one question at a time."""

from __future__ import annotations

import pytest

from qmt_trading.model import events as ev
from qmt_trading.model import outputs as out
from qmt_trading.model.numbers import SECOND_NS
from qmt_trading.model.words import LinkState
from tests.engine_bench import ACCOUNT, OTHER, STOCK
from tests.unit.engine.reconciliation.parts import OPENING, Reconciled


def asked(outputs: list[out.Output]) -> list[str]:
    return [output.account for output in outputs if isinstance(output, out.QueryBroker) and not output.later]


def test_without_an_interval_nobody_asks() -> None:
    bench = Reconciled()
    assert bench.engine.next_due_ns() == 0
    assert asked(bench.later(3600)) == []


def test_every_so_often_the_account_is_asked_and_no_other() -> None:
    bench = Reconciled(every_s=60)
    began_ns = bench.account.questioned_ns
    assert bench.engine.next_due_ns() == began_ns + 60 * SECOND_NS
    assert asked(bench.later(59.9)) == []
    assert asked(bench.later(0.1)) == [ACCOUNT]
    bench.lists()
    assert bench.engine.next_due_ns() == bench.now_ns + 60 * SECOND_NS


def test_a_question_under_way_is_waited_for_and_then_given_up() -> None:
    bench = Reconciled(every_s=10)
    assert asked(bench.later(10)) == [ACCOUNT]
    asked_ns = bench.now_ns
    assert bench.engine.next_due_ns() == asked_ns + 10 * SECOND_NS
    assert asked(bench.later(4)) == []
    assert asked(bench.later(6)) == [ACCOUNT], "the answer never came"


def test_a_difference_is_asked_about_until_it_is_proven() -> None:
    bench = Reconciled()
    held = (*OPENING, ("600036.SH", 100, 100))
    bench.lists(held=held)  # type: ignore[arg-type]
    due_ns = bench.engine.next_due_ns()
    assert due_ns == bench.now_ns + 5 * SECOND_NS
    assert asked(bench.later(5)) == [ACCOUNT]
    bench.lists(held=held)  # type: ignore[arg-type]
    assert bench.account.differences == {}
    assert bench.engine.next_due_ns() == 0


def test_a_link_that_is_down_is_not_asked() -> None:
    bench = Reconciled(every_s=60)
    bench.feed(ev.LinkChanged(ACCOUNT, bench.session, LinkState.DOWN))
    assert bench.engine.next_due_ns() == 0
    assert asked(bench.later(120)) == []


@pytest.mark.parametrize(
    ("begins_s", "due_s"),
    [
        (0, 60),  # 10:00
        (95 * 60 - 61, 95 * 60 - 1),  # The last question before lunch.
        (95 * 60, 175 * 60),  # 11:35: the next is at 12:55.
        (335 * 60 - 30, 0),  # 15:35: no more today.
    ],
)
def test_outside_the_hours_of_trading_nobody_asks(begins_s: int, due_s: int) -> None:
    bench = Reconciled(every_s=60, always_open=False)
    start_ns = bench.now_ns
    bench.wait(begins_s)
    bench.feed(ev.ReconcileRequested("me", "test", ACCOUNT))
    bench.lists()
    assert bench.engine.next_due_ns() == (start_ns + due_s * SECOND_NS if due_s else 0)


def test_a_person_asks_one_account_or_all_and_only_connected_ones() -> None:
    bench = Reconciled()
    assert asked(bench.feed(ev.ReconcileRequested("me", "test"))) == [ACCOUNT, OTHER]
    bench.lists()
    assert asked(bench.feed(ev.ReconcileRequested("me", "test", ACCOUNT))) == [ACCOUNT]
    bench.feed(ev.LinkChanged(ACCOUNT, bench.session, LinkState.DOWN))
    assert asked(bench.feed(ev.ReconcileRequested("me", "test", ACCOUNT))) == []
    assert STOCK in bench.account.positions
