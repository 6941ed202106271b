"""Differences: since when, what proves them, and what no lag may be taken for."""

from __future__ import annotations

import pytest

from qmt_trading.model import events as ev
from qmt_trading.model import outputs as out
from qmt_trading.model.numbers import SECOND_NS
from qmt_trading.model.reconciliation import CASH, OnDifference
from qmt_trading.model.words import OrderStatus, TradingState
from tests.engine_bench import ACCOUNT, STOCK
from tests.engine_life import image
from tests.unit.engine.reconciliation.parts import CASH_NS, OPENING, Reconciled

MORE = ((STOCK, 2500, 2500),)


def test_lists_that_agree_leave_nothing() -> None:
    bench = Reconciled()
    bench.lists()
    bench.wait(6)
    bench.lists()
    assert bench.account.differences == {}
    assert bench.outputs == []


@pytest.mark.parametrize(("apart_s", "taken"), [(4.9, False), (5, True)])
def test_two_lists_five_seconds_apart_prove_a_difference(apart_s: float, taken: bool) -> None:
    bench = Reconciled()
    bench.lists(held=MORE)
    assert bench.held() == 2000
    bench.wait(apart_s)
    bench.lists(held=MORE)
    assert (bench.held() == 2500) is taken
    assert (bench.account.differences == {}) is taken


def test_what_is_absorbed_is_on_record_and_told_once() -> None:
    bench = Reconciled()
    for _ in range(3):
        bench.lists(held=((STOCK, 2500, 2300),), cash=CASH_NS - 10**8)
        bench.wait(6)
    held = bench.account.positions[STOCK]
    assert (held.quantity, held.sellable_quantity, bench.account.cash) == (2500, 2300, CASH_NS - 10**8)
    assert [(each.difference.symbol, each.who) for each in bench.made(out.DifferenceAbsorbed)] == [
        (STOCK, "engine"),
        (CASH, "engine"),
    ]
    told = [alert.chinese for alert in bench.told("RECONCILE_ABSORBED")]
    assert told == [
        f"对账：已按柜台调整（本地≠柜台）：{STOCK} 2000≠2500（系统）",
        "对账：已按柜台调整（本地≠柜台）：资金 1000000.00≠990000.00（系统）",
    ]


def test_a_holding_that_the_broker_lists_no_longer_is_none() -> None:
    bench = Reconciled()
    for _ in range(2):
        bench.lists(held=())
        bench.wait(6)
    held = bench.account.positions[STOCK]
    assert (held.quantity, held.sellable_quantity) == (0, 0)


def test_figures_that_change_begin_anew_and_keep_since_when() -> None:
    bench = Reconciled()
    began_ns = bench.now_ns
    bench.lists(held=MORE)
    bench.wait(6)
    bench.lists(held=((STOCK, 2600, 2600),))
    (found,) = bench.account.differences.values()
    assert (found.theirs, found.since_ns, found.still_ns) == (2600, began_ns, bench.now_ns)
    assert not found.is_proven


def test_nothing_is_taken_while_an_order_of_the_stock_works() -> None:
    bench = Reconciled()
    row = bench.row(bench.buy())
    bench.report(row)
    for _ in range(4):
        bench.lists(row, held=MORE)
        bench.wait(6)
    (found,) = bench.account.differences.values()
    assert (found.ours, found.theirs, found.still_ns, found.is_proven) == (2000, 2500, 0, False)
    assert bench.held() == 2000


def test_cash_waits_for_every_order_and_another_stock_does_not() -> None:
    bench = Reconciled()
    row = bench.row(bench.buy())
    bench.report(row)
    other = (*OPENING, ("600036.SH", 100, 100))
    for _ in range(2):
        bench.lists(row, held=other, cash=CASH_NS + 10**8)  # type: ignore[arg-type]
        bench.wait(6)
    assert [each.difference.symbol for each in bench.made(out.DifferenceAbsorbed)] == ["600036.SH"]
    assert bench.account.cash == CASH_NS


