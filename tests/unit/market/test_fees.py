"""Costs to the fen."""

from __future__ import annotations

import pytest

from qmt_trading.market.fees import fee
from qmt_trading.model.numbers import Money
from qmt_trading.model.settings import FeeSchedule
from qmt_trading.model.words import InstrumentKind, Side

SCHEDULE = FeeSchedule()


@pytest.mark.parametrize(
    ("kind", "side", "yuan", "expected_fen"),
    [
        (InstrumentKind.STOCK, Side.BUY, 1_050, 501),  # 5.00 minimum + 0.01
        (InstrumentKind.STOCK, Side.SELL, 1_050, 554),  # + 0.525 of duty, half up
        (InstrumentKind.STOCK, Side.BUY, 20_000, 520),  # 5.00 just reached + 0.20
        (InstrumentKind.STOCK, Side.BUY, 100_000, 2_600),
        (InstrumentKind.STOCK, Side.SELL, 100_000, 7_600),
        (InstrumentKind.STOCK, Side.SELL, 241_300, 18_339),  # 60.325, 2.413 and 120.65, each to the fen
        (InstrumentKind.FUND, Side.SELL, 100_000, 2_500),
        (InstrumentKind.CONVERTIBLE, Side.BUY, 1_000, 500),
        (InstrumentKind.STOCK, Side.BUY, 0, 0),
    ],
)
def test_each_part_is_rounded_half_up_to_the_fen(
    kind: InstrumentKind, side: Side, yuan: int, expected_fen: int
) -> None:
    assert fee(kind, side, Money(yuan * 10_000), SCHEDULE) == expected_fen * 100


def test_a_fee_is_rounded_once_and_not_in_two_steps() -> None:
    schedule = FeeSchedule(commission_minimum=Money(0), transfer_millionths=0)
    assert fee(InstrumentKind.STOCK, Side.BUY, Money(199_998), schedule) == 0  # 0.499995 fen.
    assert fee(InstrumentKind.STOCK, Side.BUY, Money(200_000), schedule) == 100


def test_a_free_schedule_costs_nothing() -> None:
    free = FeeSchedule(
        commission_millionths=0, commission_minimum=Money(0), stamp_duty_millionths=0, transfer_millionths=0
    )
    assert fee(InstrumentKind.STOCK, Side.SELL, Money(123_456_700), free) == 0


def test_the_fee_of_an_order_never_falls_while_it_fills() -> None:
    fees = [fee(InstrumentKind.STOCK, Side.SELL, Money(value), SCHEDULE) for value in range(0, 500_000_000, 333_333)]
    assert fees == sorted(fees)
