"""Which rows hold: the day, the board, the listing, and whose row goes before whose."""

from __future__ import annotations

import datetime as dt
from functools import partial
from timeit import timeit

import pytest
from msgspec.structs import replace

from qmt_trading.market.day_facts import day_facts
from qmt_trading.market.figures import FIGURES
from qmt_trading.market.limits import price_band, price_limits
from qmt_trading.market.rows import ROWS
from qmt_trading.market.rulebook import STANDARD, RuleBook, listing_day_number
from qmt_trading.model.instrument import Symbol, TradingRule
from qmt_trading.model.listing import Listing
from qmt_trading.model.numbers import Price
from qmt_trading.model.rule_row import Certainty, RuleName, RuleRow, Trait
from qmt_trading.model.words import InstrumentKind as Kind

NOW = dt.date(2026, 11, 24)
WARNED = Listing(risk_warning=True)


def day(text: str) -> dt.date:
    return dt.date.fromisoformat(text)


def rule(symbol: str, on: dt.date = NOW, listing: Listing | None = None, book: RuleBook = STANDARD) -> TradingRule:
    found = book.rule(Symbol(symbol), on, listing)
    assert found is not None
    return found


def limit(symbol: str, on: str, listing: Listing | None = None) -> int:
    return rule(symbol, day(on), listing).limit_millionths // 10_000


@pytest.mark.parametrize("row", ROWS, ids=lambda row: f"{row.name.value} {row.english[:40]}")
def test_every_row_is_whole(row: RuleRow) -> None:
    assert len(row.values) == len(FIGURES[row.name])
    assert row.chinese
    assert row.english
    assert row.source
    assert row.since is None or row.until is None or row.since <= row.until
    if row.name in (RuleName.CLASS, RuleName.TRAIT):
        assert row.codes
        assert row.venues


@pytest.mark.parametrize(
    ("symbol", "first", "last", "board"),
    [
        ("002001.SZ", "2004-06-25", "2021-04-05", "sme"),
        ("002001.SZ", "2021-04-06", "2026-11-24", "main"),
        ("300750.SZ", "2009-10-30", "2026-11-24", "chinext"),
        ("688001.SH", "2019-07-22", "2026-11-24", "star"),
        ("830799.BJ", "2021-11-15", "2025-10-08", "bse"),
        ("920222.BJ", "2024-04-22", "2026-11-24", "bse"),
    ],
)
def test_a_board_has_its_days(symbol: str, first: str, last: str, board: str) -> None:
    assert rule(symbol, day(first)).board == rule(symbol, day(last)).board == board


@pytest.mark.parametrize(
    ("symbol", "on"),
    [
        ("688001.SH", "2019-07-21"),
        ("300750.SZ", "2009-10-29"),
        ("830799.BJ", "2021-11-14"),
        ("830799.BJ", "2025-10-09"),
        ("920222.BJ", "2024-04-21"),
    ],
)
def test_a_code_outside_its_days_is_not_known(symbol: str, on: str) -> None:
    assert STANDARD.rule(Symbol(symbol), day(on)) is None
    assert STANDARD.explain(Symbol(symbol), day(on)) == ()


@pytest.mark.parametrize(
    ("symbol", "on", "percent"),
    [
        ("600000.SH", "2026-07-03", 5),
        ("600000.SH", "2026-07-06", 10),
        ("002001.SZ", "2019-01-02", 5),
        ("900901.SH", "2026-07-03", 5),
        ("300001.SZ", "2020-08-21", 5),
        ("300001.SZ", "2020-08-24", 20),
        ("688001.SH", "2024-01-02", 20),
        ("830799.BJ", "2024-01-02", 30),
    ],
)
def test_a_risk_warning_narrows_the_limit_on_some_boards_and_some_days(symbol: str, on: str, percent: int) -> None:
    assert limit(symbol, on, WARNED) == percent


def test_an_s_share_keeps_its_five_per_cent_with_or_without_a_warning() -> None:
    for on in ("2026-07-03", "2026-07-06"):
        assert limit("600182.SH", on, Listing(share_reform=True)) == 5
        assert limit("600182.SH", on, Listing(share_reform=True, risk_warning=True)) == 5


