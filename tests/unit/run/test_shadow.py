"""Shadow mode in the loop: every decision is made and on record, and no order and no cancel reaches a broker."""

from __future__ import annotations

import datetime as dt

import pytest
from msgspec.structs import replace
from tests.engine_bench import ACCOUNT, OTHER, STOCK
from tests.loop_bench import SETTINGS, LoopBench

from qmt_trading.codec.timeline_json import timeline
from qmt_trading.codec.view_json import order_text, status, timed_rows
from qmt_trading.model import events as ev
from qmt_trading.model import outputs as out
from qmt_trading.model.instant import at_time
from qmt_trading.model.limits import Limits
from qmt_trading.model.numbers import SECOND_NS, Money, Price, Quantity
from qmt_trading.model.order import Order
from qmt_trading.model.reasons import Reason
from qmt_trading.model.settings import EngineSettings, NoCancelPhase
from qmt_trading.model.words import LinkState, Mode, OrderStatus, Side, TradingState

SHADOW = replace(SETTINGS, mode=Mode.SHADOW)
BUY = f"buy {STOCK} 500@10.50:{ACCOUNT}"


def a_bench(settings: EngineSettings = SHADOW) -> LoopBench:
    return LoopBench(settings=settings).connect()


def limited(limits: Limits) -> EngineSettings:
    return replace(SHADOW, accounts=tuple(replace(each, limits=limits) for each in SHADOW.accounts))


def foreign(bench: LoopBench, number: str, status: OrderStatus = OrderStatus.NEW, quantity: int = 300) -> Order:
    """Have the terminal tell of an order that another program placed, and return it."""
    now_ns = bench.clock.now_ns()
    row = ev.OrderRow(
        "", number, f"H{number}", STOCK, Side.BUY, Quantity(quantity), Price(104_000), Quantity(0), status
    )
    session = bench.engine.state.accounts[ACCOUNT].session
    bench.inbox.report(ev.OrderReported(ACCOUNT, session, replace(row, ordered_ns=now_ns)))
    bench.rest()
    return bench.engine.state.order(bench.engine.state.by_broker[ACCOUNT, number])


def cancels_of(bench: LoopBench) -> list[out.CancelOrder]:
    return [record for record in bench.observed if isinstance(record, out.CancelOrder)]


def nothing_left(bench: LoopBench) -> bool:
    return not bench.broker.submits and not bench.broker.cancels


def wait(bench: LoopBench, seconds: float) -> None:
    """Let time pass, as the loop does: from one thing that is due to the next."""
    until_ns = bench.clock.steady + int(seconds * SECOND_NS)
    while bench.clock.steady < until_ns:
        bench.clock.steady = min(until_ns, bench.clock.steady + max(bench.loop.idle_wait_ns(), 1_000_000))
        bench.rest()


def test_an_order_is_decided_on_record_and_withheld() -> None:
    bench = a_bench()
    way = bench.send(f"{BUY} #x/1")
    bench.rest()
    (order,) = bench.engine.state.orders
    assert nothing_left(bench)
    assert (order.status, order.observed) == (OrderStatus.NOT_SENT, True)
    assert order.text == "观察模式：本应买入 500 股 @ 10.50"
    assert order_text(order) == "观察（未发）"
    (withheld,) = [record for record in bench.observed if isinstance(record, ev.SubmitsWithheld)]
    assert withheld == ev.SubmitsWithheld((order.client_order_id,), "shadow")
    kinds = [type(record) for record in bench.observed]
    assert kinds.index(out.SubmitOrder) < kinds.index(ev.SubmitsWithheld)
    (receipt,) = way.receipts
    assert (receipt["status"], receipt["mode"]) == ("accepted", "shadow")
    assert receipt["text"] == "观察模式：只看不下，没有发出"
    assert [line["text"] for line in receipt["orders"]] == [order.text]  # type: ignore[attr-defined]


def test_nothing_stays_reserved_and_nothing_is_unknown() -> None:
    bench = a_bench()
    for number in range(3):
        bench.send(f"{BUY} #x/{number}")
        bench.send(f"sell {STOCK} 500@10.50:{ACCOUNT} #y/{number}")
    bench.rest()
    account = bench.engine.state.accounts[ACCOUNT]
    assert (account.reserved, account.positions[STOCK].frozen_quantity, len(account.live)) == (0, 0, 0)
    wait(bench, 30)
    bench.inbox.report(ev.LinkChanged(ACCOUNT, account.session, LinkState.DOWN))
    bench.rest()
    assert {order.status for order in bench.engine.state.orders} == {OrderStatus.NOT_SENT}
    assert not bench.engine.state.unresolved
    assert [row.alert.code for row in bench.engine.state.alerts] == ["LINK_DOWN"]