def test_a_lag_of_six_seconds_after_a_fill_is_never_taken() -> None:
    bench = Reconciled()
    name = bench.buy()
    filled = bench.row(name, OrderStatus.FILLED, filled_quantity=100)
    bench.report(filled)
    fill = bench.fill(name)
    bench.filled(fill)
    cash = bench.account.cash
    for after_s in (0.2, 5.4):  # Both still show the figures of before the fill.
        bench.wait(after_s)
        bench.lists(filled, held=OPENING, cash=CASH_NS, fills=(fill,))
        assert bench.held() == 2100
    bench.wait(0.4)
    bench.lists(filled, held=((STOCK, 2100, 2000),), cash=cash, fills=(fill,))
    assert bench.account.differences == {}
    assert bench.made(out.DifferenceAbsorbed) == []
    assert bench.told("RECONCILE_DIFFERENCE") == []


def test_cash_may_differ_by_what_fees_are_estimated_wrong() -> None:
    bench = Reconciled()
    bench.lists(cash=CASH_NS - 10_000)
    assert bench.account.differences == {}
    bench.lists(cash=CASH_NS - 10_001)
    assert list(bench.account.differences) == [CASH]
    name = bench.buy()
    bench.report(bench.row(name, OrderStatus.FILLED, filled_quantity=100))
    fill = bench.fill(name)
    bench.filled(fill)
    bench.wait(10)
    cash = bench.account.cash
    row = bench.row(name, OrderStatus.FILLED, filled_quantity=100)
    for extra, differs in ((60_000, False), (60_001, True)):
        bench.lists(row, held=((STOCK, 2100, 2000),), cash=cash - extra, fills=(fill,))
        assert (CASH in bench.account.differences) is differs


@pytest.mark.parametrize(("complete", "alive"), [(False, True), (True, False)])
def test_a_list_that_is_dead_or_not_whole_shows_no_difference(complete: bool, alive: bool) -> None:
    bench = Reconciled()
    bench.lists(held=(), cash=0, complete=complete, alive=alive)
    assert bench.account.differences == {}


def test_a_list_asked_for_before_the_last_one_changes_nothing() -> None:
    bench = Reconciled()
    asked_ns = bench.now_ns
    bench.wait(8)
    bench.lists()
    bench.wait(1)
    bench.lists(held=MORE, asked_ns=asked_ns)
    assert bench.account.differences == {}


def test_ignored_differences_are_shown_and_told_again_after_ten_minutes() -> None:
    bench = Reconciled(OnDifference.IGNORE)
    for _ in range(3):
        bench.lists(held=MORE)
        bench.wait(6)
    assert bench.held() == 2000
    (alert,) = bench.told("RECONCILE_DIFFERENCE")
    assert alert.chinese.startswith(f"与柜台不一致（本地≠柜台）：{STOCK} 2000≠2500")
    bench.wait(587.9)
    bench.lists(held=MORE)
    assert len(bench.told("RECONCILE_DIFFERENCE")) == 1
    bench.wait(0.1)
    bench.lists(held=MORE)
    assert len(bench.told("RECONCILE_DIFFERENCE")) == 2
    (found,) = bench.account.differences.values()
    assert bench.now_ns - found.since_ns == 606 * SECOND_NS


def test_a_difference_that_is_over_is_told_when_it_was_told_before() -> None:
    bench = Reconciled(OnDifference.IGNORE)
    for _ in range(2):
        bench.lists(held=MORE)
        bench.wait(6)
    bench.lists()
    assert bench.account.differences == {}
    assert len(bench.told("RECONCILE_AGREED")) == 1


