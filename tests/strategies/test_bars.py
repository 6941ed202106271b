"""Bars made of quotes, as they end, kept on disk, and grown behind history."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import numpy as np
import pytest
from msgspec.structs import replace

from qmt_trading.market.instruments import rule_for
from qmt_trading.market.sessions import ALWAYS_OPEN, Session
from qmt_trading.model.instant import at_time, to_clock_text
from qmt_trading.model.instrument import Quote, Symbol
from qmt_trading.model.numbers import SECOND_NS, Price
from qmt_trading.research.columns import Bars, ColumnsError
from qmt_trading.research.growing import Growing, NewBar
from qmt_trading.run.strategies.bar_log import BarLog
from qmt_trading.run.strategies.bar_maker import CLOSING_NS, GRACE_NS, BarMaker

DAY = dt.date(2026, 3, 2)
STOCK = Symbol("600000.SH")
OTHER = Symbol("600036.SH")


def ns(clock: str) -> int:
    moment = dt.time.fromisoformat(clock)
    return at_time(
        DAY, ((moment.hour * 60 + moment.minute) * 60 + moment.second) * SECOND_NS + moment.microsecond * 1000
    )


def quote(clock: str, last: int, symbol: Symbol = STOCK, *, suspended: bool = False) -> Quote:
    return Quote(
        symbol, Price(last), Price(100_000), Price(110_000), Price(90_000), (Price(last - 100),), (Price(last + 100),),
        ns(clock), rule_for(symbol), suspended=suspended,
    )  # fmt: skip


def ended(maker: BarMaker, clock: str) -> list[tuple[str, str, int, int, int, int]]:
    return [
        (to_clock_text(bar.at_ns)[:8], bar.symbol, bar.open, bar.high, bar.low, bar.close)
        for bars in maker.ended(ns(clock))
        for bar in bars
    ]


def test_a_minute_ends_when_its_last_quotes_had_time_to_come() -> None:
    maker = BarMaker("1m", Session())
    for clock, last in (("10:00:01", 100_000), ("10:00:30", 100_300), ("10:00:59", 99_900), ("10:01:00", 100_100)):
        maker.take(quote(clock, last))
    assert ended(maker, "10:01:01") == []
    assert ended(maker, "10:01:03") == [("10:01:00", STOCK, 100_000, 100_300, 99_900, 100_100)]
    assert ended(maker, "10:05:00") == []


def test_the_same_quote_again_and_one_without_a_price_make_nothing() -> None:
    maker = BarMaker("1m", Session())
    for made in (quote("10:00:01", 100_000), quote("10:00:01", 100_900), quote("10:00:02", 0)):
        maker.take(made)
    maker.take(quote("10:00:03", 100_900, suspended=True))
    assert ended(maker, "10:02:00") == [("10:01:00", STOCK, 100_000, 100_000, 100_000, 100_000)]


def test_bars_of_one_end_come_together_and_in_order_of_time() -> None:
    maker = BarMaker("1m", Session())
    for clock in ("10:00:30", "10:01:30", "10:02:30"):
        for symbol in (OTHER, STOCK):
            maker.take(quote(clock, 100_000, symbol))
    groups = maker.ended(ns("10:02:10"))
    assert [[(to_clock_text(bar.at_ns)[:5], bar.symbol) for bar in group] for group in groups] == [
        [("10:01", OTHER), ("10:01", STOCK)],
        [("10:02", OTHER), ("10:02", STOCK)],
    ]


@pytest.mark.parametrize(
    ("clock", "end"),
    [
        ("09:20:00", None), ("09:25:03", "09:31"), ("09:30:00", "09:31"), ("09:31:00", "09:31"), ("09:31:01", "09:32"),
        ("11:30:00", "11:30"), ("11:30:20", "11:30"), ("12:10:00", None), ("13:00:00", "13:01"), ("13:00:30", "13:01"),
        ("14:59:59", "15:00"), ("15:00:03", "15:00"), ("15:02:00", None),
    ],
)  # fmt: skip
def test_a_quote_belongs_to_the_minute_of_its_session(clock: str, end: str | None) -> None:
    maker = BarMaker("1m", Session())
    maker.take(quote(clock, 100_000))
    found = [to_clock_text(bar.at_ns)[:5] for bars in maker.ended(ns("16:00:00")) for bar in bars]
    assert found == ([] if end is None else [end])


def test_the_bar_of_the_close_waits_for_the_auctions_price() -> None:
    maker = BarMaker("1m", Session())
    maker.take(quote("14:59:58", 100_000))
    assert not maker.ended(ns("15:00:00") + GRACE_NS)
    maker.take(quote("15:00:04", 100_700))
    (bars,) = maker.ended(ns("15:00:00") + CLOSING_NS)
    assert (bars[0].close, to_clock_text(bars[0].at_ns)[:5]) == (100_700, "15:00")


def test_a_day_is_one_bar_and_a_tick_is_each_quote() -> None:
    day, tick = BarMaker("1d", Session()), BarMaker("tick", Session())
    for clock, last in (("09:25:00", 100_000), ("10:00:00", 104_000), ("14:00:00", 98_000), ("15:00:02", 99_000)):
        day.take(quote(clock, last))
        tick.take(quote(clock, last))
        (ticks,) = tick.ended(ns(clock))
        assert (ticks[0].at_ns, ticks[0].close, ticks[0].bid, ticks[0].ask) == (ns(clock), last, last - 100, last + 100)
    assert ended(day, "15:00:30") == [("15:00:00", STOCK, 100_000, 104_000, 98_000, 99_000)]


def test_a_market_that_is_always_open_has_every_minute() -> None:
    maker = BarMaker("1m", ALWAYS_OPEN)
    maker.take(quote("12:10:30", 100_000))
    assert ended(maker, "12:11:03")[0][0] == "12:11:00"


def test_no_bars_on_a_day_without_trading() -> None:
    maker = BarMaker("1m", Session())
    maker.take(replace(quote("10:00:01", 100_000), quoted_ns=at_time(dt.date(2026, 3, 1), 11 * 3600 * SECOND_NS)))
    assert maker.ended(ns("16:00:00")) == []


def bar(clock: str, close: int, symbol: Symbol = STOCK) -> NewBar:
    return NewBar(symbol=symbol, at_ns=ns(clock), open=close, high=close, low=close, close=close)


def test_what_was_written_is_read_again_and_a_torn_line_is_cut_off(tmp_path: Path) -> None:
    log = BarLog(tmp_path / "strategies" / "a.1m.jsonl")
    assert list(log.read()) == []
    log.add([bar("10:01:00", 100_000), bar("10:01:00", 400_000, OTHER)])
    log.close()
    path = tmp_path / "strategies" / "a.1m.jsonl"
    whole = path.read_bytes()
    path.write_bytes(whole + b'{"symbol":"600000.SH","at_')
    again = BarLog(path)
    assert list(again.read()) == [bar("10:01:00", 100_000), bar("10:01:00", 400_000, OTHER)]
    assert path.read_bytes() == whole
    again.add([bar("10:02:00", 100_100)])
    again.close()
    assert len(list(BarLog(path).read())) == 3


def history(rows: int) -> Bars:
    at_ns = np.asarray([ns("09:31:00") + 60 * SECOND_NS * row for row in range(rows)], np.int64)
    column = np.arange(rows, dtype=np.int64) * 100 + 100_000
    return Bars.of(
        STOCK, at_ns=at_ns, open=column, high=column, low=column, close=column, quantity=column, frequency="1m"
    )


def test_bars_grow_behind_history_and_what_was_handed_out_stays() -> None:
    growing = Growing(STOCK, "1m", history(20))
    before = growing.bars()
    kept = before.close.copy()
    for row in range(600):
        growing.add(NewBar(symbol=STOCK, at_ns=ns("10:00:00") + row * SECOND_NS, open=1, high=1, low=1, close=row))
    assert (before.close == kept).all()
    after = growing.bars()
    assert (len(after), after.close[-1], len(after.days)) == (620, 599, 1)
    assert (after.close[:20] == kept).all()


def test_a_new_day_begins_with_its_reference_price() -> None:
    growing = Growing(STOCK, "1m", history(20))
    next_ns = ns("09:31:00") + 24 * 3600 * SECOND_NS
    growing.add(NewBar(symbol=STOCK, at_ns=next_ns, open=1, high=1, low=1, close=1, previous_close=99_000))
    found = growing.bars()
    assert (found.day_start.tolist(), found.previous_close.tolist()) == ([0, 20], [100_000, 99_000])


def test_what_does_not_follow_is_refused() -> None:
    growing = Growing(STOCK, "1m", history(20))
    with pytest.raises(ColumnsError, match="no later"):
        growing.add(bar("09:40:00", 1))
    with pytest.raises(ColumnsError, match="1d"):
        Growing(STOCK, "1d", history(20))
    with pytest.raises(ColumnsError, match="no bar"):
        Growing(STOCK, "1m").bars()
