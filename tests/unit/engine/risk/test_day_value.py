"""Rule: no more is bought, or traded, in a day than permitted; what is still working counts at its price."""

from __future__ import annotations

from msgspec.structs import replace

from qmt_trading.engine.risk.day_value import check_buy_value, check_turnover
from qmt_trading.model.limits import Limits
from qmt_trading.model.numbers import Money, Price, Quantity
from qmt_trading.model.reasons import Denial, Reason
from qmt_trading.model.words import OrderStatus
from tests.engine_bench import ACCOUNT, OTHER, STOCK, Bench
from tests.unit.engine.limited import limited, why

HUNDRED = Money(100 * 105_000)
"""What 100 shares at 10.50 are worth."""


def test_the_limit_passes_and_one_fen_more_does_not() -> None:
    for check, expected in ((check_buy_value, Reason.BUY_VALUE_EXCEEDED), (check_turnover, Reason.TURNOVER_EXCEEDED)):
        assert check(Money(9_900), Money(10_000), scope="door d") is None
        assert check(Money(10_000), Money(10_000), scope="door d") is None
        assert check(Money(10_100), Money(10_000), scope="door d") == Denial(expected, ("1.01", "1.00", "door d"))


def buys(limit: int) -> Bench:
    return limited(Bench(), Limits(buy_value_per_day_max=Money(limit)))


def test_what_works_counts_at_its_price_and_what_has_ended_at_what_it_traded() -> None:
    bench = buys(2 * HUNDRED)
    name = bench.buy(200, name="a/1")
    again = f"buy {STOCK} 100@10.50:{ACCOUNT} #a/"
    denial = why(bench.signal(again + "2"))
    assert denial == Denial(Reason.BUY_VALUE_EXCEEDED, ("3,150.00", "2,100.00", f"account {ACCOUNT}"))
    bench.report(bench.row(name, quantity=200))
    bench.filled(replace(bench.fill(name, 100), price=Price(104_000)))
    usage = bench.engine.state.gauges.of_account(ACCOUNT)
    assert usage.bought == 100 * 104_000 + HUNDRED
    bench.report(bench.row(name, OrderStatus.CANCELED, quantity=200, filled_quantity=100))
    assert usage.bought == 100 * 104_000
    assert why(bench.signal(again + "3")) is None
    assert why(bench.signal(again + "4")) is not None


def test_a_volume_that_no_fill_has_shown_yet_goes_on_counting() -> None:
    bench = buys(2 * HUNDRED)
    name = bench.buy(200, name="a/1")
    bench.report(bench.row(name, OrderStatus.CANCELED, quantity=200, filled_quantity=100))
    assert bench.engine.state.gauges.of_account(ACCOUNT).bought == HUNDRED


def test_sells_are_no_buys_and_both_are_turnover() -> None:
    bench = limited(Bench(), Limits(buy_value_per_day_max=HUNDRED, turnover_per_day_max=Money(2 * HUNDRED)))
    assert why(bench.signal(f"sell {STOCK} 100@10.50:{ACCOUNT} #a/1")) is None
    assert why(bench.signal(f"buy {STOCK} 100@10.50:{ACCOUNT} #a/2")) is None
    denial = why(bench.signal(f"sell {STOCK} 100@10.50:{ACCOUNT} #a/3"))
    assert denial == Denial(Reason.TURNOVER_EXCEEDED, ("3,150.00", "2,100.00", f"account {ACCOUNT}"))
    assert why(bench.signal(f"buy {STOCK} 100@10.50:{OTHER} #a/4")) is None


def test_what_others_typed_counts_for_its_account_and_in_total() -> None:
    bench = limited(Bench(), total=Limits(buy_value_per_day_max=Money(3 * HUNDRED)))
    bench.report(bench.row("", number="500", quantity=Quantity(200)))
    assert why(bench.signal(f"buy {STOCK} 100@10.50:{OTHER} #a/1")) is None
    denial = why(bench.signal(f"buy {STOCK} 100@10.50:{OTHER} #a/2"))
    assert denial == Denial(Reason.BUY_VALUE_EXCEEDED, ("4,200.00", "3,150.00", "total"))
