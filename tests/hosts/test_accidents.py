"""Accidents of the field that a host can cause or cure, each reproduced at the terminal: it must cost nothing."""

from __future__ import annotations

import time
from typing import Any

from tests.hosts.conftest import Start
from tests.terminal.counter import ACCOUNT, Counter
from tests.terminal.host_end import HostEnd


def test_a1_an_order_that_is_never_answered_is_never_sent_again(host: HostEnd, counter: Counter) -> None:
    counter.lies.silent = {"orderStock"}
    host.submit("a-1")
    host.wait("stage", coid="a-1", st="dispatched")
    after = len(host.lines)
    host.submit("a-1")
    host.wait("stage", after=after, coid="a-1", st="dispatched")
    host.send("outcome", q="1", coid="a-1", fence=True)
    assert (host.wait("outcome", q="1")["st"], host.wait("outcome", q="1")["complete"]) == ("dispatched", False)
    assert len(counter.asked("orderStock")) == 1


def test_a2_an_order_that_waited_too_long_is_refused_and_a_cancel_is_not(start: Start, counter: Counter) -> None:
    host = start(waits={"CALL_S": 60.0})
    host.ready()
    counter.hang("orderStock", "cancelOrderStock")
    host.submit("a-1")
    host.cancel("c-1", broker_id="77")
    counter.wait(lambda: counter.asked("orderStock") and counter.asked("cancelOrderStock"))
    host.submit("a-2", ttl_s=0.1)
    host.cancel("c-2", broker_id="78")
    time.sleep(0.2)
    counter.release()
    assert host.wait("stage", coid="a-2")["why"] == "expired"
    assert host.wait("cstage", cid="c-2")["st"] == "sent"
    assert len(counter.asked("orderStock")) == 1


def test_a3_minus_one_without_a_text_is_unknown_and_the_row_tells(host: HostEnd, counter: Counter) -> None:
    counter.lies.minus_one = counter.lies.reorder = True
    host.submit("a-1")
    assert host.wait("stage", coid="a-1", st="unknown")["why"] == "minus_one"
    counter.let_go()
    assert host.row("order", order_status=50)["coid"] == "a-1"
    host.send("outcome", q="1", coid="a-1", fence=True)
    assert host.wait("outcome", q="1")["st"] == "seen"


def test_a3_minus_one_after_the_row_changes_nothing(host: HostEnd, counter: Counter) -> None:
    counter.lies.minus_one = counter.lies.pushes_first = True
    host.submit("a-1")
    host.row("order", order_status=50)
    host.take_list("q")
    assert [stage["st"] for stage in host.all("stage")] == ["dispatched"]


def test_a_refusal_by_the_client_itself_is_a_row_and_no_refused_stage(host: HostEnd, counter: Counter) -> None:
    counter.lies.refuse = "请求过快"
    host.submit("a-1")
    row = host.row("order_error", error_msg="请求过快")
    assert (row["coid"], row["row"]["order_id"], row["account"]) == ("a-1", -1, ACCOUNT)
    assert [stage["st"] for stage in host.all("stage")] == ["dispatched"]


def test_a_refusal_by_the_counter_is_a_row_and_an_error(host: HostEnd, counter: Counter) -> None:
    counter.lies.reject = "[260200] 资金不足"
    host.submit("a-1")
    assert host.row("order", order_status=57)["coid"] == "a-1"
    assert host.row("order_error", error_id=260200)["coid"] == "a-1"
    counter.lies.reject, counter.lies.statuses = "", (48, 50, 57)
    host.submit("a-2")
    assert [host.row("order", order_remark="a-2", order_status=at)["coid"] for at in (48, 50, 57)] == ["a-2"] * 3


def test_a4_success_without_an_order_proves_nothing(host: HostEnd, counter: Counter) -> None:
    counter.lies.vanish = True
    host.submit("a-1")
    host.wait("stage", coid="a-1", native="order_id 1082130433")
    listed, rows = host.take_list("q")
    assert (listed["complete"], listed["alive"], rows["order"]) == (True, True, [])
    host.send("outcome", q="1", coid="a-1", fence=False)
    assert host.wait("outcome", q="1")["st"] == "dispatched"


def test_a5_a_remark_of_ours_on_another_order_is_not_taken_for_ours(host: HostEnd, counter: Counter) -> None:
    host.submit("a-1")
    order = counter.wait_order("a-1")
    host.row("order", order_status=50)
    counter.push("StockOrder", {**order, "stock_code": "000001.SZ", "order_id": 5, "order_volume": 900})
    assert host.row("order", order_volume=900)["coid"] is None
    host.cancel("c-1", coid="a-1")
    counter.wait(lambda: counter.asked("cancelOrderStock"))
    assert counter.asked("cancelOrderStock")[0]["m_nOrderID"] == order["order_id"]


