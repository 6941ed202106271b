"""Rule: a price is not further on the costly side of the market than permitted."""

from __future__ import annotations

import pytest

from qmt_trading.engine.risk.deviation import check_deviation
from qmt_trading.model.limits import Limits
from qmt_trading.model.numbers import Price
from qmt_trading.model.reasons import Denial, Reason
from qmt_trading.model.words import Side
from tests.engine_bench import ACCOUNT, STOCK, Bench
from tests.unit.engine.limited import limited, reasons

TWO_PER_CENT = 20_000


@pytest.mark.parametrize(("side", "sign"), [(Side.BUY, 1), (Side.SELL, -1)])
def test_exactly_the_limit_passes_and_one_unit_beyond_it_does_not(side: Side, sign: int) -> None:
    for beyond, passes in ((1_999, True), (2_000, True), (2_001, False)):
        denial = check_deviation(Price(100_000 + sign * beyond), side, Price(100_000), TWO_PER_CENT, scope="total")
        assert (denial is None) is passes, beyond


def test_the_cheap_side_is_free() -> None:
    assert check_deviation(Price(1), Side.BUY, Price(100_000), TWO_PER_CENT, scope="total") is None
    assert check_deviation(Price(10**9), Side.SELL, Price(100_000), TWO_PER_CENT, scope="total") is None


@pytest.mark.parametrize("side", list(Side))
def test_without_any_reference_nothing_passes(side: Side) -> None:
    denial = check_deviation(Price(100_000), side, Price(0), TWO_PER_CENT, scope="total")
    assert denial == Denial(Reason.PRICE_DEVIATES, ("10.00", "0.00", "2%", "total"))


def test_the_last_price_is_the_reference_and_before_the_first_trade_the_previous_close() -> None:
    bench = limited(Bench(), Limits(deviation_max=10_000))
    wide = {"asks": (Price(107_000),)}
    text = f"buy {STOCK} 100@10.60:{ACCOUNT} #a/"
    assert reasons(bench.signal(text + "1", quote=bench.quote(**wide))) == [None]
    untraded = bench.quote(last=Price(0), **wide)
    assert reasons(bench.signal(text + "2", quote=untraded)) == [Reason.PRICE_DEVIATES], "1 % above 10.40 is 10.504"
    unknown = bench.quote(last=Price(0), previous_close=Price(0), **wide)
    assert reasons(bench.signal(text + "3", quote=unknown)) == [Reason.PRICE_DEVIATES]


def test_the_limit_price_asked_for_by_name_is_no_slip_and_the_same_price_as_a_number_may_be() -> None:
    bench = limited(Bench(), Limits(deviation_max=TWO_PER_CENT))
    sealed = bench.quote(last=Price(110_000), asks=(Price(114_300),))
    assert reasons(bench.signal(f"buy {STOCK} 100@涨停:{ACCOUNT} #a/1", quote=sealed)) == [None]
    assert reasons(bench.signal(f"buy {STOCK} 100@11.44:{ACCOUNT} #a/2", quote=sealed)) == [Reason.PRICE_DEVIATES]
