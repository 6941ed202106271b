"""What a terminal gives of the past as tables for the store."""

from __future__ import annotations

import datetime as dt

import pytest

from tests.history_files import needs_polars
from tests.terminal_ticks import PUFA, at, tick

needs_polars()

from qmt_trading.feeds.history import HistoryError
from qmt_trading.feeds.terminal_rows import table_of
from qmt_trading.model.instant import at_time


def bar(time_ns: int, close: float = 10.5, **changed: object) -> dict[str, object]:
    prices = {"open": 10.4, "high": 10.6, "low": 10.3, "close": close, "preClose": 10.0}
    return {"time": time_ns // 1_000_000, **prices, "volume": 100, "amount": 104_500.0, "suspendFlag": 0, **changed}


def test_quantities_are_lots_or_shares_as_the_money_says() -> None:
    table, words = table_of(PUFA, "1m", [bar(at(9, 31)), bar(at(9, 32))])
    assert (table.columns["quantity"].tolist(), words) == ([10_000, 10_000], "手（成交额和价格相符）")
    table, words = table_of(PUFA, "1m", [bar(at(9, 31), volume=10_000)])
    assert (table.columns["quantity"].tolist(), words) == ([10_000], "股（成交额和价格相符）")
    table, words = table_of(PUFA, "1m", [bar(at(9, 31), amount=0.0)])
    assert words == "手（按手册，没有成交额可核对）"
    with pytest.raises(HistoryError, match="既不像手也不像股"):
        table_of(PUFA, "1m", [bar(at(9, 31), volume=7)])


def test_a_day_is_stamped_with_its_close_and_may_be_suspended() -> None:
    day = dt.date(2026, 11, 26)
    rows = [bar(at_time(day, 0)), bar(at_time(day + dt.timedelta(1), 0), volume=0, amount=0.0, suspendFlag=1)]
    table, _ = table_of(PUFA, "1d", rows)
    assert table.at_ns[0] == at(15)
    assert table.columns["suspended"].tolist() == [0, 1]
    assert table.columns["previous_close"].tolist() == [100_000, 100_000]
    table, _ = table_of(PUFA, "1d", [bar(at(0), suspendFlag=-1)])
    assert table.columns["suspended"].tolist() == [0], "-1: it resumes"


def test_ticks_have_their_book_in_shares_and_what_was_traded_since_the_one_before() -> None:
    more = {"volume": 758_713, "pvolume": 75_871_284, "amount": 862_232_800.0}
    table, _ = table_of(PUFA, "tick", [tick(at(10)), tick(at(10, 0, 3), **more)])
    assert table.columns["quantity"].tolist() == [75_861_284, 10_000]
    assert table.columns["turnover"][1] == 105_000 * 10_000
    assert [int(table.columns[name][0]) for name in ("bid1", "ask5", "bid_quantity1")] == [105_000, 105_500, 242_900]


@pytest.mark.parametrize(
    "row", [7, {"time": 0}, bar(at(9, 31), close=-1), bar(at(9, 31), close=float("inf")), bar(at(9, 31), low=0.0)]
)
def test_what_is_no_history_is_told(row: object) -> None:
    with pytest.raises(HistoryError, match=r"600000\.SH"):
        table_of(PUFA, "1m", [row])
