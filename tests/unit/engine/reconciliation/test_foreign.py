"""Foreign orders: taken in, told as the account wants, counted against every limit, and cancelled like any other."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from qmt_trading.engine.engine import Engine
from qmt_trading.model import events as ev
from qmt_trading.model import outputs as out
from qmt_trading.model.limits import Limits
from qmt_trading.model.numbers import SECOND_NS, Money, Quantity
from qmt_trading.model.reasons import Reason
from qmt_trading.model.reconciliation import OnForeign
from qmt_trading.model.words import Importance, OrderStatus, Side, TradingState
from tests.engine_bench import ACCOUNT, OTHER, STOCK
from tests.unit.engine.limited import reasons
from tests.unit.engine.reconciliation.parts import Reconciled

BUY = f"buy {STOCK} 100@10.50:{ACCOUNT} #a/1"


def by_hand(bench: Reconciled, number: str = "500", **changes: object) -> ev.OrderRow:
    """Return a row that cannot be taken for one of ours."""
    return bench.row("", number=number, **{"price": 99_000, **changes})  # type: ignore[arg-type]


def test_a_foreign_order_is_taken_in_and_told_once() -> None:
    bench = Reconciled()
    row = by_hand(bench)
    bench.report(row)
    bench.report(replace(row, status=OrderStatus.PARTIALLY_FILLED, filled_quantity=Quantity(0)))
    bench.lists(row)
    (alert,) = bench.told("FOREIGN_ORDER")
    assert alert.importance is Importance.INFORMATION
    assert alert.chinese == (
        f"外部委托（手工或其他程序）已接入：买入 {STOCK} 100@9.90，编号 500；占用的资金和股份、限额都计入，可撤"
    )
    assert alert.english.startswith(f"foreign order taken in: buy {STOCK} 100@9.90, number 500")
    assert bench.trading() is TradingState.ACTIVE


def test_many_of_one_list_share_an_alert() -> None:
    bench = Reconciled()
    bench.lists(*(by_hand(bench, str(number)) for number in range(500, 504)))
    (alert,) = bench.told("FOREIGN_ORDER")
    assert "已接入 4 笔" in alert.chinese
    assert len(bench.account.live) == 4


def test_ignored_they_are_taken_in_silently() -> None:
    bench = Reconciled(foreign=OnForeign.IGNORE)
    bench.report(by_hand(bench))
    assert bench.outputs == []
    assert len(bench.account.live) == 1


def test_pause_halts_the_account_and_no_other_and_cancels_go_on() -> None:
    bench = Reconciled(foreign=OnForeign.PAUSE)
    bench.report(by_hand(bench))
    assert bench.trading() is TradingState.HALTED
    assert bench.engine.state.accounts[OTHER].state is TradingState.ACTIVE
    assert bench.told("FOREIGN_ORDER")[0].importance is Importance.CRITICAL
    bench.feed(ev.CancelRequested("me", "test", ACCOUNT, STOCK))
    assert [each.broker_order_id for each in bench.made(out.CancelOrder)] == ["500"]
    bench.feed(ev.ResumeRequested("me", "checked", ACCOUNT))
    bench.lists(by_hand(bench))
    assert bench.trading() is TradingState.ACTIVE


def test_its_cash_and_shares_are_reserved_until_it_has_ended() -> None:
    bench = Reconciled()
    bench.report(by_hand(bench))
    assert bench.account.reserved == 99_000 * 100 + 50_000 + 100
    sell = by_hand(bench, "501", side=Side.SELL, quantity=1500)
    bench.report(sell)
    assert bench.account.positions[STOCK].frozen_quantity == 1500
    refused = reasons(bench.signal(f"sell {STOCK} 600@10.50:{ACCOUNT} #a/1"))
    assert refused == [Reason.SELLABLE_EXCEEDED]
    bench.report(replace(sell, status=OrderStatus.CANCELED))
    assert reasons(bench.signal(f"sell {STOCK} 600@10.50:{ACCOUNT} #a/2")) == [None]


@pytest.mark.parametrize(
    ("limits", "reason"),
    [
        (Limits(turnover_per_day_max=Money(15_000_000)), Reason.TURNOVER_EXCEEDED),
        (Limits(buy_value_per_day_max=Money(15_000_000)), Reason.BUY_VALUE_EXCEEDED),
        (Limits(working_orders_max=1), Reason.WORKING_ORDERS_EXCEEDED),
        (Limits(orders_per_day_max=1), Reason.ORDERS_PER_DAY_EXCEEDED),
        (Limits(position_value_max=Money(230_000_000)), Reason.POSITION_VALUE_EXCEEDED),
    ],
)
def test_a_foreign_order_counts_against_the_limit(limits: Limits, reason: Reason) -> None:
    assert reasons(Reconciled(limits=limits).signal(BUY)) == [None]
    bench = Reconciled(limits=limits)
    bench.report(by_hand(bench))
    assert reasons(bench.signal(BUY)) == [reason]


@pytest.mark.parametrize("limits", [Limits(orders_per_second_max=1), Limits(messages_per_second_max=1)])
def test_a_foreign_order_takes_a_turn_of_the_rate(limits: Limits) -> None:
    assert reasons(Reconciled(limits=limits).signal(BUY)) == [None]
    bench = Reconciled(limits=limits)
    bench.report(by_hand(bench))
    bench.signal(BUY)
    assert bench.made(out.SubmitOrder) == []
    assert [each.timed.due_ns for each in bench.made(out.InstructionQueued)] == [bench.now_ns + SECOND_NS]


def test_one_that_was_placed_long_ago_takes_no_turn() -> None:
    bench = Reconciled(limits=Limits(orders_per_minute_max=1))
    bench.wait(120)
    bench.lists(by_hand(bench, ordered_ns=bench.now_ns - 60 * SECOND_NS))
    assert reasons(bench.signal(BUY)) == [None]


def test_no_order_of_ours_may_trade_with_it() -> None:
    bench = Reconciled()
    bench.feed(ev.EngineStarted("test", replace(bench.settings, self_cross_denied=True)))
    bench.session += 1
    bench.connect()
    bench.report(by_hand(bench, side=Side.SELL))
    assert reasons(bench.signal(BUY)) == [Reason.SELF_CROSS]


@pytest.mark.parametrize("phone", [False, True])
def test_it_is_cancelled_by_its_number_or_its_contract_number(phone: bool) -> None:
    bench = Reconciled()
    row = by_hand(bench)
    if phone:
        row = replace(row, broker_order_id="")
    bench.lists(row)
    bench.signal(f"cancel {STOCK}:{ACCOUNT}")
    (command,) = bench.made(out.CancelOrder)
    assert (command.broker_order_id, command.venue_order_id) == (row.broker_order_id, "H500")


def test_a_phone_order_that_gets_its_number_later_stays_one_order() -> None:
    bench = Reconciled()
    bare = replace(by_hand(bench), broker_order_id="", venue_order_id="", status=OrderStatus.PENDING_NEW)
    bench.lists(bare)
    bench.lists(bare)
    bench.lists(replace(bare, venue_order_id="H9", status=OrderStatus.NEW))
    (order,) = bench.engine.state.orders
    assert (order.venue_order_id, order.status) == ("H9", OrderStatus.NEW)
    assert len(bench.told("FOREIGN_ORDER")) == 1


def test_one_seen_when_it_was_over_has_ended_when_it_was_seen() -> None:
    bench = Reconciled()
    bench.lists(by_hand(bench, status=OrderStatus.CANCELED))
    (order,) = bench.engine.state.orders
    assert order.ended_ns == bench.now_ns
    assert isinstance(bench.engine, Engine)
