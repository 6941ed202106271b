"""Rule: one order is at most a part of what the market has traded lately."""

from __future__ import annotations

from qmt_trading.engine.risk.recent_value import check_recent_value
from qmt_trading.model.limits import Limits
from qmt_trading.model.numbers import Money
from qmt_trading.model.reasons import Denial, Reason
from tests.engine_bench import ACCOUNT, STOCK, Bench
from tests.unit.engine.limited import limited, reasons

TENTH = 100_000


def test_the_share_itself_passes_and_one_unit_more_does_not() -> None:
    assert check_recent_value(Money(99_999), Money(1_000_000), TENTH, scope="total") is None
    assert check_recent_value(Money(100_000), Money(1_000_000), TENTH, scope="total") is None
    denial = check_recent_value(Money(100_100), Money(1_000_000), TENTH, scope="total")
    assert denial == Denial(Reason.RECENT_VALUE_EXCEEDED, ("10.01", "100.00", "10%", "total"))


def test_of_nothing_traded_every_order_is_too_large_and_of_what_is_not_known_none() -> None:
    assert check_recent_value(Money(1), Money(0), 1_000_000, scope="total") is not None
    assert check_recent_value(Money(10**15), Money(-1), TENTH, scope="total") is None


def test_the_feed_says_what_was_traded() -> None:
    bench = limited(Bench(), Limits(recent_value_share_max=TENTH))
    text = f"buy {STOCK} 100@10.50:{ACCOUNT} #a/"
    worth = 100 * 105_000
    for number, (recent, expected) in enumerate(
        ((10 * worth, None), (10 * worth - 1, Reason.RECENT_VALUE_EXCEEDED), (0, Reason.RECENT_VALUE_EXCEEDED))
    ):
        assert reasons(bench.signal(text + str(number), quote=bench.quote(recent_value=recent))) == [expected]
    assert reasons(bench.signal(text + "silent")) == [None]
