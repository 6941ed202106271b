"""The life of a submit and of a cancel, with a terminal that tells the truth."""

from __future__ import annotations

import time
from typing import Any

from tests.hosts.conftest import Start
from tests.terminal.counter import ACCOUNT, Counter
from tests.terminal.host_end import HostEnd


def test_an_order_is_handed_over_as_asked(host: HostEnd, counter: Counter) -> None:
    host.submit("a-1", side="sell", price="12.3456", quantity=300, symbol="000001.SZ")
    stage = host.wait("stage", coid="a-1")
    assert (stage["st"], stage["native"][:4]) == ("dispatched", "seq ")
    (request,) = counter.asked("orderStock")
    assert (request["m_strAccountID"], request["m_nAccountType"]) == (ACCOUNT, 2)
    assert (request["m_strStockCode"], request["m_nOrderType"], request["m_nOrderVolume"]) == ("000001.SZ", 24, 300)
    assert (request["m_nPriceType"], request["m_dPrice"], request["m_strOrderRemark"]) == (11, 12.3456, "a-1")


def test_the_same_coid_is_answered_with_its_stage_and_never_called_again(host: HostEnd, counter: Counter) -> None:
    line = host.submit("a-1")
    counter.wait_order("a-1")
    host.wait("stage", native="order_id 1082130433")
    after = len(host.lines)
    host.submit("a-1")
    assert host.wait("stage", after=after, coid="a-1")["st"] == "dispatched"
    host.submit("a-1", price="10.01")
    assert "conflict" in host.wait("nak", of="submit")["why"]
    assert line["quantity"] == 100
    assert len(counter.asked("orderStock")) == 1


WRONG: list[tuple[str, dict[str, Any]]] = [
    ("bad", {"price": "0"}),
    ("bad", {"price": "1e3"}),
    ("bad", {"price": "10.12345"}),
    ("bad", {"quantity": 0}),
    ("bad", {"symbol": "600000"}),
    ("bad", {"symbol": "６00000.SH"}),
    ("bad", {"side": "short"}),
    ("bad", {"remark": "another"}),
    ("capability", {"kind": "market"}),
    ("no_account", {"account": "1"}),
    ("no_clock", {"ref": 1}),
    ("no_clock", {"el": 10**12}),
    ("expired", {"ttl": 0}),
]


def test_an_order_that_is_wrong_is_refused_before_the_call(host: HostEnd, counter: Counter) -> None:
    for number, (why, wrong) in enumerate(WRONG):
        host.submit(f"a-{number}", **wrong)
        stage = host.wait("stage", coid=f"a-{number}")
        assert (wrong, stage["st"], stage["why"]) == (wrong, "refused", why)
    for number, coid in enumerate(["x" * 23, "中", ""]):
        host.submit(coid)
        assert host.wait("stage", coid=coid)["why"] == "bad", number
    host.submit("b-1")
    counter.wait_order("b-1")
    assert [request["m_strOrderRemark"] for request in counter.asked("orderStock")] == ["b-1"]


def test_a_line_of_another_shape_is_answered_by_a_nak_and_has_no_effect(host: HostEnd) -> None:
    for raw in (
        b'{"t":"submit","coid":"a-1","wat":1}',
        b'{"t":"submit","coid":"a-1"}',
        b'{"t":"dance"}',
        b'{"t":"arm","level":7}',
        b'{"t":"arm","level":"all"}',
        b'{"t":"list","q":"q","account":true}',
        b'{"t":"details","q":"q","symbols":[1]}',
    ):
        after = len(host.lines)
        host.write(raw + b"\n")
        host.wait("nak", after=after)
    host.send("ping", x=5, x_new="ignored")
    assert host.wait("pong")["x"] == 5


def test_a_line_that_breaks_the_rules_ends_the_connection(host: HostEnd) -> None:
    host.write(b'{"t":"ping","t":"ping"}\n{"t":"ping","x":1}\n')
    assert host.wait("bye")["why"] == "bad_frame"
    assert host.exit_code() == 0
    assert host.all("pong") == []


def test_bytes_that_come_one_by_one_are_the_same_lines(host: HostEnd) -> None:
    for byte in b'{"t":"ping","x":"y"}\n':
        host.write(bytes([byte]))
    assert host.wait("pong")["x"] == "y"


