"""Tests the dividend tax: how long is a month, which era holds, and which shares go first."""

from __future__ import annotations

import datetime as dt

import pytest

from qmt_trading.market.dividend_tax import Lot, dividend_tax, record_day_of, tax_millionths, withheld_millionths
from qmt_trading.model.numbers import PERCENT_UNIT, UNIT, Quantity
from tests.actions import action


def day(text: str) -> dt.date:
    return dt.date.fromisoformat(text)


@pytest.mark.parametrize(
    ("acquired", "delivered", "per_cent"),
    [
        ("2016-01-08", "2016-02-08", 20),  # Held to 7 February: one month, and no more.
        ("2016-01-08", "2016-02-09", 10),
        ("2016-01-31", "2016-02-29", 20),  # A month without such a day ends with its last.
        ("2016-01-31", "2016-03-01", 10),
        ("2016-01-08", "2017-01-08", 10),
        ("2016-01-08", "2017-01-09", 0),
        ("2016-02-29", "2017-02-28", 10),
        ("2016-02-29", "2017-03-01", 0),
        ("2016-12-08", "2017-01-08", 20),
    ],
)
def test_a_span_ends_on_the_same_day_of_the_month(acquired: str, delivered: str, per_cent: int) -> None:
    assert tax_millionths(day("2016-06-01"), day(acquired), day(delivered)) == per_cent * PERCENT_UNIT


@pytest.mark.parametrize(
    ("record_day", "per_cent"),
    [
        ("2005-06-12", (20, 20, 20)),
        ("2005-06-13", (10, 10, 10)),
        ("2012-12-31", (10, 10, 10)),
        ("2013-01-01", (20, 10, 5)),
        ("2014-06-01", (20, 10, 5)),
        ("2015-09-07", (20, 10, 5)),
        ("2015-09-08", (20, 10, 0)),
    ],
)
def test_the_era_of_the_record_day_holds(record_day: str, per_cent: tuple[int, int, int]) -> None:
    """Held 20, 200 and 400 days; the row of 2014-06-01 is one of the project's rule vectors."""
    rates = []
    for days in (20, 200, 400):
        acquired = day(record_day)
        rates.append(tax_millionths(acquired, acquired, acquired + dt.timedelta(days=days)) // PERCENT_UNIT)
    assert tuple(rates) == per_cent


@pytest.mark.parametrize(
    ("record_day", "per_cent"),
    [
        ("2005-06-12", 20),
        ("2005-06-13", 10),
        ("2012-12-31", 10),
        ("2013-01-01", 5),
        ("2015-09-07", 5),
        ("2015-09-08", 0),
    ],
)
def test_what_is_owed_in_any_case_is_taken_when_the_dividend_is_paid(record_day: str, per_cent: int) -> None:
    assert withheld_millionths(day(record_day)) == per_cent * PERCENT_UNIT


def test_without_a_record_day_the_day_before_the_ex_day_stands_for_it() -> None:
    assert record_day_of(action(ex_day=day("2015-09-08"), cash="1")) == day("2015-09-07")
    assert record_day_of(action(ex_day=day("2015-09-09"), record_day=day("2015-09-07"))) == day("2015-09-07")


OLD, YEAR, NEW = (
    Lot(day("2014-01-06"), Quantity(300)),
    Lot(day("2016-01-06"), Quantity(200)),
    Lot(day("2016-05-30"), Quantity(100)),
)
DIVIDEND = action(cash="5", record_day=day("2016-06-01"))
"""0.5 yuan a share."""


@pytest.mark.parametrize(("sold", "yuan"), [(0, 0), (300, 0), (301, 0.05), (500, 10), (501, 10.1), (600, 20)])
def test_the_first_shares_in_are_the_first_out(sold: int, yuan: float) -> None:
    due = dividend_tax(DIVIDEND, (NEW, OLD, YEAR), Quantity(sold), day("2016-06-10"))
    assert due == round(yuan * UNIT)


def test_bonus_shares_are_taxed_at_par_and_transferred_ones_are_not() -> None:
    given = action(bonus="3", transfer="5", record_day=day("2016-06-01"))
    assert dividend_tax(given, (NEW,), Quantity(100), day("2016-06-10")) == 6 * UNIT


def test_the_tax_is_rounded_half_up_to_the_fen() -> None:
    small = action(cash="0.25", record_day=day("2016-06-01"))
    assert dividend_tax(small, (NEW,), Quantity(1), day("2016-06-10")) == 100
    less = action(cash="0.24999", record_day=day("2016-06-01"))
    assert dividend_tax(less, (NEW,), Quantity(1), day("2016-06-10")) == 0


def test_without_a_record_day_the_day_before_the_ex_day_decides_the_era() -> None:
    lot = Lot(day("2014-01-06"), Quantity(100))
    before = action(ex_day=day("2015-09-08"), cash="10")
    after = action(ex_day=day("2015-09-09"), cash="10")
    sold = day("2016-01-04")
    assert dividend_tax(before, (lot,), Quantity(100), sold) == 5 * UNIT
    assert dividend_tax(after, (lot,), Quantity(100), sold) == 0