def test_what_live_would_withhold_is_withheld_for_the_same_cause() -> None:
    bench = a_bench()
    bench.journal.during = lambda: setattr(bench.clock, "steady", bench.clock.steady + 60 * SECOND_NS)
    bench.send(f"{BUY} #x/1")
    bench.rest()
    (order,) = bench.engine.state.orders
    assert (order.status, order.text, order.observed) == (OrderStatus.NOT_SENT, "deadline", False)


def test_a_kill_before_it_is_withheld_leaves_nothing_unknown() -> None:
    bench = a_bench()
    bench.send(f"{BUY} #x/1")
    bench.loop.turn()  # On disk with its turn; that it was withheld would come with the next one.
    again = bench.again()
    (order,) = again.engine.state.orders
    assert (order.status, order.observed) == (OrderStatus.NOT_SENT, True)
    assert not again.engine.state.unresolved
    assert nothing_left(bench)
    assert nothing_left(again)


@pytest.mark.parametrize(
    ("limits", "reason"),
    [
        (Limits(orders_per_day_max=2), Reason.ORDERS_PER_DAY_EXCEEDED),
        (Limits(buy_value_per_day_max=Money(2 * 500 * 105_000)), Reason.BUY_VALUE_EXCEEDED),
        (Limits(turnover_per_day_max=Money(2 * 500 * 105_000)), Reason.TURNOVER_EXCEEDED),
        (Limits(messages_per_day_max=2), Reason.MESSAGES_PER_DAY_EXCEEDED),
    ],
)
def test_what_was_withheld_counts_for_the_limits_of_the_day(limits: Limits, reason: Reason) -> None:
    bench = a_bench(limited(replace(limits, orders_per_signal_max=10)))
    for number in range(3):
        bench.send(f"{BUY} #x/{number}")
        bench.rest()
    denials = [row.receipt.orders[0].denial for row in bench.engine.state.signals]
    assert [denial.reason if denial is not None else None for denial in denials] == [None, None, reason]
    again = bench.again().connect()
    again.send(f"{BUY} #x/9")
    again.rest()
    denial = list(again.engine.state.signals)[-1].receipt.orders[0].denial
    assert denial is not None
    assert denial.reason is reason


def test_working_orders_are_not_counted() -> None:
    bench = a_bench(limited(Limits(working_orders_max=1, orders_per_signal_max=10)))
    for number in range(3):
        way = bench.send(f"{BUY} #x/{number}")
        bench.rest()
        assert way.receipts[0]["status"] == "accepted"


def test_a_cancel_is_decided_once_and_not_handed_over() -> None:
    bench = a_bench()
    numbers = ("71", "72", "73")
    for number in numbers:
        foreign(bench, number)
    way = bench.send(f"cancel {STOCK}:{ACCOUNT} #c/1")
    bench.rest()
    wait(bench, 20)
    assert nothing_left(bench)
    assert sorted(each.broker_order_id for each in cancels_of(bench)) == list(numbers)
    (told,) = [row.alert for row in bench.engine.state.alerts if row.alert.code != "FOREIGN_ORDER"]
    assert told.chinese == f"观察模式：本应撤 3 笔（{STOCK}，信号 1）"
    (receipt,) = way.receipts
    assert [line["text"] for line in receipt["cancels"]] == ["观察模式：本应撤 1 笔"] * 3  # type: ignore[attr-defined]
    assert status(bench.engine.view())["observed_cancels"] == 3


def test_no_cancel_is_repeated_by_a_reconnect_a_restart_or_another_day() -> None:
    bench = a_bench()
    foreign(bench, "71")
    bench.send(f"cancel {STOCK}:{ACCOUNT} #c/1")
    bench.rest()
    session = bench.engine.state.accounts[ACCOUNT].session
    bench.inbox.report(ev.LinkChanged(ACCOUNT, session, LinkState.DOWN))
    bench.inbox.report(ev.LinkChanged(ACCOUNT, session + 1, LinkState.CONNECTED))
    bench.rest()
    wait(bench, 10)
    again = bench.again().connect()
    again.rest()
    wait(again, 10)
    again.clock.steady += 24 * 3600 * SECOND_NS
    again.rest()
    assert len(cancels_of(bench)) == 1
    assert cancels_of(again) == []
    assert "CANCEL_OVERNIGHT" not in {row.alert.code for row in again.engine.state.alerts}


def test_a_second_cancel_is_decided_anew() -> None:
    bench = a_bench()
    foreign(bench, "71")
    for number in range(2):
        bench.send(f"cancel {STOCK}:{ACCOUNT} #c/{number}")
        bench.rest()
    assert len(cancels_of(bench)) == 2
    assert nothing_left(bench)


