"""An engine that hangs, and a person who stops it: the stop outlives the hang and the kill."""

from __future__ import annotations

import os
import signal
import socket
import sys
import threading
import time

import pytest

from qmt_trading.cli import engine_access
from qmt_trading.codec import control as wire
from tests.panel_life.rig import Life, wait_for

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="needs POSIX: a process is held by a signal")


def test_a_stop_of_an_engine_that_hangs_holds_after_it_is_killed_and_started_again(life: Life) -> None:
    life.start()
    hand = life.sign_in()
    assert life.engine is not None
    if sys.platform != "win32":
        os.kill(life.engine.pid, signal.SIGSTOP)
    status, answer = hand.act("halt", why="hung", cancel_open=True)
    assert status == 200, answer
    assert [row["done"] for row in answer["rows"]] == ["flag"]
    life.kill()
    life.start()
    (row,) = engine_access.ask(life.data, wire.Read("status"))
    assert row["state"] == "HALTED"
    sent = life.qmt("send", "buy 600000.SH 100@10.50:11031122 #after/1")
    assert "已停止" in sent.stdout, sent
    assert engine_access.ask(life.data, wire.Read("orders")) == []


def hold(life: Life) -> None:
    """Let the engine's process stand still."""
    assert life.engine is not None
    if sys.platform != "win32":
        os.kill(life.engine.pid, signal.SIGSTOP)


def let_go(life: Life) -> None:
    assert life.engine is not None
    if sys.platform != "win32":
        os.kill(life.engine.pid, signal.SIGCONT)


def written(life: Life, message: bytes) -> socket.socket | None:
    """Write into the engine's own socket, which takes it whether or not anybody reads."""
    if sys.platform == "win32":
        return None
    door = socket.socket(socket.AF_UNIX)
    door.connect(str(life.config.parent / "signals.sock"))
    door.sendall(message)
    return door


def state(life: Life) -> str:
    (row,) = engine_access.ask(life.data, wire.Read("status"))
    return str(row["state"])


def test_what_was_sent_to_an_engine_that_stood_still_is_not_carried_out_after_its_ttl(life: Life) -> None:
    life.start()
    hand = life.sign_in()
    hold(life)
    door = written(life, b"buy 600000.SH 100@10.50:11031122 ttl=3s #held/1\n")
    text = "buy 600000.SH 200@10.50:11031122 ttl=3s #held/2"
    by_hand = threading.Thread(target=lambda: hand.act("signal", text=text))
    by_hand.start()
    time.sleep(5)
    let_go(life)
    by_hand.join(60)
    wait_for(lambda: len(engine_access.ask(life.data, wire.Read("signals"))) == 2, "both signals are answered")
    assert engine_access.ask(life.data, wire.Read("orders")) == []
    time.sleep(2.5)
    assert "✓" in life.qmt("send", "buy 600000.SH 100@10.50:11031122 ttl=3s #later/1").stdout
    assert len(engine_access.ask(life.data, wire.Read("orders"))) == 1
    if door is not None:
        door.close()


def test_a_stop_pressed_while_a_resume_waits_in_an_engine_that_stands_still_holds(life: Life) -> None:
    life.start()
    hand, other = life.sign_in(), None
    for number in range(4):
        assert hand.act("halt", why=f"first {number}")[0] == 200
        hold(life)
        other = threading.Thread(target=lambda: hand.act("resume", word="恢复", why="seems fine"))
        other.start()
        time.sleep(0.5)
        if number % 2:
            (life.data / "HALT").write_text("by hand", encoding="utf-8")
        else:
            status, answer = hand.act("halt", why="no, it is not")
            assert (status, answer["rows"][0]["done"]) == (200, "flag")
        let_go(life)
        other.join(60)
        time.sleep(1)
        assert state(life) == "HALTED", number
        assert (life.data / "HALT").exists(), number
        assert life.qmt("resume", "--why", "looked at it").returncode == 0
        wait_for(lambda: state(life) == "ACTIVE", "it is released by who has seen the stop")
        assert not (life.data / "HALT").exists()
