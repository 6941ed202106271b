"""Rule: so many orders may work at once, be sent in a day, and be unknown while others are sent."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from qmt_trading.engine.risk.counts import (
    check_messages_per_day,
    check_orders_per_day,
    check_unknown_orders,
    check_working,
)
from qmt_trading.model import events as ev
from qmt_trading.model.limits import Limits
from qmt_trading.model.reasons import Denial, Reason
from qmt_trading.model.words import OrderStatus
from tests.engine_bench import ACCOUNT, OTHER, STOCK, Bench
from tests.unit.engine.limited import limited, why

COUNTS: list[tuple[Callable[..., Denial | None], Reason]] = [
    (check_working, Reason.WORKING_ORDERS_EXCEEDED),
    (check_orders_per_day, Reason.ORDERS_PER_DAY_EXCEEDED),
    (check_messages_per_day, Reason.MESSAGES_PER_DAY_EXCEEDED),
]


@pytest.mark.parametrize(("check", "expected"), COUNTS, ids=[expected.value for _, expected in COUNTS])
def test_as_many_as_permitted_pass_and_one_more_does_not(check: Callable[..., Denial | None], expected: Reason) -> None:
    assert check(9, 10, scope="total") is None
    assert check(10, 10, scope="total") is None
    assert check(11, 10, scope="total") == Denial(expected, ("11", "10", "total"))


def test_the_limit_of_unknown_orders_stops_when_it_is_reached() -> None:
    assert check_unknown_orders(4, 5, scope="total") is None
    assert check_unknown_orders(5, 5, scope="total") == Denial(Reason.UNKNOWN_ORDERS, ("5", "5", "total"))
    assert check_unknown_orders(6, 5, scope="total") == Denial(Reason.UNKNOWN_ORDERS, ("6", "5", "total"))


def test_an_order_works_until_it_has_ended_and_foreign_ones_count() -> None:
    bench = limited(Bench(), Limits(working_orders_max=2))
    name = bench.buy(name="a/1")
    bench.report(bench.row("", number="500", quantity=300))
    full = Denial(Reason.WORKING_ORDERS_EXCEEDED, ("3", "2", f"account {ACCOUNT}"))
    assert why(bench.signal(f"buy {STOCK} 100@10.50:{ACCOUNT} #a/2")) == full
    assert why(bench.signal(f"buy {STOCK} 100@10.50:{OTHER} #a/3")) is None, "another account counts its own"
    bench.report(bench.row(name, OrderStatus.PENDING_CANCEL))
    assert why(bench.signal(f"buy {STOCK} 100@10.50:{ACCOUNT} #a/4")) == full, "it may still fill"
    bench.report(bench.row(name, OrderStatus.CANCELED))
    assert why(bench.signal(f"buy {STOCK} 100@10.50:{ACCOUNT} #a/5")) is None


def test_an_unknown_order_goes_on_working() -> None:
    bench = limited(Bench(), Limits(working_orders_max=1))
    name = bench.buy(name="a/1")
    bench.feed(ev.SubmitUncertain(ACCOUNT, name, "-1"))
    denial = why(bench.signal(f"sell {STOCK} 100@10.60:{ACCOUNT} #a/2"))
    assert denial is not None
    assert denial.reason is Reason.WORKING_ORDERS_EXCEEDED


def test_an_order_that_was_never_sent_counts_for_the_day_and_works_no_longer() -> None:
    bench = limited(Bench(), Limits(orders_per_day_max=2, working_orders_max=1))
    for number in (1, 2):
        name = bench.buy(name=f"a/{number}")
        bench.feed(ev.SubmitRefused(ACCOUNT, name, "拒"))
    denial = why(bench.signal(f"buy {STOCK} 100@10.50:{ACCOUNT} #a/3"))
    assert denial == Denial(Reason.ORDERS_PER_DAY_EXCEEDED, ("3", "2", f"account {ACCOUNT}"))


def test_messages_are_orders_and_cancels_with_their_repeats() -> None:
    bench = limited(Bench(), Limits(messages_per_day_max=4))
    name = bench.buy(name="a/1")
    bench.report(bench.row(name))
    bench.signal(f"cancel {STOCK}:{ACCOUNT}")
    bench.later(0.3)
    usage = bench.engine.state.gauges.of_account(ACCOUNT)
    assert (usage.orders, usage.cancels, usage.canceled) == (1, 2, 1)
    assert why(bench.signal(f"buy {STOCK} 100@10.50:{ACCOUNT} #a/2")) is None
    denial = why(bench.signal(f"buy {STOCK} 100@10.50:{ACCOUNT} #a/3"))
    assert denial == Denial(Reason.MESSAGES_PER_DAY_EXCEEDED, ("5", "4", f"account {ACCOUNT}"))


def test_no_count_holds_a_cancel_back() -> None:
    bench = limited(Bench(), Limits(messages_per_day_max=1, orders_per_day_max=1, working_orders_max=1))
    name = bench.buy(name="a/1")
    bench.report(bench.row(name))
    receipt = bench.signal(f"cancel {STOCK}:{ACCOUNT}")
    assert [line.denial for line in receipt.cancels] == [None]
