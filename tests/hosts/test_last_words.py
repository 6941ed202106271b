"""What a host says last: all it knows of orders comes before its farewell, and a dead session holds nobody up."""

from __future__ import annotations

from tests.hosts.conftest import Start
from tests.terminal.counter import Counter
from tests.terminal.host_end import HostEnd


def kinds(host: HostEnd) -> list[str]:
    return [line["t"] for line in host.lines if line["t"] in {"stage", "trouble", "bye"}]


def test_orders_that_still_wait_are_refused_before_the_bye_of_a_host_that_gives_up(
    start: Start, counter: Counter
) -> None:
    host = start(waits={"HUNG_MAX": 0, "BEAT_EVERY_S": 60.0, "CALL_S": 3.0})  # Time for all three to arrive.
    host.ready()
    counter.hang("orderStock")
    for number in range(3):
        host.submit(f"a-{number}")
    assert host.exit_code() == 70
    assert [host.wait("stage", coid=f"a-{number}")["st"] for number in range(3)] == ["unknown", "refused", "refused"]
    host.wait("bye")
    assert kinds(host)[-2:] == ["trouble", "bye"]


def test_orders_that_still_wait_are_refused_before_the_bye_to_a_bad_line(host: HostEnd, counter: Counter) -> None:
    counter.hang("orderStock")
    host.submit("a-1")
    host.submit("a-2")
    counter.wait(lambda: counter.asked("orderStock"))
    host.write(b"{\n")
    assert host.wait("bye")["why"] == "bad_frame"
    assert host.wait("stage", coid="a-2")["why"] == "disarmed"
    assert kinds(host)[-1] == "bye"


def test_a_cancel_behind_a_call_of_a_dead_session_goes_by_the_new_one_at_once(start: Start, counter: Counter) -> None:
    host = start(waits={"CALL_S": 60.0})
    host.ready()
    order = counter.place_elsewhere(phone=False)
    counter.freeze()
    host.cancel("c-1", broker_id="77")
    counter.wait(lambda: counter.asked("cancelOrderStock"))
    counter.drop_link(tell=True)
    host.wait("account", state="ready", session=2)
    host.cancel("c-2", broker_id=str(order["order_id"]))
    host.row("order", order_id=order["order_id"], order_status=54)
    assert host.wait("cstage", cid="c-1")["st"] == "unknown"


def test_a_process_whose_asset_queries_hang_twice_ends_to_be_started_again(host: HostEnd, counter: Counter) -> None:
    counter.hang("*")
    assert host.wait("account", state="down")["session"] == 1
    assert host.exit_code() == 70
    assert host.all("beat")[-1]["hung"] <= 4
    assert kinds(host)[-2:] == ["trouble", "bye"]
