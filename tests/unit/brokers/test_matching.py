"""What an order executes against a quote."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from qmt_trading.brokers.simulated.matching import Liquidity, crosses, executions, is_queueing, queue_is_served
from qmt_trading.model.numbers import SECOND_NS, Price, Quantity
from qmt_trading.model.words import Side
from tests.unit.brokers.bench_parts import PUFA, Quotes

ONE_LOT = Liquidity(level_lots_max=1)


def quotes_of(bid: str, ask: str, **limits: str) -> Quotes:
    quotes = Quotes()
    quotes.put(PUFA, bid, ask, **limits)
    return quotes


QUOTE = quotes_of("10.49", "10.50").quotes[PUFA]
SEALED_UP = quotes_of("11.44", "", up="11.44").quotes[PUFA]
SEALED_DOWN = quotes_of("", "9.36", down="9.36").quotes[PUFA]


def walk(side: Side, price: int, leaves: int, *, resting: bool = False) -> list[tuple[Price, Quantity]]:
    return executions(
        side, Price(price), Quantity(leaves), QUOTE, lot=Quantity(100), liquidity=ONE_LOT, luck=1, resting=resting
    )


def test_an_order_crosses_at_the_best_opposite_price_and_not_one_tick_before() -> None:
    assert crosses(Side.BUY, Price(105_000), QUOTE)
    assert not crosses(Side.BUY, Price(104_900), QUOTE)
    assert crosses(Side.SELL, Price(104_900), QUOTE)
    assert not crosses(Side.SELL, Price(105_000), QUOTE)


def test_a_buy_walks_the_levels_up_to_its_limit() -> None:
    assert walk(Side.BUY, 105_100, 1000) == [(105_000, 100), (105_100, 100)]


def test_a_sell_walks_the_levels_down_to_its_limit() -> None:
    assert walk(Side.SELL, 104_700, 250) == [(104_900, 100), (104_800, 100), (104_700, 50)]


def test_an_order_that_rested_executes_at_its_own_price() -> None:
    assert walk(Side.BUY, 105_100, 150, resting=True) == [(105_100, 100), (105_100, 50)]


def test_an_empty_side_of_a_sealed_limit_is_no_price() -> None:
    assert not crosses(Side.BUY, Price(114_400), SEALED_UP)
    assert crosses(Side.SELL, Price(114_400), SEALED_UP)
    assert not crosses(Side.SELL, Price(93_600), SEALED_DOWN)


def test_only_an_order_at_the_sealed_limit_queues() -> None:
    assert is_queueing(Side.BUY, Price(114_400), SEALED_UP)
    assert not is_queueing(Side.BUY, Price(114_300), SEALED_UP)
    assert not is_queueing(Side.SELL, Price(114_400), SEALED_UP)
    assert is_queueing(Side.SELL, Price(93_600), SEALED_DOWN)
    assert not is_queueing(Side.BUY, Price(105_000), QUOTE)


def test_the_queue_is_served_at_its_pace() -> None:
    pace = Liquidity(queue_lots_max=1, queue_lots_per_second=2)
    assert not queue_is_served(liquidity=pace, luck=9, queued_ns=0, now_ns=SECOND_NS // 2 - 1)
    assert queue_is_served(liquidity=pace, luck=9, queued_ns=0, now_ns=SECOND_NS // 2)


@given(
    st.sampled_from([Side.BUY, Side.SELL]),
    st.integers(1030, 1070),
    st.integers(1, 100_000),
    st.integers(0, 2**64),
    st.integers(1, 300),
    st.booleans(),
)
def test_executions_never_exceed_the_leaves_nor_the_limit(
    side: Side, fen: int, leaves: int, luck: int, depth: int, resting: bool
) -> None:
    price = Price(fen * 100)
    done = executions(
        side,
        price,
        Quantity(leaves),
        QUOTE,
        lot=Quantity(100),
        liquidity=Liquidity(level_lots_max=depth),
        luck=luck,
        resting=resting,
    )
    assert sum(quantity for _, quantity in done) <= leaves
    assert all(quantity > 0 for _, quantity in done)
    assert all(each <= price if side is Side.BUY else each >= price for each, _ in done)
    assert bool(done) == crosses(side, price, QUOTE)