def test_pause_lets_the_account_sell_only_until_a_person_resumes_it() -> None:
    bench = Reconciled(OnDifference.PAUSE)
    for _ in range(2):
        bench.lists(held=MORE)
        bench.wait(6)
    assert bench.trading() is TradingState.REDUCING
    assert bench.held() == 2000
    bench.feed(ev.ResumeRequested("me", "checked", ACCOUNT))
    for _ in range(3):
        bench.lists(held=MORE)
        bench.wait(300)
    assert bench.trading() is TradingState.ACTIVE, "the same figures stop it once"
    for _ in range(2):
        bench.lists(held=((STOCK, 2700, 2700),))
        bench.wait(6)
    assert bench.trading() is TradingState.REDUCING


def test_a_halted_account_is_not_released_by_a_pause() -> None:
    bench = Reconciled(OnDifference.PAUSE)
    bench.feed(ev.HaltRequested("me", "test", ACCOUNT))
    for _ in range(2):
        bench.lists(held=MORE)
        bench.wait(6)
    assert bench.trading() is TradingState.HALTED


def test_a_person_accepts_what_is_proven_and_nothing_else() -> None:
    bench = Reconciled(OnDifference.IGNORE)
    bench.lists(held=MORE)
    bench.feed(ev.ReconcileRequested("me", "checked", ACCOUNT, accept=True))
    assert bench.held() == 2000
    bench.wait(6)
    bench.lists(held=MORE)
    made = bench.feed(ev.ReconcileRequested("me", "checked", ACCOUNT, accept=True))
    assert bench.held() == 2500
    assert [type(output) for output in made] == [out.DifferenceAbsorbed, out.Alert, out.QueryBroker]
    assert "（me）" in bench.told("RECONCILE_ABSORBED")[0].chinese


def test_a_person_accepts_nothing_that_has_begun_to_move_since_it_was_proven() -> None:
    bench = Reconciled(OnDifference.IGNORE)
    for _ in range(2):
        bench.lists(held=MORE, cash=CASH_NS - 10**8)
        bench.wait(6)
    bench.feed(ev.OrderReported(ACCOUNT, bench.session, bench.row("", number="500")))
    bench.feed(ev.ReconcileRequested("me", "checked", ACCOUNT, accept=True))
    assert bench.held() == 2000
    assert bench.made(out.DifferenceAbsorbed) == []


def test_a_list_asked_for_by_a_clock_that_has_stepped_back_since_makes_no_later_one_old() -> None:
    bench = Reconciled()
    asked_ns = bench.now_ns
    bench.now_ns -= 3600 * SECOND_NS
    bench.feed(ev.ClockStepped(-3600 * SECOND_NS))
    bench.lists(asked_ns=asked_ns)
    for _ in range(2):
        bench.wait(8)
        bench.lists(held=MORE)
    assert bench.held() == 2500


def test_a_step_of_the_clock_proves_nothing() -> None:
    bench = Reconciled()
    bench.lists(held=MORE)
    bench.wait(70)
    bench.feed(ev.ClockStepped(69 * SECOND_NS))
    bench.lists(held=MORE)
    assert bench.held() == 2000
    bench.wait(6)
    bench.lists(held=MORE)
    assert bench.held() == 2500


def test_the_same_list_again_changes_nothing() -> None:
    bench = Reconciled(OnDifference.IGNORE)
    foreign = bench.row("", number="500", price=99_000)
    for _ in range(2):
        bench.lists(foreign, held=MORE, cash=CASH_NS - 10**7)
        before = image(bench.engine)
        assert bench.lists(foreign, held=MORE, cash=CASH_NS - 10**7) == []
        assert image(bench.engine) == before
        bench.wait(6)


def test_a_target_is_not_measured_from_a_holding_in_doubt() -> None:
    bench = Reconciled()
    bench.lists(held=MORE)
    receipt = bench.signal(f"target {STOCK} 3000@10.50:{ACCOUNT}")
    (line,) = receipt.orders
    assert line.denial is not None
    assert line.denial.figures[1] == "reconciling"
    ignoring = Reconciled(OnDifference.IGNORE)
    ignoring.lists(held=MORE)
    (line,) = ignoring.signal(f"target {STOCK} 3000@10.50:{ACCOUNT}").orders
    assert line.denial is None
