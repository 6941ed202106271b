"""The checks of history: each finding names its row, and good history has none."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.history_files import needs_polars

needs_polars()

import numpy as np

from qmt_trading.feeds.checks import check_table, open_days
from qmt_trading.feeds.findings import SHOWN_MAX, Finding
from qmt_trading.feeds.limit_checks import limits_of
from qmt_trading.feeds.table import BOOK, CLOSE_NS, Integers, Table
from qmt_trading.market.calendar import SHIPPED
from qmt_trading.market.limits import price_limits
from qmt_trading.market.rulebook import STANDARD
from qmt_trading.model.corporate_action import BASIS, CorporateAction
from qmt_trading.model.instant import at_time
from qmt_trading.model.instrument import Symbol
from qmt_trading.model.numbers import Price

PUFA = Symbol("600000.SH")
DAYS = [dt.date(2025, 1, day) for day in (2, 3, 6, 7, 8, 9, 10, 13, 14, 15, 16, 17)]
_MINUTE = 60_000_000_000


def column(*values: int) -> Integers:
    return np.array(values, np.int64)


def daily(days: Sequence[dt.date] = DAYS, **changes: dict[int, int]) -> Table:
    """Return good bars at 10 yuan; ``changes`` are values by place."""
    rows = len(days)
    columns = {name: np.full(rows, 100_000, np.int64) for name in ("open", "high", "low", "close", "previous_close")}
    columns |= {"quantity": np.full(rows, 10_000, np.int64), "turnover": np.full(rows, 10**9, np.int64)}
    columns["suspended"] = np.zeros(rows, np.int64)
    for name, values in changes.items():
        for place, value in values.items():
            columns[name][place] = value
    columns["at_ns"] = column(*[at_time(day, CLOSE_NS) for day in days])
    return Table(symbol=PUFA, frequency="1d", file="a.csv", columns=columns, rows=np.arange(2, rows + 2))


def minutes(clock: Sequence[int], frequency: str = "1m", **columns: Integers) -> Table:
    rows = len(clock)
    found = {name: np.full(rows, 100_000, np.int64) for name in ("open", "high", "low", "close", "last")}
    found["quantity"] = np.full(rows, 100, np.int64)
    found |= {"at_ns": column(*[at_time(DAYS[0], minute * _MINUTE) for minute in clock]), **columns}
    for name in ("last",) if frequency == "1m" else ("open", "high", "low", "close"):
        del found[name]
    return Table(symbol=PUFA, frequency=frequency, file="a.csv", columns=found, rows=np.arange(2, rows + 2))


FULL = [*range(571, 691), *range(781, 901)]


def check(table: Table, actions: Sequence[CorporateAction] = ()) -> list[Finding]:
    return check_table(table, SHIPPED, actions)


def told(table: Table, actions: Sequence[CorporateAction] = ()) -> list[tuple[str, str, int]]:
    return [(each.severity.value, each.code, each.row) for each in check(table, actions)]


def test_good_history_has_no_finding() -> None:
    assert told(daily()) == []
    assert told(minutes(FULL)) == []
    assert told(minutes([minute for minute in FULL if minute not in (898, 899)])) == []


@pytest.mark.parametrize(
    ("table", "found"),
    [
        (daily(high={6: 99_000}), ("error", "HIGH_BELOW_LOW", 8)),
        (daily(open={6: 101_000}), ("error", "OUTSIDE_RANGE", 8)),
        (daily(close={6: 99_000}), ("error", "OUTSIDE_RANGE", 8)),
        (daily(quantity={6: 0}, turnover={6: 0}), ("warning", "NO_QUANTITY", 8)),
        (daily(suspended={6: 1}), ("error", "SUSPENDED_TRADED", 8)),
        (daily(turnover={6: 10**11}), ("warning", "WORTH", 8)),
        (daily(high={6: 110_100}), ("warning", "BEYOND_LIMITS", 8)),
        (daily(low={6: 89_900}), ("warning", "BEYOND_LIMITS", 8)),
        (daily(DAYS[:6] + DAYS[7:]), ("warning", "GAP", 8)),
        (daily([*DAYS[:6], dt.date(2025, 1, 11), *DAYS[7:]]), ("error", "SHUT", 8)),
        (daily([*DAYS[:6], DAYS[5], *DAYS[6:]]), ("warning", "DUPLICATE", 8)),
        (daily([*DAYS[:6], DAYS[5], *DAYS[6:]], close={6: 99_900}, low={6: 99_900}), ("error", "DUPLICATE", 8)),
        (daily([*DAYS[:5], DAYS[6], DAYS[5], *DAYS[7:]]), ("warning", "ORDER", 8)),
        (minutes([minute for minute in FULL if minute != 600]), ("warning", "MINUTES", 2)),
        (minutes([570, *range(700, 710), *FULL[10:]]), ("error", "HOURS", 3)),
    ],
)  # fmt: skip
def test_each_fault_is_found_at_its_row(table: Table, found: tuple[str, str, int]) -> None:
    assert found in told(table)
    finding = next(each for each in check(table) if each.code == found[1])
    assert finding.text().startswith(f"a.csv 第 {finding.row} 行 600000.SH 2025-01-")
    assert finding.todo
    assert finding.english


def test_a_limit_itself_is_within_the_limits() -> None:
    assert told(daily(high={6: 110_000}, low={6: 90_000})) == []


def test_an_s_t_share_has_five_per_cent() -> None:
    table = daily(high={6: 106_000})
    assert told(table) == []
    table.columns["risk_warning"] = np.ones(len(table), np.int64)
    assert told(table) == [("warning", "BEYOND_LIMITS", 8)]


def test_a_jump_is_an_ex_right_day_unless_a_file_explains_it() -> None:
    halves = dict.fromkeys(range(6, len(DAYS)), 50000)
    table = daily(open=halves, high=halves, low=halves, close=halves, turnover=dict.fromkeys(halves, 5 * 10**8))
    del table.columns["previous_close"]
    assert told(table) == [("warning", "JUMP", 8)]
    action = CorporateAction(symbol=PUFA, ex_day=DAYS[6], transfer_shares=BASIS)
    assert told(table, [action]) == []
    other = CorporateAction(symbol=Symbol("600036.SH"), ex_day=DAYS[6], transfer_shares=BASIS)
    assert told(table, [other]) == [("warning", "JUMP", 8)]


def test_stamps_at_the_start_are_seen() -> None:
    finding = next(each for each in check(minutes([minute - 1 for minute in FULL])) if each.code == "HOURS")
    assert "--stamp start" in finding.todo
    assert finding.time == "2025-01-02 13:00"


def test_many_of_a_kind_are_counted() -> None:
    table = daily(high=dict.fromkeys(range(12), 99000))
    found = [each for each in check(table) if each.code == "HIGH_BELOW_LOW"]
    assert len(found) == SHOWN_MAX
    assert "还有 7 处" in found[-1].chinese


def test_books_are_looked_at() -> None:
    book = {name: np.full(2, 0, np.int64) for name in BOOK}
    book |= {"bid1": column(100_000, 100_000), "ask1": column(100_100, 100_000), "bid2": column(100_000, 99_900)}
    table = minutes([600, 601], "tick", **book)
    assert told(table) == [("warning", "CROSSED", 3), ("error", "LEVELS", 2)]


def test_snapshots_of_the_break_that_trade_nothing_are_no_fault() -> None:
    assert told(minutes([700, 701], "tick", quantity=column(0, 0))) == []
    assert told(minutes([700, 701], "tick")) == [("error", "HOURS", 2), ("error", "HOURS", 3)]


def test_trading_days_are_those_of_the_calendar() -> None:
    found = open_days(SHIPPED, dt.date(2025, 1, 1), dt.date(2025, 1, 8))
    assert [str(np.datetime64(int(day), "D")) for day in found] == [day.isoformat() for day in DAYS[:5]]


@settings(max_examples=50, deadline=None)
@given(
    prices=st.lists(st.integers(1, 5_000_000), min_size=1, max_size=20),
    symbol=st.sampled_from(["600000.SH", "300750.SZ", "830799.BJ", "510300.SH", "113050.SH"]),
    day=st.dates(dt.date(2000, 1, 4), dt.date(2025, 12, 31)),
)
def test_limits_of_a_column_are_those_of_one_price(prices: list[int], symbol: str, day: dt.date) -> None:
    rule = STANDARD.rule(Symbol(symbol), day)
    if rule is None or not rule.limit_millionths:
        return
    up, down = limits_of(rule, np.array(prices, np.int64))
    assert list(zip(up.tolist(), down.tolist(), strict=True)) == [price_limits(rule, Price(each)) for each in prices]
