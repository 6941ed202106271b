"""An engine that hangs, and a person who stops it: the stop outlives the hang and the kill."""

from __future__ import annotations

import os
import signal
import sys

import pytest

from qmt_trading.cli import engine_access
from qmt_trading.codec import control as wire
from tests.panel_life.rig import Life

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
