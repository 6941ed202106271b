"""Accidents of other programs with the exchange's rules: A19, A26, A27."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import pytest
from msgspec.structs import replace

from qmt_trading.engine.risk.candidate import Candidate
from qmt_trading.engine.risk.gate import judge_legality
from qmt_trading.feeds.recorded import RecordedFeed
from qmt_trading.market.rulebook import STANDARD
from qmt_trading.model.instant import at_time
from qmt_trading.model.instrument import Quote, Symbol
from qmt_trading.model.numbers import SECOND_NS, Money, Price, Quantity, notional
from qmt_trading.model.reasons import Reason
from qmt_trading.model.words import OrderStatus, Side
from tests.engine_bench import ACCOUNT, STOCK, Bench
from tests.unit.brokers.bench_parts import NOW_NS, PUFA, Quotes, make, order
from tests.unit.engine.parts import position, reason
from tests.unit.engine.risk.test_gate import market

DAY = dt.date(2026, 11, 24)


def legal(symbol: str, side: Side, quantity: int, *, price: int, held: int = 0) -> Reason | None:
    """Return why no exchange would take an order of 2026, without limits of the day; None: it would."""
    rule = STANDARD.rule(Symbol(symbol), DAY)
    assert rule is not None
    none = Price(0)
    quote = Quote(Symbol(symbol), Price(price), Price(price), none, none, (), (), 0, rule)
    candidate = Candidate(
        Symbol(symbol), side, Quantity(quantity), Price(price), notional(Price(price), Quantity(quantity)), Money(0)
    )
    return reason(judge_legality(rule, market(quote), candidate, position(held) if held else None))


@pytest.mark.parametrize("quantity", [200, 201, 333, 100_000])
def test_a19_star_buys_are_any_number_from_two_hundred_on(quantity: int) -> None:
    assert legal("688001.SH", Side.BUY, quantity, price=500_000) is None


@pytest.mark.parametrize(("quantity", "why"), [(199, Reason.LOT_INVALID), (100_001, Reason.QUANTITY_EXCEEDED)])
def test_a19_star_buys_below_two_hundred_or_above_the_cap_are_denied(quantity: int, why: Reason) -> None:
    assert legal("688001.SH", Side.BUY, quantity, price=500_000) is why


@pytest.mark.parametrize(
    ("symbol", "held", "sold"),
    [
        ("600000.SH", 250, 50),
        ("600000.SH", 250, 150),
        ("600000.SH", 250, 250),
        ("688001.SH", 1445, 1445),
        ("688001.SH", 150, 150),
        ("688001.SH", 1445, 333),
        ("920222.BJ", 57, 57),
        ("510300.SH", 1050, 50),
        ("123153.SZ", 15, 15),
    ],
)
def test_a19_the_odd_rest_of_a_holding_is_sold(symbol: str, held: int, sold: int) -> None:
    assert legal(symbol, Side.SELL, sold, price=100_000, held=held) is None


def test_a19_half_of_an_odd_rest_is_still_no_order() -> None:
    assert legal("600000.SH", Side.SELL, 30, price=100_000, held=250) is Reason.LOT_INVALID
    assert legal("688001.SH", Side.SELL, 149, price=100_000, held=150) is Reason.LOT_INVALID


def test_a_whole_position_with_an_odd_lot_is_cleared() -> None:
    bench = Bench()
    bench.engine.state.accounts[ACCOUNT].positions[STOCK] = position(1_234)
    receipt = bench.signal(f"清仓 {STOCK}@10.50:{ACCOUNT} #clear/1")
    assert [(line.denial, line.quantity) for line in receipt.orders] == [(None, 1_234)]


def test_a_reverse_repo_is_sold_without_holding_anything() -> None:
    assert legal("204001.SH", Side.SELL, 10, price=15_000) is None
    assert legal("131810.SZ", Side.SELL, 1_000, price=18_500) is None
    assert legal("204001.SH", Side.SELL, 15, price=15_000) is Reason.LOT_INVALID


def test_a_subscription_is_bought_in_the_lots_of_what_is_issued() -> None:
    assert legal("787001.SH", Side.BUY, 500, price=391_100) is None
    assert legal("889001.BJ", Side.BUY, 100, price=100_000) is None
    assert legal("754001.SH", Side.BUY, 10, price=1_000_000) is None
    assert legal("787001.SH", Side.BUY, 300, price=391_100) is Reason.LOT_INVALID


def test_a26_the_exchange_and_the_engine_charge_the_same_for_the_same_fills() -> None:
    """One rule book: what the simulated exchange takes of an order in two fills is what the engine books by itself."""
    quotes = Quotes()
    exchange = make(quotes, cash_yuan=100_000)
    exchange.submit(order("A1", quantity=2000, price="10.50"), NOW_NS)
    for step in range(40):
        exchange.advance(NOW_NS + step * SECOND_NS)
    rows = exchange.listing(exchange.accounts[0], asked_ns=0, now_ns=NOW_NS + 60 * SECOND_NS).fills
    assert sum(row.quantity for row in rows) == 2000
    fees = [row.fee or 0 for row in rows]
    bench = Bench()
    name = bench.buy(2000)
    cash = bench.engine.state.accounts[ACCOUNT].cash
    for number, row in enumerate(rows):
        bench.filled(replace(bench.fill(name, row.quantity, fill_id=str(number)), price=row.price))
    assert bench.order(name).status is OrderStatus.FILLED
    paid = cash - bench.engine.state.accounts[ACCOUNT].cash - sum(notional(row.price, row.quantity) for row in rows)
    assert paid == sum(fees)
    assert {row.symbol for row in rows} == {PUFA} == {STOCK}


def test_a26_what_is_bought_today_is_sold_today_only_where_the_rule_book_says_so() -> None:
    same_day = {
        symbol: found.same_day_sell
        for symbol in ("600000.SH", "510300.SH", "513100.SH", "123153.SZ")
        if (found := STANDARD.rule(Symbol(symbol), DAY)) is not None
    }
    assert same_day == {"600000.SH": False, "510300.SH": False, "513100.SH": True, "123153.SZ": True}


@pytest.mark.parametrize(
    ("day", "up", "down"), [(dt.date(2026, 7, 3), 105_000, 95_000), (dt.date(2026, 7, 6), 110_000, 90_000)]
)
def test_a27_a_warned_share_of_the_main_board_got_ten_per_cent_on_that_monday(
    day: dt.date, up: int, down: int, tmp_path: Path
) -> None:
    path = tmp_path / "ticks.csv"
    path.write_text(
        "time,symbol,last,previous_close,name\n2026-01-05 09:30:00,600000.SH,10.00,10.00,*ST浦发\n", encoding="utf-8"
    )
    begin_ns = at_time(day, 10 * 3600 * SECOND_NS)
    quote = RecordedFeed(path, begin_ns=begin_ns).quote(PUFA, begin_ns)
    assert quote is not None
    assert (quote.limit_up, quote.limit_down) == (up, down)
    assert quote.risk_warning
    assert quote.name == "*ST浦发"
    assert quote.rule is not None
    assert quote.rule.day_buy_max == 500_000


def test_a27_what_the_terminal_shows_of_a_share_without_a_warning_did_not_change() -> None:
    for day in (dt.date(2026, 7, 3), dt.date(2026, 7, 6)):
        rule = STANDARD.rule(Symbol("600000.SH"), day)
        assert rule is not None
        assert rule.limit_millionths == 100_000
