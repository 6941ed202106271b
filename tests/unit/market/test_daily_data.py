"""No price of the daily files lies outside its day's band, except listings and relistings, which are named here."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Sequence
from typing import Any, Final, NamedTuple

from qmt_trading.market.limits import price_band, price_limits
from qmt_trading.market.rulebook import STANDARD
from qmt_trading.model.instrument import TradingRule
from qmt_trading.model.listing import Listing
from qmt_trading.model.numbers import Price
from tests.market_data import columns

WARNED: Final = Listing(risk_warning=True)
NONE: Final = Price(0)
FIRST_DAY_OF_FILE: Final = dt.date(2010, 1, 4)
RELISTED: Final = {"600732.SH": dt.date(2017, 6, 6)}
BY_SWAP: Final = {"000166.SZ": dt.date(2015, 1, 26), "001979.SZ": dt.date(2015, 12, 30)}
OFFERED: Final = """
    001289.SZ 2022-01-24  002371.SZ 2010-03-16  002415.SZ 2010-05-28  002460.SZ 2010-08-10  002493.SZ 2010-11-02
    002594.SZ 2011-06-30  002601.SZ 2011-07-15  002603.SZ 2011-07-28  002648.SZ 2011-12-28  002709.SZ 2014-01-23
    002736.SZ 2014-12-29  002812.SZ 2016-09-14  002821.SZ 2016-11-18  002916.SZ 2017-12-13  002920.SZ 2017-12-26
    002938.SZ 2018-09-18  003816.SZ 2019-08-26  300896.SZ 2020-09-28  600918.SH 2020-06-03  600919.SH 2016-08-02
    600938.SH 2022-04-21  600941.SH 2022-01-05  601059.SH 2023-02-01  601066.SH 2018-06-20  601136.SH 2022-12-22
    601138.SH 2018-06-08  601211.SH 2015-06-26  601225.SH 2014-01-28  601229.SH 2016-11-16  601238.SH 2012-03-29
    601360.SH 2012-01-16  601377.SH 2010-10-13  601689.SH 2015-03-19  601698.SH 2019-06-28  601728.SH 2021-08-20
    601800.SH 2012-03-09  601816.SH 2020-01-16  601818.SH 2010-08-18  601838.SH 2018-01-31  601865.SH 2019-02-15
    601868.SH 2021-09-28  601877.SH 2010-01-21  601881.SH 2017-01-23  601901.SH 2011-08-10  601916.SH 2019-11-26
    601985.SH 2015-06-10  601995.SH 2020-11-02  603019.SH 2014-11-06  603195.SH 2020-02-06  603259.SH 2018-05-08
    603260.SH 2017-10-30  603296.SH 2023-08-08  603392.SH 2020-04-29  603659.SH 2017-11-03  603799.SH 2015-01-29
    603806.SH 2014-09-05  603833.SH 2017-03-28  603899.SH 2015-01-27  603986.SH 2016-08-18  603993.SH 2012-10-09
    605117.SH 2021-04-20  688008.SH 2019-07-22  688036.SH 2019-09-30  688082.SH 2021-11-18  688169.SH 2020-02-21
    688187.SH 2021-09-07  688223.SH 2022-01-26  688271.SH 2022-08-22  688303.SH 2021-07-22  688363.SH 2019-11-06
    688396.SH 2020-02-27  688472.SH 2023-06-09  688506.SH 2023-01-06  688506.SH 2023-01-09  688599.SH 2020-06-10
    688981.SH 2020-07-16
