"""Quotes out of what a terminal's host sends."""

from __future__ import annotations

import datetime as dt
import threading

import pytest
from msgspec.structs import replace

from qmt_trading.model.instrument import Symbol
from qmt_trading.model.numbers import Price, Quantity
from tests.terminal_ticks import DAY, DETAIL, PUFA, SECOND, Asked, at, make, quote_of, tick

TEN = at(10)


def test_a_tick_becomes_a_quote_with_the_rule_and_the_limits_of_its_day() -> None:
    feed = make()
    feed.take({PUFA: tick(TEN)}, TEN)
    quote = quote_of(feed, TEN + SECOND)
    assert (quote.last, quote.previous_close, quote.limit_up, quote.limit_down) == (105_000, 100_000, 110_000, 90_000)
    assert (quote.bids[0], quote.asks[0], len(quote.bids), len(quote.asks)) == (105_000, 105_100, 5, 5)
    assert quote.quoted_ns == TEN
    assert quote.rule is not None
    assert (quote.rule.board, quote.name, quote.risk_warning, quote.suspended) == ("main", "", False, False)


def test_a_detail_brings_the_name_the_risk_warning_and_the_stricter_sizes() -> None:
    feed = make()
    feed.take({PUFA: tick(TEN)}, TEN)
    feed.tell([replace(DETAIL, name="*ST浦发", limit_up=Price(105_000), limit_down=Price(95_000))])
    quote = quote_of(feed, TEN)
    assert (quote.name, quote.risk_warning, quote.limit_up, quote.limit_down) == ("*ST浦发", True, 105_000, 95_000)
    feed.tell([replace(DETAIL, quantity_max=Quantity(300_000))])
    rule = quote_of(feed, TEN).rule
    assert rule is not None
    assert rule.quantity_max == 300_000
    assert [each.what for each in feed.differences(DAY)] == ["quantity_max"]
    assert [each.what for each in feed.differences(DAY + dt.timedelta(days=1))] == ["day"]
    feed.tell([DETAIL])
    assert feed.differences(DAY) == ()


def test_what_nobody_has_told_of_is_missed_once() -> None:
    feed = make()
    assert feed.quote(PUFA, TEN) is None
    assert feed.quote(PUFA, TEN) is None
    assert feed.take_missed() == (PUFA,)
    assert feed.take_missed() == ()


def test_a_detail_is_of_its_day_or_of_none() -> None:
    feed = make()
    feed.take({PUFA: tick(TEN), "000001.SZ": tick(TEN)}, TEN)
    assert feed.symbols == (PUFA, "000001.SZ")
    assert not feed.has_detail(PUFA, DAY)
    feed.tell([DETAIL])
    assert feed.has_detail(PUFA, DAY)
    assert not feed.has_detail(PUFA, DAY + dt.timedelta(days=1))
    feed.tell([replace(DETAIL, trading_day=None)])
    assert feed.has_detail(PUFA, DAY + dt.timedelta(days=1))


@pytest.mark.parametrize("ahead_s", [-7, 0, 7])
def test_the_least_lag_of_a_minute_tells_how_far_this_clock_is_ahead(ahead_s: int) -> None:
    feed = make()
    for step in range(5):
        assert feed.clock_ahead_ns(TEN + step * SECOND) is None
        exchange_ns = TEN + step * SECOND
        feed.take({PUFA: tick(exchange_ns, last=10 + step / 100)}, exchange_ns + ahead_s * SECOND)
    assert feed.clock_ahead_ns(TEN + 5 * SECOND) == ahead_s * SECOND + SECOND // 2
    assert feed.clock_ahead_ns(TEN + 600 * SECOND) is None


def test_a_tick_that_cannot_be_read_is_counted_and_the_others_are_taken() -> None:
    feed = make()
    feed.take({"000001.SZ": tick(TEN, lastPrice=-1), PUFA: tick(TEN), "600036.SH": 7}, TEN)
    assert quote_of(feed, TEN).last == 105_000
    chinese, english = feed.condition()
    assert chinese.startswith("行情 1 只，2 条无法识别（最近：600036.SH")
    assert english == "quotes of 1, 2 unreadable"


