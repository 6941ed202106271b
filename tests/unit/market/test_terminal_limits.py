"""Limit prices against those that a real terminal showed in July 2025."""

from __future__ import annotations

import datetime as dt
from typing import Any

from qmt_trading.market.limits import price_limits
from qmt_trading.market.names import listing_of
from qmt_trading.market.rulebook import STANDARD
from qmt_trading.model.instrument import Symbol, TradingRule
from qmt_trading.model.listing import Listing
from qmt_trading.model.numbers import Price
from qmt_trading.model.words import InstrumentKind
from tests.market_data import columns

DAY = dt.date(2025, 7, 23)
NO_LIMIT = 100_000 * 10_000
"""What a terminal shows where there is none."""


def instruments() -> list[tuple[Symbol, TradingRule, dict[str, Any]]]:
    """Return those that the rule book knows, each with its rule and the terminal's row."""
    found = columns("data", "instruments", "xt_instrument_detail_2025.parquet")
    listed = []
    for index, symbol in enumerate(found["symbol"]):
        row = {name: values[index] for name, values in found.items()}
        rule = STANDARD.rule(symbol, DAY, listing_of(row["InstrumentName"]))
        assert rule is not None, symbol
        listed.append((symbol, rule, row))
    return listed


def units(row: dict[str, Any], *names: str) -> tuple[int, ...]:
    return tuple(round(row[name] * 10_000) for name in names)


def differing(kinds: set[InstrumentKind]) -> tuple[int, dict[Symbol, tuple[int, ...]]]:
    """Return how many of ``kinds`` carry the terminal's limits, and what it showed of the others."""
    alike = 0
    others: dict[Symbol, tuple[int, ...]] = {}
    for symbol, rule, row in instruments():
        if rule.kind in kinds:
            shown = units(row, "UpStopPrice", "DownStopPrice")
            (close,) = units(row, "PreClose")
            if price_limits(rule, Price(close)) == shown:
                alike += 1
            else:
                others[symbol] = shown
    return alike, others


def test_every_a_share_has_the_terminals_limits_except_two_on_their_listing_day() -> None:
    alike, others = differing({InstrumentKind.STOCK})
    assert alike == 4_705  # S佳通 is among them: its name tells that 5 % hold.
    assert others.keys() == {"001221.SZ", "603262.SH"}
    assert {shown[0] for shown in others.values()} == {NO_LIMIT}


def test_the_two_have_no_limit_once_their_listing_day_is_known() -> None:
    for symbol in ("001221.SZ", "603262.SH"):
        rule = STANDARD.rule(Symbol(symbol), DAY, Listing(listed=DAY))
        assert rule is not None
        assert price_limits(rule, Price(100_000)) == (0, 0)


def test_every_b_share_has_the_terminals_limits() -> None:
    assert differing({InstrumentKind.B_SHARE}) == (81, {})


def test_every_fund_that_carries_a_limit_has_the_terminals() -> None:
    alike, others = differing({InstrumentKind.FUND})
    assert {symbol: shown for symbol, shown in others.items() if shown[0] != NO_LIMIT} == {}
    assert alike == 1_475


def test_the_tick_of_what_trades_is_the_terminals() -> None:
    traded = [(symbol, rule, row) for symbol, rule, row in instruments() if units(row, "UpStopPrice") != (NO_LIMIT,)]
    assert len(traded) == 6_261
    assert [symbol for symbol, rule, row in traded if units(row, "PriceTick") != (rule.tick,)] == []
