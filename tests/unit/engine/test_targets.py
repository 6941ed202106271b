"""Targets, clearing, portfolios, baskets, and orders above the exchange's largest."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from qmt_trading.codec.signal import parse
from qmt_trading.engine.splitting import PARTS_MAX, split
from qmt_trading.market import lots
from qmt_trading.model import events as ev
from qmt_trading.model import outputs as out
from qmt_trading.model.instrument import Quote, Symbol, TradingRule
from qmt_trading.model.limits import Limits
from qmt_trading.model.numbers import SECOND_NS, Money, Price, Quantity
from qmt_trading.model.reasons import Reason
from qmt_trading.model.receipt import Receipt
from qmt_trading.model.settings import AccountSettings
from qmt_trading.model.signal import Signal
from qmt_trading.model.words import LinkState, OrderStatus, Side, SignalStatus, Verb
from tests.engine_bench import ACCOUNT, OTHER, STOCK, Bench
from tests.unit.engine.parts import quote, reason
from tests.unit.market.rules import BSE, CHINEXT, CONVERTIBLE, MAIN, REPO, STAR

BANK = Symbol("600036.SH")
BANK_QUOTE = quote(
    BANK,
    last=Price(400_000),
    limit_up=Price(440_000),
    limit_down=Price(360_000),
    bids=(Price(399_900),),
    asks=(Price(400_100),),
)


class Holder(Bench):
    """A bench with 2,000 shares and a million in each account, and limits that do not matter here."""

    def __init__(self, order_value_max: int = 10**15) -> None:
        super().__init__()
        accounts = tuple(
            AccountSettings(account=number, limits=Limits(order_value_max=Money(order_value_max)))
            for number in (ACCOUNT, OTHER)
        )
        self.settings = replace(self.settings, accounts=accounts)
        self.feed(ev.EngineStarted("test", self.settings))
        self.session += 1
        self.connect()
        self.outputs.clear()

    def said(self, text: str, *quotes: Quote) -> Receipt:
        (parsed,) = parse(text.encode())
        assert isinstance(parsed, Signal), parsed
        seq = self.engine.state.signal_seq + 1
        given_quotes = quotes or (self.quote(), BANK_QUOTE)
        event = ev.SignalReceived(seq, "door", self.now_ns, text, parsed, given_quotes, None, self.arrives())
        made = self.feed(event)
        return [output for output in made if isinstance(output, out.SignalAnswered)][-1].receipt

    def submits(self) -> list[tuple[Side, int]]:
        return [(each.side, each.quantity) for each in self.made(out.SubmitOrder)]

    def at_work(self) -> None:
        """Let the counter take every order that it has not taken."""
        for each in self.made(out.SubmitOrder):
            number = each.client_order_id[-4:]
            order = self.order(each.client_order_id)
            if not order.answered_ns:
                row = self.row(
                    each.client_order_id,
                    number=number,
                    symbol=each.symbol,
                    side=each.side,
                    quantity=each.quantity,
                    price=each.price,
                )
                self.feed(ev.OrderReported(each.account, self.session, row))

    def fills(self) -> None:
        """Let everything at work fill."""
        self.at_work()
        for each in self.made(out.SubmitOrder):
            number = each.client_order_id[-4:]
            order = self.order(each.client_order_id)
            if order.status is not OrderStatus.FILLED:
                fill = replace(
                    self.fill(each.client_order_id, each.quantity, number=number, fill_id=f"f{number}"),
                    symbol=each.symbol,
                    side=each.side,
                    price=each.price,
                )
                self.feed(ev.FillReported(each.account, self.session, fill))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (f"target {STOCK} 2500@10.50:{ACCOUNT}", [(Side.BUY, 500)]),
        (f"target {STOCK} 2550@10.50:{ACCOUNT}", [(Side.BUY, 500)]),
        (f"调到 {STOCK} 500股@10.50:{ACCOUNT}", [(Side.SELL, 1500)]),
        (f"target {STOCK} 550@10.50:{ACCOUNT}", [(Side.SELL, 1400)]),
        (f"target {STOCK} 0@10.50:{ACCOUNT}", [(Side.SELL, 2000)]),
        (f"清仓 {STOCK}@10.50:{ACCOUNT}", [(Side.SELL, 2000)]),
        (f"target {STOCK} 31500元@10.50:{ACCOUNT}", [(Side.BUY, 1000)]),
        (f"target {STOCK} 1%@10.50:{ACCOUNT}", [(Side.SELL, 1000)]),
        (f"target {STOCK} 2000@10.50:{ACCOUNT}", []),
        (f"target {STOCK} 2050@10.50:{ACCOUNT}", []),
    ],
)
def test_a_target_orders_the_difference_to_what_is_held(text: str, expected: list[tuple[Side, int]]) -> None:
    bench = Holder()
    receipt = bench.said(text + " #t/1")
    assert bench.submits() == expected, receipt
    assert receipt.status is SignalStatus.ACCEPTED
    if not expected:
        assert reason(receipt.orders[0].denial) is Reason.TARGET_REACHED


def test_open_orders_count_so_that_a_target_said_twice_orders_once() -> None:
    bench = Holder()
    bench.said(f"target {STOCK} 2500@10.50:{ACCOUNT} #t/1")
    bench.at_work()
    bench.said(f"target {STOCK} 2500@10.50:{ACCOUNT} #t/2")
    assert bench.submits() == [(Side.BUY, 500)]
    bench.said(f"target {STOCK} 2700@10.50:{ACCOUNT} #t/3")
    assert bench.submits() == [(Side.BUY, 500), (Side.BUY, 200)]


def test_a_part_filled_order_counts_with_what_is_left_of_it() -> None:
    bench = Holder()
    bench.said(f"target {STOCK} 2500@10.50:{ACCOUNT} #t/1")
    bench.at_work()
    (submit,) = bench.made(out.SubmitOrder)
    bench.filled(bench.fill(submit.client_order_id, 200, number=submit.client_order_id[-4:]))
    bench.said(f"target {STOCK} 2500@10.50:{ACCOUNT} #t/2")
    assert bench.submits() == [(Side.BUY, 500)]


def test_a_strategy_is_measured_against_its_own_holding() -> None:
    bench = Holder()
    bench.said(f"target {STOCK} 300@10.50:{ACCOUNT} strategy=grid #grid/1")
    assert bench.submits() == [(Side.BUY, 300)], "the 2,000 that the account holds are not its own"
    bench.fills()
    assert bench.engine.state.holdings == {(ACCOUNT, "grid", STOCK): 300}
    bench.said(f"target {STOCK} 500@10.50:{ACCOUNT} strategy=grid #grid/2")
    bench.said(f"target {STOCK} 100@10.50:{ACCOUNT} strategy=other #other/1")
    assert bench.submits()[1:] == [(Side.BUY, 200), (Side.BUY, 100)]
    bench.fills()
    bench.said(f"清仓 {STOCK}@10.50:{ACCOUNT} strategy=grid #grid/3")
    assert bench.submits()[3:] == [(Side.SELL, 500)], "out of the 2,000 that may be sold today"


def test_what_a_strategy_holds_outlives_the_day() -> None:
    bench = Holder()
    bench.said(f"target {STOCK} 300@10.50:{ACCOUNT} strategy=grid #grid/1")
    bench.fills()
    assert bench.engine.state.day is not None
    day = bench.engine.state.day.fromordinal(bench.engine.state.day.toordinal() + 1)
    bench.now_ns += 86_400 * 10**9
    bench.feed(ev.DayBegan(day))
    assert bench.engine.state.holdings == {(ACCOUNT, "grid", STOCK): 300}
    assert [(each.quantity) for each in bench.made(out.DayOpened)[-1].positions if each.symbol == STOCK]


def test_no_more_is_sold_than_may_be_today() -> None:
    bench = Holder()
    bench.said(f"buy {STOCK} 500@10.50:{ACCOUNT} #b/1")
    bench.fills()
    receipt = bench.said(f"清仓 {STOCK}@10.50:{ACCOUNT} #c/1")
    assert bench.submits()[-1] == (Side.SELL, 2000), "the 500 of today may be sold tomorrow"
    assert receipt.status is SignalStatus.ACCEPTED


def test_an_unknown_order_closes_the_pair_for_targets_too() -> None:
    bench = Holder()
    bench.said(f"target {STOCK} 2500@10.50:{ACCOUNT} #t/1")
    bench.later(4)
    receipt = bench.said(f"target {STOCK} 3000@10.50:{ACCOUNT} #t/2")
    assert reason(receipt.orders[0].denial) is Reason.SYMBOL_FROZEN
    assert bench.submits() == [(Side.BUY, 500)]


@pytest.mark.parametrize(("allow", "quantity", "passes"), [(Verb.BUY, 2500, True), (Verb.BUY, 500, False)])
def test_a_door_that_may_only_buy_does_not_sell_by_target(allow: Verb, quantity: int, passes: bool) -> None:
    bench = Holder()
    doors = tuple(replace(door, allow=(allow,)) for door in bench.settings.doors)
    bench.settings = replace(bench.settings, doors=doors)
    bench.feed(ev.EngineStarted("test", bench.settings))
    bench.session += 1
    bench.connect()
    receipt = bench.said(f"target {STOCK} {quantity}@10.50:{ACCOUNT} #t/1")
    assert (reason(receipt.orders[0].denial) is None) is passes
    assert passes or reason(receipt.orders[0].denial) is Reason.DOOR_FORBIDS


def portfolio(positions: str, *, close: bool, number: int, accounts: str = f'"{ACCOUNT}"') -> str:
    return (
        f'{{"id":"p/{number}","action":"portfolio","strategy":"jq","accounts":[{accounts}],'
        f'"positions":[{positions}],"close_others":{"true" if close else "false"}}}'
    )


def test_a_portfolio_sells_first_and_then_buys_in_its_order() -> None:
    bench = Holder()
    bench.said(portfolio(f'{{"symbol":"{STOCK}","quantity":1000}}', close=False, number=1))
    bench.fills()
    bench.outputs.clear()
    bench.said(
        portfolio(f'{{"symbol":"{BANK}","quantity":200}},{{"symbol":"{STOCK}","quantity":400}}', close=False, number=2)
    )
    made = [(each.side, each.symbol, each.quantity) for each in bench.made(out.SubmitOrder)]
    assert made == [(Side.SELL, STOCK, 600), (Side.BUY, BANK, 200)]


def test_close_others_sells_what_the_strategy_holds_besides_and_nothing_else() -> None:
    bench = Holder()
    bench.said(portfolio(f'{{"symbol":"{STOCK}","quantity":1000}}', close=False, number=1))
    bench.fills()
    bench.outputs.clear()
    bench.said(portfolio(f'{{"symbol":"{BANK}","quantity":200}}', close=False, number=2))
    assert [(each.side, each.symbol) for each in bench.made(out.SubmitOrder)] == [(Side.BUY, BANK)]
    bench.fills()
    bench.outputs.clear()
    bench.said(portfolio(f'{{"symbol":"{BANK}","quantity":200}}', close=True, number=3))
    made = [(each.side, each.symbol, each.quantity) for each in bench.made(out.SubmitOrder)]
    assert made == [(Side.SELL, STOCK, 1000)], "of the 3,000 in the account those that are its own"


def test_the_symbols_that_a_decision_needs_quotes_of() -> None:
    bench = Holder()
    bench.said(portfolio(f'{{"symbol":"{STOCK}","quantity":1000}}', close=False, number=1))
    bench.fills()
    (parsed,) = parse(portfolio(f'{{"symbol":"{BANK}","quantity":200}}', close=True, number=2).encode())
    assert isinstance(parsed, Signal)
    assert set(bench.engine.symbols_of(parsed.items[0])) == {BANK, STOCK}


def test_a_basket_reserves_cash_in_its_order() -> None:
    bench = Holder()
    receipt = bench.said(f"buy {STOCK} 60000@10.50:{ACCOUNT}; buy {BANK} 20000@40.00:{ACCOUNT} #basket/1")
    assert [reason(line.denial) for line in receipt.orders] == [None, Reason.CASH_EXCEEDED]


# Splitting


@pytest.mark.parametrize("rule", [MAIN, STAR, CHINEXT, BSE, CONVERTIBLE, REPO])
@given(data=st.data())
def test_every_part_is_one_that_the_exchange_takes(rule: TradingRule, data: st.DataObject) -> None:
    steps = data.draw(st.integers(0, rule.quantity_max // rule.buy_step * 4))
    quantity = Quantity(rule.buy_minimum + steps * rule.buy_step)
    parts = split(quantity, rule)
    assert sum(parts) == quantity
    assert len(parts) <= PARTS_MAX
    assert all(lots.check_buy(rule, part) for part in parts)
    assert len(parts) == -(-quantity // rule.quantity_max) or len(parts) == 1 + -(-quantity // rule.quantity_max)


@given(quantity=st.integers(1, 4_000_000))
def test_a_whole_position_with_an_odd_rest_is_sold_in_parts(quantity: int) -> None:
    parts = split(Quantity(quantity), MAIN)
    assert sum(parts) == quantity
    for part in parts:
        assert lots.check_sell(MAIN, part, Quantity(quantity))


def test_above_the_largest_order_the_exchange_gets_several() -> None:
    bench = Holder()
    for number in (ACCOUNT, OTHER):
        bench.engine.state.accounts[number].cash = Money(10**14)
    star = Symbol("688001.SH")
    receipt = bench.said(
        f"buy {star} 250100@10.50:{ACCOUNT} #big/1", quote(star, limit_up=Price(200_000), limit_down=Price(50_000))
    )
    assert [line.quantity for line in receipt.orders] == [100_000, 100_000, 50_100]
    assert len({line.client_order_id for line in receipt.orders}) == 3
    account = bench.engine.state.accounts[ACCOUNT]
    assert account.reserved == sum(each.reserved for each in bench.made(out.SubmitOrder))


def test_the_limit_on_an_order_holds_for_the_whole_of_it() -> None:
    bench = Holder(order_value_max=1_100_000 * 10_000)
    star = Symbol("688001.SH")
    bench.engine.state.accounts[ACCOUNT].cash = Money(10**14)
    wide = quote(star, limit_up=Price(200_000), limit_down=Price(50_000))
    receipt = bench.said(f"buy {star} 110000@10.50:{ACCOUNT} #big/1", wide)
    assert [reason(line.denial) for line in receipt.orders] == [Reason.ORDER_VALUE_EXCEEDED]
    assert bench.submits() == []


# What hostile readers found


def test_what_open_buys_may_bring_is_not_there_to_be_sold() -> None:
    bench = Holder()
    bench.said(f"buy {STOCK} 1000@10.00:{ACCOUNT} strategy=a #a/1")
    bench.at_work()
    receipt = bench.said(f"清仓 {STOCK}@10.50:{ACCOUNT} strategy=a #a/2")
    assert bench.submits() == [(Side.BUY, 1000)]
    assert receipt.status is SignalStatus.DENIED
    assert reason(receipt.orders[0].denial) is Reason.TARGET_WORKING


def test_closing_never_buys_whatever_the_strategys_book_says() -> None:
    bench = Holder()
    bench.said(f"sell {STOCK} 1000@10.50:{ACCOUNT} strategy=a #a/1")
    bench.fills()
    assert bench.engine.state.holdings == {(ACCOUNT, "a", STOCK): 0}
    bench.said(f"清仓 {STOCK}@10.50:{ACCOUNT} strategy=a #a/2")
    bench.said(
        f'{{"id":"a/3","action":"portfolio","strategy":"a","accounts":["{ACCOUNT}"],"positions":[],"close_others":true}}'
    )
    assert bench.submits() == [(Side.SELL, 1000)]


def test_a_working_sell_of_a_strategy_is_not_sold_again_nor_bought_back() -> None:
    bench = Holder()
    bench.said(f"sell {STOCK} 1000@10.60:{ACCOUNT} strategy=a #a/1")
    bench.at_work()
    bench.said(f"清仓 {STOCK}@10.50:{ACCOUNT} strategy=a #a/2")
    assert bench.submits() == [(Side.SELL, 1000)]


def test_targets_wait_for_the_list_of_this_session_and_for_an_agreed_book() -> None:
    bench = Holder()
    bench.feed(ev.LinkChanged(ACCOUNT, bench.session, LinkState.DOWN))
    bench.session += 1
    bench.feed(ev.LinkChanged(ACCOUNT, bench.session, LinkState.CONNECTED))
    receipt = bench.said(f"target {STOCK} 3000@10.50:{ACCOUNT} #t/1")
    assert reason(receipt.orders[0].denial) is Reason.ACCOUNT_NOT_READY
    bench.listed()
    assert bench.said(f"target {STOCK} 3000@10.50:{ACCOUNT} #t/2").status is SignalStatus.ACCEPTED


def test_money_and_per_cent_need_a_quote_of_now() -> None:
    bench = Holder()
    old = bench.quote(quoted_ns=bench.now_ns - 3600 * SECOND_NS, last=55_000)
    receipt = bench.said(f"target {STOCK} 50000元@10.50:{ACCOUNT} #t/1", old)
    assert reason(receipt.orders[0].denial) is Reason.QUOTE_STALE
    assert bench.said(f"target {STOCK} 2500@10.50:{ACCOUNT} #t/2", old).status is SignalStatus.ACCEPTED


def test_what_an_open_buy_may_bring_is_not_sold_in_advance() -> None:
    bench = Holder()
    bench.said(f"buy {STOCK} 100@10.00:{ACCOUNT} #b/1")
    bench.at_work()
    bench.said(f"target {STOCK} 300@10.50:{ACCOUNT} #t/1")
    assert bench.submits() == [(Side.BUY, 100), (Side.SELL, 1700)]
