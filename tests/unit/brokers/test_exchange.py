"""The exchange's truth: what is taken, executed, frozen, freed, cancelled, counted."""

from __future__ import annotations

import datetime as dt

import pytest

from qmt_trading.brokers.simulated.book import NoBook
from qmt_trading.brokers.simulated.exchange import Exchange
from qmt_trading.brokers.simulated.matching import Liquidity
from qmt_trading.brokers.simulated.records import Origin
from qmt_trading.market.sessions import Session
from qmt_trading.model.events import (
    BrokerListed,
    CancelRefused,
    FillReported,
    OrderReported,
    OrderRow,
    Report,
    SubmitRefused,
)
from qmt_trading.model.instant import SHANGHAI, at_time
from qmt_trading.model.instrument import Symbol
from qmt_trading.model.numbers import SECOND_NS, Money, Price, Quantity
from qmt_trading.model.words import OrderStatus as S
from qmt_trading.model.words import Side
from tests.unit.brokers.bench_parts import ACCOUNT, BOND, DAY, DEEP, NOW_NS, PUFA, STEP, Quotes, cancel, make, order

YUAN = 10_000


def at(hour: int, minute: int) -> int:
    return int(dt.datetime(2026, 11, 24, hour, minute, tzinfo=SHANGHAI).timestamp()) * 10**9


def rows(reports: list[Report]) -> list[OrderRow]:
    return [report.row for report in reports if isinstance(report, OrderReported)]


def states(reports: list[Report]) -> list[S]:
    return [row.status for row in rows(reports)]


def listed(exchange: Exchange, now_ns: int = NOW_NS) -> BrokerListed:
    return exchange.listing(ACCOUNT, asked_ns=now_ns, now_ns=now_ns)


def held(exchange: Exchange, now_ns: int = NOW_NS) -> tuple[int, int]:
    """Return (quantity, sellable) of 600000.SH."""
    (position,) = [each for each in listed(exchange, now_ns).positions if each.symbol == PUFA]
    return position.quantity, position.sellable_quantity


def test_a_crossing_buy_is_taken_then_executed_to_the_fen() -> None:
    exchange = make(Quotes())
    assert states(exchange.submit(order("A1", quantity=1000), NOW_NS)) == [S.NEW]
    reports = exchange.advance(NOW_NS)
    assert states(reports) == [S.FILLED]
    fills = [report.row for report in reports if isinstance(report, FillReported)]
    assert sum(fill.quantity for fill in fills) == 1000
    assert {fill.client_order_id for fill in fills} == {"A1"}
    assert sum(fill.fee or 0 for fill in fills) == (5_00 + 11) * 100  # Minimum commission once, 0.001 % of 10,500.
    assert listed(exchange).cash == 100_000 * YUAN - 10_500 * YUAN - 511 * 100


def test_the_minimum_commission_counts_once_per_order_however_many_fills() -> None:
    quotes = Quotes()
    exchange = make(quotes, liquidity=DEEP)
    exchange.submit(order("A1", quantity=500), NOW_NS)
    now_ns = NOW_NS
    while exchange.working:
        exchange.advance(now_ns)
        now_ns += STEP
    fills = listed(exchange).fills
    assert len(fills) == 5
    assert len({fill.fill_id for fill in fills}) == 5
    assert sum(fill.fee or 0 for fill in fills) == 500 * 100 + 5 * 100
    assert listed(exchange).cash == 100_000 * YUAN - 5_250 * YUAN - 505 * 100


def test_an_order_that_does_not_cross_rests_and_executes_at_its_own_price() -> None:
    quotes = Quotes()
    exchange = make(quotes)
    exchange.submit(order("A1", price="10.45"), NOW_NS)
    assert exchange.advance(NOW_NS) == []
    quotes.put(PUFA, "10.41", "10.42")
    assert exchange.advance(NOW_NS) == [], "the market is looked at once a step"
    reports = exchange.advance(NOW_NS + STEP)
    assert states(reports) == [S.FILLED]
    assert [fill.price for fill in listed(exchange).fills] == [104_500]