@pytest.mark.parametrize(
    ("state", "days", "traded", "suspended"),
    [
        (13, 0, 1.0, False),
        (17, 0, 1.0, True),
        (20, 0, 0.0, True),
        (0, 3, 0.0, True),
        (13, 3, 1.0, False),
        (15, -1, 0.0, False),
    ],
)
def test_suspension_is_the_ticks_state_or_the_details_days(
    state: int, days: int, traded: float, suspended: bool
) -> None:
    feed = make()
    feed.take({PUFA: tick(TEN, openInt=state, amount=traded)}, TEN)
    feed.tell([replace(DETAIL, suspended_days=days)])
    assert quote_of(feed, TEN).suspended is suspended


def test_days_of_suspension_that_an_older_detail_counts_say_nothing() -> None:
    feed = make()
    feed.take({PUFA: tick(TEN, openInt=0, amount=0.0)}, TEN)
    feed.tell([replace(DETAIL, suspended_days=3, trading_day=DAY - dt.timedelta(days=1))])
    assert not quote_of(feed, TEN).suspended


def test_after_the_opening_a_tick_of_yesterday_is_no_quote_unless_a_detail_tells_todays_close() -> None:
    yesterday = DAY - dt.timedelta(days=1)
    feed = make()
    feed.take({PUFA: tick(at(15, 0, 0, yesterday))}, at(15, 0, 0, yesterday))
    before = quote_of(feed, at(9, 14))
    assert (before.last, before.limit_up) == (105_000, 110_000)
    assert feed.quote(PUFA, at(9, 15)) is None
    assert feed.take_missed() == (PUFA,)
    feed.tell([replace(DETAIL, previous_close=Price(105_000), limit_up=Price(115_500), limit_down=Price(94_500))])
    opened = quote_of(feed, at(9, 15))
    assert (opened.last, opened.previous_close, opened.limit_up, opened.bids) == (0, 105_000, 115_500, ())
    assert opened.quoted_ns == at(15, 0, 0, yesterday)


def test_a_snapshot_that_the_client_kept_over_night_is_as_old_as_it_says() -> None:
    feed = make()
    feed.take({PUFA: tick(at(15, 0, 0, DAY - dt.timedelta(days=1)))}, at(9, 20))
    assert feed.quote(PUFA, at(9, 20)) is None


def test_without_a_previous_close_there_are_no_limits_and_no_quote() -> None:
    feed = make()
    feed.take({PUFA: tick(TEN, lastClose=0.0)}, TEN)
    assert feed.quote(PUFA, TEN) is None
    feed.tell([DETAIL])
    assert quote_of(feed, TEN).limit_up == 110_000


def test_a_new_share_has_no_limits_where_its_listing_day_is_told() -> None:
    feed = make()
    feed.take({PUFA: tick(TEN, lastClose=8.0)}, TEN)
    feed.tell([replace(DETAIL, name="N浦发", listed=DAY, limit_up=Price(0), limit_down=Price(0), unlimited=True)])
    quote = quote_of(feed, TEN)
    assert (quote.limit_up, quote.limit_down, quote.last) == (0, 0, 105_000)


def test_before_the_first_trade_there_is_no_last_price() -> None:
    feed = make()
    feed.take({PUFA: tick(at(9, 16), last=0.0, bidPrice=[10.2, 0], askPrice=[10.2, 0])}, at(9, 16))
    quote = quote_of(feed, at(9, 16))
    assert (quote.last, quote.bids, quote.asks) == (0, (102_000,), (102_000,))


def test_what_was_traded_lately_is_known_after_five_minutes_or_from_the_first_trade_on() -> None:
    feed = make()
    for second in range(0, 601, 3):
        now_ns = TEN + second * SECOND
        feed.take({PUFA: tick(now_ns, amount=1_000_000.0 + second * 1000)}, now_ns)
        recent = quote_of(feed, now_ns).recent_value
        if second < 300:
            assert recent == -1
        else:
            assert 300_000 <= recent / 10_000 <= 310_000 + 3_000
    fresh = make()
    for second in range(0, 61, 3):
        now_ns = at(9, 25) + second * SECOND
        fresh.take({PUFA: tick(now_ns, amount=second * 1000.0)}, now_ns)
    assert quote_of(fresh, at(9, 26)).recent_value == 600_000_000


