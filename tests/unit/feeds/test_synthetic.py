"""The made-up market."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from qmt_trading.feeds.synthetic import SyntheticFeed
from qmt_trading.market.synthetic import STEP_NS, Seal, synthetic_quote
from qmt_trading.model.instrument import Symbol
from qmt_trading.model.numbers import from_decimal

NOW_NS = 1_795_000_000_000_000_000
PUFA = Symbol("600000.SH")


def test_the_example_order_of_the_documents_makes_sense_with_every_seed() -> None:
    for seed in (0, 1, 77):
        feed = SyntheticFeed(seed)
        price = from_decimal("10.50")
        crossed = 0
        for step in range(1600):
            quote = feed.quote(PUFA, NOW_NS + step * STEP_NS)
            assert quote is not None
            assert quote.limit_down < price < quote.limit_up
            assert abs(quote.last - price) < from_decimal("0.10")
            crossed += quote.asks[0] <= price
        assert crossed > 800


def test_a_quote_is_a_function_of_seed_symbol_and_time() -> None:
    one, other = SyntheticFeed(5), SyntheticFeed(5)
    assert one.quote(PUFA, NOW_NS) == other.quote(PUFA, NOW_NS)
    synthetic_quote.cache_clear()
    assert one.quote(PUFA, NOW_NS) == other.quote(PUFA, NOW_NS)
    unseeded = Symbol("601988.SH")
    assert one.quote(unseeded, NOW_NS) != SyntheticFeed(6).quote(unseeded, NOW_NS)


def test_a_quote_is_at_most_one_step_old_and_prices_move() -> None:
    feed = SyntheticFeed(1)
    quotes = [feed.quote(PUFA, NOW_NS + step * STEP_NS + 7) for step in range(200)]
    ages = {NOW_NS + step * STEP_NS + 7 - quote.quoted_ns for step, quote in enumerate(quotes) if quote is not None}
    assert max(ages) < STEP_NS
    assert min(ages) >= 0
    assert len({quote.last for quote in quotes if quote is not None}) > 2


@given(
    st.sampled_from(
        ["600000.SH", "000002.SZ", "688001.SH", "301001.SZ", "920001.BJ", "510050.SH", "159001.SZ", "123001.SZ"]
    ),
    st.integers(0, 50),
    st.integers(0, 10**6),
)
def test_levels_are_ticks_in_order_within_the_limits(code: str, seed: int, step: int) -> None:
    quote = synthetic_quote(seed, Symbol(code), NOW_NS // STEP_NS + step)
    assert quote is not None
    rule = quote.rule
    assert rule is not None
    assert list(quote.bids) == sorted(quote.bids, reverse=True)
    assert list(quote.asks) == sorted(quote.asks)
    assert quote.bids[0] < quote.asks[0]
    for price in (*quote.bids, *quote.asks, quote.last):
        assert price % rule.tick == 0
        assert quote.limit_down <= price <= quote.limit_up


def test_what_does_not_trade_has_no_quote() -> None:
    feed = SyntheticFeed(1)
    assert [feed.quote(Symbol(code), NOW_NS) for code in ("000001.SH", "900901.SH", "999999.SH", "", "*")] == [None] * 5


def test_a_sealed_limit_has_an_empty_side_until_it_is_set_free() -> None:
    feed = SyntheticFeed(1)
    feed.seal(PUFA, Seal.UP)
    quote = feed.quote(PUFA, NOW_NS)
    assert quote is not None
    assert (quote.asks, quote.bids[0], quote.last) == ((), quote.limit_up, quote.limit_up)
    feed.seal(PUFA, Seal.DOWN)
    quote = feed.quote(PUFA, NOW_NS)
    assert quote is not None
    assert (quote.bids, quote.asks[0]) == ((), quote.limit_down)
    feed.seal(PUFA, None)
    quote = feed.quote(PUFA, NOW_NS)
    assert quote is not None
    assert quote.bids
    assert quote.asks