def test_a_large_order_executes_in_parts_and_reports_each() -> None:
    exchange = make(Quotes(), cash_yuan=1_000_000, liquidity=Liquidity(level_lots_max=2))
    exchange.submit(order("A1", quantity=2000), NOW_NS)
    reports = exchange.advance(NOW_NS)
    assert states(reports) == [S.PARTIALLY_FILLED]
    first = rows(reports)[0].filled_quantity
    assert 0 < first < 2000
    now_ns = NOW_NS
    while exchange.working:
        now_ns += STEP
        reports = exchange.advance(now_ns)
    assert states(reports) == [S.FILLED]
    assert sum(fill.quantity for fill in listed(exchange).fills) == 2000


def test_what_is_bought_today_is_sold_tomorrow_only() -> None:
    exchange = make(Quotes(), held=0)
    exchange.submit(order("A1"), NOW_NS)
    exchange.advance(NOW_NS)
    assert held(exchange) == (100, 0)
    refused = exchange.submit(order("A2", Side.SELL, price="10.49"), NOW_NS)
    assert states(refused) == [S.PENDING_NEW, S.REJECTED]
    assert rows(refused)[-1].text == "可卖数量不足：可卖 0，委托 100"
    tomorrow = NOW_NS + DAY
    assert states(exchange.submit(order("A3", Side.SELL, price="10.49"), tomorrow)) == [S.NEW]
    exchange.advance(tomorrow)
    assert held(exchange, tomorrow) == (0, 0)


def test_a_convertible_bought_today_is_sold_today() -> None:
    exchange = make(Quotes())
    exchange.submit(order("A1", quantity=10, price="120.01", symbol=BOND), NOW_NS)
    exchange.advance(NOW_NS)
    assert states(exchange.submit(order("A2", Side.SELL, 10, "120", symbol=BOND), NOW_NS)) == [S.NEW]


def test_working_orders_freeze_cash_and_shares_and_free_them_at_the_end() -> None:
    exchange = make(Quotes(), cash_yuan=2_200)
    working = rows(exchange.submit(order("A1", quantity=200, price="10.45"), NOW_NS))[0]
    assert rows(exchange.submit(order("A2", price="10.45"), NOW_NS))[-1].text == "资金不足：可用 104.98，需 1,050.01"
    assert listed(exchange).cash == 2_200 * YUAN, "the port's cash holds what is frozen"
    exchange.cancel(cancel("A1", broker=working.broker_order_id), NOW_NS)
    assert states(exchange.submit(order("A3", price="10.45"), NOW_NS)) == [S.NEW]
    assert states(exchange.submit(order("S1", Side.SELL, 700, "10.60"), NOW_NS)) == [S.NEW]
    assert held(exchange) == (1000, 1000), "the port's sellable holds what working sells offer"
    assert rows(exchange.submit(order("S2", Side.SELL, 400, "10.60"), NOW_NS))[-1].status is S.REJECTED
    assert states(exchange.submit(order("S3", Side.SELL, 300, "10.60"), NOW_NS)) == [S.NEW]


def test_cash_just_enough_buys_and_one_fen_less_does_not() -> None:
    needed = 1_050 * YUAN + 501 * 100
    for cash, state in ((needed, S.NEW), (needed - 100, S.REJECTED)):
        exchange = make(Quotes(), cash_yuan=0)
        exchange._ledger.accounts[ACCOUNT].cash = cash
        assert states(exchange.submit(order("A1"), NOW_NS))[-1] is state


@pytest.mark.parametrize(
    ("submit", "text"),
    [
        (order("A1", price="11.45"), "价格超出涨跌停：9.36 至 11.44"),
        (order("A1", price="9.35"), "价格超出涨跌停：9.36 至 11.44"),
        (order("A1", price="10.505"), "委托价格 10.505 不是最小变动单位的整数倍"),
        (order("A1", price="0"), "委托价格 0.00 不是最小变动单位的整数倍"),
        (order("A1", quantity=150), "委托数量 150 不符合交易单位"),
        (order("A1", Side.SELL, 150), "委托数量 150 不符合交易单位"),
        (order("A1", Side.SELL, 1100), "可卖数量不足：可卖 1000，委托 1100"),
        (order("A1", quantity=100_000), "资金不足：可用 100,000.00，需 1,050,273.00"),
    ],
)
def test_the_counter_rejects_in_its_own_words(submit: object, text: str) -> None:
    exchange = make(Quotes())
    reports = exchange.submit(submit, NOW_NS)  # type: ignore[arg-type]
    assert states(reports) == [S.PENDING_NEW, S.REJECTED], "first it looks taken (A11)"
    assert rows(reports)[-1].text == text
    assert not exchange.working
    assert listed(exchange).cash == 100_000 * YUAN