"""
"""Listing days (of 688506 the second day as well) on which prices left the limit that holds on other days."""


class Bar(NamedTuple):
    """One traded day of one symbol."""

    symbol: str
    day: dt.date
    number: int
    """Of the symbol in the file, from 1."""
    high: int
    low: int
    reference: Price
    warned: bool


def units(values: Sequence[float]) -> list[int]:
    return [round(value * 10_000) for value in values]


def stocks() -> Iterator[Bar]:
    found: dict[str, Sequence[Any]] = columns("data", "daily", "a_share_daily_2010_2025.parquet")
    names = ("symbol", "date", "volume", "is_st")
    plain = zip(*(found[name] for name in names), strict=True)
    prices = zip(*(units(found[name]) for name in ("high", "low", "pre_close")), strict=True)
    number, before = 0, ""
    for (symbol, day, volume, warned), (high, low, reference) in zip(plain, prices, strict=True):
        number = number + 1 if symbol == before else 1
        before = symbol
        if volume:
            yield Bar(symbol, day, number, high, low, Price(reference), bool(warned))


def outside(bar: Bar, rule: TradingRule) -> bool:
    up, down = price_limits(rule, bar.reference)
    return up > 0 and not down <= bar.low <= bar.high <= up


def named() -> set[tuple[str, dt.date]]:
    words = OFFERED.split()
    offered = {(symbol, dt.date.fromisoformat(day)) for symbol, day in zip(words[::2], words[1::2], strict=True)}
    return offered | set(BY_SWAP.items()) | set(RELISTED.items())


def test_only_listings_and_relistings_leave_the_limits_of_2010_to_2025() -> None:
    eras: dict[dt.date, int] = {}
    rules: dict[tuple[str, int, bool], TradingRule | None] = {}
    broken: set[tuple[str, dt.date]] = set()
    count = at_limit = 0
    for bar in stocks():
        era = eras.get(bar.day)
        if era is None:
            era = eras[bar.day] = STANDARD.era(bar.day)
        key = bar.symbol, era, bar.warned
        if key not in rules:
            rules[key] = STANDARD.rule(bar.symbol, bar.day, WARNED if bar.warned else None)  # type: ignore[arg-type]
        rule = rules[key]
        assert rule is not None
        up, down = price_limits(rule, bar.reference)
        count += 1
        at_limit += (bar.high == up) + (bar.low == down)
        if up and not down <= bar.low <= bar.high <= up:
            broken.add((bar.symbol, bar.day))
    assert broken == named()
    assert count == 563_162
    assert at_limit > 11_000  # A limit a cent too wide would leave the exceptions alike, and nothing here.


def test_with_what_is_known_of_their_listing_those_days_lie_within_their_rules() -> None:
    first_days: dict[str, list[Bar]] = {}
    for bar in stocks():
        if bar.number <= 6 or (bar.symbol, bar.day) in RELISTED.items():
            first_days.setdefault(bar.symbol, []).append(bar)
    banded = free = 0
    for symbol, bars in first_days.items():
        since_listing = bars[6:] if bars[0].day <= FIRST_DAY_OF_FILE else bars
        days = tuple(bar.day for bar in since_listing)
        for bar in since_listing:
            listing = Listing(
                trading_days=() if symbol in RELISTED else days,
                by_swap=symbol in BY_SWAP,
                relisted=RELISTED.get(symbol),
                risk_warning=bar.warned,
                issue_price=bar.reference,
            )
            rule = STANDARD.rule(symbol, bar.day, listing)  # type: ignore[arg-type]
            assert rule is not None
            assert not outside(bar, rule), bar
            high, low = price_band(rule, bar.reference)
            if high:
                banded += 1
                assert low <= bar.low <= bar.high <= high, bar
            elif not rule.limit_millionths:
                free += 1
    assert banded >= 40
    assert free >= 60


EARLIER: Final = {
    ("000725.SZ", dt.date(2009, 6, 10)): "added shares were listed",
    ("000728.SZ", dt.date(2009, 11, 13)): "after a day without trading",
    ("600029.SH", dt.date(2007, 6, 18)): "share reform, 41 days suspended",
    ("600079.SH", dt.date(2006, 8, 7)): "share reform, 11 days suspended",
    ("600109.SH", dt.date(2007, 3, 29)): "97 days suspended",
    ("600705.SH", dt.date(2007, 4, 23)): "share reform",
    ("601607.SH", dt.date(2007, 4, 23)): "share reform",
    ("601607.SH", dt.date(2007, 8, 16)): "added shares were listed",
}


def test_only_named_resumptions_leave_the_limits_of_2005_to_2009() -> None:
    actions = columns("data", "daily", "corporate_actions_1986_2011.parquet")
    figures = [values for name, values in actions.items() if "per10" in name]
    changes: dict[str, list[dt.date]] = {}
    for index, (symbol, day) in enumerate(zip(actions["symbol"], actions["date"], strict=True)):
        if any(values[index] for values in figures):
            changes.setdefault(symbol, []).append(day)
    found = columns("data", "daily", "a_share_daily_2005_2021_extra.parquet")
    prices = zip(*(units(found[name]) for name in ("high", "low", "close")), strict=True)
    plain = zip(found["symbol"], found["date"], found["volume"], strict=True)
    before: dict[str, tuple[dt.date, int]] = {}
    broken: set[tuple[str, dt.date]] = set()
    count = 0
    for (symbol, day, volume), (high, low, close) in zip(plain, prices, strict=True):
        if not volume:
            continue
        last = before.get(symbol)
        before[symbol] = day, close
        if last is None or day.year >= 2010 or any(last[0] < change <= day for change in changes.get(symbol, ())):
            continue
        rule = STANDARD.rule(symbol, day)
        assert rule is not None
        count += 1
        if outside(Bar(symbol, day, 0, high, low, Price(last[1]), False), rule):
            broken.add((symbol, day))
    assert broken == EARLIER.keys()
    assert count == 106_532


def test_only_splits_leave_the_limits_of_funds() -> None:
    found = columns("data", "daily", "etf_daily.parquet")
    prices = zip(*(units(found[name]) for name in ("high", "low", "close")), strict=True)
    plain = zip(found["symbol"], found["date"], strict=True)
    before: dict[str, int] = {}
    broken: set[tuple[str, dt.date]] = set()
    for (symbol, day), (high, low, close) in zip(plain, prices, strict=True):
        rule = STANDARD.rule(symbol, day)
        assert rule is not None
        assert high % rule.tick == low % rule.tick == 0
        if symbol in before and outside(Bar(symbol, day, 0, high, low, Price(before[symbol]), False), rule):
            broken.add((symbol, day))
        before[symbol] = close
    assert broken == {("159941.SZ", dt.date(2022, 7, 5)), ("512010.SH", dt.date(2021, 6, 28))}
