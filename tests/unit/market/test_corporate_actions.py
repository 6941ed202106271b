"""Tests what an action does to prices, holdings and cost; the figures of the tables are the exchanges' own."""

from __future__ import annotations

import datetime as dt
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qmt_trading.market.corporate_actions import (
    Fractions,
    adjust,
    adjusted_cost,
    adjusted_price,
    adjusted_quantity,
    cash_of,
    reference_price,
)
from qmt_trading.market.instruments import rule_for
from qmt_trading.market.lots import check_sell
from qmt_trading.model.corporate_action import BASIS, CorporateAction
from qmt_trading.model.instrument import Symbol
from qmt_trading.model.numbers import FEN, UNIT, Money, Price, Quantity, from_decimal
from qmt_trading.model.order import Position
from qmt_trading.model.signal import AccountId
from qmt_trading.model.words import Side
from tests.actions import action
from tests.market_data import rows

CENT, MIL = Price(100), Price(10)

# fmt: off
EX_DAYS = [
    # The reference price that the exchange published for the ex-day, after the close before it and what was announced.
    ("28.09", action("002311.SZ", transfer="10", cash="2.0"), "13.95"),
    ("127.68", action("600519.SH", cash="11.85"), "126.50"),
    ("14.91", action("000786.SZ", cash="1.65"), "14.75"),
    ("16.12", action("600036.SH", rights="1.3", rights_price="8.85"), "15.28"),
    ("13.36", action("600584.SH", rights="1.5", rights_price="5.69"), "12.36"),
    ("9.96", action("000625.SZ", bonus="4", transfer="4", cash="0.8"), "5.49"),
    ("24.99", action("000157.SZ", bonus="15", cash="1.7"), "9.93"),
    ("19.8", action("000001.SZ", transfer="2", cash="1.74"), "16.36"),
]
# fmt: on


@pytest.mark.parametrize(("close", "taken", "expected"), EX_DAYS)
def test_the_reference_price_is_the_one_that_the_exchange_published(
    close: str, taken: CorporateAction, expected: str
) -> None:
    assert reference_price(Price(from_decimal(close)), taken, CENT) == from_decimal(expected)


@pytest.mark.parametrize(("close", "expected"), [("14.915", "14.92"), ("14.9149", "14.91"), ("14.9151", "14.92")])
def test_half_a_tick_goes_up(close: str, expected: str) -> None:
    assert reference_price(Price(from_decimal(close)), action(cash="0"), CENT) == from_decimal(expected)


def test_a_dividend_greater_than_the_close_leaves_one_tick() -> None:
    assert reference_price(Price(10_000), action(cash="20"), CENT) == CENT


def test_the_units_of_a_split_fund_get_a_price_of_three_decimals() -> None:
    split = action("512690.SH", split="2")
    assert reference_price(Price(24_570), split, MIL) == Price(12_290)
    assert adjusted_quantity(Quantity(1_500), split) == 3_000


def test_units_that_are_merged_become_fewer_and_dearer() -> None:
    merged = action("510300.SH", split="0.28467895")
    assert adjusted_quantity(Quantity(10_000), merged) == 2_846
    assert reference_price(Price(10_000), merged, MIL) == Price(35_130)


def test_a_price_that_is_none_stays_none() -> None:
    assert adjusted_price(Price(0), action(cash="1"), CENT, Side.SELL) == 0


@pytest.mark.parametrize(("side", "expected"), [(Side.BUY, 98_700), (Side.SELL, 98_800), (None, 98_800)])
def test_an_instructions_price_is_rounded_away_from_eagerness(side: Side | None, expected: int) -> None:
    assert adjusted_price(Price(100_000), action(cash="1.24"), CENT, side) == expected


def test_the_price_of_a_buy_never_falls_below_one_tick() -> None:
    assert adjusted_price(Price(1_000), action(cash="5"), CENT, Side.BUY) == CENT


def test_rights_change_the_price_and_no_holding() -> None:
    rights = action(rights="3", rights_price="5")
    assert adjusted_quantity(Quantity(1_000), rights) == 1_000
    assert reference_price(Price(100_000), rights, CENT) == Price(88_500)


@pytest.mark.parametrize(
    ("fractions", "expected"), [(Fractions.DROPPED, (1_878, 1_877)), (Fractions.HALF_UP, (1_879, 1_877))]
)
def test_the_fraction_of_a_share_is_dropped_unless_a_referee_rounds_it(
    fractions: Fractions, expected: tuple[int, int]
) -> None:
    given_three = action(transfer="3")
    exact_half, below_half = Quantity(1_445), Quantity(1_444)
    assert (
        adjusted_quantity(exact_half, given_three, fractions),
        adjusted_quantity(below_half, given_three, fractions),
    ) == expected


def test_cash_is_rounded_half_up_to_the_fen() -> None:
    assert cash_of(Quantity(1), action(cash="0.05")) == FEN
    assert cash_of(Quantity(1), action(cash="0.049")) == 0
    assert cash_of(Quantity(59_000), action(cash="1.74")) == 10_266 * UNIT


def test_the_cost_falls_by_the_dividend_and_may_fall_below_nothing() -> None:
    assert adjusted_cost(Money(500 * UNIT), Quantity(1_000), action(cash="6")) == -100 * UNIT