def test_the_limits_themselves_are_taken_in_an_auction() -> None:
    opening_ns = at(9, 16)
    exchange = make(Quotes(), session=Session(), now_ns=opening_ns)
    assert states(exchange.submit(order("A1", price="11.44", deadline_ns=opening_ns), opening_ns)) == [S.NEW]
    assert states(exchange.submit(order("A2", price="9.36", deadline_ns=opening_ns), opening_ns)) == [S.NEW]


def test_beyond_the_cage_of_continuous_trading_an_order_is_rejected_in_the_exchanges_words() -> None:
    exchange = make(Quotes())  # Best ask 10.50, best bid 10.49: 2 % away lie 10.71 and, of 10.2802, 10.28.
    assert states(exchange.submit(order("A1", price="10.71"), NOW_NS)) == [S.NEW]
    above = rows(exchange.submit(order("A2", price="10.72"), NOW_NS))[-1]
    assert (above.status, above.text) == (S.REJECTED, "买入价格超出价格笼子：最高 10.71，委托 10.72")
    assert states(exchange.submit(order("A3", side=Side.SELL, price="10.28"), NOW_NS)) == [S.NEW]
    below = rows(exchange.submit(order("A4", side=Side.SELL, price="10.27"), NOW_NS))[-1]
    assert (below.status, below.text) == (S.REJECTED, "卖出价格超出价格笼子：最低 10.28，委托 10.27")


def test_a_submit_after_its_deadline_is_refused_for_good() -> None:
    exchange = make(Quotes())
    assert states(exchange.submit(order("A1", deadline_ns=NOW_NS), NOW_NS)) == [S.NEW]
    late = exchange.submit(order("A2", deadline_ns=NOW_NS), NOW_NS + 1)
    assert [type(report) for report in late] == [SubmitRefused]
    assert [row.client_order_id for row in listed(exchange).rows] == ["A1"]


def test_an_order_that_arrives_twice_is_executed_twice_and_counted() -> None:
    exchange = make(Quotes())
    for _ in range(2):
        exchange.submit(order("A1"), NOW_NS)
    exchange.submit(order("A2"), NOW_NS)
    exchange.advance(NOW_NS)
    assert exchange.executed == {"A1": 2, "A2": 1}
    assert exchange.duplicates == 1
    assert held(exchange)[0] == 1300


def test_a_refused_submit_that_comes_again_is_a_duplicate_too() -> None:
    exchange = make(Quotes())
    exchange.submit(order("A1", deadline_ns=NOW_NS - 1), NOW_NS)
    exchange.submit(order("A1"), NOW_NS)
    assert (exchange.executed, exchange.duplicates) == ({"A1": 1}, 1)


def test_an_order_at_a_sealed_limit_waits_for_its_turn() -> None:
    quotes = Quotes()
    quotes.put(PUFA, "11.44", "", up="11.44")
    exchange = make(quotes, liquidity=Liquidity(queue_lots_max=1, queue_lots_per_second=1))
    exchange.submit(order("A1", price="11.44"), NOW_NS)
    exchange.submit(order("A2", price="11.43"), NOW_NS)
    assert exchange.advance(NOW_NS + 9 * STEP) == []
    reports = exchange.advance(NOW_NS + 10 * STEP)
    assert [(row.client_order_id, row.status) for row in rows(reports)] == [("A1", S.FILLED)]
    assert exchange.advance(NOW_NS + 3600 * 10**9) == [], "below the limit nothing ever trades"


def test_a_broken_seal_fills_the_queue_at_once() -> None:
    quotes = Quotes()
    quotes.put(PUFA, "11.44", "", up="11.44")
    exchange = make(quotes)
    exchange.submit(order("A1", price="11.44"), NOW_NS)
    exchange.advance(NOW_NS)
    quotes.put(PUFA, "11.40", "11.41", up="11.44")
    assert states(exchange.advance(NOW_NS + STEP)) == [S.FILLED]


