"""The life of a signal: every hop with its account and reason, and no instant that moves later."""

from __future__ import annotations

from qmt_trading.codec.timeline_json import OWN_TIME, PERSON, timeline
from qmt_trading.codec.view_json import Plain
from qmt_trading.engine import cancels
from qmt_trading.model import events as ev
from qmt_trading.model import outputs as out
from qmt_trading.model.words import OrderStatus, SideScope
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


def canceled(bench: Bench, name: str, by: ev.Event | str | None) -> list[Plain]:
    """Return the life of signal 1, whose order was reported, then cancelled by what ``by`` says."""
    bench.later(0.25)
    bench.report(bench.row(name))
    bench.later(1)
    if isinstance(by, str):
        bench.signal(by)
    elif by is not None:
        bench.feed(by)
    bench.later(1)
    bench.report(bench.row(name, OrderStatus.CANCELED))
    return hops(bench)


def test_a_canceled_order_tells_which_signal_cancelled_it_and_that_it_had_been_reported() -> None:
    bench = Bench()
    found = canceled(bench, bench.buy(), f"cancel {STOCK}:{ACCOUNT}")
    told = [(row["hop"], row["milliseconds"]) for row in found if row["hop"] in ("reported", "cancel_asked", "ended")]
    assert told == [("reported", 250.0), ("cancel_asked", 1250.0), ("ended", 2250.0)]
    assert found[-1]["detail"] == "成交 0/100，信号 2 撤单"
    assert f"信号 2 撤单：cancel {STOCK}:{ACCOUNT}" in [row["detail"] for row in found]


def test_a_cancel_by_a_person_by_its_own_time_and_by_others_is_told_as_such() -> None:
    bench = Bench()
    name = bench.buy()
    request = ev.CancelRequested("me", "", None, None, SideScope.ALL, name)
    assert str(canceled(bench, name, request)[-1]["detail"]).endswith("人工撤单")
    bench = Bench()
    bench.signal(f"buy {STOCK} 100@10.50:{ACCOUNT} cancel_after=1s")
    name = bench.made(out.SubmitOrder)[-1].client_order_id
    assert str(canceled(bench, name, None)[-1]["detail"]).endswith("到时撤单（cancel_after）")
    bench = Bench()
    assert str(canceled(bench, bench.buy(), None)[-1]["detail"]).endswith("不是本系统撤的")


def test_the_marks_of_who_cancels_are_the_engines() -> None:
    assert (PERSON, OWN_TIME) == (cancels.PERSON, cancels.OWN_TIME)
