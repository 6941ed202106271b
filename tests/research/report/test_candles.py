"""Candles: larger ones keep what smaller ones told, and fills stand on the candle that they met."""

from __future__ import annotations

import re

import numpy as np
import pytest

from qmt_trading.research.columns import Bars, CrossSection, instants_of
from qmt_trading.research.report.candles import Candles, candles_of, figures
from qmt_trading.research.round_trips import book_of, standing
from tests.research_results import YUAN, Fill, column, result, weekdays

DAYS = weekdays(30)  # From Tuesday, the second of January 2024.
MINUTE_NS = 60_000_000_000


def daily() -> Candles:
    size = np.arange(len(DAYS))
    return Candles(
        at_ns=instants_of(DAYS), open=size + 10, high=size + 13, low=size + 8, close=size + 11, frequency="1d"
    )


def test_weeks_are_from_monday_to_friday() -> None:
    weeks = daily().by("W")
    assert weeks.open.tolist()[:3] == [10, 14, 19]
    assert weeks.close.tolist()[:2] == [14, 19]
    assert weeks.high.tolist()[:2] == [16, 21]
    assert weeks.low.tolist()[:2] == [8, 12]
    assert weeks.at_ns.tolist()[0] == int(instants_of(np.asarray(["2024-01-05"], "datetime64[D]"))[0])


def test_months_hold_their_days() -> None:
    months = daily().by("M")
    assert len(months) == 2
    assert months.close.tolist() == [32, 40]
    assert months.low.tolist() == [8, 30]


def test_minutes_are_stamped_with_their_end() -> None:
    start = int(instants_of(DAYS[:1], 0)[0]) + 570 * MINUTE_NS
    at_ns = start + np.arange(1, 11) * MINUTE_NS
    rising = np.arange(1, 11)
    made = Candles(at_ns=at_ns, open=rising, high=rising, low=rising, close=rising, frequency="1m").by("5")
    assert made.at_ns.tolist() == [start + 5 * MINUTE_NS, start + 10 * MINUTE_NS]
    assert made.open.tolist() == [1, 6]
    assert made.close.tolist() == [5, 10]


def test_days_without_trading_have_no_candle() -> None:
    price = np.full((30, 1), 10 * YUAN)
    present = np.ones((30, 1), np.bool_)
    present[3:7] = False
    history = CrossSection.of(
        ["600000.SH"], DAYS, open=price, high=price, low=price, close=price, quantity=price, present=present
    )
    found = candles_of(history, "600000.SH")
    assert found is not None
    assert len(found) == 26
    assert candles_of(history, "000001.SZ") is None
    assert candles_of({}, "600000.SH") is None


def snapshots(count: int) -> Bars:
    start = int(instants_of(DAYS[:1], 0)[0]) + 570 * MINUTE_NS
    price = 10 * YUAN + np.arange(count) % 7 * 100
    whole = dict.fromkeys(("open", "high", "low", "close"), price)
    return Bars.of(
        "600000.SH",
        at_ns=start + np.arange(1, count + 1) * 3_000_000_000,
        quantity=np.ones(count, np.int64),
        frequency="tick",
        **whole,
    )


@pytest.mark.parametrize(("held", "words"), [(20, "snapshots"), (2000, "5 minutes")])
def test_snapshots_are_drawn_one_by_one_or_gathered(held: int, words: str) -> None:
    history = snapshots(4000)
    run = result([100 * YUAN] * 3, fills=[Fill(0, 0, 1, 100, 10 * YUAN), Fill(0, 0, -1, 100, 11 * YUAN)])
    run.fills.at_ns[:] = history.at_ns[[40, 40 + held]]
    drawn = figures(run, book_of(run).trips, {"600000.SH": history}, lambda place: run.symbols[place])
    assert f'<span lang="en">{words}</span>' in drawn
    assert drawn.count('class="trade ') == 2