def test_a_cancel_needs_a_number_and_works_by_either() -> None:
    exchange = make(Quotes())
    one, two = (rows(exchange.submit(order(each, price="10.40"), NOW_NS))[0] for each in ("A1", "A2"))
    assert [type(report) for report in exchange.cancel(cancel("A1"), NOW_NS)] == [CancelRefused]
    assert [type(report) for report in exchange.cancel(cancel("A1", broker="0"), NOW_NS)] == [CancelRefused]
    assert states(exchange.cancel(cancel("A1", broker=one.broker_order_id), NOW_NS)) == [S.CANCELED]
    assert states(exchange.cancel(cancel("A2", venue=two.venue_order_id), NOW_NS)) == [S.CANCELED]
    again = exchange.cancel(cancel("A1", broker=one.broker_order_id), NOW_NS)
    assert [type(report) for report in again] == [CancelRefused]
    assert not exchange.working


def test_a_cancelled_rest_keeps_its_fills() -> None:
    exchange = make(Quotes(), cash_yuan=1_000_000, liquidity=DEEP)
    row = rows(exchange.submit(order("A1", quantity=1000), NOW_NS))[0]
    exchange.advance(NOW_NS)
    canceled = rows(exchange.cancel(cancel("A1", broker=row.broker_order_id), NOW_NS))[0]
    assert (canceled.status, canceled.filled_quantity) == (S.CANCELED, 100)
    assert listed(exchange).cash == 1_000_000 * YUAN - 1_050 * YUAN - 501 * 100
    assert rows(exchange.submit(order("A2", quantity=94_000), NOW_NS))[0].status is S.NEW, "nothing is left frozen"


def test_hand_and_phone_orders_are_told_with_what_they_have() -> None:
    exchange = make(Quotes())
    price, quantity = Price(104_000), Quantity(100)
    hand = rows(exchange.place_foreign(ACCOUNT, PUFA, Side.BUY, quantity, price, NOW_NS))[0]
    phone = rows(exchange.place_foreign(ACCOUNT, PUFA, Side.BUY, quantity, price, NOW_NS, origin=Origin.PHONE))[0]
    assert (hand.client_order_id, bool(hand.broker_order_id)) == ("", True)
    assert (phone.broker_order_id, bool(phone.venue_order_id)) == ("", True)
    assert exchange.duplicates == 0
    assert exchange.executed == {}
    assert states(exchange.cancel(cancel("~", venue=phone.venue_order_id), NOW_NS)) == [S.CANCELED]
    assert [row.status for row in listed(exchange).rows] == [S.NEW, S.CANCELED]


def test_a_foreign_order_may_carry_a_remark_of_ours() -> None:
    exchange = make(Quotes())
    ours = rows(exchange.submit(order("A1", price="10.40"), NOW_NS))[0]
    theirs = rows(exchange.place_foreign(ACCOUNT, PUFA, Side.BUY, Quantity(100), Price(104_000), NOW_NS, remark="A1"))[
        0
    ]
    assert ours.client_order_id == theirs.client_order_id
    assert ours.broker_order_id != theirs.broker_order_id


def test_a_new_day_expires_working_orders_and_forgets_yesterdays() -> None:
    exchange = make(Quotes())
    exchange.submit(order("A1", quantity=200, price="10.40"), NOW_NS)
    exchange.submit(order("A2", Side.SELL, 300, "10.60"), NOW_NS)
    reports = exchange.advance(NOW_NS + DAY)
    assert states(reports) == [S.EXPIRED, S.EXPIRED]
    after = listed(exchange, NOW_NS + DAY)
    assert (after.rows, after.fills, after.cash) == ((), (), 100_000 * YUAN)
    assert held(exchange, NOW_NS + DAY) == (1000, 1000)


def test_a_clock_that_goes_back_begins_no_day() -> None:
    exchange = make(Quotes(), held=0, now_ns=NOW_NS + DAY)
    exchange.submit(order("A1"), NOW_NS + DAY)
    exchange.advance(NOW_NS + DAY)
    exchange.advance(NOW_NS)
    assert len(listed(exchange).rows) == 1
    assert held(exchange) == (100, 0)