def test_a_new_day_begins_its_amounts_anew() -> None:
    yesterday = DAY - dt.timedelta(days=1)
    feed = make()
    feed.take({PUFA: tick(at(14, 59, 0, yesterday), amount=5.0)}, at(14, 59, 0, yesterday))
    feed.take({PUFA: tick(at(9, 25), amount=0.0)}, at(9, 25))
    feed.take({PUFA: tick(at(9, 30), amount=80.0)}, at(9, 30))
    assert quote_of(feed, at(9, 30)).recent_value == 800_000


def test_an_amount_that_is_not_told_is_not_known() -> None:
    feed = make()
    feed.take({PUFA: tick(TEN, amount=None)}, TEN)
    assert quote_of(feed, TEN).recent_value == -1


def test_an_unknown_code_has_no_quote() -> None:
    feed = make()
    feed.take({"999999.SH": tick(TEN)}, TEN)
    assert feed.quote(Symbol("999999.SH"), TEN) is None


def test_a_time_from_the_future_is_not_believed_and_does_not_block_what_follows() -> None:
    feed = make()
    feed.take({PUFA: tick(TEN, last=10.4, time=(TEN + 3600 * SECOND) // 1_000_000)}, TEN)
    assert quote_of(feed, TEN).quoted_ns == TEN
    feed.take({PUFA: tick(TEN + 3 * SECOND)}, TEN + 3 * SECOND)
    assert quote_of(feed, TEN + 3 * SECOND).last == 105_000


@pytest.mark.parametrize("at", [None, TEN + 3600 * SECOND])
def test_what_is_told_again_without_a_time_that_can_be_used_grows_old(at: int | None) -> None:
    """Two ticks that a dead feed repeats by turns; more trades, or a later time, are news."""
    feed = make()
    told = {"time": None if at is None else at // 1_000_000}
    for number in range(20):
        now = TEN + number * 3 * SECOND
        feed.take({PUFA: tick(now, last=10.4 + 0.1 * (number % 2), **told)}, now)
        assert quote_of(feed, now).quoted_ns == TEN
    later = TEN + 90 * SECOND
    more = {"amount": 900_000_000.0} if at is None else {"time": (at + 3 * SECOND) // 1_000_000}
    feed.take({PUFA: tick(later, **(told | more))}, later)
    assert quote_of(feed, later).quoted_ns == later


def test_readers_of_many_threads_see_whole_quotes_while_it_is_filled() -> None:
    feed = make()
    feed.take({PUFA: tick(TEN, last=10.0, bidPrice=[10.0], askPrice=[10.01])}, TEN)
    torn: list[object] = []
    done = threading.Event()

    def read() -> None:
        while not done.is_set():
            quote = feed.quote(PUFA, TEN + SECOND)
            if quote is None or quote.bids[0] != quote.last or quote.asks[0] != quote.last + 100:
                torn.append(quote)
                return

    readers = [threading.Thread(target=read) for _ in range(3)]
    for reader in readers:
        reader.start()
    for step in range(3000):
        price = 10.0 + (step % 50) / 100
        feed.take({PUFA: tick(TEN + step, last=price, bidPrice=[price], askPrice=[price + 0.01])}, TEN + step)
    done.set()
    for reader in readers:
        reader.join(20)
    assert torn == []


def test_a_silent_feed_asks_for_all_quotes_anew() -> None:
    asked = Asked()
    feed = make(asked=asked)
    feed.take({PUFA: tick(TEN)}, TEN)
    assert feed.look(TEN + 2 * SECOND) is None
    told = feed.look(TEN + 3 * SECOND)
    assert told is not None
    assert told.chinese.startswith("行情中断：已有 3.0 秒没有新行情")
    assert (told.silent, asked.count) == (True, 1)
    assert feed.condition() == ("行情 1 只，中断", "quotes of 1, silent")
    feed.begin(TEN + 4 * SECOND)
    feed.take({PUFA: tick(TEN + 5 * SECOND)}, TEN + 5 * SECOND)
    back = feed.look(TEN + 5 * SECOND)
    assert back is not None
    assert (back.silent, back.chinese) == (False, "行情恢复")


def test_nothing_at_all_is_said_as_such() -> None:
    assert make().condition() == ("还没有行情", "no quotes yet")