def test_a_fill_stands_on_the_candle_of_its_day() -> None:
    price = np.arange(30)[:, None] * 1000 + 10 * YUAN
    history = CrossSection.of(["600000.SH"], DAYS, open=price, high=price, low=price, close=price, quantity=price)
    run = result([100 * YUAN] * 30, days=DAYS, fills=[Fill(9, 0, 1, 100, YUAN), Fill(19, 0, -1, 100, 2 * YUAN)])
    drawn = figures(run, book_of(run).trips, history, lambda place: run.symbols[place])
    places = [float(each) for each in re.findall(r'class="trade \w+" style="left:([\d.]+)%', drawn)]
    assert places == pytest.approx([9.5 / 30 * 100, 19.5 / 30 * 100], abs=0.01)
    assert re.findall(r'title="([\d-]+)', drawn) == [str(DAYS[9]), str(DAYS[19])]


def test_symbols_that_history_lacks_are_left_out() -> None:
    run = result([100 * YUAN] * 3, fills=[Fill(0, 1, 1, 100, YUAN), Fill(1, 1, -1, 100, 2 * YUAN)])
    assert figures(run, book_of(run).trips, {"600000.SH": snapshots(10)}, lambda place: run.symbols[place]) == ""


def test_a_history_that_tells_no_quantity_is_drawn_whole() -> None:
    bars = Bars.of(
        "X",
        at_ns=instants_of(DAYS),
        quantity=column([0] * 30),
        **dict.fromkeys(("open", "high", "low", "close"), column([1] * 30)),
    )
    found = candles_of({"X": bars}, "X")
    assert found is not None
    assert len(found) == 30


def test_candles_of_one_day_are_told_by_the_clock_and_those_of_several_by_both() -> None:
    history = snapshots(4000)
    run = result([100 * YUAN] * 3, fills=[Fill(0, 0, 1, 100, 10 * YUAN), Fill(0, 0, -1, 100, 11 * YUAN)])
    run.fills.at_ns[:] = history.at_ns[[40, 2040]]
    drawn = figures(run, book_of(run).trips, {"600000.SH": history}, lambda place: run.symbols[place])
    words = re.findall(r'<span class="x"[^>]*>([^<]*)</span>', drawn)
    assert len(words) >= 4
    assert all(re.fullmatch(r"\d\d:\d[05]", word) for word in words[:-1])
    run.fills.at_ns[1] = history.at_ns[3000] + 24 * 60 * MINUTE_NS
    second = history.at_ns + 24 * 60 * MINUTE_NS
    both_days = Bars.of(
        "600000.SH",
        at_ns=np.concatenate((history.at_ns, second)),
        quantity=np.ones(8000, np.int64),
        frequency="tick",
        **dict.fromkeys(("open", "high", "low", "close"), np.tile(history.close, 2)),
    )
    drawn = figures(run, book_of(run).trips, {"600000.SH": both_days}, lambda place: run.symbols[place])
    words = re.findall(r'<span class="x"[^>]*>([^<]*)</span>', drawn)
    assert all(re.fullmatch(r"01-0\d \d\d:\d\d", word) for word in words)


def test_what_is_held_at_the_end_is_drawn_at_its_last_price() -> None:
    run = result(
        [100 * YUAN] * 30,
        days=DAYS,
        fills=[Fill(9, 0, 1, 100, 10 * YUAN, 5), Fill(12, 0, 1, 300, 11 * YUAN, 5), Fill(13, 1, 1, 100, YUAN)],
        last_prices=column([12 * YUAN, 2 * YUAN, 0]),
    )
    found = standing(run, book_of(run))
    assert found.symbol.tolist() == [0, 1]
    assert found.quantity.tolist() == [400, 100]
    assert found.profit.tolist() == [(4800 - 4300) * YUAN - 10, 100 * YUAN]
    assert (found.opened_day.tolist(), found.closed_day.tolist()) == ([9, 13], [29, 29])
    assert len(standing(result([1], fills=[Fill(0, 0, 1, 100, YUAN)]), book_of(run))) == 0