def test_nothing_is_allowed_until_the_engine_arms(start: Start, counter: Counter) -> None:
    host = start()
    host.begin()
    host.wait("account", state="ready")
    host.submit("a-1")
    assert host.wait("stage", coid="a-1")["why"] == "disarmed"
    host.cancel("c1", broker_id="5")
    assert host.wait("cstage", cid="c1")["why"] == "disarmed"
    host.arm("cancel")
    host.submit("a-2")
    assert host.wait("stage", coid="a-2")["why"] == "disarmed"
    host.cancel("c2", broker_id="5")
    assert host.wait("cstage", cid="c2")["st"] == "sent"
    assert counter.asked("orderStock") == []


def test_an_observing_host_refuses_submits_and_cancels_whatever_is_armed(start: Start, counter: Counter) -> None:
    host = start("--observe")
    host.ready("none")
    assert host.all("hello")[0]["observe"] is True
    assert host.arm("trade") == {**host.all("armed")[-1], "level": "none", "why": "observe"}
    host.submit("a-1")
    assert host.wait("stage", coid="a-1")["st"] == "refused"
    host.cancel("c1", broker_id="5")
    assert host.wait("cstage", cid="c1")["st"] == "refused"
    host.send("halt", why="x")
    host.cancel("c2", broker_id="5")
    assert host.wait("cstage", cid="c2")["st"] == "refused"
    listed, _ = host.take_list("q")
    assert listed["complete"]
    assert counter.asked("orderStock") == counter.asked("cancelOrderStock") == []


def test_a_halt_overtakes_the_queue_and_leaves_cancels_open(start: Start, counter: Counter) -> None:
    host = start(waits={"CALL_S": 60.0})
    host.ready()
    counter.hang("orderStock")
    host.submit("a-1")
    counter.wait(lambda: counter.asked("orderStock"))
    for number in range(5):
        host.submit(f"b-{number}")
    host.send("halt", why="person")
    assert host.wait("armed", level="cancel")["why"] == "person"
    assert [host.wait("stage", coid=f"b-{number}")["why"] for number in range(5)] == ["halted"] * 5
    host.submit("b-9")
    assert host.wait("stage", coid="b-9")["why"] == "halted"
    host.cancel("c1", broker_id="77")
    host.wait("cstage", cid="c1", st="sent")
    counter.release()
    host.wait("stage", coid="a-1", st="dispatched")
    host.arm("trade")
    host.submit("b-10")
    counter.wait_order("b-10")
    assert [request["m_strOrderRemark"] for request in counter.asked("orderStock")] == ["a-1", "b-10"]


def test_cancels_do_not_wait_for_submits(start: Start, counter: Counter) -> None:
    host = start(waits={"CALL_S": 60.0})
    host.ready()
    host.submit("a-1")
    counter.wait_order("a-1")
    host.row("order", order_status=50)
    counter.hang("orderStock")
    host.submit("a-2")
    counter.wait(lambda: len(counter.asked("orderStock")) == 2)
    host.cancel("c1", coid="a-1")
    host.row("order", order_status=54)


def test_a_cancel_goes_by_broker_id_else_by_contract_number_with_its_market(host: HostEnd, counter: Counter) -> None:
    host.submit("a-1")
    order = counter.wait_order("a-1")
    host.row("order", order_status=50)
    host.cancel("c1", broker_id=str(order["order_id"]))
    host.row("order", order_status=54)
    phone = counter.place_elsewhere(phone=True)
    host.cancel("c2", venue_id=phone["order_sysid"], symbol="000001.SZ", broker_id="0")
    host.row("order", order_status=54, stock_code="000001.SZ")
    request = counter.asked("cancelOrderStock")[1]
    assert (request["m_strMarket"], request["m_nMarket"], request["m_nOrderID"]) == ("SZ", 1, 0)


def test_an_order_that_still_waits_is_withdrawn_by_its_cancel(start: Start, counter: Counter) -> None:
    host = start(waits={"CALL_S": 60.0})
    host.ready()
    counter.hang("orderStock")
    host.submit("a-1")
    counter.wait(lambda: counter.asked("orderStock"))
    host.submit("a-2")
    host.cancel("c1", coid="a-2")
    assert host.wait("stage", coid="a-2")["why"] == "withdrawn"
    assert host.wait("cstage", cid="c1")["why"] == "withdrawn"
    host.cancel("c2", coid="a-1")
    assert host.wait("cstage", cid="c2")["why"] == "no_id"
    host.cancel("c3", coid="unheard")
    assert host.wait("cstage", cid="c3")["why"] == "no_id"
    counter.release()
    counter.wait_order("a-1")
    host.wait("stage", coid="a-1", native="order_id 1082130433")
    assert len(counter.asked("orderStock")) == 1


