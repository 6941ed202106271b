"""Tests the ex-right reference price over recorded ex-days: announced figures against the published previous close."""

from __future__ import annotations

import datetime as dt
import json
from decimal import Decimal
from fractions import Fraction
from itertools import pairwise

from qmt_trading.market.corporate_actions import reference_price
from qmt_trading.model.corporate_action import BASIS, CorporateAction
from qmt_trading.model.numbers import Price, from_decimal, from_float
from tests.actions import action
from tests.market_data import columns, rows

CENT = Price(100)
FIRST, LAST = dt.date(2010, 1, 1), dt.date(2011, 12, 31)
"""Where the table of actions and the daily file with its published reference overlap."""

VENDORS_MISTAKES = {
    ("600741.SH", dt.date(2010, 6, 18)): "the table's cash is not what was paid",
    ("601318.SH", dt.date(2010, 7, 13)): "suspended: the vendor moves the reference at resumption",
}


def exact_price(close: Price, taken: CorporateAction) -> Fraction:
    """Return the reference price before it is rounded."""
    worth = close * BASIS - taken.cash + taken.rights_price * taken.rights_shares
    return Fraction(worth, taken.shares_after + taken.rights_shares)


def test_the_reference_price_of_every_recorded_ex_day_is_the_published_one_to_the_cent() -> None:
    table = columns("data", "daily", "corporate_actions_1986_2011.parquet")
    names = ("bonus_shares_per10", "transfer_shares_per10", "rights_shares_per10", "cash_per10_pretax")
    figures = [table[name] for name in names]
    announced: dict[tuple[str, dt.date], CorporateAction] = {}
    for symbol, day, rights_price, *given in zip(
        table["symbol"], table["date"], table["rights_price"], *figures, strict=True
    ):
        if day >= FIRST and any(given):  # All zero: the share capital changed, and nobody's holding.
            bonus, transfer, rights, cash = (str(Decimal(repr(each))) for each in given)
            paid = str(Decimal(repr(rights_price)))
            announced[symbol, day] = action(
                symbol, day, bonus=bonus, transfer=transfer, rights=rights, rights_price=paid, cash=cash
            )
    table = columns("data", "daily", "a_share_daily_2010_2025.parquet")
    every = zip(table["symbol"], table["date"], table["close"], table["pre_close"], strict=True)
    daily = sorted(row for row in every if row[1] <= LAST)
    right = half_cents = 0
    wrong = set()
    for (before_symbol, _, close, _), (symbol, day, _, published) in pairwise(daily):
        taken = announced.get((symbol, day))
        if taken is None or symbol != before_symbol:
            continue
        price = Price(from_float(close))
        found = reference_price(price, taken, CENT)
        half_cents += exact_price(price, taken) % CENT == CENT // 2
        if found == from_float(published):
            right += 1
        else:
            wrong.add((symbol, day))
    assert wrong == set(VENDORS_MISTAKES)
    assert right == 194
    assert half_cents == 12


def test_the_reference_prices_of_the_rule_vectors_are_those_of_the_formula() -> None:
    vectors = [row for row in rows("rules", "vectors_dev.csv") if row["topic"] == "exright.reference"]
    for row in vectors:
        given = json.loads(row["inputs"], parse_float=str, parse_int=str)
        taken = action(
            row["symbol"],
            bonus=given.get("bonus_per10", "0"),
            transfer=given.get("transfer_per10", "0"),
            rights=given.get("rights_per10", "0"),
            rights_price=given.get("rights_price", "0"),
            cash=given["cash_per10_pretax"],
        )
        found = reference_price(Price(from_decimal(given["prev_close"])), taken, CENT)
        assert found == from_decimal(row["expected"]), row["id"]
    assert len(vectors) == 11
