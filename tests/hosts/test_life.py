"""How a host keeps a terminal: status, heartbeat, lost links, restarts, session ids."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from tests.hosts.conftest import Start
from tests.terminal.counter import ACCOUNT, Counter
from tests.terminal.host_end import HostEnd


def test_an_account_is_ready_only_in_status_0_and_others_are_told_by_name(start: Start, counter: Counter) -> None:
    counter.accounts[ACCOUNT] = 2
    host = start()
    host.begin()
    down = host.wait("account", state="down")
    assert (down["status"], down["text"]) == (2, "登录中 logging in")
    host.arm("trade")
    host.submit("a-1")
    assert host.wait("stage", coid="a-1")["why"] == "not_ready"
    listed, _ = host.take_list("q")
    assert (listed["complete"], listed["alive"]) == (False, False)
    counter.status(ACCOUNT, 0)
    assert host.wait("account", state="ready")["session"] == 1
    counter.status(ACCOUNT, 5)
    assert "校正" in host.wait("account", state="down", status=5)["text"]
    counter.status(ACCOUNT, 0)
    assert host.wait("account", state="ready", session=2)["status"] == 0
    counter.status("another", 3)
    listed, _ = host.take_list("q2")
    assert (listed["session"], listed["alive"]) == (2, True)
    assert len(counter.sessions) == 1


def test_a_terminal_that_never_tells_a_status_is_believed_its_asset(start: Start, counter: Counter) -> None:
    counter.lies.no_status = True
    host = start()
    host.begin()
    ready = host.wait("account", state="ready")
    assert ready["status"] is None


def test_rows_of_before_the_first_ready_are_held_until_it(start: Start, counter: Counter) -> None:
    counter.accounts[ACCOUNT] = 4
    host = start()
    host.begin()
    host.wait("account", state="down", status=4)
    counter.place_elsewhere(phone=False)
    host.quiet("row", seconds=0.3)
    counter.status(ACCOUNT, 0)
    row = host.row("order", order_status=50)
    kinds = [line["t"] for line in host.lines]
    assert row["session"] == 1
    assert kinds.index("row") > kinds.index("account")


def test_a_dropped_link_is_told_and_a_new_trader_with_another_id_is_built(host: HostEnd, counter: Counter) -> None:
    host.submit("a-1")
    host.row("order", order_status=50)
    counter.drop_link(tell=True)
    assert "断开" in host.wait("account", state="down")["text"]
    assert host.wait("account", state="ready", session=2)
    first, second = counter.sessions
    assert first != second
    listed, rows = host.take_list("q")
    assert (listed["session"], listed["alive"], len(rows["order"])) == (2, True, 1)
    host.submit("a-2")
    assert host.row("order", order_remark="a-2")["session"] == 2


def test_a13_a_terminal_that_restarted_without_a_word_is_noticed_by_the_heartbeat(
    host: HostEnd, counter: Counter
) -> None:
    counter.restart()
    assert "资产查询" in host.wait("account", state="down")["text"]
    host.wait("account", state="ready", session=2)
    assert len(counter.sessions) == 2
    host.submit("a-1")
    host.row("order", order_status=50)


def test_a13_a_terminal_that_falls_silent_is_noticed_and_the_process_ends_to_be_started_again(
    host: HostEnd, counter: Counter
) -> None:
    counter.lies.silent = {"*"}
    assert "资产查询" in host.wait("account", state="down")["text"]
    assert host.wait("trouble", code="hung")["fatal"] is True
    assert host.exit_code() == 70


def test_a16_the_last_words_of_a_dead_session_are_dropped(host: HostEnd, counter: Counter) -> None:
    order = counter.place_elsewhere(phone=False)
    host.row("order", order_status=50)
    counter.hang("stop")
    counter.drop_link(tell=True)
    host.wait("account", state="ready", session=2)
    after = len(host.lines)
    counter.tell("StockOrder", {**order, "order_status": 54, "status_msg": "old"}, dead=True)
    counter.tell("UpdateAccountStatus", {"m_strAccountID": ACCOUNT, "m_nAccountType": 2, "m_nStatus": 3}, dead=True)
    counter.tell("Disconnected", dead=True)
    listed, _ = host.take_list("q")
    assert (listed["alive"], listed["session"]) == (True, 2)
    assert [line["t"] for line in host.lines[after:] if line["t"] in {"row", "account"}] == []
    counter.release()


def test_one_account_that_does_not_answer_does_not_take_the_others_down(
    terminal: Path, package: Path, start: Start
) -> None:
    with Counter((ACCOUNT, "2")) as counter, HostEnd(terminal, package, counter, waits={"BEAT_EVERY_S": 0.2}) as host:
        host.begin([(ACCOUNT, "STOCK"), ("2", "STOCK")])
        for account in (ACCOUNT, "2"):
            host.wait("account", account=account, state="ready")
        counter.status("2", 3)
        assert "登录失败" in host.wait("account", account="2", state="down")["text"]
        listed, _ = host.take_list("q")
        assert listed["alive"]
        assert [line["state"] for line in host.all("account", account=ACCOUNT)] == ["ready"]


def test_a_session_that_can_subscribe_nothing_is_given_up_for_a_new_one(start: Start, counter: Counter) -> None:
    counter.lies.subscribe_code = -1
    host = start(waits={"DEAF_MAX": 3})
    host.begin()
    assert "订阅账号失败" in host.wait("account", state="down")["text"]
    counter.wait(lambda: len(counter.sessions) > 1)
    counter.lies.subscribe_code = 0
    host.wait("account", state="ready")


def test_a_session_id_rests_before_it_is_used_again(start: Start, counter: Counter) -> None:
    host = start("--sessions", "7-8", waits={"SESSION_REST_S": 1.5})
    host.ready()
    for session in (2, 3):
        counter.drop_link(tell=True)
        host.wait("account", state="ready", session=session)
    first, second, third = counter.sessions
    assert {first, second} == {7, 8}
    assert third == first


def test_only_queue_files_of_our_ids_in_that_folder_are_purged(start: Start, terminal: Path) -> None:
    ours = ["down_queue_win_100", "down_queue_win_105.lock", "down_queue_119"]
    others = [
        "down_queue_win_99",
        "down_queue_win_1000",
        "up_queue_xtquant",
        "down_queue_win_x",
        "my_down_queue_win_101",
    ]
    for name in (*ours, *others):
        (terminal / name).write_bytes(b"x")
    (terminal / "down_queue_win_101").mkdir()
    (terminal / "inner").mkdir()
    (terminal / "inner" / "down_queue_win_100").write_bytes(b"x")
    host = start()
    host.ready()
    left = {path.name for path in terminal.iterdir()}
    assert left == {*others, "down_queue_win_101", "inner"}
    assert (terminal / "inner" / "down_queue_win_100").exists()


@pytest.mark.skipif(sys.platform != "linux", reason="needs Linux: it counts a process's open files and threads")
def test_traders_that_come_and_go_leave_nothing_behind(start: Start, counter: Counter) -> None:
    host = start(waits={"BACKOFF_S": (0.0,), "SESSION_REST_S": 0.0})
    host.ready()
    process = Path("/proc") / str(host.process.pid)

    def reconnect(times: int) -> tuple[int, int]:
        for _ in range(times):
            session = host.all("account", state="ready")[-1]["session"]
            counter.drop_link(tell=True)
            host.wait("account", state="ready", session=session + 1)
        return len(list((process / "fd").iterdir())), len(list((process / "task").iterdir()))

    # The stand-in's own line and its two threads stay; xttrader's loop and its pools must not.
    files, threads = reconnect(3)
    more_files, more_threads = reconnect(12)
    assert more_files - files <= 12 * 1 + 3
    assert more_threads - threads <= 12 * 2 + 6
