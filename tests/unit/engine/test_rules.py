"""Each rule of the gate: at its limit, one below, one above."""

from __future__ import annotations

from qmt_trading.engine.risk.account_ready import check_account_ready
from qmt_trading.engine.risk.bare_per_day import check_bare_per_day
from qmt_trading.engine.risk.cash import check_cash
from qmt_trading.engine.risk.door_permission import check_door_account, check_door_verb
from qmt_trading.engine.risk.duplicate import check_duplicate
from qmt_trading.engine.risk.lot import check_lot
from qmt_trading.engine.risk.order_size import check_order_value
from qmt_trading.engine.risk.orders_per_signal import check_amplification, check_orders_per_signal
from qmt_trading.engine.risk.price_limit import check_price_limit, check_tick
from qmt_trading.engine.risk.sellable import check_sellable
from qmt_trading.engine.risk.staleness import check_future, check_staleness
from qmt_trading.engine.risk.tradable_symbol import check_tradable_symbol
from qmt_trading.engine.risk.trading_state import check_trading_state
from qmt_trading.market.instruments import rule_for
from qmt_trading.model import events as ev
from qmt_trading.model.instrument import Quote, Symbol
from qmt_trading.model.numbers import SECOND_NS, Money, Price, Quantity
from qmt_trading.model.order import Position
from qmt_trading.model.reasons import Denial, Reason
from qmt_trading.model.settings import DoorSettings
from qmt_trading.model.signal import AccountId
from qmt_trading.model.words import LinkState, Side, SignalStatus, TradingState, Verb
from tests.engine_bench import ACCOUNT, OTHER, STOCK, Bench

MAIN = rule_for(STOCK)
STAR = rule_for(Symbol("688001.SH"))


def reason(denial: Denial | None) -> Reason | None:
    return None if denial is None else denial.reason


def position(quantity: int, sellable: int, frozen: int = 0) -> Position:
    return Position(
        account=ACCOUNT,
        symbol=STOCK,
        quantity=Quantity(quantity),
        sellable_quantity=Quantity(sellable),
        frozen_quantity=Quantity(frozen),
    )


def test_reducing_sells_and_halted_does_nothing() -> None:
    assert check_trading_state(TradingState.ACTIVE, Side.BUY) is None
    assert check_trading_state(TradingState.REDUCING, Side.SELL) is None
    assert reason(check_trading_state(TradingState.REDUCING, Side.BUY)) is Reason.REDUCING_ONLY
    assert reason(check_trading_state(TradingState.HALTED, Side.SELL)) is Reason.TRADING_HALTED


def test_a_door_that_may_only_cancel_cannot_buy_whatever_bytes_arrive() -> None:
    door = DoorSettings(name="d", allow=(Verb.CANCEL,), accounts=(ACCOUNT,))
    assert check_door_verb(door, Verb.CANCEL) is None
    assert reason(check_door_verb(door, Verb.BUY)) is Reason.DOOR_FORBIDS
    assert check_door_account(door, ACCOUNT) is None
    assert reason(check_door_account(door, OTHER)) is Reason.DOOR_ACCOUNT_FORBIDDEN


def test_an_account_needs_its_link_and_its_first_list() -> None:
    assert check_account_ready(ACCOUNT, LinkState.CONNECTED, ready=True) is None
    assert reason(check_account_ready(ACCOUNT, LinkState.CONNECTED, ready=False)) is Reason.ACCOUNT_NOT_READY
    assert reason(check_account_ready(ACCOUNT, LinkState.DOWN, ready=True)) is Reason.ACCOUNT_NOT_READY


def test_a_bare_signal_acts_so_many_times_and_no_more() -> None:
    assert check_bare_per_day(0, count_max=1) is None
    assert reason(check_bare_per_day(1, count_max=1)) is Reason.BARE_PER_DAY


def test_the_last_fen_may_be_spent() -> None:
    assert check_cash(Money(100), available=Money(100)) is None
    assert reason(check_cash(Money(101), available=Money(100))) is Reason.CASH_EXCEEDED


def test_what_was_bought_today_or_offered_already_cannot_be_sold() -> None:
    held = position(1000, 600, frozen=100)
    assert check_sellable(Quantity(500), held) is None
    denial = check_sellable(Quantity(501), held)
    assert denial == Denial(Reason.SELLABLE_EXCEEDED, ("501", "500", "400"))
    assert reason(check_sellable(Quantity(1), None)) is Reason.SELLABLE_EXCEEDED


def test_an_order_worth_exactly_the_limit_passes() -> None:
    assert check_order_value(Money(5), Money(5), scope="total") is None
    assert reason(check_order_value(Money(6), Money(5), scope="total")) is Reason.ORDER_VALUE_EXCEEDED


def test_one_signal_and_one_minute_make_so_many_orders() -> None:
    assert check_orders_per_signal(4, count_max=5, scope="total") is None
    assert reason(check_orders_per_signal(5, count_max=5, scope="total")) is Reason.ORDERS_PER_SIGNAL_EXCEEDED
    assert check_amplification(599, count_max=600) is None
    assert reason(check_amplification(600, count_max=600)) is Reason.AMPLIFICATION


def test_the_deadlines_own_instant_passes() -> None:
    assert check_staleness(deadline_ns=10, now_ns=10) is None
    assert reason(check_staleness(deadline_ns=10, now_ns=11)) is Reason.SIGNAL_STALE
    assert check_future(None, received_ns=0, tolerance_ns=2) is None
    assert check_future(2, received_ns=0, tolerance_ns=2) is None
    assert reason(check_future(3, received_ns=0, tolerance_ns=2)) is Reason.SIGNAL_FROM_FUTURE


