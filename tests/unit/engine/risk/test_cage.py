"""Rule: in continuous trading a limit order stays within the exchange's price cage."""

from __future__ import annotations

import pytest

from qmt_trading.engine.risk.cage import check_cage
from qmt_trading.engine.risk.candidate import Candidate
from qmt_trading.engine.risk.gate import judge_legality
from qmt_trading.model.instrument import Quote
from qmt_trading.model.numbers import Money, Price, Quantity
from qmt_trading.model.order import Position
from qmt_trading.model.reasons import Denial, Reason
from qmt_trading.model.words import Side
from tests.engine_bench import STOCK
from tests.unit.engine.parts import CONVERTIBLE, position, quote, reason, rule
from tests.unit.engine.risk.test_gate import market


@pytest.mark.parametrize(("side", "worse"), [(Side.BUY, 1), (Side.SELL, -1)])
def test_the_bound_passes_and_one_unit_beyond_it_does_not(side: Side, worse: int) -> None:
    bound = Price(100_000)
    assert check_cage(Price(bound - worse), side, bound) is None
    assert check_cage(bound, side, bound) is None
    denial = check_cage(Price(bound + worse), side, bound)
    assert denial == Denial(Reason.PRICE_CAGE, ("10.0001" if worse > 0 else "9.9999", "10.00", side.value))


@pytest.mark.parametrize("side", list(Side))
def test_without_a_bound_every_price_passes(side: Side) -> None:
    assert check_cage(Price(1), side, Price(0)) is None
    assert check_cage(Price(10**9), side, Price(0)) is None


def legality(price: int, side: Side, of: Quote, *, caged: bool = True, held: Position | None = None) -> Reason | None:
    candidate = Candidate(of.symbol, side, Quantity(200), Price(price), Money(price * 200), Money(0))
    found = of.rule
    assert found is not None
    return reason(judge_legality(found, market(of, caged=caged), candidate, held))


def test_a_buy_is_measured_from_the_best_ask_and_without_one_from_the_best_bid() -> None:
    """Two per cent, or ten ticks where that is more: of 10.51 up to 10.72, of 10.49 up to 10.70."""
    assert legality(107_200, Side.BUY, quote()) is None
    assert legality(107_300, Side.BUY, quote()) is Reason.PRICE_CAGE
    bids_only = quote(asks=())
    assert legality(107_000, Side.BUY, bids_only) is None
    assert legality(107_100, Side.BUY, bids_only) is Reason.PRICE_CAGE


def test_an_ask_of_zero_is_none_and_with_an_empty_book_the_last_price_serves() -> None:
    assert legality(107_100, Side.BUY, quote(asks=(Price(0),))) is Reason.PRICE_CAGE
    nothing = quote(asks=(), bids=())
    assert legality(107_100, Side.BUY, nothing) is None, "2 % above the last price, 10.50"
    assert legality(107_200, Side.BUY, nothing) is Reason.PRICE_CAGE
    never = quote(asks=(), bids=(), last=Price(0))
    assert legality(106_100, Side.BUY, never) is None, "2 % above the previous close, 10.40"
    assert legality(106_200, Side.BUY, never) is Reason.PRICE_CAGE


def test_a_bid_of_zero_is_none_for_a_sell() -> None:
    """Two per cent below the best ask of 10.51 is 10.30: a sell is not in the market for being above a bid of 0."""
    for bids in ((), (Price(0),)):
        assert legality(103_000, Side.SELL, quote(bids=bids), held=position(200)) is None
        assert legality(102_900, Side.SELL, quote(bids=bids), held=position(200)) is Reason.PRICE_CAGE


def test_ten_ticks_are_always_free() -> None:
    cheap = quote(last=Price(20_000), asks=(Price(20_000),), bids=(Price(19_900),), limit_up=Price(22_000))
    cheap = Quote(STOCK, cheap.last, cheap.last, cheap.limit_up, Price(18_000), cheap.bids, cheap.asks, 0, rule())
    assert legality(21_000, Side.BUY, cheap) is None
    assert legality(21_100, Side.BUY, cheap) is Reason.PRICE_CAGE
    held = position(200)
    assert legality(18_900, Side.SELL, cheap, held=held) is None
    assert legality(18_800, Side.SELL, cheap, held=held) is Reason.PRICE_CAGE


def test_there_is_no_cage_in_an_auction_and_none_for_a_bond() -> None:
    assert legality(114_400, Side.BUY, quote(), caged=False) is None
    bond = quote(CONVERTIBLE, limit_up=Price(0), limit_down=Price(0), asks=(Price(1_000_000),), bids=())
    assert rule(CONVERTIBLE).cage_millionths == 0
    assert legality(1_200_000, Side.BUY, bond) is None
