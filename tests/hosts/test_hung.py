"""Calls that do not return: each has a deadline, costs at most its thread, and never holds up the process's end."""

from __future__ import annotations

import time

from tests.hosts.conftest import Start
from tests.terminal.counter import Counter
from tests.terminal.host_end import HostEnd


def test_an_order_call_that_hangs_is_unknown_and_the_next_order_goes(host: HostEnd, counter: Counter) -> None:
    counter.hang("orderStock")
    host.submit("a-1")
    stage = host.wait("stage", coid="a-1")
    assert (stage["st"], stage["why"], stage["text"]) == ("unknown", "no_return", "order_stock_async")
    host.wait("beat", hung=1)
    counter.release()
    # The call comes back late and the order is live; its number and its row are told all the same.
    assert host.row("order", order_status=50)["coid"] == "a-1"
    host.wait("stage", coid="a-1", native="order_id 1082130433")
    host.submit("a-2")
    host.row("order", order_remark="a-2")
    after = host.lines.index(host.all("beat")[-1])
    host.wait("beat", after=after, hung=0)
    assert len(counter.asked("orderStock")) == 2


def test_a_cancel_call_and_a_list_that_hang_are_told(start: Start, counter: Counter) -> None:
    host = start(waits={"BEAT_EVERY_S": 60.0})
    host.ready()
    counter.hang("cancelOrderStock", "queryStockTrades")
    host.cancel("c-1", broker_id="5")
    listed, rows = host.take_list("q")
    assert (listed["complete"], listed["alive"], listed["failed"]) == (False, False, ["fill", "position", "asset"])
    assert rows == {"order": []}
    assert host.wait("cstage", cid="c-1")["st"] == "unknown"
    counter.release()
    listed, _ = host.take_list("q2")
    assert (listed["complete"], listed["alive"]) == (True, True)


def test_beats_and_refusals_go_on_while_calls_hang(host: HostEnd, counter: Counter) -> None:
    counter.hang("orderStock")
    host.submit("a-1")
    counter.wait(lambda: counter.asked("orderStock"))
    host.send("halt", why="now")
    assert host.wait("armed", level="cancel")["why"] == "now"
    host.submit("a-2")
    assert host.wait("stage", coid="a-2")["why"] == "halted"
    assert host.wait("stage", coid="a-1")["st"] == "unknown"


def test_more_than_four_hung_calls_end_the_process_with_70(host: HostEnd, counter: Counter) -> None:
    counter.hang("*")
    host.submit("a-1")
    host.cancel("c-1", broker_id="5")
    host.send("list", q="q", account="11031122")
    trouble = host.wait("trouble", code="hung")
    assert trouble["fatal"] is True
    assert "请重启 QMT" in trouble["text"]
    assert host.exit_code() == 70
    assert host.wait("stage", coid="a-1")["st"] == "unknown"
    assert host.wait("cstage", cid="c-1")["st"] == "unknown"


def test_a_terminal_that_hangs_when_it_is_stopped_does_not_hold_up_the_end(host: HostEnd, counter: Counter) -> None:
    counter.hang("unsubscribe", "stop")
    begun = time.monotonic()
    host.send("bye", why="done")
    assert host.exit_code() == 0
    assert time.monotonic() - begun < 20


def test_a_terminal_that_hangs_while_connecting_is_tried_again(start: Start, counter: Counter) -> None:
    counter.hang("connect")
    host = start()
    host.begin()
    assert "没有应答" in host.wait("account", state="down")["text"]
    counter.release()
    host.wait("account", state="ready")
