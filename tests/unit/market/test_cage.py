"""How far a limit order may reach beyond the market in continuous trading."""

from __future__ import annotations

import datetime as dt

import pytest

from qmt_trading.market.cage import cage_bound
from qmt_trading.market.rulebook import STANDARD
from qmt_trading.model.instrument import Symbol
from qmt_trading.model.numbers import Price, from_decimal
from qmt_trading.model.words import Side

DAYS = {"600000.SH": dt.date(2023, 4, 10), "688001.SH": dt.date(2026, 11, 24), "920222.BJ": dt.date(2026, 11, 24)}


def bound(symbol: str, side: Side, *prices: str, on: dt.date | None = None) -> int:
    """Return the bound given best bid, best ask, last and previous close; empty: none."""
    rule = STANDARD.rule(Symbol(symbol), on or DAYS.get(symbol, dt.date(2026, 11, 24)))
    assert rule is not None
    bid, ask, last, close = (Price(from_decimal(price or "0")) for price in prices)
    return cage_bound(rule, side, best_bid=bid, best_ask=ask, last=last, previous_close=close)


@pytest.mark.parametrize(
    ("symbol", "side", "prices", "expected"),
    [
        ("600000.SH", Side.BUY, ("2.99", "3.00", "2.99", "3.00"), "3.10"),  # 3.06 by 2 %, 3.10 by ten ticks.
        ("600000.SH", Side.SELL, ("3.00", "3.01", "3.00", "3.00"), "2.90"),
        ("600000.SH", Side.BUY, ("9.99", "10.00", "10.00", "9.50"), "10.20"),
        ("600000.SH", Side.SELL, ("10.00", "10.01", "10.00", "9.50"), "9.80"),
        ("600000.SH", Side.BUY, ("10.00", "", "9.00", "8.00"), "10.20"),  # No ask: the best bid.
        ("600000.SH", Side.SELL, ("", "10.00", "9.00", "8.00"), "9.80"),  # No bid: the best ask.
        ("600000.SH", Side.BUY, ("", "", "10.00", "8.00"), "10.20"),
        ("600000.SH", Side.BUY, ("", "", "", "10.00"), "10.20"),
        ("600000.SH", Side.BUY, ("", "10.25", "", ""), "10.46"),  # 10.455 half-up.
        ("688001.SH", Side.BUY, ("2.99", "3.00", "2.99", "3.00"), "3.06"),  # STAR: 2 % and nothing else.
        ("688001.SH", Side.SELL, ("3.00", "3.01", "3.00", "3.00"), "2.94"),
        ("920222.BJ", Side.BUY, ("9.99", "10.00", "10.00", "10.00"), "10.50"),
        ("920222.BJ", Side.SELL, ("1.00", "1.01", "1.00", "1.00"), "0.90"),
    ],
)
def test_the_bound_is_the_wider_of_percent_and_ticks_from_the_first_price_there_is(
    symbol: str, side: Side, prices: tuple[str, str, str, str], expected: str
) -> None:
    assert bound(symbol, side, *prices) == from_decimal(expected)


def test_a_bound_of_a_sell_is_never_below_one_tick() -> None:
    assert bound("600000.SH", Side.SELL, "0.05", "0.06", "0.05", "0.05") == 100


@pytest.mark.parametrize("symbol", ["510300.SH", "123153.SZ", "204001.SH"])
def test_funds_bonds_and_repos_have_none(symbol: str) -> None:
    assert bound(symbol, Side.BUY, "9.99", "10.00", "10.00", "10.00") == 0


def test_without_any_price_nothing_binds() -> None:
    assert bound("600000.SH", Side.BUY, "", "", "", "") == 0


def test_before_its_first_day_there_is_none() -> None:
    assert bound("600000.SH", Side.BUY, "2.99", "3.00", "", "", on=dt.date(2023, 4, 7)) == 0