@pytest.mark.parametrize(
    ("symbol", "on", "free"),
    [
        ("600001.SH", "2013-01-04", 1),
        ("600001.SH", "2022-01-04", 1),
        ("600001.SH", "2023-04-10", 5),
        ("300001.SZ", "2019-01-02", 1),
        ("300001.SZ", "2020-08-24", 5),
        ("688001.SH", "2019-07-22", 5),
        ("920222.BJ", "2026-06-29", 1),
    ],
)
def test_a_new_listing_is_without_limit_for_as_long_as_its_era_says(symbol: str, on: str, free: int) -> None:
    days = tuple(day(on) + dt.timedelta(days=number) for number in range(6))
    limited = [bool(rule(symbol, each, Listing(trading_days=days)).limit_millionths) for each in days]
    assert limited == [False] * free + [True] * (6 - free)


@pytest.mark.parametrize(
    ("symbol", "on", "band"),
    [
        ("600001.SH", "2013-12-12", (0, 0)),
        ("600001.SH", "2013-12-13", (144_000, 64_000)),
        ("000001.SZ", "2014-01-23", (0, 0)),  # 002709 traded at 145 % of its issue price that day.
        ("000001.SZ", "2014-06-13", (144_000, 64_000)),
        ("300001.SZ", "2020-08-21", (144_000, 64_000)),
        ("300001.SZ", "2020-08-24", (0, 0)),
        ("600001.SH", "2023-04-07", (144_000, 64_000)),
        ("600001.SH", "2023-04-10", (0, 0)),
    ],
)
def test_the_band_of_a_listing_day_has_its_days(symbol: str, on: str, band: tuple[int, int]) -> None:
    listing = Listing(listed=day(on), issue_price=Price(100_000))
    found = rule(symbol, day(on), listing)
    assert found.limit_millionths == 0
    assert price_band(found, listing.issue_price) == band


def test_a_convertible_is_issued_at_one_hundred_and_a_reit_moves_thirty_per_cent_on_its_first_day() -> None:
    first = rule("123153.SZ", day("2022-08-01"), Listing(listed=day("2022-08-01")))
    assert price_limits(first, Price(1_000_000)) == (0, 0)
    assert price_band(first, Price(0)) == (1_573_000, 567_000)
    assert limit("123153.SZ", "2022-07-29") == 0
    assert limit("508000.SH", "2021-06-21", Listing(listed=day("2021-06-21"))) == 30
    assert limit("508000.SH", "2021-06-22", Listing(listed=day("2021-06-21"))) == 10


def test_the_delisting_period_begins_without_a_limit_and_goes_on_with_the_boards() -> None:
    leaving = Listing(delisting_since=day("2024-05-06"), risk_warning=True)
    assert limit("600001.SH", "2024-05-06", leaving) == 0
    assert limit("600001.SH", "2024-05-07", leaving) == 10
    assert limit("300001.SZ", "2024-05-07", leaving) == 20
    assert limit("600001.SH", "2024-04-30", leaving) == 5
    assert limit("600001.SH", "2024-05-08", Listing(delisting=True, risk_warning=True)) == 10


@pytest.mark.parametrize(
    ("symbol", "on", "same_day"),
    [
        ("600000.SH", "2026-11-24", False),
        ("510300.SH", "2026-11-24", False),
        ("513100.SH", "2026-11-24", True),
        ("513100.SH", "2015-01-18", False),
        ("518880.SH", "2026-11-24", True),
        ("511880.SH", "2026-11-24", True),
        ("159985.SZ", "2019-11-29", False),
        ("159985.SZ", "2019-12-02", True),
        ("161725.SZ", "2026-11-24", False),
        ("508000.SH", "2026-11-24", False),
        ("123153.SZ", "2026-11-24", True),
        ("204001.SH", "2026-11-24", True),
    ],
)
def test_what_may_be_sold_on_the_day_it_was_bought(symbol: str, on: str, same_day: bool) -> None:
    assert rule(symbol, day(on)).same_day_sell is same_day


