"""Prices: figures, words and offsets."""

from __future__ import annotations

import pytest

from qmt_trading.codec.malformed import MalformedError
from qmt_trading.codec.price_text import PRICE_MAX, limit_price, parse_price
from qmt_trading.model.signal import PriceKind


@pytest.mark.parametrize(
    ("written", "kind", "level", "text"),
    [
        ("latest", PriceKind.LATEST, 1, "latest"),
        ("LATEST", PriceKind.LATEST, 1, "latest"),
        ("最新", PriceKind.LATEST, 1, "latest"),
        ("opposite", PriceKind.OPPOSITE, 1, "opposite"),
        ("对手", PriceKind.OPPOSITE, 1, "opposite"),
        ("own", PriceKind.OWN, 1, "own"),
        ("本方", PriceKind.OWN, 1, "own"),
        ("买一", PriceKind.BID, 1, "bid1"),
        ("买五", PriceKind.BID, 5, "bid5"),
        ("bid3", PriceKind.BID, 3, "bid3"),
        ("卖二", PriceKind.ASK, 2, "ask2"),
        ("Ask4", PriceKind.ASK, 4, "ask4"),
        ("limit_up", PriceKind.LIMIT_UP, 1, "limit_up"),
        ("涨停", PriceKind.LIMIT_UP, 1, "limit_up"),
        ("limit_down", PriceKind.LIMIT_DOWN, 1, "limit_down"),
        ("跌停", PriceKind.LIMIT_DOWN, 1, "limit_down"),
    ],
)
def test_every_price_word_has_its_meaning(written: str, kind: PriceKind, level: int, text: str) -> None:
    spec = parse_price(written)
    assert (spec.kind, spec.level, spec.text, spec.price) == (kind, level, text, 0)


@pytest.mark.parametrize(
    ("written", "price", "text"),
    [
        ("10.5", 105_000, "10.50"),
        ("010.50", 105_000, "10.50"),
        ("0.0001", 1, "0.0001"),
        ("10.50-0.02", 104_800, "10.48"),
        ("10.50 + 0.005", 105_050, "10.505"),
    ],
)
def test_a_figure_is_exact_and_its_offset_in_yuan_is_added_at_once(written: str, price: int, text: str) -> None:
    spec = parse_price(written)
    assert (spec.kind, spec.price, spec.offset_money, spec.text) == (PriceKind.LIMIT, price, 0, text)


@pytest.mark.parametrize(
    ("written", "ticks", "money", "millionths", "text"),
    [
        ("涨停-2跳", -2, 0, 0, "limit_up-2ticks"),
        ("latest+1tick", 1, 0, 0, "latest+1ticks"),
        ("latest +2 ticks", 2, 0, 0, "latest+2ticks"),
        ("latest-0.02", 0, -200, 0, "latest-0.02"),
        ("latest+2.00", 0, 20_000, 0, "latest+2.00"),
        ("买一+0.5%", 0, 0, 5_000, "bid1+0.5%"),
        ("10.50+2跳", 2, 0, 0, "10.50+2ticks"),
        ("10.50-1%", 0, 0, -10_000, "10.50-1%"),
    ],
)
def test_an_offset_is_ticks_yuan_or_per_cent(written: str, ticks: int, money: int, millionths: int, text: str) -> None:
    spec = parse_price(written)
    assert (spec.offset_ticks, spec.offset_money, spec.offset_millionths, spec.text) == (ticks, money, millionths, text)
    assert parse_price(text) == spec


@pytest.mark.parametrize(
    ("written", "code"),
    [
        ("latest+2", "price_offset_unit"),
        ("10+2", "price_offset_unit"),
        ("0", "price_zero"),
        ("0.00", "price_zero"),
        ("0.01-0.01", "price_zero"),
        ("10.00001", "price_decimals"),
        ("latest-0.00001", "price_decimals"),
        ("10000000", "price_range"),
        ("9" * 5000, "price_range"),
        ("latest+100%", "price_range"),
        ("latest+10000跳", "price"),
        ("latest+1.5跳", "price"),
        ("-10", "price"),
        ("1e1", "price"),
        ("10.5.0", "price"),
        ("买六", "price"),
        ("bid0", "price"),
        ("bid6", "price"),
        ("market", "price"),
        ("市价", "price"),
        ("latest+2跳+2跳", "price"),
        ("latest price", "price"),
        ("ıatest", "price"),
    ],
)
def test_what_is_no_price_is_refused(written: str, code: str) -> None:
    with pytest.raises(MalformedError) as caught:
        parse_price(written)
    assert caught.value.code == code


def test_the_largest_price_passes_and_one_more_does_not() -> None:
    assert limit_price(PRICE_MAX).price == PRICE_MAX
    for price in (PRICE_MAX + 1, 0, -1):
        with pytest.raises(MalformedError):
            limit_price(price)
