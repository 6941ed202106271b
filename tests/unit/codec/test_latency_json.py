"""Latency by the rows: each hop from the instants of an order, the newest ones alone."""

from __future__ import annotations

from msgspec.structs import replace

from qmt_trading.codec.latency_json import ROWS, hops
from qmt_trading.model import events as ev
from qmt_trading.model.numbers import MILLISECOND_NS
from qmt_trading.model.view import Rows
from tests.engine_bench import Bench


def bench_with_an_order() -> Bench:
    bench = Bench()
    bench.buy()
    return bench


def test_nothing_is_told_of_hops_that_nobody_took() -> None:
    assert hops(Bench().engine.view()) == {}


def test_each_hop_is_told_by_its_median_and_its_99th_percentile() -> None:
    bench = Bench()
    begins_ns = bench.now_ns
    name = bench.signal("buy 600000.SH 100@10.50:11031122", received_ns=begins_ns - 2 * MILLISECOND_NS).orders[0]
    key = name.client_order_id
    calls = ((key, begins_ns + 5 * MILLISECOND_NS),)
    bench.feed(ev.SubmitsHandedOver(begins_ns + 4 * MILLISECOND_NS, calls))  # type: ignore[arg-type]
    bench.now_ns += 12 * MILLISECOND_NS
    bench.report(bench.row(key))
    told = hops(bench.engine.view())
    spans = {hop: (row["p50"], row["p99"], row["count"]) for hop, row in told.items() if isinstance(row, dict)}
    assert spans == {
        "decided": (2.0, 2.0, 1),
        "on_disk": (4.0, 4.0, 1),
        "sent": (1.0, 1.0, 1),
        "answered": (7.0, 7.0, 1),
    }
    assert all(row["text"] and row["text_en"] for row in told.values() if isinstance(row, dict))


def test_the_newest_rows_alone_count_and_a_stepped_clock_tells_nothing() -> None:
    view = bench_with_an_order().engine.view()
    one = view.orders[0]
    spans_ms = [*range(1, ROWS + 1)]
    rows = [replace(one, committed_ns=one.created_ns + span * MILLISECOND_NS) for span in (999_999, *spans_ms)]
    rows[-1] = replace(one, committed_ns=one.created_ns - 1)  # In place of the slowest.
    row = hops(replace(view, orders=Rows.of(rows)))["on_disk"]
    assert isinstance(row, dict)
    assert row["count"] == ROWS - 1
    assert (row["p50"], row["p99"]) == (128.0, 253.0)
