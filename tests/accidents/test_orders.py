"""Accidents of the field with orders: each happened to somebody, and costs nothing here."""

from __future__ import annotations

import datetime as dt

from msgspec.structs import replace

from qmt_trading.engine.ids import LENGTH
from qmt_trading.model import events as ev
from qmt_trading.model import outputs as out
from qmt_trading.model.numbers import SECOND_NS, Price, Quantity
from qmt_trading.model.reasons import Reason
from qmt_trading.model.words import LinkState, OrderStatus, SignalStatus, TradingState
from tests.engine_bench import ACCOUNT, OTHER, STOCK, Bench


def submits(bench: Bench) -> int:
    return len(bench.made(out.SubmitOrder))


def test_a1_an_order_that_timed_out_is_asked_about_and_never_sent_again() -> None:
    bench = Bench()
    name = bench.buy()
    for _ in range(20):
        bench.later(10)
    assert submits(bench) == 1
    assert bench.order(name).status is OrderStatus.UNKNOWN
    assert "ORDER_UNKNOWN" in bench.alerts()
    assert out.QueryBroker(ACCOUNT) in bench.outputs
    bench.listed(bench.row(name))
    assert bench.order(name).status is OrderStatus.NEW
    assert submits(bench) == 1


def test_a2_a_command_carries_its_deadline_and_is_not_released_after_it() -> None:
    bench = Bench()
    name = bench.buy()
    (command,) = bench.made(out.SubmitOrder)
    assert command.deadline_ns == bench.now_ns + 10 * SECOND_NS
    assert bench.engine.may_release(command, command.deadline_ns, 0) == ""
    assert bench.engine.may_release(command, command.deadline_ns + 1, 0) == "deadline"
    bench.feed(ev.SubmitsWithheld((name,), "deadline"))
    assert bench.order(name).status is OrderStatus.NOT_SENT
    assert bench.order(name).reserved == 0


def test_a3_minus_one_for_a_live_order_is_unknown_until_its_row_comes() -> None:
    bench = Bench()
    name = bench.buy()
    bench.feed(ev.SubmitUncertain(ACCOUNT, name, "-1"))
    assert bench.order(name).status is OrderStatus.UNKNOWN
    assert bench.signal(f"buy {STOCK} 100@10.50:{ACCOUNT} #again/1").orders[0].denial is not None  # Its pair is closed.
    bench.report(bench.row(name))
    assert bench.order(name).status is OrderStatus.NEW
    assert submits(bench) == 1


def test_a4_a_success_without_a_row_proves_nothing() -> None:
    bench = Bench()
    name = bench.buy()
    bench.feed(ev.SubmitsHandedOver(bench.now_ns, ((name, bench.now_ns),)))
    assert bench.order(name).status is OrderStatus.PENDING_NEW
    assert bench.held() == 2000
    bench.later(4)
    assert bench.order(name).status is OrderStatus.UNKNOWN


def test_a5_a_second_order_under_a_spent_id_is_never_taken_for_ours() -> None:
    bench = Bench()
    name = bench.buy()
    bench.report(bench.row(name, number="77"))
    bench.report(bench.row(name, OrderStatus.FILLED, number="78", filled_quantity=Quantity(100)))
    assert bench.order(name).broker_order_id == "77"
    assert bench.order(name).status is OrderStatus.NEW
    assert "REMARK_TWICE" in bench.alerts()
    assert bench.engine.state.accounts[ACCOUNT].state is TradingState.HALTED
    assert bench.engine.state.accounts[OTHER].state is TradingState.ACTIVE


def test_a6_a_lost_or_cut_remark_is_matched_by_what_it_says_when_only_one_order_fits() -> None:
    bench = Bench()
    name = bench.buy()
    assert len(name.encode("ascii")) == LENGTH <= 22
    bench.report(bench.row(name[:8]))
    assert bench.order(name).status is OrderStatus.PENDING_NEW  # Nothing is guessed from one row.
    bench.listed(bench.row(name[:8]))
    assert bench.order(name).broker_order_id == "77"


def test_a6_an_ambiguous_row_leaves_both_orders_unknown() -> None:
    bench = Bench()
    first = bench.buy(name="x/1")
    second = bench.buy(name="x/2")
    bench.later(4)
    bench.listed(bench.row(""))
    assert {bench.order(name).status for name in (first, second)} == {OrderStatus.UNKNOWN}


def test_a8_a_repeated_sell_after_an_unmatched_answer_is_refused() -> None:
    bench = Bench()
    receipt = bench.signal(f"sell {STOCK} 2000@10.50:{ACCOUNT} #s/1")
    name = receipt.orders[0].client_order_id
    bench.feed(ev.SubmitUncertain(ACCOUNT, name, "seq 8"))  # type: ignore[arg-type]
    again = bench.signal(f"sell {STOCK} 2000@10.50:{ACCOUNT} #s/2")
    assert again.status is SignalStatus.DENIED
    assert bench.signal(f"sell {STOCK} 2000@10.50:{ACCOUNT} #s/1").status is SignalStatus.DUPLICATE
    assert submits(bench) == 1


def test_a9_an_answer_for_an_order_that_has_its_row_changes_nothing() -> None:
    bench = Bench()
    name = bench.buy()
    bench.report(bench.row(name))
    before = bench.order(name)
    bench.feed(ev.SubmitRefused(ACCOUNT, name, "昨日错误"))
    bench.feed(ev.SubmitUncertain(ACCOUNT, name, "昨日错误"))
    bench.feed(ev.SubmitRefused(ACCOUNT, "BENCH0000000Z", "另一笔"))  # type: ignore[arg-type]
    assert bench.order(name) == before