def test_a_fence_makes_never_of_not_yet(start: Start, counter: Counter) -> None:
    host = start(waits={"CALL_S": 60.0})
    host.ready()
    counter.hang("orderStock")
    host.submit("a-1")
    counter.wait(lambda: counter.asked("orderStock"))
    host.submit("a-2")
    host.send("outcome", q="1", coid="a-2", fence=False)
    assert (host.wait("outcome", q="1")["st"], host.wait("outcome", q="1")["complete"]) == ("unknown", False)
    host.send("outcome", q="2", coid="a-2", fence=True)
    answer = host.wait("outcome", q="2")
    assert (answer["st"], answer["why"], answer["complete"], answer["basis"]) == ("refused", "fenced", True, "memory")
    host.send("outcome", q="3", coid="a-1", fence=True)
    assert (host.wait("outcome", q="3")["st"], host.wait("outcome", q="3")["complete"]) == ("unknown", False)
    host.send("outcome", q="4", coid="never-came", fence=True)
    assert host.wait("outcome", q="4")["st"] == "refused"
    host.submit("never-came")
    assert host.wait("stage", coid="never-came")["why"] == "fenced"
    counter.release()
    host.row("order", order_remark="a-1")
    host.send("outcome", q="5", coid="a-1", fence=True)
    assert host.wait("outcome", q="5")["st"] == "seen"
    assert len(counter.asked("orderStock")) == 1


def test_a_list_comes_after_the_submits_before_it(start: Start, counter: Counter) -> None:
    host = start(waits={"CALL_S": 60.0})
    host.ready()
    counter.hang("orderStock")
    for number in range(3):
        host.submit(f"a-{number}")
    host.send("list", q="q", account=ACCOUNT)
    host.quiet("listed", seconds=0.3)
    assert counter.asked("queryStockOrders") == []
    counter.release()
    host.wait("listed", q="q", complete=True, alive=True)
    (part,) = host.all("rows", q="q", kind="order")
    assert [row["order_remark"] for row in part["rows"]] == ["a-0", "a-1", "a-2"]


def test_a_65th_order_in_the_queue_is_refused(start: Start, counter: Counter) -> None:
    host = start(waits={"CALL_S": 60.0})
    host.ready()
    counter.hang("orderStock")
    host.submit("first")
    counter.wait(lambda: counter.asked("orderStock"))
    for number in range(65):
        host.submit(f"a-{number}")
    assert host.wait("stage", coid="a-64")["why"] == "busy"
    assert host.wait("beat", call="order_stock_async", armed="trade")["queued"]["submits"] <= 64
    counter.release()
    counter.wait(lambda: len(counter.orders) == 65)


def test_only_stock_accounts_are_served_and_others_are_refused_by_name(start: Start, counter: Counter) -> None:
    host = start()
    host.begin([(ACCOUNT, "STOCK"), ("99", "CREDIT"), ("404", "STOCK")])
    assert "CREDIT" in host.wait("account", account="99", state="down")["text"]
    assert "订阅账号失败" in host.wait("account", account="404", state="down")["text"]
    host.wait("account", account=ACCOUNT, state="ready")
    host.arm("trade")
    host.submit("a-1", account="99")
    assert host.wait("stage", coid="a-1")["why"] == "not_ready"
    assert {request["m_strAccountID"] for request in counter.asked("subscribe")} == {ACCOUNT, "404"}


def test_a_host_whose_input_ends_stops_and_unsubscribes(host: HostEnd, counter: Counter) -> None:
    assert host.process.stdin is not None
    host.process.stdin.close()
    assert host.exit_code() == 0
    assert len(counter.asked("unsubscribe")) == 1
    assert any(name == "stop" for name, _ in counter.requests)


def test_beats_come_every_second(host: HostEnd) -> None:
    begun = time.monotonic()
    before = len(host.all("beat"))
    while len(host.all("beat")) < before + 2:
        assert time.monotonic() - begun < 20
        time.sleep(0.05)
    first, second = host.all("beat")[-2:]
    assert 900_000 < second["hm"] - first["hm"] < 20_000_000
    assert (second["busy"], second["call"], second["hung"], second["armed"]) == (0, "", 0, "trade")