def test_a_part_filled_sell_frees_what_is_left_when_it_is_cancelled() -> None:
    exchange = make(Quotes(), liquidity=DEEP)
    row = rows(exchange.submit(order("S1", Side.SELL, 1000, "10.49"), NOW_NS))[0]
    exchange.advance(NOW_NS)
    assert held(exchange) == (900, 900)
    assert rows(exchange.submit(order("S2", Side.SELL, 100, "10.60"), NOW_NS))[-1].status is S.REJECTED
    exchange.cancel(cancel("S1", broker=row.broker_order_id), NOW_NS)
    assert rows(exchange.submit(order("S3", Side.SELL, 1000, "10.60"), NOW_NS))[-1].status is S.REJECTED
    assert states(exchange.submit(order("S4", Side.SELL, 900, "10.60"), NOW_NS)) == [S.NEW]


def test_numbers_never_repeat_over_days() -> None:
    exchange = make(Quotes())
    first = rows(exchange.submit(order("A1"), NOW_NS))[0]
    exchange.advance(NOW_NS)
    second = rows(exchange.submit(order("A2"), NOW_NS + DAY))[0]
    exchange.advance(NOW_NS + DAY)
    assert first.broker_order_id != second.broker_order_id
    assert first.venue_order_id != second.venue_order_id
    assert listed(exchange, NOW_NS + DAY).fills[0].fill_id != "F000000001"


def test_each_session_is_greater_than_all_before() -> None:
    exchange = make(Quotes())
    sessions = [exchange.session_of(ACCOUNT)]
    for _ in range(3):
        exchange.connect(ACCOUNT, NOW_NS)
        sessions.append(exchange.session_of(ACCOUNT))
    assert sessions == sorted(set(sessions))
    (report,) = exchange.submit(order("A1"), NOW_NS)
    assert isinstance(report, OrderReported)
    assert report.session == sessions[-1]


def test_regular_hours_rule_orders_cancels_and_executions() -> None:
    exchange = make(Quotes(), session=Session(), now_ns=at(8, 0))
    assert rows(exchange.submit(order("A0"), at(9, 0)))[-1].text == "非交易时间，不允许委托"
    row = rows(exchange.submit(order("A1"), at(9, 16)))[0]
    assert exchange.advance(at(9, 17)) == [], "nothing is matched in the auction"
    (refused,) = exchange.cancel(cancel("A1", broker=row.broker_order_id), at(9, 20))
    assert isinstance(refused, CancelRefused)
    assert states(exchange.advance(at(9, 30))) == [S.FILLED]
    exchange.submit(order("A2", price="10.40"), at(14, 58))
    assert states(exchange.advance(at(15, 0))) == [S.EXPIRED]


def test_each_symbol_has_the_hours_of_its_venue_and_kind() -> None:
    def at(hour: int, minute: int) -> int:
        return at_time(dt.date(2026, 11, 24), (hour * 60 + minute) * 60 * SECOND_NS)

    repo, shenzhen = Symbol("204001.SH"), Symbol("000001.SZ")
    quotes = Quotes()
    quotes.put(repo, "1.500", "1.510", close="1.5", up="9", down="0.1")
    quotes.put(shenzhen, "12.34", "12.35", close="12.30")
    exchange = make(quotes, session=Session(), now_ns=at(8, 0), liquidity=Liquidity(queue_lots_per_second=0))

    def placed(name: str, symbol: Symbol, price: str, now_ns: int) -> OrderRow:
        side = Side.SELL if symbol == repo else Side.BUY
        return rows(exchange.submit(order(name, side, symbol=symbol, price=price), now_ns))[-1]

    shanghai_row = placed("A1", PUFA, "10.40", at(9, 16))
    shenzhen_row = placed("A2", shenzhen, "12.20", at(9, 16))
    (refused,) = exchange.cancel(cancel("A1", broker=shanghai_row.broker_order_id), at(9, 25))
    assert isinstance(refused, CancelRefused)
    assert states(exchange.cancel(cancel("A2", broker=shenzhen_row.broker_order_id), at(9, 25))) == [S.CANCELED]
    assert placed("A3", repo, "1.995", at(14, 30)).status is S.NEW
    told = exchange.advance(at(15, 0))
    assert [(row.symbol, row.status) for row in rows(told)] == [(PUFA, S.EXPIRED)]
    assert placed("A4", PUFA, "10.40", at(15, 10)).text == "非交易时间，不允许委托"
    assert placed("A5", repo, "1.500", at(15, 10)).status is S.NEW
    assert states(exchange.advance(at(15, 10))) == [S.FILLED]
    assert states(exchange.advance(at(15, 30))) == [S.EXPIRED]