def test_a6_a_rewritten_remark_is_found_by_the_order_id(host: HostEnd, counter: Counter) -> None:
    counter.lies.remark = lambda remark: "客户端"
    host.submit("a-1")
    assert host.row("order", order_status=50)["coid"] == "a-1"
    # The answer and the row come before the call that asks for them has returned.
    counter.lies.remark, counter.lies.overtake = lambda remark: remark[:2], True
    host.submit("a-2")
    assert host.row("order", order_id=1082130434)["coid"] == "a-2"


def test_a7_a_cancel_proves_nothing_and_the_row_does(host: HostEnd, counter: Counter) -> None:
    counter.lies.cancel = "refused_yet_cancelled"
    host.submit("a-1")
    host.row("order", order_status=50)
    host.cancel("c-1", coid="a-1")
    assert host.wait("cstage", cid="c-1", st="refused")["why"] == "terminal"
    assert host.row("order", order_status=54)["coid"] == "a-1"
    counter.lies.cancel = "accepted_yet_not"
    host.submit("a-2")
    order = counter.wait_order("a-2")
    host.row("order", order_status=50, order_remark="a-2")
    host.cancel("c-2", coid="a-2")
    host.wait("cstage", cid="c-2", text="0")
    assert order["order_status"] == 50
    host.cancel("c-3", broker_id="999")
    host.wait("cstage", cid="c-3", text="0")


def test_a_refused_cancel_comes_with_the_terminals_words(host: HostEnd, counter: Counter) -> None:
    host.cancel("c-1", broker_id="999")
    assert "撤单失败" in host.wait("cstage", cid="c-1", st="refused")["text"]
    assert host.row("cancel_error", order_id=999)["coid"] is None


def test_a8_an_answer_that_overtakes_its_own_call_is_matched(host: HostEnd, counter: Counter) -> None:
    counter.lies.overtake = True
    host.submit("a-1")
    stage = host.wait("stage", coid="a-1", native="order_id 1082130433")
    assert stage["st"] == "dispatched"
    host.cancel("c-1", coid="a-1")
    host.wait("cstage", cid="c-1", text="0")
    counter.lies.overtake, counter.lies.minus_one = False, True
    counter.tell("OrderStockResp", 4711, {"m_strAccountID": ACCOUNT, "m_nOrderID": -1, "m_strErrorMsg": "x"})
    host.take_list("q")
    assert {stage["coid"] for stage in host.all("stage")} == {"a-1"}


def test_a9_an_old_error_that_is_told_again_is_ignored(host: HostEnd, counter: Counter) -> None:
    counter.lies.silent = {"orderStock"}
    answer = {"m_strAccountID": ACCOUNT, "m_nOrderID": -1, "m_strStrategyName": "", "m_strErrorMsg": ""}
    sequences = []
    for coid in ("first", "second"):
        host.submit(coid)
        stage = host.wait("stage", coid=coid)
        sequences.append(int(stage["native"].split()[1]))
    error = {"account_id": ACCOUNT, "order_id": -1, "error_id": 1, "error_msg": "FIRST", "order_remark": "first"}
    counter.push("OrderError", {**error, "seq": sequences[0]})
    counter.tell("OrderStockResp", sequences[0], {**answer, "m_strOrderRemark": "first"})
    assert host.row("order_error", error_msg="FIRST")["coid"] == "first"
    # xttrader keeps the first error under order id -1 and now tells it again, for the second order.
    counter.tell("OrderStockResp", sequences[1], {**answer, "m_strOrderRemark": "second"})
    host.wait("stage", coid="second", st="unknown")
    host.take_list("q")
    assert len(host.all("row", kind="order_error")) == 1
    host.wait("log")
    counter.push("OrderError", {**error, "seq": sequences[1], "order_remark": "second", "error_msg": "SECOND"})
    assert host.row("order_error", error_msg="SECOND")["coid"] == "second"


def test_a10_a_whole_day_told_again_is_told_on_with_the_same_ids(host: HostEnd, counter: Counter) -> None:
    for number in range(3):
        host.submit(f"a-{number}")
        counter.fill(counter.wait_order(f"a-{number}"), 100)
    host.row("fill", traded_id="T3")
    after = len(host.lines)
    counter.replay_day()
    host.row("fill", after=after, traded_id="T3")
    assert [line["coid"] for line in host.lines[after:] if line["t"] == "row"] == [*["a-0", "a-1", "a-2"] * 2]


