"""A terminal's link and the market feed, joined."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from tests.engine_bench import STOCK, Bench
from tests.loop_bench import SETTINGS, HandClock
from tests.terminal_ticks import DAY, PUFA, SECOND, at, tick
from tests.unit.engine.limited import with_limits

from qmt_trading.link.messages import FeedState as HostFeed
from qmt_trading.market.rulebook import STANDARD
from qmt_trading.market.sessions import Session
from qmt_trading.model import events as ev
from qmt_trading.model.instrument import Symbol
from qmt_trading.model.limits import Limits
from qmt_trading.run.day.outside import FeedState
from qmt_trading.run.terminal_quotes import TerminalQuotes

LISTED = with_limits(SETTINGS, Limits(symbols_allowed=(STOCK,)))


class Way:
    """Keeps what was asked of the terminal."""

    def __init__(self) -> None:
        self.watched: list[tuple[tuple[Symbol, ...], tuple[str, ...]]] = []
        self.asked: list[tuple[Symbol, ...]] = []
        self.open = True

    def watch(self, symbols: Sequence[Symbol], markets: Sequence[str] = ()) -> None:
        self.watched.append((tuple(symbols), tuple(markets)))

    def ask_details(self, symbols: Sequence[Symbol]) -> str:
        if not self.open:
            return ""
        self.asked.append(tuple(symbols))
        return "q1"


class Joined:
    """The join over a clock that is set by hand."""

    def __init__(self, now_ns: int, *, open_too: bool = True) -> None:
        self.clock = HandClock()
        self.clock.steady = now_ns
        self.told: list[ev.TerminalComplained] = []
        self.way = Way()
        self.quotes = TerminalQuotes(LISTED, Session(), STANDARD, self.clock, self.told.append)
        self.view = Bench().engine.view()
        if open_too:
            self.quotes.use("main", self.way)

    def passes(self, seconds: float) -> None:
        """Let time pass in quarters of a second."""
        for _ in range(round(seconds * 4)):
            self.clock.steady += SECOND // 4
            self.quotes.pulse(self.view)


def told_detail(**changed: object) -> dict[str, object]:
    row: dict[str, object] = {
        "InstrumentID": "600000",
        "InstrumentName": "浦发银行",
        "TradingDay": f"{DAY:%Y%m%d}",
        "UpStopPrice": 11.0,
        "DownStopPrice": 9.0,
        "PreClose": 10.0,
        "PriceTick": 0.01,
    }
    return {**row, **changed}


def test_the_wanted_set_and_its_details_are_asked_for_at_once_and_once() -> None:
    joined = Joined(at(9, 20))
    joined.passes(10)
    ((symbols, markets),) = joined.way.watched
    assert (set(symbols), markets) == ({STOCK, "510300.SH", "159919.SZ"}, ())
    assert joined.way.asked == [symbols]


def test_a_detail_comes_into_the_quote() -> None:
    joined = Joined(at(10))
    joined.quotes.take("main", {PUFA: tick(at(10))}, at(10))
    joined.quotes.details({PUFA: told_detail(UpStopPrice=10.8)})
    quote = joined.quotes.feed.quote(PUFA, at(10))
    assert quote is not None
    assert (quote.name, quote.limit_up) == ("浦发银行", 108_000)
    assert [each.what for each in joined.quotes.differences() or ()] == ["limit_up"]


def test_details_of_another_instrument_are_told_once_and_left_out() -> None:
    joined = Joined(at(10))
    joined.quotes.details({"600001.SH": told_detail(), "600002.SH": told_detail(), PUFA: told_detail()})
    assert [each.code for each in joined.told] == ["detail"]
    assert joined.quotes.feed.has_detail(PUFA, DAY)
    assert not joined.quotes.feed.has_detail(Symbol("600001.SH"), DAY)


def test_an_old_detail_is_asked_for_again_in_the_morning_until_it_is_of_the_day() -> None:
    joined = Joined(at(8, 29))
    joined.passes(3)
    assert len(joined.way.asked) == 1
    joined.quotes.details(
        {symbol: told_detail(InstrumentID="", TradingDay="20261125") for symbol in joined.way.asked[0]}
    )
    joined.passes(50)
    assert len(joined.way.asked) == 1, "the day's own details are not there before half past eight"
    joined.passes(300)
    assert len(joined.way.asked) == 2
    joined.quotes.details({symbol: told_detail(InstrumentID="") for symbol in joined.way.asked[0]})
    joined.passes(700)
    assert len(joined.way.asked) == 2


def test_a_question_that_could_not_be_sent_is_asked_again() -> None:
    joined = Joined(at(9, 20))
    joined.way.open = False
    joined.passes(5)
    joined.way.open = True
    joined.passes(3)
    assert len(joined.way.asked) == 1


def test_what_was_needed_in_vain_is_watched_and_asked_about_first() -> None:
    joined = Joined(at(10))
    joined.passes(3)
    missed = Symbol("000001.SZ")
    assert joined.quotes.feed.quote(missed, at(10)) is None
    joined.passes(3)
    assert missed in joined.way.watched[-1][0]
    assert joined.way.asked[-1] == (missed,)


def test_a_silence_is_told_within_seconds_and_all_is_subscribed_anew() -> None:
    joined = Joined(at(10))
    for _ in range(40):
        now_ns = joined.clock.now_ns()
        joined.quotes.take("main", {PUFA: tick(now_ns)}, now_ns)
        joined.passes(0.5)
    assert joined.told == []
    assert joined.quotes.state() == (FeedState.LIVE, "")
    before = len(joined.way.watched)
    joined.passes(3)
    (told,) = joined.told
    assert (told.terminal, told.code) == ("main", "quotes_silent")
    assert joined.way.watched[before:] == joined.way.watched[:1]
    assert joined.quotes.state() == (FeedState.SILENT, "")
    now_ns = joined.clock.now_ns()
    joined.quotes.take("main", {PUFA: tick(now_ns)}, now_ns)
    joined.passes(0.25)
    assert [each.code for each in joined.told] == ["quotes_silent", "quotes_back"]


def test_a_link_that_opens_again_is_given_time_and_asked_for_all() -> None:
    joined = Joined(at(10))
    joined.passes(2)
    before = len(joined.way.watched)
    joined.quotes.use("", None)
    joined.passes(60)
    assert joined.told == [], "the link that is down is told of elsewhere"
    joined.quotes.use("main", joined.way)
    assert len(joined.way.watched) == before + 1
    joined.passes(2.5)
    assert joined.told == []
    joined.passes(1)
    assert [each.code for each in joined.told] == ["quotes_silent"]


def test_quotes_of_a_terminal_that_does_not_give_them_are_left_out() -> None:
    joined = Joined(at(10))
    joined.quotes.take("other", {PUFA: tick(at(10))}, at(10))
    assert joined.quotes.feed.symbols == ()


def test_nothing_is_asked_before_there_is_a_terminal() -> None:
    joined = Joined(at(10), open_too=False)
    joined.passes(10)
    assert (joined.way.watched, joined.way.asked, joined.told) == ([], [], [])


def test_the_state_is_down_without_a_link_or_by_the_hosts_word() -> None:
    joined = Joined(at(10), open_too=False)
    assert joined.quotes.state()[0] is FeedState.DOWN
    joined.quotes.use("main", joined.way)
    assert joined.quotes.state()[0] is FeedState.UNKNOWN
    joined.quotes.host_told("main", HostFeed("down", "行情服务没有开"))
    assert joined.quotes.state() == (FeedState.DOWN, "行情服务没有开")
    joined.quotes.host_told("main", HostFeed("live", ""))
    assert joined.quotes.state()[0] is FeedState.UNKNOWN


def test_details_that_agree_are_told_from_details_that_are_not_known() -> None:
    joined = Joined(at(10))
    assert joined.quotes.differences() is None
    joined.quotes.details({PUFA: told_detail()})
    assert joined.quotes.differences() == ()


@pytest.mark.parametrize(("lag_s", "ahead_s"), [(-4, -4), (0.5, 0), (5, 0), (5.5, 5.5)])
def test_a_clock_is_wrong_only_by_what_snapshots_cannot_explain(lag_s: float, ahead_s: float) -> None:
    joined = Joined(at(10))
    for step in range(6):
        now_ns = at(10, 0, step)
        exchange_ms = (now_ns - round(lag_s * SECOND)) // 1_000_000
        joined.quotes.take("main", {PUFA: tick(now_ns, last=10 + step / 100, time=exchange_ms)}, now_ns)
    joined.clock.steady = at(10, 0, 6)
    assert joined.quotes.clock_ahead_ns() == round(ahead_s * SECOND)