def test_a10_replayed_fills_and_rows_count_once() -> None:
    bench = Bench()
    name = bench.buy(200)
    row = bench.row(name, quantity=Quantity(200))
    bench.report(row)
    fills = [bench.fill(name, fill_id=str(number)) for number in (1, 2)]
    cash = bench.engine.state.accounts[ACCOUNT].cash
    for _ in range(3):
        for fill in fills:
            bench.filled(fill)
        bench.report(row)
    assert bench.order(name).status is OrderStatus.FILLED
    assert bench.held() == 2200
    paid = bench.engine.state.accounts[ACCOUNT].cash
    assert cash - paid == 2 * 105_000 * 100 + 50_000 + 200
    yesterday = replace(fills[0], day=dt.date(2026, 11, 23), fill_id="9")
    bench.filled(yesterday)
    assert bench.held() == 2200


def test_a11_only_fills_move_positions() -> None:
    bench = Bench()
    name = bench.buy()
    assert bench.held() == 2000
    bench.report(bench.row(name, OrderStatus.REJECTED, text="废单"))
    assert bench.held() == 2000
    assert bench.order(name).reserved == 0
    assert "ORDER_REJECTED" in bench.alerts()


def test_a16_a_dead_sessions_words_are_dropped() -> None:
    bench = Bench()
    name = bench.buy()
    bench.session = 2
    bench.connect()
    bench.report(bench.row(name, OrderStatus.CANCELED), session=1)
    assert bench.order(name).status is OrderStatus.PENDING_NEW
    bench.feed(ev.LinkChanged(ACCOUNT, 1, LinkState.DOWN))
    assert bench.signal(f"buy {STOCK} 100@10.40:{ACCOUNT} #n/1").status is SignalStatus.ACCEPTED


def test_a18_an_empty_book_side_is_no_price() -> None:
    bench = Bench()
    sealed = bench.quote(last=114_400, asks=(), bids=(114_400,))
    receipt = bench.signal(f"buy {STOCK} 100@对手:{ACCOUNT} #z/1", quote=sealed)
    assert receipt.orders[0].denial is not None
    assert receipt.orders[0].denial.reason is Reason.PRICE_MISSING
    zero = bench.quote(asks=(Price(0),))
    assert bench.signal(f"buy {STOCK} 100@卖一:{ACCOUNT} #z/2", quote=zero).status is SignalStatus.DENIED
    assert submits(bench) == 0


def test_a20_orders_typed_by_hand_are_taken_in_shown_and_counted() -> None:
    bench = Bench()
    bench.report(bench.row("", number="500", quantity=Quantity(300)))
    bench.filled(replace(bench.fill("", 300, number="500"), quantity=Quantity(300)))
    foreign = bench.order(f"~{ACCOUNT}~500")
    assert foreign.foreign
    assert foreign.status is OrderStatus.FILLED
    assert bench.held() == 2300
    phone = replace(bench.row("", number="", quantity=Quantity(100)), venue_order_id="H9")
    bench.report(phone)
    bench.signal(f"cancel {STOCK}:{ACCOUNT}")
    (cancel,) = bench.made(out.CancelOrder)
    assert (cancel.broker_order_id, cancel.venue_order_id) == ("", "H9")  # Never by id 0.


def test_a22_a_loop_upstream_stops_by_itself() -> None:
    bench = Bench(per_minute=50)
    accepted = 0
    for number in range(1000):
        receipt = bench.signal(f"buy {STOCK} 100@9.50:{ACCOUNT},{OTHER} #loop/{number}")
        accepted += sum(line.denial is None for line in receipt.orders)
    assert accepted == submits(bench) == 50
    assert bench.engine.state.trading_state is TradingState.HALTED
    assert bench.alerts().count("AMPLIFICATION") == 1


def test_a24_a_condition_order_sent_twice_acts_once() -> None:
    bench = Bench()
    first = bench.signal(f"buy {STOCK} 4500@10.50:{ACCOUNT} #cond/1")
    second = bench.signal(f"buy {STOCK} 4500@10.50:{ACCOUNT} #cond/1")
    assert second.status is SignalStatus.DUPLICATE
    assert second.orders == first.orders
    plain = f"buy {STOCK} 900@10.40:{ACCOUNT}"
    assert bench.signal(plain).status is SignalStatus.ACCEPTED
    denied = bench.signal(plain)
    assert denied.orders[0].denial is not None
    assert denied.orders[0].denial.reason is Reason.DUPLICATE_SUSPECTED
    assert submits(bench) == 2


def test_a25_yesterdays_unsent_intents_do_not_leave_today() -> None:
    bench = Bench()
    name = bench.buy()
    (command,) = bench.made(out.SubmitOrder)
    bench.now_ns += 24 * 3600 * SECOND_NS
    bench.feed(ev.DayBegan(dt.date(2026, 11, 25)))
    assert bench.engine.may_release(command, bench.now_ns, 0) != ""
    assert bench.order(name).status is OrderStatus.EXPIRED_UNRESOLVED  # Who knows: perhaps it was handed over.
    bench.feed(ev.SubmitsWithheld((name,), "link"))  # The release step knows.
    assert bench.order(name).status is OrderStatus.NOT_SENT
    assert bench.alerts()[-1] == "ORDER_NOT_SENT"


def test_a35_a_bare_trigger_that_repeats_buys_once() -> None:
    bench = Bench()
    accepted = 0
    receipt = bench.signal(f"{STOCK}:nobody")
    for _ in range(200):
        receipt = bench.signal(f"{STOCK}:{ACCOUNT}")
        accepted += sum(line.denial is None for line in receipt.orders)
        bench.now_ns += 3 * SECOND_NS
    assert accepted == submits(bench) == 1
    assert receipt.orders[0].denial is not None
    assert receipt.orders[0].denial.reason is Reason.BARE_PER_DAY