def test_doubled_reordered_and_late_pushes_are_all_told(host: HostEnd, counter: Counter) -> None:
    counter.lies.double = counter.lies.reorder = True
    counter.lies.statuses = (48, 49, 50)
    host.submit("a-1")
    counter.wait_order("a-1")
    host.wait("stage", native="order_id 1082130433")
    counter.let_go()
    host.row("order", order_status=48)
    host.take_list("q")
    assert [line["row"]["order_status"] for line in host.all("row")] == [50, 50, 49, 49, 48, 48]
    counter.lies.double = counter.lies.reorder = False
    counter.lies.late_s = 0.3
    counter.fill(counter.wait_order("a-1"), 100)
    host.row("fill", traded_volume=100)


def test_a12_a_list_while_rows_pour_in_is_answered(host: HostEnd, counter: Counter) -> None:
    order = counter.place_elsewhere(phone=False, quantity=100_000)
    for _ in range(300):
        counter.fill(order, 1)
    listed, rows = host.take_list("q")
    assert (listed["alive"], len(rows["fill"])) == (True, 300)
    host.row("fill", traded_id="T300")


def test_a15_an_empty_list_of_a_dead_link_is_not_alive(start: Start, counter: Counter) -> None:
    host = start(waits={"BEAT_EVERY_S": 60.0})
    host.ready()
    host.submit("a-1")
    counter.wait_order("a-1")
    counter.lies.dead_link = True
    listed, rows = host.take_list("q")
    assert (listed["complete"], listed["alive"], listed["failed"]) == (False, False, ["asset"])
    assert rows["order"] == []
    counter.lies.dead_link = False
    counter.lies.silent = set()
    counter.lies.forget = {"order_sysid"}
    listed, rows = host.take_list("q2")
    assert (listed["complete"], listed["alive"]) == (True, True)
    assert "order_sysid" not in rows["order"][0]


def test_a17_an_order_of_before_a_restart_is_cancelled_by_its_broker_id(start: Start, counter: Counter) -> None:
    first = start()
    first.ready()
    first.submit("a-1")
    order = counter.wait_order("a-1")
    assert first.wait("stage", native="order_id 1082130433")["coid"] == "a-1"
    first.process.kill()
    second = start()
    second.ready()
    second.cancel("c-1", coid="a-1")
    assert second.wait("cstage", cid="c-1")["why"] == "no_id"
    second.cancel("c-2", coid="a-1", broker_id=str(order["order_id"]))
    second.row("order", order_status=54)
    second.send("outcome", q="1", coid="a-1", fence=False)
    assert (second.wait("outcome", q="1")["st"], second.wait("outcome", q="1")["complete"]) == ("unknown", False)


def test_a20_orders_by_hand_and_by_phone_are_told_as_nobodys_and_not_cancelled_by_0(
    host: HostEnd, counter: Counter
) -> None:
    counter.place_elsewhere(phone=False, quantity=200)
    phone = counter.place_elsewhere(phone=True, quantity=300)
    assert [host.row("order", order_volume=volume)["coid"] for volume in (200, 300)] == [None, None]
    assert phone["order_id"] == 0
    host.cancel("c-1", broker_id="0")
    assert host.wait("cstage", cid="c-1")["why"] == "no_id"
    host.cancel("c-2", broker_id="-1")
    assert host.wait("cstage", cid="c-2")["why"] == "bad"
    assert counter.asked("cancelOrderStock") == []


def test_a31_a_row_in_our_form_that_this_host_never_sent_is_told_as_nobodys(host: HostEnd, counter: Counter) -> None:
    row: dict[str, Any] = counter.place_elsewhere(phone=False)
    counter.push("StockOrder", {**row, "order_remark": "QMT4A000001"})
    assert host.row("order", order_remark="QMT4A000001")["coid"] is None


def test_a33_one_unanswered_order_holds_up_nobody_else(host: HostEnd, counter: Counter) -> None:
    counter.lies.silent = {"orderStock"}
    host.submit("a-1")
    host.wait("stage", coid="a-1", st="dispatched")
    counter.lies.silent = set()
    host.submit("a-2")
    assert host.row("order", order_status=50)["coid"] == "a-2"


def test_none_is_an_empty_list_until_something_has_been_seen(host: HostEnd, counter: Counter) -> None:
    """The vendor's manual: None is a failure or an empty list. A morning without orders must not shut the account."""
    counter.lies.empty_is_none = True
    listed, rows = host.take_list("q")
    assert (listed["complete"], listed["alive"]) == (True, True)
    assert listed["none"] == ["order", "fill", "position"]
    assert rows["order"] == rows["position"] == []
    host.submit("a-1")
    counter.wait_order("a-1")
    host.row("order", order_status=50)
    listed, _ = host.take_list("q2")
    assert (listed["complete"], listed["none"]) == (True, ["fill", "position"])
    counter.orders.clear()
    listed, _ = host.take_list("q3")
    assert (listed["complete"], listed["failed"], listed["none"]) == (False, ["order"], ["fill", "position"])
