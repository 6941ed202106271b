"""Rule: bare buys and sells act a limited number of times per account, symbol and day."""

from __future__ import annotations

import datetime as dt

from qmt_trading.engine.risk.bare_per_day import check_bare_per_day
from qmt_trading.model import events as ev
from qmt_trading.model.numbers import SECOND_NS
from qmt_trading.model.reasons import Reason
from qmt_trading.model.words import OrderStatus
from tests.engine_bench import ACCOUNT, OTHER, STOCK, Bench
from tests.unit.engine.parts import reason


def test_one_below_the_limit_passes_and_the_limit_does_not() -> None:
    assert check_bare_per_day(1, count_max=2) is None
    assert reason(check_bare_per_day(2, count_max=2)) is Reason.BARE_PER_DAY
    assert reason(check_bare_per_day(3, count_max=2)) is Reason.BARE_PER_DAY


def test_a_limit_of_nothing_lets_nothing_through() -> None:
    assert reason(check_bare_per_day(0, count_max=0)) is Reason.BARE_PER_DAY


def test_each_account_counts_for_itself_and_a_new_day_begins_at_none() -> None:
    bench = Bench()
    first = bench.signal(f"{STOCK}:{ACCOUNT}")
    assert first.orders[0].denial is None
    bench.now_ns += 11 * SECOND_NS
    both = bench.signal(f"{STOCK}:{ACCOUNT},{OTHER}")
    assert [reason(line.denial) for line in both.orders] == [Reason.BARE_PER_DAY, None]
    for number, order in enumerate(list(bench.engine.state.orders)):
        row = bench.row(order.client_order_id, OrderStatus.CANCELED, number=str(number))
        bench.feed(ev.OrderReported(order.account, 1, row))
    bench.now_ns += 24 * 3600 * SECOND_NS
    bench.feed(ev.DayBegan(dt.date(2026, 11, 25)))
    bench.session = 2
    bench.connect()
    assert bench.signal(f"{STOCK}:{OTHER}").orders[0].denial is None


def test_a_spelt_out_order_is_not_counted_as_a_bare_one() -> None:
    bench = Bench()
    bench.buy(name="x/1")
    assert bench.signal(f"{STOCK}:{ACCOUNT}").orders[0].denial is None
    bench.buy(name="x/2")