def test_a_reverse_repo_lends_cash_and_pays_it_back_with_interest() -> None:
    repo = Symbol("204001.SH")
    quotes = Quotes()
    quotes.put(repo, "1.500", "1.510", close="1.5", up="9", down="0.1")
    exchange = make(quotes, book=NoBook())
    before = exchange.listing(ACCOUNT, asked_ns=NOW_NS, now_ns=NOW_NS).cash
    assert rows(exchange.submit(order("A1", Side.BUY, 10, "1.510", symbol=repo), NOW_NS))[-1].status is S.REJECTED
    assert rows(exchange.submit(order("A2", Side.SELL, 15, "1.500", symbol=repo), NOW_NS))[-1].status is S.REJECTED
    too_much = rows(exchange.submit(order("A3", Side.SELL, 1000, "1.500", symbol=repo), NOW_NS))[-1]
    assert too_much.text == "资金不足：可用 100,000.00，需 100,001.00"
    exchange.submit(order("A4", Side.SELL, 990, "1.500", symbol=repo), NOW_NS)
    now_ns = NOW_NS
    while exchange.working:
        exchange.advance(now_ns)
        now_ns += STEP
    listed = exchange.listing(ACCOUNT, asked_ns=now_ns, now_ns=now_ns)
    assert listed.cash == before - 99_000 * YUAN - 99 * YUAN // 100
    assert all(held.symbol != repo for held in listed.positions)
    exchange.advance(now_ns + DAY)
    after = exchange.listing(ACCOUNT, asked_ns=now_ns + DAY, now_ns=now_ns + DAY).cash
    fills = len(listed.fills)
    interest = 99_000 * 0.015 / 365 * YUAN
    assert abs(after - (before - 99 * YUAN // 100 + interest)) <= fills * 100
    assert after > before


def test_on_a_holiday_orders_wait_for_nothing_and_are_refused() -> None:
    holiday = at_time(dt.date(2026, 10, 2), 10 * 3600 * SECOND_NS)
    exchange = make(Quotes(), session=Session(), now_ns=holiday)
    assert rows(exchange.submit(order("A1"), holiday))[-1].text == "非交易时间，不允许委托"


def test_an_account_that_does_not_exist_is_refused_for_good() -> None:
    (report,) = make(Quotes()).submit(order("A1", account="nobody"), NOW_NS)  # type: ignore[arg-type]
    assert isinstance(report, SubmitRefused)


def test_the_same_seed_and_calls_give_the_same_reports() -> None:
    def run(seed: int) -> list[Report]:
        exchange = make(Quotes(), cash_yuan=10_000_000, liquidity=Liquidity(level_lots_max=3), seed=seed)
        told: list[Report] = []
        for number in range(20):
            told += exchange.submit(order(f"A{number}", quantity=1700), NOW_NS + number * STEP)
            told += exchange.advance(NOW_NS + number * STEP)
        return told

    assert run(1) == run(1)
    assert run(1) != run(2)


def test_money_and_shares_are_conserved() -> None:
    exchange = make(Quotes(), liquidity=Liquidity(level_lots_max=2))
    now_ns = NOW_NS
    for number in range(30):
        side = Side.BUY if number % 3 else Side.SELL
        exchange.submit(order(f"A{number}", side, 200, "10.50" if side is Side.BUY else "10.49"), now_ns)
        now_ns += STEP
        exchange.advance(now_ns)
    after = listed(exchange, now_ns)
    spent = sum(
        fill.price * fill.quantity * (1 if fill.side is Side.BUY else -1) + (fill.fee or Money(0))
        for fill in after.fills
    )
    bought = sum(fill.quantity * (1 if fill.side is Side.BUY else -1) for fill in after.fills)
    assert after.cash == 100_000 * YUAN - spent
    assert held(exchange, now_ns)[0] == 1000 + bought