def test_a_fund_whose_class_is_told_gets_its_rules() -> None:
    assert not rule("161125.SZ").same_day_sell
    assert rule("161125.SZ", listing=Listing(fund_class=Trait.CROSS_BORDER)).same_day_sell
    assert rule("159999.SZ", listing=Listing(fund_class=Trait.INDEX_20)).limit_millionths == 200_000


@pytest.mark.parametrize(
    ("symbol", "on", "cage"),
    [
        ("600000.SH", "2023-04-07", (0, 0)),
        ("600000.SH", "2023-04-10", (20_000, 10)),
        ("300750.SZ", "2023-04-07", (0, 0)),
        ("300750.SZ", "2023-04-10", (20_000, 10)),
        ("688001.SH", "2019-07-22", (20_000, 0)),
        ("688001.SH", "2026-11-24", (20_000, 0)),
        ("920222.BJ", "2026-11-24", (50_000, 10)),
        ("510300.SH", "2026-11-24", (0, 0)),
        ("123153.SZ", "2026-11-24", (0, 0)),
    ],
)
def test_the_cage_has_its_days_and_boards(symbol: str, on: str, cage: tuple[int, int]) -> None:
    found = rule(symbol, day(on))
    assert (found.cage_millionths, found.cage_ticks) == cage


def test_buys_of_a_warned_share_have_a_cap_for_the_day() -> None:
    assert rule("600000.SH", listing=WARNED).day_buy_max == 500_000
    assert rule("600000.SH").day_buy_max == 0
    assert rule("920222.BJ", day("2026-08-28"), WARNED).day_buy_max == 0
    assert rule("920222.BJ", day("2026-08-31"), WARNED).day_buy_max == 200_000


@pytest.mark.parametrize(
    ("symbol", "on", "caps"),
    [
        ("600000.SH", "2026-11-24", (1_000_000, 1_000_000)),
        ("688001.SH", "2026-11-24", (100_000, 50_000)),
        ("300750.SZ", "2020-08-21", (1_000_000, 1_000_000)),
        ("300750.SZ", "2020-08-24", (300_000, 150_000)),
    ],
)
def test_the_largest_order_has_its_days(symbol: str, on: str, caps: tuple[int, int]) -> None:
    found = rule(symbol, day(on))
    assert (found.quantity_max, found.market_quantity_max) == caps


@pytest.mark.parametrize(
    ("on", "number"),
    [("2026-09-30", 1), ("2026-10-01", 2), ("2026-10-06", 5), ("2026-10-07", 6), ("2026-09-29", 0), ("2030-01-01", 9)],
)
def test_without_trading_days_weekdays_count_so_that_a_limit_holds_too_early_rather_than_too_late(
    on: str, number: int
) -> None:
    found = listing_day_number(Listing(listed=day("2026-09-30")), day(on))
    assert found == number if number < 9 else found > 5


def test_a_row_of_the_users_goes_before_the_shipped_one_and_says_so() -> None:
    own = RuleRow(name=RuleName.LIMIT, values=(70_000,), boards=("main",), since=day("2026-08-03"), source="rules.toml")
    book = RuleBook((own,))
    assert rule("600000.SH", day("2026-07-31"), book=book).limit_millionths == 100_000
    assert rule("600000.SH", day("2026-08-03"), book=book).limit_millionths == 70_000
    assert rule("600000.SH", book=book, listing=Listing(listed=NOW)).limit_millionths == 70_000
    (applied,) = [each for each in book.explain(Symbol("600000.SH"), NOW) if each.row.name is RuleName.LIMIT]
    assert applied.row == own
    assert applied.before is not None
    assert applied.before.values == (100_000,)
    assert rule("300750.SZ", book=book).limit_millionths == 200_000


