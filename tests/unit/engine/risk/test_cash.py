"""Rule: a buy is covered by cash that nothing else has claimed, fees included."""

from __future__ import annotations

from qmt_trading.engine.bookkeeping import reserve_of
from qmt_trading.engine.risk.cash import check_cash
from qmt_trading.model.numbers import Money, Price, Quantity
from qmt_trading.model.reasons import Denial, Reason
from qmt_trading.model.settings import FeeSchedule
from qmt_trading.model.words import Side
from tests.engine_bench import ACCOUNT, STOCK, Bench
from tests.unit.engine.parts import reason


def test_the_last_fen_may_be_spent_and_not_one_more() -> None:
    assert check_cash(Money(99), available=Money(100)) is None
    assert check_cash(Money(100), available=Money(100)) is None
    denial = check_cash(Money(10_100), available=Money(10_000))
    assert denial == Denial(Reason.CASH_EXCEEDED, ("1.01", "1.00"))


def test_nothing_may_be_bought_on_debt() -> None:
    assert reason(check_cash(Money(1), available=Money(-1))) is Reason.CASH_EXCEEDED


def test_the_fees_count_and_what_an_earlier_order_of_the_message_claimed_counts() -> None:
    bench = Bench()
    account = bench.engine.state.accounts[ACCOUNT]
    one = reserve_of(bench.engine.state, STOCK, Side.BUY, Price(105_000), Quantity(100), FeeSchedule())
    account.cash = Money(2 * one - 1)
    text = f"buy {STOCK} 100@10.50:{ACCOUNT} #x/"
    assert bench.signal(text + "1").orders[0].denial is None
    assert reason(bench.signal(text + "2").orders[0].denial) is Reason.CASH_EXCEEDED
    account.cash = Money(2 * one)
    assert bench.signal(text + "3").orders[0].denial is None
    assert account.cash == account.reserved
