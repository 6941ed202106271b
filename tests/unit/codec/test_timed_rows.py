"""Instructions that wait, as rows: the next first, then what became of the others."""

from __future__ import annotations

from qmt_trading.codec.timeline_json import timeline
from qmt_trading.codec.view_json import rows_of
from qmt_trading.model import events as ev
from qmt_trading.model.view import View
from tests.engine_bench import ACCOUNT, OTHER, STOCK
from tests.unit.engine.test_timed import AT_10_30, Waits


def shown(bench: Waits) -> list[dict[str, object]]:
    view: View = bench.engine.view()
    return rows_of(view, "timed", 100)


def test_what_waits_stands_by_its_time_and_in_a_traders_words() -> None:
    bench = Waits()
    bench.said(f"buy {STOCK} 100@涨停-2跳:{ACCOUNT},{OTHER} at=14:30:00; 清仓 {STOCK}@卖一:{ACCOUNT} at=10:30:00 #t/1")
    first, second = shown(bench)
    assert (first["name"], first["due_text"], first["instruction"]) == ("1.2", "11-24 10:30:00", f"清仓 {STOCK}@卖一")
    assert (second["name"], second["instruction"]) == ("1.1", f"买入 {STOCK} 100@涨停-2跳")
    assert second["accounts"] == [ACCOUNT, OTHER]
    assert second["state_text"] == "等待中"


def test_what_became_of_the_others_is_told_with_its_reason() -> None:
    bench = Waits()
    bench.said(f"buy {STOCK} 100@10.50:{ACCOUNT},{OTHER} at=10:30:00 #t/1")
    bench.said(f"buy {STOCK} 100@99.00:{ACCOUNT} at=10:30:01 #t/2")
    bench.said(f"cancel {STOCK}:{OTHER}")
    bench.until(AT_10_30 + 2 * 10**9)
    denied, done, dropped = shown(bench)
    assert (denied["state"], denied["state_text"]) == ("denied", "已拦截")
    assert [reason["reason"] for reason in denied["reasons"]] == ["PRICE_ABOVE_LIMIT"]  # type: ignore[attr-defined]
    assert done["state_text"] == "已执行（1 ✓ 0 ✗）"
    assert dropped["state_text"] == "已被撤单取消（信号 3）"
    bench.feed(ev.CancelRequested("me", "test"))


def test_the_timeline_tells_of_the_wait_and_of_what_came_of_it() -> None:
    bench = Waits()
    bench.said(f"buy {STOCK} 100@10.50:{ACCOUNT},{OTHER} at=10:30:00 #t/1")
    bench.said(f"cancel {STOCK}:{OTHER}")
    bench.until(AT_10_30)
    hops = [(row["hop"], row["hop_text"]) for row in timeline(bench.engine.view(), 1)]
    assert hops == [
        ("received", "收到"),
        ("decided", "风控"),
        ("waits", "登记"),
        ("waits", "登记"),
        ("dropped", "取消"),
        ("due", "到时"),
        ("now", "待报"),
    ]