def test_facts_of_one_symbol_are_rows_too() -> None:
    facts = (
        RuleRow(name=RuleName.TRAIT, venues=("SZ",), codes=("161125",), trait=Trait.CROSS_BORDER),
        RuleRow(
            name=RuleName.TRAIT, venues=("SH",), codes=("600000",), trait=Trait.RISK_WARNING, until=day("2026-07-31")
        ),
        RuleRow(name=RuleName.LISTED, venues=("SH",), codes=("603001",), values=(100_000,), since=day("2022-05-05")),
    )
    book = RuleBook(facts)
    assert rule("161125.SZ", book=book).same_day_sell
    assert rule("600000.SH", day("2026-07-03"), book=book).limit_millionths == 50_000
    assert rule("600000.SH", day("2026-08-03"), book=book).day_buy_max == 0
    warned = day_facts(book, Symbol("600000.SH"), day("2026-07-31"), Price(100_000))
    assert warned is not None
    assert warned.risk_warning
    first = day_facts(book, Symbol("603001.SH"), day("2022-05-05"), Price(100_000))
    assert first is not None
    assert (first.limit_up, first.band_up, first.band_down) == (0, 144_000, 64_000)
    second = day_facts(book, Symbol("603001.SH"), day("2022-05-06"), Price(144_000))
    assert second is not None
    assert (second.limit_up, second.band_up) == (158_400, 0)


def test_codes_that_begin_alike_share_what_is_found_and_no_other_does() -> None:
    own = RuleRow(name=RuleName.LIMIT, codes=("600123",), values=(200_000,), source="one stock of its own")
    shared = RuleBook((own,))
    begins = sorted({code for row in ROWS for code in row.codes} | {"600123"})
    codes = [(begin + filler)[:6] for begin in begins for filler in ("000000", "123456", "999999")]
    for on in (day("2019-06-03"), NOW):
        for venue in ("SH", "SZ", "BJ"):
            for code in codes:
                symbol = Symbol(f"{code}.{venue}")
                assert shared.in_force(symbol, on) == RuleBook((own,)).in_force(symbol, on), symbol
    assert rule("600123.SH", book=shared).limit_millionths == 200_000
    assert rule("600124.SH", book=shared).limit_millionths == 100_000


def test_two_days_of_one_era_have_the_same_rules() -> None:
    assert STANDARD.era(day("2026-07-03")) != STANDARD.era(day("2026-07-06"))
    assert STANDARD.era(day("2026-09-01")) == STANDARD.era(day("2026-11-24"))


def test_uncertain_rows_are_few_and_known() -> None:
    low = {(row.name, row.kinds, row.codes) for row in ROWS if row.certainty is Certainty.LOW and row.kinds}
    assert {name for name, _, _ in low} == {
        RuleName.CLASS,
        RuleName.TICK,
        RuleName.LOTS,
        RuleName.CAP,
        RuleName.LIMIT,
        RuleName.STAMP_DUTY,
        RuleName.TRANSFER_FEE,
    }
    assert rule("113050.SH", day("2022-05-13")).tick == 100, "the coarser tick of the two"


def test_what_is_from_memory_is_never_called_sure() -> None:
    remembered = [row for row in ROWS if "memory" in row.source]
    assert len(remembered) > 5
    alone = [row for row in remembered if ";" not in row.source]
    assert {row.certainty for row in alone} == {Certainty.LOW}
    assert {row.certainty for row in remembered if row not in alone} == {Certainty.MEDIUM}
    assert {row.certainty for row in ROWS if row.source == "terminals"} == {Certainty.MEDIUM}


def test_what_no_rule_says_is_the_stricter_case() -> None:
    plain = rule("510300.SH")
    assert (plain.same_day_sell, plain.limit_millionths) == (False, 100_000)
    assert rule("600000.SH", listing=replace(WARNED, name="?")).limit_millionths == 100_000
    assert rule("600000.SH").kind is Kind.STOCK


@pytest.mark.measures
def test_asking_again_takes_less_than_three_tenths_of_a_microsecond() -> None:
    symbol, ask = Symbol("600000.SH"), STANDARD.rule
    for listing in (None, WARNED):
        best = min(timeit(partial(ask, symbol, NOW, listing), number=10_000) for _ in range(50))
        assert best / 10_000 < 0.3e-6
