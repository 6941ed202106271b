"""Costs to the fen."""

from __future__ import annotations

import datetime as dt

import pytest

from qmt_trading.market.fees import fee, fill_fee
from qmt_trading.market.rulebook import STANDARD
from qmt_trading.model.instrument import Symbol
from qmt_trading.model.listing import Charges
from qmt_trading.model.numbers import Money, Quantity
from qmt_trading.model.settings import FeeRounding, FeeSchedule
from qmt_trading.model.words import Side

SCHEDULE = FeeSchedule()
STOCK, FUND, CONVERTIBLE = (
    STANDARD.fees(Symbol(symbol), dt.date(2026, 11, 24)) for symbol in ("600000.SH", "510300.SH", "113050.SH")
)
SHANGHAI_2010 = STANDARD.fees(Symbol("600000.SH"), dt.date(2010, 6, 1))
Q100 = Quantity(100)


@pytest.mark.parametrize(
    ("charges", "side", "yuan", "expected_fen"),
    [
        (STOCK, Side.BUY, 1_050, 501),  # 5.00 minimum + 0.01
        (STOCK, Side.SELL, 1_050, 554),  # + 0.525 of duty, half up
        (STOCK, Side.BUY, 20_000, 520),  # 5.00 just reached + 0.20
        (STOCK, Side.BUY, 100_000, 2_600),
        (STOCK, Side.SELL, 100_000, 7_600),
        (STOCK, Side.SELL, 241_300, 18_339),  # 60.325, 2.413 and 120.65, each to the fen
        (FUND, Side.SELL, 100_000, 2_500),
        (CONVERTIBLE, Side.BUY, 1_000, 500),
        (STOCK, Side.BUY, 0, 0),
    ],
)
def test_each_part_is_rounded_half_up_to_the_fen(charges: Charges, side: Side, yuan: int, expected_fen: int) -> None:
    assert fee(charges, side, Money(yuan * 10_000), Q100, SCHEDULE) == expected_fen * 100


def test_a_fee_is_rounded_once_and_not_in_two_steps() -> None:
    schedule = FeeSchedule(commission_minimum=Money(0), transfer_millionths=0)
    assert fee(STOCK, Side.BUY, Money(199_998), Q100, schedule) == 0  # 0.499995 fen.
    assert fee(STOCK, Side.BUY, Money(200_000), Q100, schedule) == 100


def test_without_rounding_ten_thousandths_of_a_yuan_are_kept() -> None:
    schedule = FeeSchedule(commission_millionths=800, fee_rounding=FeeRounding.NONE)
    # 0.08 % of 15,083.50 is 12.0668, and 0.001 % of it 0.150835, which is 1508.35 of our units.
    assert fee(STOCK, Side.BUY, Money(150_835_000), Quantity(1000), schedule) == 120_668 + 1_508


def test_a_free_schedule_costs_nothing() -> None:
    free = FeeSchedule(
        commission_millionths=0, commission_minimum=Money(0), stamp_duty_millionths=0, transfer_millionths=0
    )
    assert fee(STOCK, Side.SELL, Money(123_456_700), Q100, free) == 0


def test_a_rate_of_the_accounts_own_goes_before_the_rule_books_and_falls_on_stocks_alone() -> None:
    own = FeeSchedule(commission_minimum=Money(0), stamp_duty_millionths=2000, transfer_millionths=100)
    value = Money(100_000 * 10_000)
    assert fee(STOCK, Side.SELL, value, Q100, own) == (25 + 200 + 10) * 10_000
    assert fee(STOCK, Side.BUY, value, Q100, own) == (25 + 10) * 10_000
    assert fee(FUND, Side.SELL, value, Q100, own) == 25 * 10_000


def test_the_fee_of_an_order_never_falls_while_it_fills() -> None:
    fees = [fee(STOCK, Side.SELL, Money(value), Q100, SCHEDULE) for value in range(0, 500_000_000, 333_333)]
    assert fees == sorted(fees)


def test_the_minimum_counts_once_per_order_however_many_fills_it_has() -> None:
    fill = Money(1_050 * 10_000)
    paid, before = [], (Money(0), Quantity(0))
    for _ in range(3):
        paid.append(fill_fee(FUND, Side.BUY, before, fill, Q100, SCHEDULE))
        before = Money(before[0] + fill), Quantity(before[1] + Q100)
    assert paid == [50_000, 0, 0]  # 3,150 yuan at 0.025 % are 0.79: the minimum of the first fill covers them.


def test_a_fill_that_lifts_the_order_above_the_minimum_pays_the_difference() -> None:
    before = Money(19_000 * 10_000), Quantity(1900)  # 4.75, so 5.00 was paid.
    assert fill_fee(FUND, Side.BUY, before, Money(3_000 * 10_000), Quantity(300), SCHEDULE) == 5_000  # 5.50 in all.


def test_shanghai_charged_the_transfer_fee_on_the_par_value_and_at_least_one_yuan() -> None:
    free = FeeSchedule(commission_millionths=0, commission_minimum=Money(0))
    value = Money(10_000 * 200_000)
    assert fee(SHANGHAI_2010, Side.BUY, value, Quantity(10_000), free) == 10 * 10_000
    assert fee(SHANGHAI_2010, Side.BUY, value, Quantity(900), free) == 10_000
    assert fee(SHANGHAI_2010, Side.SELL, value, Quantity(10_000), free) == (10 + 200) * 10_000
