"""The warning before the last minutes of the day: what works then, account by account."""

from __future__ import annotations

from msgspec.structs import replace

from qmt_trading.market.no_cancel import STANDARD
from qmt_trading.model import events as ev
from qmt_trading.model import outputs as out
from qmt_trading.model.instant import at_time
from tests.engine_bench import ACCOUNT, DAY, OTHER, STOCK, Bench

MINUTE_NS = 60 * 10**9
ENDING_NS = at_time(DAY, (14 * 60 + 57) * MINUTE_NS)


def bench_of_real_hours() -> Bench:
    bench = Bench()
    bench.engine.state.configure(replace(bench.settings, no_cancel=STANDARD))
    return bench


def test_what_works_is_named_with_what_is_left_of_it() -> None:
    bench = bench_of_real_hours()
    name = bench.buy(300)
    bench.report(bench.row(name, quantity=300))
    bench.filled(bench.fill(name, 100))
    (alert,) = bench.feed(ev.CancelsEnding(ENDING_NS))
    assert isinstance(alert, out.Alert)
    assert (alert.code, alert.account) == ("CANCELS_END", ACCOUNT)
    assert alert.chinese == f"14:57 起不能撤单，还有 1 笔未成交：{STOCK} 买入 200"
    assert alert.english == f"no cancels from 14:57 on, 1 orders work: buy 200 {STOCK}"


def test_an_account_without_working_orders_is_not_spoken_of() -> None:
    bench = bench_of_real_hours()
    assert bench.feed(ev.CancelsEnding(ENDING_NS)) == []


def test_where_cancels_go_on_nothing_is_said() -> None:
    bench = Bench()
    bench.buy()
    assert bench.feed(ev.CancelsEnding(ENDING_NS)) == []


def test_a_long_list_is_cut_and_says_how_many_more() -> None:
    bench = bench_of_real_hours()
    for number in range(22):
        bench.signal(f"buy {STOCK} 100@10.50:{OTHER} #n{number}")
    (alert,) = bench.feed(ev.CancelsEnding(ENDING_NS))
    assert isinstance(alert, out.Alert)
    assert alert.account == OTHER
    assert "22 笔" in alert.chinese
    assert "另 2 笔" in alert.chinese
    assert alert.chinese.count("买入") == 20