def test_a_cancel_that_waits_for_its_phase_is_decided_at_its_end() -> None:
    phase = NoCancelPhase(("SH",), 10 * 3600 * SECOND_NS, (10 * 3600 + 5) * SECOND_NS)
    bench = a_bench(replace(SHADOW, no_cancel=(phase,)))
    foreign(bench, "71")
    bench.send(f"cancel {STOCK}:{ACCOUNT} #c/1")
    bench.rest()
    wait(bench, 60)
    assert [(each.attempt, bool(each.not_before_ns)) for each in cancels_of(bench)] == [(0, True), (1, False)]
    assert nothing_left(bench)


def test_a_halt_with_cancel_open_and_a_person_send_nothing() -> None:
    bench = a_bench()
    foreign(bench, "71")
    foreign(bench, "72")
    bench.inbox.ask(ev.CancelRequested("me", "", order_id="71"))
    bench.rest()
    bench.inbox.ask(ev.HaltRequested("me", "", cancel_open=True))
    bench.rest()
    assert bench.engine.state.trading_state is TradingState.HALTED
    texts = [row.alert.chinese for row in bench.engine.state.alerts if row.alert.code != "FOREIGN_ORDER"]
    assert texts == ["观察模式：本应撤 1 笔（600000.SH，人工）", "观察模式：本应撤 2 笔（所有股票，人工）"]
    assert nothing_left(bench)


def test_a_chase_ends_with_the_order_that_was_not_sent() -> None:
    bench = a_bench()
    bench.send(f"{BUY} cancel_after=2s chase=3 #x/1")
    bench.rest()
    wait(bench, 30)
    assert len(bench.engine.state.orders) == 1
    assert not bench.engine.state.chasing
    assert not bench.engine.state.timed
    assert cancels_of(bench) == []


def test_an_instruction_with_a_time_is_decided_at_its_time() -> None:
    bench = a_bench()
    bench.send(f"{BUY} at=10:00:20 #x/1")
    bench.rest()
    assert len(bench.engine.state.orders) == 0
    wait(bench, 30)
    (order,) = bench.engine.state.orders
    assert order.observed
    assert order.created_ns >= at_time(dt.date(2026, 11, 24), (10 * 3600 + 20) * SECOND_NS)
    assert [row["state_text"] for row in timed_rows(bench.engine.view())] == ["到时，观察未发（1 ✓ 0 ✗）"]
    assert nothing_left(bench)


def test_a_repeat_is_known_and_suspected_as_in_live() -> None:
    bench = a_bench()
    ways = [bench.send(text) for text in (f"{BUY} #x/1", f"{BUY} #x/1", BUY.replace("500", "600"))]
    bench.rest()
    again = bench.send(BUY.replace("500", "600"))
    bench.rest()
    assert [way.receipts[0]["status"] for way in (*ways, again)] == ["accepted", "duplicate", "accepted", "denied"]
    assert ways[1].receipts[0]["mode"] == "shadow"


def test_the_life_of_a_signal_says_what_would_have_been() -> None:
    bench = a_bench()
    bench.send(f"{BUY} #x/1")
    foreign(bench, "71")
    bench.send(f"cancel {STOCK}:{ACCOUNT},{OTHER} #c/1")
    bench.rest()
    foreign(bench, "71", OrderStatus.CANCELED)
    view = bench.engine.view()
    told = [f"{hop['hop_text']} {hop['detail']}" for seq in (1, 2) for hop in timeline(view, seq)]
    assert "观察（未发） 观察模式：本应买入 500 股 @ 10.50" in told
    assert "本应撤单 600000.SH 委托 71" in told
    assert "已撤 成交 0/300" in told  # By whom is not known; not by us.
    assert not any("发出撤单" in text or text.startswith("发出") for text in told)


def test_the_last_guard_stops_a_process_whose_first_is_broken(monkeypatch: pytest.MonkeyPatch) -> None:
    bench = a_bench()
    monkeypatch.setattr(type(bench.engine), "may_release", lambda *arguments: "")
    bench.send(f"{BUY} #x/1")
    with pytest.raises(AssertionError):
        bench.loop.turn()
    assert nothing_left(bench)


def test_the_same_settings_in_another_mode_send() -> None:
    bench = a_bench(SETTINGS)
    foreign(bench, "71")
    bench.send(f"{BUY} #x/1")
    bench.rest()
    bench.send(f"cancel {STOCK}:{ACCOUNT} #c/1")
    bench.rest()
    assert len(bench.broker.submits) + len(bench.broker.cancels) == 2