def test_a_repeat_within_the_window_is_suspected() -> None:
    assert check_duplicate(0, now_ns=5) is None
    assert reason(check_duplicate(5, now_ns=5)) is Reason.DUPLICATE_SUSPECTED
    assert check_duplicate(5, now_ns=6) is None


def test_prices_keep_to_ticks_and_limits() -> None:
    assert MAIN is not None
    quote = Bench(ready=False).quote()
    assert check_tick(Price(105_000), MAIN) is None
    assert reason(check_tick(Price(105_050), MAIN)) is Reason.TICK_INVALID
    assert reason(check_tick(Price(0), MAIN)) is Reason.TICK_INVALID
    assert check_price_limit(Price(114_400), quote) is None
    assert reason(check_price_limit(Price(114_500), quote)) is Reason.PRICE_ABOVE_LIMIT
    assert check_price_limit(Price(93_600), quote) is None
    assert reason(check_price_limit(Price(93_500), quote)) is Reason.PRICE_BELOW_LIMIT
    free = Quote(STOCK, Price(1), Price(1), Price(0), Price(0), (), (), 0, MAIN)
    assert check_price_limit(Price(10**9), free) is None


def test_a19_each_board_has_its_own_lots_and_odd_rests_are_sold_whole() -> None:
    assert MAIN is not None
    assert STAR is not None
    assert check_lot(MAIN, Side.BUY, Quantity(100), None) is None
    assert reason(check_lot(MAIN, Side.BUY, Quantity(150), None)) is Reason.LOT_INVALID
    assert check_lot(STAR, Side.BUY, Quantity(201), None) is None
    assert reason(check_lot(STAR, Side.BUY, Quantity(199), None)) is Reason.LOT_INVALID
    assert check_lot(MAIN, Side.SELL, Quantity(37), position(37, 37)) is None
    assert reason(check_lot(MAIN, Side.SELL, Quantity(30), position(37, 37))) is Reason.LOT_INVALID
    assert reason(check_lot(MAIN, Side.BUY, Quantity(0), None)) is Reason.SIZE_ZERO
    assert reason(check_lot(MAIN, Side.BUY, Quantity(1_000_100), None)) is Reason.QUANTITY_EXCEEDED


def test_only_known_kinds_are_traded() -> None:
    assert check_tradable_symbol(STOCK, Bench(ready=False).quote(), Side.BUY) is None
    assert reason(check_tradable_symbol(STOCK, None, Side.BUY)) is Reason.SYMBOL_UNKNOWN
    repo = Symbol("204001.SH")
    quote = Quote(repo, Price(1), Price(1), Price(0), Price(0), (), (), 0, rule_for(repo))
    assert reason(check_tradable_symbol(repo, quote, Side.BUY)) is Reason.SYMBOL_NOT_TRADABLE


def test_the_words_of_a_message_reach_the_rules() -> None:
    bench = Bench()
    texts = {
        f"buy {STOCK} 150@10.50:{ACCOUNT} #a/1": Reason.LOT_INVALID,
        f"buy {STOCK} 100@11.50:{ACCOUNT} #a/2": Reason.PRICE_ABOVE_LIMIT,
        f"buy {STOCK} 100@10.555:{ACCOUNT} #a/3": Reason.TICK_INVALID,
        f"sell {STOCK} 2100@10.50:{ACCOUNT} #a/4": Reason.SELLABLE_EXCEEDED,
        f"buy {STOCK} 20000@10.50:{ACCOUNT} #a/5": Reason.ORDER_VALUE_EXCEEDED,
        f"buy {STOCK} 100@10.50:nobody #a/6": Reason.ACCOUNT_UNKNOWN,
        f"buy {STOCK} 500元@10.50:{ACCOUNT} #a/7": Reason.SIZE_ZERO,
        f"buy {STOCK} 100@10.50:{ACCOUNT} at=09:30:00 #a/9": Reason.AT_PASSED,
    }
    for text, expected in texts.items():
        (line,) = bench.signal(text).orders
        assert reason(line.denial) is expected, text
    assert bench.signal(f"buy {STOCK} 100@10.50:{AccountId('*')} #a/11").orders[1].account == OTHER


def test_a_malformed_message_leaves_its_id_for_the_corrected_one() -> None:
    bench = Bench()
    wrong = bench.signal(f"{STOCK}:{ACCOUNT};cancel 600036.SH:{ACCOUNT} #fix/1")
    assert wrong.status is SignalStatus.MALFORMED
    assert bench.signal(f"cancel {STOCK}:{ACCOUNT} #fix/1").status is SignalStatus.ACCEPTED


def test_amplification_of_an_earlier_minute_halts_nothing() -> None:
    bench = Bench(per_minute=3)
    for number in range(3):
        bench.buy(name=f"x/{number}")
    bench.now_ns += 600 * SECOND_NS
    bench.feed(ev.ResumeRequested("me", "test"))
    bench.signal(f"cancel {STOCK}:{ACCOUNT}")
    assert bench.engine.state.trading_state is TradingState.ACTIVE


def test_what_a_one_way_door_dropped_is_an_alert() -> None:
    bench = Bench()
    bench.feed(ev.SignalsDropped("pipe", 3, "600000.SH:1"))
    assert bench.alerts() == ["DROPPED_BUSY"]
