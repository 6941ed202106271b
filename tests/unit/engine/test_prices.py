"""Prices: from what was written to the limit price of an order."""

from __future__ import annotations

import pytest

from qmt_trading.engine.prices import resolve_price
from qmt_trading.model.instrument import Quote
from qmt_trading.model.numbers import SECOND_NS, Money, Price
from qmt_trading.model.reasons import Denial, Reason
from qmt_trading.model.signal import PriceKind, PriceSpec
from qmt_trading.model.words import Side
from tests.engine_bench import START_NS
from tests.unit.engine.parts import quote, reason, rule

K = PriceKind
WORDS = (K.LATEST, K.OPPOSITE, K.OWN, K.BID, K.ASK)


def resolved(spec: PriceSpec, side: Side = Side.BUY, *, of: Quote | None = None, age_ns: int = 0) -> Price | Denial:
    now_ns = START_NS + age_ns
    return resolve_price(spec, side, of or quote(), rule(), now_ns=now_ns, quote_age_max_ns=3 * SECOND_NS)


@pytest.mark.parametrize(
    ("spec", "side", "price"),
    [
        (PriceSpec(K.LATEST), Side.BUY, 105_000),
        (PriceSpec(K.OPPOSITE), Side.BUY, 105_100),
        (PriceSpec(K.OPPOSITE), Side.SELL, 104_900),
        (PriceSpec(K.OWN), Side.BUY, 104_900),
        (PriceSpec(K.OWN), Side.SELL, 105_100),
        (PriceSpec(K.BID, level=2), Side.BUY, 104_800),
        (PriceSpec(K.ASK, level=2), Side.SELL, 105_200),
        (PriceSpec(K.LIMIT_UP), Side.BUY, 114_400),
        (PriceSpec(K.LIMIT_DOWN), Side.SELL, 93_600),
        (PriceSpec(K.LIMIT, Price(99_900)), Side.BUY, 99_900),
    ],
)
def test_each_word_means_its_place_in_the_quote(spec: PriceSpec, side: Side, price: int) -> None:
    assert resolved(spec, side) == price


def test_a_figure_is_taken_as_it_stands_even_where_the_gate_will_refuse_it() -> None:
    assert resolved(PriceSpec(K.LIMIT, Price(105_055))) == 105_055
    assert resolved(PriceSpec(K.LIMIT, Price(0))) == 0


@pytest.mark.parametrize("kind", WORDS)
def test_a_quote_of_exactly_the_greatest_age_serves_and_an_older_one_does_not(kind: PriceKind) -> None:
    assert isinstance(resolved(PriceSpec(kind), age_ns=3 * SECOND_NS), int)
    assert reason(resolved(PriceSpec(kind), age_ns=3 * SECOND_NS + 1)) is Reason.QUOTE_STALE


@pytest.mark.parametrize("kind", [kind for kind in PriceKind if kind not in WORDS])
def test_figures_and_the_days_limits_need_no_fresh_quote(kind: PriceKind) -> None:
    assert isinstance(resolved(PriceSpec(kind, Price(100_000)), age_ns=3600 * SECOND_NS), int)


EMPTY = quote(last=Price(0), bids=(), asks=(), limit_up=Price(0), limit_down=Price(0))
ZEROS = quote(last=Price(0), bids=(Price(0),), asks=(Price(0),), limit_up=Price(0), limit_down=Price(0))


@pytest.mark.parametrize("kind", [kind for kind in PriceKind if kind is not K.LIMIT])
@pytest.mark.parametrize("side", list(Side))
def test_a18_what_is_not_there_is_no_price_whether_missing_or_zero(kind: PriceKind, side: Side) -> None:
    for of in (EMPTY, ZEROS):
        found = resolved(PriceSpec(kind, text="词"), side, of=of)
        assert found == Denial(Reason.PRICE_MISSING, ("词",))
        with_offset = PriceSpec(kind, offset_ticks=5)
        assert reason(resolved(with_offset, side, of=of)) is Reason.PRICE_MISSING


def test_a_level_beyond_the_book_is_no_price() -> None:
    assert reason(resolved(PriceSpec(K.BID, level=3))) is Reason.PRICE_MISSING


@pytest.mark.parametrize(
    ("spec", "side", "price"),
    [
        (PriceSpec(K.LATEST, offset_ticks=2), Side.BUY, 105_200),
        (PriceSpec(K.LATEST, offset_ticks=-2), Side.SELL, 104_800),
        (PriceSpec(K.LATEST, offset_money=Money(250)), Side.BUY, 105_200),
        (PriceSpec(K.LATEST, offset_money=Money(250)), Side.SELL, 105_300),
        (PriceSpec(K.LATEST, offset_millionths=1_000), Side.BUY, 105_100),
        (PriceSpec(K.LATEST, offset_millionths=1_000), Side.SELL, 105_200),
        (PriceSpec(K.LATEST, offset_millionths=-1_000), Side.BUY, 104_800),
        (PriceSpec(K.LATEST, offset_millionths=-1_000), Side.SELL, 104_900),
        (PriceSpec(K.LIMIT, Price(100_000), offset_ticks=1), Side.BUY, 100_100),
    ],
)
def test_an_offset_is_rounded_to_the_tick_away_from_aggression(spec: PriceSpec, side: Side, price: int) -> None:
    assert resolved(spec, side) == price


@pytest.mark.parametrize("side", list(Side))
def test_an_offset_that_leaves_nothing_is_no_price(side: Side) -> None:
    assert reason(resolved(PriceSpec(K.LATEST, offset_ticks=-1050), side)) is Reason.PRICE_MISSING
    assert reason(resolved(PriceSpec(K.LATEST, offset_ticks=-9999), side)) is Reason.PRICE_MISSING
    assert resolved(PriceSpec(K.LATEST, offset_ticks=-1049), side) == 100
