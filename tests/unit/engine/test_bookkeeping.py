"""What orders freeze, what fills move, and what a row leaves in the books."""

from __future__ import annotations

import datetime as dt

import pytest
from msgspec.structs import replace

from qmt_trading.engine import bookkeeping
from qmt_trading.model import events as ev
from qmt_trading.model.instrument import Symbol
from qmt_trading.model.numbers import SECOND_NS, Money, Price, Quantity
from qmt_trading.model.settings import FeeSchedule
from qmt_trading.model.words import OrderStatus, Side
from tests.engine_bench import ACCOUNT, DAY, STOCK, Bench
from tests.unit.engine.parts import CONVERTIBLE

YUAN = 10_000
PRICE = 105_000


def account_cash(bench: Bench) -> int:
    return bench.engine.state.accounts[ACCOUNT].cash


def reserved(bench: Bench) -> int:
    return bench.engine.state.accounts[ACCOUNT].reserved


def cost_of(quantity: int) -> int:
    """Return what buying at 10.50 costs by the default schedule: 0.025 % of at least 5 yuan, 0.001 % transfer."""
    worth = PRICE * quantity
    return worth + max(worth // 4000, 5 * YUAN) + (worth // 100_000 + 50) // 100 * 100


def sell(bench: Bench, quantity: int) -> str:
    receipt = bench.signal(f"sell {STOCK} {quantity}@10.50:{ACCOUNT} #sell/{quantity}")
    assert receipt.orders[0].denial is None, receipt
    return receipt.orders[0].client_order_id


def frozen(bench: Bench) -> int:
    return bench.engine.state.accounts[ACCOUNT].positions[STOCK].frozen_quantity


def test_a_buy_freezes_its_worth_and_the_fees_of_the_order() -> None:
    bench = Bench()
    name = bench.buy(1000)
    assert bench.order(name).reserved == reserved(bench) == cost_of(1000) == 1000 * PRICE + 5 * YUAN + 1_100
    state, fees = bench.engine.state, FeeSchedule()
    assert bookkeeping.reserve_of(state, STOCK, Side.BUY, Price(PRICE), Quantity(1000), fees) == cost_of(1000)


def test_what_a_partial_fill_leaves_open_stays_frozen() -> None:
    bench = Bench()
    name = bench.buy(1000)
    cash = account_cash(bench)
    bench.filled(bench.fill(name, 400))
    assert bench.order(name).status is OrderStatus.PARTIALLY_FILLED
    assert reserved(bench) == cost_of(1000) - cost_of(400)  # The minimum of 5 yuan is paid once.
    assert account_cash(bench) == cash - cost_of(400)
    bench.filled(bench.fill(name, 600, fill_id="f2"))
    assert bench.order(name).status is OrderStatus.FILLED
    assert bench.order(name).filled_value == 1000 * PRICE
    assert reserved(bench) == 0


def test_a_sell_freezes_shares_and_brings_cash_less_fees() -> None:
    bench = Bench()
    name = sell(bench, 500)
    assert (frozen(bench), reserved(bench)) == (500, 0)
    cash = account_cash(bench)
    bench.filled(replace(bench.fill(name, 200), side=Side.SELL))
    held = bench.engine.state.accounts[ACCOUNT].positions[STOCK]
    assert (held.quantity, held.sellable_quantity, held.frozen_quantity) == (1800, 1800, 300)
    worth = 200 * PRICE
    assert account_cash(bench) == cash + worth - 5 * YUAN - round(worth * 0.0005) - 200


def test_a_fee_that_the_broker_tells_is_taken_as_told() -> None:
    bench = Bench()
    name = bench.buy()
    cash = account_cash(bench)
    bench.filled(replace(bench.fill(name), fee=Money(123)))
    assert account_cash(bench) == cash - 100 * PRICE - 123


def test_what_was_bought_today_is_sold_tomorrow_and_a_convertible_at_once() -> None:
    bench = Bench()
    bench.filled(bench.fill(bench.buy()))
    positions = bench.engine.state.accounts[ACCOUNT].positions
    assert (positions[STOCK].quantity, positions[STOCK].sellable_quantity) == (2100, 2000)
    bench.filled(replace(bench.fill("", 10, number="9", fill_id="c"), symbol=CONVERTIBLE))
    assert (positions[CONVERTIBLE].quantity, positions[CONVERTIBLE].sellable_quantity) == (10, 10)
    bench.now_ns += 24 * 3600 * SECOND_NS
    bench.feed(ev.DayBegan(dt.date(2026, 11, 25)))
    positions = bench.engine.state.accounts[ACCOUNT].positions
    assert (positions[STOCK].quantity, positions[STOCK].sellable_quantity) == (2100, 2100)


@pytest.mark.parametrize("end", [OrderStatus.CANCELED, OrderStatus.REJECTED, OrderStatus.EXPIRED])
def test_an_end_frees_what_was_frozen_and_a_late_fill_still_counts(end: OrderStatus) -> None:
    bench = Bench()
    name = bench.buy(1000)
    bench.report(bench.row(name, end, quantity=Quantity(1000)))
    assert reserved(bench) == 0
    bench.filled(bench.fill(name, 300))
    assert bench.held() == 2300
    assert bench.order(name).status is end
    assert bench.order(name).filled_quantity == 300
    assert reserved(bench) == 0


def test_an_end_that_tells_of_fills_not_seen_yet_keeps_their_cash_and_asks_for_them() -> None:
    bench = Bench()
    name = bench.buy(1000)
    bench.report(bench.row(name, OrderStatus.CANCELED, quantity=Quantity(1000), filled_quantity=Quantity(300)))
    order = bench.order(name)
    assert reserved(bench) == order.reserved == cost_of(300)
    assert order.ask_next_ns == bench.now_ns + 3 * SECOND_NS
    assert bench.held() == 2000
    bench.filled(bench.fill(name, 300))
    assert (reserved(bench), bench.order(name).ask_next_ns) == (0, 0)
    assert bench.order(name).status is OrderStatus.CANCELED


def test_a_canceled_order_that_was_filled_whole_after_all_is_filled() -> None:
    bench = Bench()
    name = bench.buy(200)
    bench.report(bench.row(name, OrderStatus.CANCELED, quantity=Quantity(200)))
    bench.filled(bench.fill(name, 200))
    assert bench.order(name).status is OrderStatus.FILLED


def test_a_fill_of_an_order_settled_as_not_sent_raises_it_and_halts_its_account() -> None:
    bench = Bench()
    name = bench.buy(200)
    bench.feed(ev.SubmitRefused(ACCOUNT, name, "未发"))
    assert bench.order(name).status is OrderStatus.NOT_SENT
    bench.filled(bench.fill(name, 100))
    assert bench.order(name).status is OrderStatus.PARTIALLY_FILLED
    assert reserved(bench) == cost_of(200) - cost_of(100)
    assert "ORDER_ROSE" in bench.alerts()


def test_one_fill_id_of_two_orders_or_two_symbols_is_two_fills() -> None:
    bench = Bench()
    first, second = bench.buy(name="x/1"), bench.buy(name="x/2")
    bench.filled(bench.fill(first, number="1", fill_id="same"))
    bench.filled(bench.fill(second, number="2", fill_id="same"))
    bench.filled(bench.fill(second, number="2", fill_id="same"))
    assert bench.held() == 2200


def test_a_fill_that_comes_before_its_order_is_known_is_given_to_it_later() -> None:
    bench = Bench()
    bench.filled(bench.fill("", 100, number="500"))
    assert bench.held() == 2100
    (fill,) = bench.engine.state.fills
    assert fill.client_order_id == "?500"
    bench.report(bench.row("", number="500", quantity=Quantity(300)))
    foreign = bench.order(f"~{ACCOUNT}~500")
    (fill,) = bench.engine.state.fills
    assert fill.client_order_id == foreign.client_order_id
    assert (foreign.filled_quantity, bench.held()) == (100, 2100)
    assert foreign.status is OrderStatus.PARTIALLY_FILLED


def test_profit_is_told_against_the_cost_of_what_was_sold() -> None:
    bench = Bench()
    account = bench.engine.state.accounts[ACCOUNT]
    account.positions[STOCK] = replace(account.positions[STOCK], cost=Money(2000 * 100_000))
    bench.filled(replace(bench.fill("", 500, number="9"), side=Side.SELL, fee=Money(100)))
    held = account.positions[STOCK]
    assert held.cost == 1500 * 100_000
    assert held.realised == 500 * (PRICE - 100_000) - 100


def test_more_sold_than_was_held_leaves_nothing_and_is_told() -> None:
    bench = Bench()
    bench.filled(replace(bench.fill("", 2100, number="9"), side=Side.SELL))
    held = bench.engine.state.accounts[ACCOUNT].positions[STOCK]
    assert (held.quantity, held.sellable_quantity, held.cost) == (0, 0, 0)
    assert "POSITION_MISMATCH" in bench.alerts()


def test_a_reverse_repo_is_sold_without_being_held() -> None:
    bench = Bench()
    repo = replace(bench.fill("", 10, number="9"), side=Side.SELL, symbol=Symbol("204001.SH"), price=Price(1_000_000))
    bench.filled(repo)
    assert "POSITION_MISMATCH" not in bench.alerts()


def test_an_unknown_keeps_its_cash_until_it_ends() -> None:
    bench = Bench()
    name = bench.buy(1000)
    bench.later(4)
    assert bench.order(name).status is OrderStatus.UNKNOWN
    assert reserved(bench) == cost_of(1000)
    bench.feed(ev.ResolveRequested("me", "查过", name, OrderStatus.NOT_SENT))
    assert reserved(bench) == 0


def test_a_schedule_of_its_own_is_used_for_its_account() -> None:
    free = FeeSchedule(commission_millionths=0, commission_minimum=Money(0), transfer_millionths=0)
    state = Bench().engine.state
    assert bookkeeping.reserve_of(state, STOCK, Side.BUY, Price(PRICE), Quantity(100), free) == 100 * PRICE


def test_a_foreign_order_with_no_number_at_all_still_gets_a_name() -> None:
    bench = Bench()
    bare = replace(bench.row("", number=""), venue_order_id="", ordered_ns=5)
    made = bookkeeping.foreign_order(bench.engine.state, ACCOUNT, bare)
    assert made.client_order_id == f"~{ACCOUNT}~{STOCK}-5"
    assert made.received_ns == 5
    assert bench.engine.state.day == DAY


def test_a_list_that_repeats_what_is_known_moves_no_order() -> None:
    bench = Bench()
    name = bench.buy()
    done = bench.row(name, OrderStatus.FILLED, filled_quantity=100)
    bench.report(bench.row(name))
    bench.report(done)
    bench.filled(bench.fill(name))
    known = bench.order(name)
    for _ in range(3):
        bench.later(60)
        bench.listed(done, fills=(bench.fill(name),))
        assert bench.order(name) == known, "its update is what happened to it, not that somebody asked"
