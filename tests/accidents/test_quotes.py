"""Accidents of other programs with quotes: A14, A18."""

from __future__ import annotations

import pytest

from qmt_trading.engine.prices import resolve_price
from qmt_trading.feeds.qmt import QmtFeed
from qmt_trading.model.numbers import SECOND_NS, Price
from qmt_trading.model.reasons import Denial, Reason
from qmt_trading.model.signal import PriceKind, PriceSpec
from qmt_trading.model.words import Side
from tests.terminal_ticks import DETAIL, PUFA, SECOND, Asked, at, make, quote_of, tick

TEN = at(10)
FOLLOWING = [kind for kind in PriceKind if kind not in (PriceKind.LIMIT, PriceKind.LIMIT_UP, PriceKind.LIMIT_DOWN)]


def price_of(feed: QmtFeed, now_ns: int, kind: PriceKind, side: Side = Side.BUY) -> Price | Denial:
    quote = quote_of(feed, now_ns)
    assert quote.rule is not None
    return resolve_price(PriceSpec(kind), side, quote, quote.rule, now_ns=now_ns, quote_age_max_ns=5 * SECOND_NS)


@pytest.mark.parametrize("kind", FOLLOWING)
def test_a14_the_link_is_green_but_the_data_are_dead(kind: PriceKind) -> None:
    """After a reconnect the client goes on telling its last snapshot, twice a second: everything looks alive."""
    asked = Asked()
    feed = make(asked=asked)
    told = []
    for step in range(40):
        now_ns = TEN + step * SECOND // 2
        feed.take({PUFA: tick(min(now_ns, TEN + 10 * SECOND))}, now_ns)
        told += [(now_ns - TEN, each.silent) for each in [feed.look(now_ns)] if each is not None]
    now_ns = TEN + 20 * SECOND
    assert told == [(13 * SECOND, True)], "told within three seconds of the last tick that was new"
    assert asked.count == 1
    assert feed.age_ns(PUFA, now_ns) == 10 * SECOND
    denial = price_of(feed, now_ns, kind)
    assert isinstance(denial, Denial)
    assert denial.reason is Reason.QUOTE_STALE
    feed.take({PUFA: tick(now_ns)}, now_ns)
    assert not isinstance(price_of(feed, now_ns, kind), Denial)


def test_a14_a_feed_that_lags_by_a_minute_is_as_silent_as_none() -> None:
    feed = make()
    told = []
    for step in range(40):
        now_ns = TEN + step * SECOND // 2
        feed.take({PUFA: tick(now_ns - 60 * SECOND, last=10 + step / 100)}, now_ns)
        told += [now_ns - TEN for each in [feed.look(now_ns)] if each is not None]
    assert len(told) == 1
    assert (feed.age_ns(PUFA, TEN + 20 * SECOND) or 0) >= 60 * SECOND


def test_a14_one_symbol_grows_old_while_the_others_live() -> None:
    feed = make()
    feed.take({PUFA: tick(TEN)}, TEN)
    for step in range(60):
        now_ns = TEN + step * SECOND
        feed.take({"000001.SZ": tick(now_ns)}, now_ns)
        assert feed.look(now_ns) is None
    assert feed.age_ns(PUFA, TEN + 60 * SECOND) == 60 * SECOND
    assert isinstance(price_of(feed, TEN + 60 * SECOND, PriceKind.OPPOSITE), Denial)


def test_a14_the_break_is_no_silence() -> None:
    asked = Asked()
    feed = make(asked=asked)
    feed.take({PUFA: tick(at(11, 29, 59))}, at(11, 29, 59))
    assert {feed.look(at(11, minute)) for minute in range(30, 60)} == {None}
    assert asked.count == 0


@pytest.mark.parametrize("empty", [[0.0, 0.0, 0.0, 0.0, 0.0], [0], [], None])
def test_a18_a_sealed_limit_up_has_no_ask_and_nothing_costs_nothing(empty: object) -> None:
    feed = make()
    feed.tell([DETAIL])
    feed.take({PUFA: tick(TEN, last=11.0, bidPrice=[11.0, 10.99, 0, 0, 0], askPrice=empty)}, TEN)
    quote = quote_of(feed, TEN)
    assert (quote.asks, quote.bids) == ((), (110_000, 109_900))
    for kind, side in ((PriceKind.OPPOSITE, Side.BUY), (PriceKind.OWN, Side.SELL), (PriceKind.ASK, Side.BUY)):
        denial = price_of(feed, TEN, kind, side)
        assert isinstance(denial, Denial)
        assert denial.reason is Reason.PRICE_MISSING
    assert price_of(feed, TEN, PriceKind.LIMIT_UP) == 110_000


def test_a18_a_sealed_limit_down_has_no_bid_and_no_level_moves_up() -> None:
    feed = make()
    feed.take({PUFA: tick(TEN, last=9.0, bidPrice=[0.0] * 5, askPrice=[9.0, 0.0, 9.02, 0.0, 0.0])}, TEN)
    quote = quote_of(feed, TEN)
    assert (quote.bids, quote.asks) == ((), (90_000,))
    denial = price_of(feed, TEN, PriceKind.OPPOSITE, Side.SELL)
    assert isinstance(denial, Denial)