def test_a_position_is_adjusted_whole() -> None:
    held = Position(
        account=AccountId("1"),
        symbol=Symbol("600000.SH"),
        quantity=Quantity(1_445),
        sellable_quantity=Quantity(1_001),
        frozen_quantity=Quantity(100),
        cost=Money(45_936 * UNIT),
        realised=Money(7),
    )
    after = adjust(held, action(transfer="3", cash="4.5"))
    assert (after.quantity, after.sellable_quantity, after.frozen_quantity) == (1_878, 1_301, 100)
    assert after.cost == 45_936 * UNIT - 6_502_500
    assert after.realised == 7


# What holds for every action

_shares = st.integers(0, 3 * BASIS)
_actions = st.builds(
    CorporateAction,
    symbol=st.just(Symbol("600000.SH")),
    ex_day=st.just(dt.date(2026, 7, 3)),
    bonus_shares=_shares,
    transfer_shares=_shares,
    cash=st.integers(0, 5 * UNIT * BASIS).map(Money),
    split_shares=st.integers(BASIS // 10, 10 * BASIS),
)
_quantities = st.integers(0, 10**9).map(Quantity)
_closes = st.integers(600, 30_000).map(lambda ticks: Price(ticks * CENT))


@given(_quantities, _closes, _actions)
def test_the_value_of_a_holding_is_kept_within_rounding(
    quantity: Quantity, close: Price, taken: CorporateAction
) -> None:
    """Half a tick on every share, one share, and half a fen."""
    after = adjusted_quantity(quantity, taken)
    worth = reference_price(close, taken, CENT) * after + cash_of(quantity, taken)
    one_share = Fraction(close * BASIS, taken.shares_after)
    bound = Fraction(CENT * after, 2) + one_share + FEN
    assert abs(worth - close * quantity) <= bound


@given(_quantities, _quantities, _actions)
def test_parts_of_a_holding_never_become_more_than_the_whole(
    one: Quantity, other: Quantity, taken: CorporateAction
) -> None:
    whole = adjusted_quantity(Quantity(one + other), taken)
    parts = adjusted_quantity(one, taken) + adjusted_quantity(other, taken)
    assert 0 <= whole - parts <= 1


@given(_closes, _actions)
def test_a_buy_is_never_adjusted_above_a_sell(close: Price, taken: CorporateAction) -> None:
    buy, sell = (adjusted_price(close, taken, CENT, side) for side in (Side.BUY, Side.SELL))
    assert buy <= reference_price(close, taken, CENT) <= sell <= buy + CENT


@given(_quantities, _closes)
def test_an_action_that_gives_nothing_changes_nothing(quantity: Quantity, close: Price) -> None:
    nothing = action(cash="0")
    held = Position(
        account=AccountId("1"), symbol=nothing.symbol, quantity=quantity, sellable_quantity=quantity, cost=Money(close)
    )
    assert adjust(held, nothing) == held
    assert reference_price(close, nothing, CENT) == close


# Outside referees


def test_the_odd_lot_of_the_golden_split_is_the_referees_and_can_be_sold() -> None:
    """688550.SH 2024-06-14: 10 转 3 派 4.5; the referee knows one holder, and gives it the half share."""
    days = {row["date"]: row for row in rows("data", "golden", "rqalpha_s_split", "stock_positions.csv")}
    cash = {
        row["date"]: from_decimal(row["cash"]) for row in rows("data", "golden", "rqalpha_s_split", "stock_account.csv")
    }
    before, after = days["2024-06-13"], days["2024-06-14"]
    taken = action("688550.SH", transfer="3", cash="4.5")
    held = Quantity(int(float(before["quantity"])))
    expected = int(float(after["quantity"]))
    assert adjusted_quantity(held, taken, Fractions.HALF_UP) == expected == 1_879
    assert adjusted_quantity(held, taken) == expected - 1
    assert cash_of(held, taken) == cash["2024-06-14"] - cash["2024-06-13"] == 6_502_500
    average = Fraction(from_decimal(before["avg_price"]) * held - cash_of(held, taken)) / Fraction(held * 13, 10)
    assert round(average) == from_decimal(after["avg_price"])
    rule = rule_for(Symbol("688550.SH"))
    assert rule is not None
    for quantity in (Quantity(expected), Quantity(expected - 1)):
        assert check_sell(rule, quantity, quantity)


def test_the_dividend_and_the_shares_of_the_golden_buy_and_hold_are_the_referees() -> None:
    folder = ("data", "golden", "rqalpha_s_buy_and_hold")
    (row,) = rows(*folder, "corporate_actions_000001SZ.csv")
    taken = action("000001.SZ", bonus=row["bonus_per10"], transfer=row["transfer_per10"], cash=row["cash_per10_pretax"])
    assert reference_price(Price(from_decimal(row["prev_close"])), taken, CENT) == from_decimal(
        row["pre_close_published"]
    )
    positions = {each["date"]: int(float(each["quantity"])) for each in rows(*folder, "stock_positions.csv")}
    accounts = {each["date"]: from_decimal(each["cash"]) for each in rows(*folder, "stock_account.csv")}
    bought = spent = 0
    for trade in rows(*folder, "trades.csv"):
        if trade["datetime"].startswith("2015-04-13"):
            quantity = int(trade["last_quantity"])
            bought += quantity
            spent += from_decimal(trade["last_price"]) * quantity + round(Fraction(trade["transaction_cost"]) * UNIT)
    held = Quantity(positions["2015-04-10"])
    assert positions["2015-04-13"] == adjusted_quantity(held, taken) + bought
    assert accounts["2015-04-13"] == accounts["2015-04-10"] + cash_of(held, taken) - spent
