"""A terminal's history as a recording that can be played."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest

from qmt_trading.feeds.history import HistoryError, columns, recorded
from qmt_trading.feeds.recorded import RecordedFeed
from qmt_trading.model.instrument import Quote
from tests.terminal_ticks import DAY, PUFA, SECOND, at, tick

BEGIN_NS = at(10)


def bar(time_ns: int, **changed: object) -> dict[str, object]:
    return {
        "time": time_ns // 1_000_000,
        "open": 10.4,
        "high": 10.6,
        "low": 10.290000000000001,
        "close": 10.5,
        "volume": 1234,
        "amount": 1_296_000.25,
        "settelementPrice": 0.0,
        "openInterest": 15,
        "preClose": 10.4,
        "suspendFlag": 0,
        **changed,
    }


def played(tmp_path: Path, period: str, *rows: object) -> RecordedFeed:
    path = tmp_path / "history.csv"
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(columns(period))
        writer.writerows(recorded(PUFA, period, rows).rows)
    return RecordedFeed(path, begin_ns=BEGIN_NS)


def quote_at(feed: RecordedFeed, seconds: float) -> Quote:
    quote = feed.quote(PUFA, BEGIN_NS + round(seconds * SECOND))
    assert quote is not None
    return quote


def test_minutes_are_played_as_they_were(tmp_path: Path) -> None:
    feed = played(tmp_path, "1m", bar(at(9, 32), close=10.55), bar(at(9, 31)))
    assert [quote_at(feed, seconds).last for seconds in (0, 15, 30, 45)] == [104_000, 106_000, 102_900, 105_000]
    assert quote_at(feed, 105).last == 105_500
    first = quote_at(feed, 0)
    assert (first.previous_close, first.limit_up) == (104_000, 114_400)
    assert quote_at(feed, 45).recent_value == 12_960_002_500


def test_ticks_are_played_with_their_levels_and_what_was_traded_between_them(tmp_path: Path) -> None:
    ticks = [tick(at(9, 30, 3 * step), last=10.5, amount=1_000_000.0 + step * 500) for step in range(3)]
    feed = played(tmp_path, "tick", *ticks)
    quote = quote_at(feed, 6)
    assert (quote.last, quote.previous_close, quote.recent_value) == (105_000, 100_000, 10_000_000)
    assert quote.bids == (105_000, 104_900, 104_800, 104_700, 104_600)


def test_a_sealed_side_stays_empty(tmp_path: Path) -> None:
    feed = played(tmp_path, "tick", tick(at(10), last=11.0, bidPrice=[11.0, 0, 0, 0, 0], askPrice=[0.0] * 5))
    quote = quote_at(feed, 0)
    assert (quote.bids, quote.asks) == ((110_000,), ())


def test_a_day_ends_at_three_and_suspended_days_are_left_out() -> None:
    got = recorded(PUFA, "1d", [bar(at(0)), bar(at(0) - 86_400 * SECOND, open=0.0, high=0.0, low=0.0, suspendFlag=1)])
    assert got.left_out == 1
    assert got.rows == ((f"{DAY} 15:00:00", "600000.SH", "10.40", "10.60", "10.29", "10.50", "10.40", "1296000.25"),)


def test_rows_come_in_order_and_of_two_at_one_instant_the_later_holds() -> None:
    got = recorded(PUFA, "1m", [bar(at(9, 32)), bar(at(9, 31)), bar(at(9, 32), close=10.58)])
    assert [(row[0][11:], row[5]) for row in got.rows] == [("09:31:00", "10.50"), ("09:32:00", "10.58")]


def test_one_row_without_an_amount_leaves_the_symbol_without() -> None:
    got = recorded(PUFA, "1m", [bar(at(9, 31)), bar(at(9, 32), amount=None)])
    assert [row[-1] for row in got.rows] == ["", ""]


def test_the_amounts_of_a_new_day_begin_anew() -> None:
    day_ns = 86_400 * SECOND
    ticks = [
        tick(at(14) - day_ns, amount=7000.0),
        tick(at(9, 16), last=0.0, amount=0.0),
        tick(at(9, 25), amount=300.0),
        tick(at(9, 30), amount=800.0),
    ]
    got = recorded(PUFA, "tick", ticks)
    assert [row[-1] for row in got.rows] == ["0.00", "300.00", "500.00"]
    assert got.left_out == 1


@pytest.mark.parametrize(
    "row",
    [
        7,
        {},
        bar(at(9, 31), time=0),
        bar(at(9, 31), close="10.5"),
        bar(at(9, 31), high=-1.0),
        bar(at(9, 31), amount=-5.0),
        bar(at(9, 31), amount=float("nan")),
    ],
)
def test_what_is_no_bar_is_refused(row: object) -> None:
    with pytest.raises(HistoryError):
        recorded(PUFA, "1m", [bar(at(9, 30)), row])


def test_a_tick_that_cannot_be_is_refused() -> None:
    with pytest.raises(HistoryError, match="lastPrice"):
        recorded(PUFA, "tick", [tick(at(10), lastPrice=-1)])
