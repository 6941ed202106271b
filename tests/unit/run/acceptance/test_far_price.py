"""The price of an order that cannot trade: limit-down where everything agrees, and a refusal in every doubt."""

from __future__ import annotations

import datetime as dt

import pytest

from qmt_trading.market.rulebook import STANDARD
from qmt_trading.model.instant import at_time
from qmt_trading.model.instrument import Symbol
from qmt_trading.model.numbers import SECOND_NS
from qmt_trading.run.acceptance.far_price import FarPrice, Refusal, far_price

DAY = dt.date(2026, 11, 26)
SYMBOL = Symbol("601988.SH")
DETAIL: dict[str, object] = {
    "InstrumentName": "中国银行",
    "TradingDay": "20261126",
    "PreClose": 5.0,
    "UpStopPrice": 5.5,
    "DownStopPrice": 4.5,
    "PriceTick": 0.01,
}
NOW_NS = at_time(DAY, 10 * 3600 * SECOND_NS)
QUOTE: dict[str, object] = {"lastPrice": 5.01, "askPrice": [5.02, 0, 0, 0, 0], "time": NOW_NS // 1_000_000 - 15_000}


def judged(detail: dict[str, object] | None = None, quote: dict[str, object] | None = None) -> FarPrice | Refusal:
    return far_price(SYMBOL, {**DETAIL, **(detail or {})}, {**QUOTE, **(quote or {})}, NOW_NS, STANDARD)


def test_it_is_limit_down_as_terminal_and_rule_book_tell_it_alike() -> None:
    found = judged()
    assert isinstance(found, FarPrice)
    assert (found.price, found.tick, found.last) == (45_000, 100, 50_100)


@pytest.mark.parametrize(
    ("detail", "why"),
    [
        ({"TradingDay": "20261125"}, "不是今天"),
        ({"TradingDay": None}, "不是今天"),
        ({"DownStopPrice": 4.51}, "不一致"),
        ({"UpStopPrice": 5.49}, "不一致"),
        ({"DownStopPrice": 0.0, "UpStopPrice": 0.0}, "不合理"),
        ({"PriceTick": 0}, "不合理"),
        ({"PreClose": float("nan")}, "不合理"),
        ({"PreClose": 30.0, "UpStopPrice": 33.0, "DownStopPrice": 27.0}, "超过"),
    ],
)
def test_a_detail_in_doubt_is_a_refusal(detail: dict[str, object], why: str) -> None:
    found = judged(detail)
    assert isinstance(found, Refusal)
    assert why in found.chinese


@pytest.mark.parametrize(
    ("quote", "why"),
    [
        ({"lastPrice": 0}, "没有今天的行情"),
        ({"lastPrice": None}, "没有今天的行情"),
        ({"time": at_time(DAY, 0) // 1_000_000 - 1}, "没有今天的行情"),
        ({"time": None}, "没有今天的行情"),
        ({"time": at_time(DAY, 0) // 1_000_000}, "行情差"),
        ({"time": NOW_NS // 1_000_000 - 15_001}, "行情差"),
        ({"time": NOW_NS // 1_000_000 + 15_001}, "行情差"),
        ({"lastPrice": 4.69}, "太近"),
        ({"askPrice": [4.5, 5.0]}, "太近"),
    ],
)
def test_a_market_that_is_near_or_not_known_is_a_refusal(quote: dict[str, object], why: str) -> None:
    found = judged(quote=quote)
    assert isinstance(found, Refusal)
    assert why in found.chinese


@pytest.mark.parametrize(("last", "far"), [(4.7, True), (4.69, False)])
def test_the_market_is_at_least_four_per_cent_above(last: float, far: bool) -> None:
    assert isinstance(judged(quote={"lastPrice": last, "askPrice": []}), FarPrice) is far


def test_without_details_or_quote_or_with_another_lot_there_is_none() -> None:
    assert isinstance(far_price(SYMBOL, None, QUOTE, NOW_NS, STANDARD), Refusal)
    assert isinstance(far_price(SYMBOL, DETAIL, None, NOW_NS, STANDARD), Refusal)
    assert isinstance(far_price(Symbol("688981.SH"), DETAIL, QUOTE, NOW_NS, STANDARD), Refusal)
    assert isinstance(far_price(Symbol("999999.SH"), DETAIL, QUOTE, NOW_NS, STANDARD), Refusal)
