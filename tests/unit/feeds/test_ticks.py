"""Reading a terminal's tick."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qmt_trading.feeds.ticks import TickError, read_tick
from qmt_trading.model.numbers import from_float
from tests.terminal_ticks import at, tick

NOW_NS = at(10)


def test_a_tick_is_read_with_five_levels() -> None:
    got = read_tick(tick(NOW_NS))
    assert got.time_ns == NOW_NS - 500_000_000
    assert (got.last, got.previous_close, got.traded, got.state) == (105_000, 100_000, 8_621_278_000_000, 13)
    assert got.bids == (105_000, 104_900, 104_800, 104_700, 104_600)
    assert got.asks == (105_100, 105_200, 105_300, 105_400, 105_500)


def test_what_is_absent_is_not_told() -> None:
    got = read_tick({})
    assert (got.time_ns, got.last, got.previous_close, got.bids, got.asks, got.traded, got.state) == (
        0,
        0,
        0,
        (),
        (),
        -1,
        0,
    )


@pytest.mark.parametrize(
    ("changed", "state"),
    [
        ({"openInt": 17, "stockStatus": 13}, 17),
        ({"openInt": 0, "stockStatus": 20}, 20),
        ({"openInt": 88_123, "stockStatus": 3}, 0),
        ({"openInt": 13.0}, 13),
        ({"openInt": [13], "stockStatus": {}}, 0),
    ],
)
def test_the_state_stands_in_open_interest_or_else_where_it_stood_once(changed: dict[str, object], state: int) -> None:
    assert read_tick(tick(NOW_NS, **changed)).state == state


@pytest.mark.parametrize("bad", [math.nan, math.inf, -0.01, 1.7976931348623157e308, "10.5", True, 1_000_001])
@pytest.mark.parametrize("name", ["lastPrice", "lastClose"])
def test_a_price_that_cannot_be_spoils_the_tick(name: str, bad: object) -> None:
    with pytest.raises(TickError, match=name):
        read_tick(tick(NOW_NS, **{name: bad}))


@pytest.mark.parametrize("bad", [[math.nan], [10.5, -1], 10.5, "10.5", ["x"], [10.5, "x"]])
def test_levels_that_cannot_be_spoil_the_tick(bad: object) -> None:
    with pytest.raises(TickError, match="askPrice"):
        read_tick(tick(NOW_NS, askPrice=bad))


@given(st.integers(0, 10_000_000_000))
def test_every_price_of_four_decimals_is_read_as_the_checked_rounding_reads_it(units: int) -> None:
    assert read_tick({"lastPrice": units / 10_000}).last == from_float(units / 10_000) == units


VALUES = st.one_of(
    st.none(), st.booleans(), st.integers(), st.floats(), st.text(max_size=5), st.lists(st.floats(), max_size=7)
)


@given(st.dictionaries(st.sampled_from(sorted(tick(NOW_NS))), VALUES))
def test_no_tick_raises_anything_but_the_named_error(changed: dict[str, object]) -> None:
    try:
        got = read_tick(tick(NOW_NS, **changed))
    except TickError:
        return
    assert min(got.last, got.previous_close, *got.bids, *got.asks, 1) >= 0
    assert 0 not in got.bids + got.asks
