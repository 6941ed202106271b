"""Costs against outside referees: every trade of the golden cases, and real prices around the changes of the duty."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Final

import pytest

from qmt_trading.market.fees import fee
from qmt_trading.market.lots import check_buy, check_sell
from qmt_trading.market.rulebook import STANDARD
from qmt_trading.model.instrument import Symbol
from qmt_trading.model.numbers import Money, Price, Quantity, from_decimal, notional
from qmt_trading.model.settings import FeeRounding, FeeSchedule
from qmt_trading.model.words import Side
from tests.market_data import rows

REFEREE: Final = FeeSchedule(
    commission_millionths=800,
    commission_minimum=Money(50_000),
    transfer_millionths=0,
    fee_rounding=FeeRounding.NONE,
)
"""rqalpha: 0.08 %, at least 5 yuan, no transfer fee, no rounding."""


def paid(trade: dict[str, str]) -> Money:
    """Return what the rule book says a trade of a referee cost."""
    symbol, day = Symbol(trade["xt_symbol"]), dt.date.fromisoformat(trade["datetime"][:10])
    quantity = Quantity(int(trade["last_quantity"]))
    worth = notional(Price(from_decimal(trade["last_price"])), quantity)
    side = Side.BUY if trade["side"] == "BUY" else Side.SELL
    return fee(STANDARD.fees(symbol, day), side, worth, quantity, REFEREE)


@pytest.mark.parametrize(
    ("case", "count"), [("rqalpha_s_buy_and_hold", 68), ("rqalpha_s_pit_tax", 37), ("rqalpha_sf_buy_and_hold", 1)]
)
def test_every_trade_of_a_golden_case_costs_what_its_referee_says(case: str, count: int) -> None:
    trades = [trade for trade in rows("data", "golden", case, "trades.csv") if not trade["xt_symbol"].startswith("IH")]
    assert len(trades) == count
    for trade in trades:
        told = Decimal(trade["tax"]) + Decimal(trade["commission"])
        assert abs(Decimal(paid(trade)) - told * 10_000) < Decimal("0.51"), trade


def test_the_duty_halves_between_a_friday_and_a_monday() -> None:
    sells = [trade for trade in rows("data", "golden", "rqalpha_s_pit_tax", "trades.csv") if trade["side"] == "SELL"]
    rates = {
        trade["datetime"][:10]: round(Decimal(trade["tax"]) / (Decimal(trade["last_price"]) * 1000), 6)
        for trade in sells
    }
    assert rates["2023-08-25"] == Decimal("0.001")
    assert rates["2023-08-28"] == Decimal("0.0005")
    for day, rate in rates.items():
        charges = STANDARD.fees(Symbol("000001.SZ"), dt.date.fromisoformat(day))
        assert charges.duty_sell_millionths == rate * 1_000_000
        assert charges.duty_buy_millionths == 0


def test_the_odd_holdings_of_the_split_are_sold_whole_and_could_not_be_sold_in_other_pieces() -> None:
    held = [
        (dt.date.fromisoformat(row["date"]), int(float(row["quantity"])))
        for row in rows("data", "golden", "rqalpha_s_split", "stock_positions.csv")
    ]
    assert {quantity for _, quantity in held} == {1445, 1879}
    for day, quantity in held:
        rule = STANDARD.rule(Symbol("688550.SH"), day)
        assert rule is not None
        assert check_sell(rule, Quantity(quantity), Quantity(quantity))
        assert check_sell(rule, Quantity(200), Quantity(quantity))
        assert not check_sell(rule, Quantity(199), Quantity(quantity))
        assert check_buy(rule, Quantity(201))


def test_before_2008_09_19_buys_paid_the_duty_too() -> None:
    worth, quantity = Money(10_000 * 100_000), Quantity(10_000)
    free = FeeSchedule(commission_millionths=0, commission_minimum=Money(0))
    referees = FeeSchedule(commission_millionths=0, commission_minimum=Money(0), stamp_duty_millionths=1000)
    last_day = STANDARD.fees(Symbol("000001.SZ"), dt.date(2008, 9, 18))
    assert fee(last_day, Side.BUY, worth, quantity, free) == 100 * 10_000
    assert fee(last_day, Side.BUY, worth, quantity, referees) == 0, "rqalpha charges sells alone"
    assert fee(last_day, Side.SELL, worth, quantity, referees) == 100 * 10_000
    next_day = STANDARD.fees(Symbol("000001.SZ"), dt.date(2008, 9, 19))
    assert fee(next_day, Side.BUY, worth, quantity, free) == 0
