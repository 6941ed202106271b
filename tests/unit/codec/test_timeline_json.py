"""The life of a signal: every hop with its account and reason, and no instant that moves later."""

from __future__ import annotations

from qmt_trading.codec.timeline_json import timeline
from qmt_trading.codec.view_json import Plain
from qmt_trading.model.words import OrderStatus
from tests.engine_bench import ACCOUNT, OTHER, STOCK, Bench


def hops(bench: Bench, seq: int = 1) -> list[Plain]:
    return timeline(bench.engine.view(), seq)


def last(bench: Bench, seq: int = 1) -> tuple[object, object, object]:
    row = hops(bench, seq)[-1]
    return row["hop"], row["hop_text"], row["milliseconds"]


def test_a_number_that_no_signal_has_is_empty() -> None:
    assert hops(Bench()) == []


def test_the_end_of_a_filled_order_stays_where_it_was_however_often_the_broker_tells_it_again() -> None:
    bench = Bench()
    name = bench.buy()
    bench.later(0.5)
    bench.report(bench.row(name))
    bench.later(0.5)
    bench.filled(bench.fill(name))
    told = last(bench)
    assert told == ("ended", "已成", 1000.0)
    bench.later(60)
    bench.report(bench.row(name, OrderStatus.FILLED, filled_quantity=100))
    assert last(bench) == told


def test_a_filled_order_stands_as_filled_after_the_counters_answer() -> None:
    bench = Bench()
    name = bench.buy()
    fill = bench.fill(name)
    bench.later(0.5)
    bench.report(bench.row(name))
    bench.filled(fill)
    assert [row["hop"] for row in hops(bench)] == ["received", "decided", "filled", "answered", "ended"]


def test_an_end_keeps_the_instant_at_which_it_was_first_known() -> None:
    bench = Bench()
    name = bench.buy()
    bench.later(0.5)
    bench.report(bench.row(name))
    bench.report(bench.row(name, OrderStatus.CANCELED))
    bench.later(60)
    bench.report(bench.row(name, OrderStatus.CANCELED, text="已撤"))
    assert last(bench) == ("ended", "已撤", 500.0)


def test_a_working_order_has_its_state_at_the_instant_of_the_answer() -> None:
    bench = Bench()
    name = bench.buy()
    bench.later(0.25)
    bench.report(bench.row(name))
    bench.later(30)
    bench.report(bench.row(name))
    assert last(bench) == ("now", "已报", 250.0)


def test_an_order_that_became_unknown_has_the_instant_of_that_decision() -> None:
    bench = Bench()
    bench.buy()
    bench.later(4)
    assert last(bench) == ("now", "待核实", 4000.0)
    bench.later(4)
    assert last(bench) == ("now", "待核实", 4000.0)


def test_words_of_a_trader_and_the_account_stand_in_every_hop() -> None:
    bench = Bench()
    name = bench.buy()
    bench.report(bench.row(name))
    found = hops(bench)
    assert all(row["account"] == ACCOUNT for row in found)
    assert not any("buy" in str(row["detail"]) for row in found if row["hop"] != "received")


def test_several_accounts_are_counted_where_the_message_is_one() -> None:
    bench = Bench()
    bench.signal(f"buy {STOCK} 100@10.50:{ACCOUNT},{OTHER}")
    assert [row["account"] for row in hops(bench)[:2]] == ["2 个账户", "2 个账户"]


def test_a_refused_signal_says_why() -> None:
    bench = Bench()
    bench.signal(f"buy {STOCK} 150@10.50:{ACCOUNT}")
    denied = hops(bench)[-1]
    assert (denied["hop"], denied["account"]) == ("denied", ACCOUNT)
    assert "数量不合规：主板" in str(denied["detail"])


def test_a_message_refused_as_a_whole_says_why() -> None:
    bench = Bench()
    bench.signal(f"buy {STOCK} 100@10.50:{ACCOUNT} #x/1")
    bench.signal(f"buy {STOCK} 200@10.50:{ACCOUNT} #x/1")
    assert "用于不同内容" in str(hops(bench, 2)[-1]["detail"])


def test_a_cancel_that_found_nothing_says_so_and_one_that_found_an_order_shows_its_end() -> None:
    bench = Bench()
    bench.signal(f"cancel {STOCK}:{ACCOUNT}")
    assert "无可撤委托" in str(hops(bench)[-1]["detail"])
    name = bench.buy()
    bench.report(bench.row(name))
    bench.signal(f"cancel {STOCK}:{ACCOUNT}")
    assert [row["hop"] for row in hops(bench, 3)] == ["received", "decided", "cancel", "now"]
    bench.report(bench.row(name, OrderStatus.CANCELED))
    assert hops(bench, 3)[-1]["hop_text"] == "已撤"


def test_a_repeated_id_points_to_the_first_signal_and_shows_none_of_its_hops() -> None:
    bench = Bench()
    bench.signal(f"buy {STOCK} 100@10.50:{ACCOUNT} #x/1")
    bench.signal(f"buy {STOCK} 100@10.50:{ACCOUNT} #x/1")
    found = hops(bench, 2)
    assert [row["hop"] for row in found] == ["received", "decided"]
    assert "首条是信号 1" in str(found[1]["detail"])
