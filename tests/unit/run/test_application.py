"""The application as it runs: its threads, the flag file, what it does when something inside it breaks or hangs."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from qmt_trading.engine.engine import Engine
from qmt_trading.journal.sqlite import SqliteJournal
from qmt_trading.model import events as ev
from qmt_trading.model.errors import JournalError
from qmt_trading.model.words import OrderStatus, TradingState
from qmt_trading.run import build
from qmt_trading.run.build import Application
from qmt_trading.run.config import load

pytestmark = pytest.mark.slow

BUY = "buy 600000.SH 100@跌停:11031122 #b/{}"

CONFIG = """
mode = "paper"
[session]
always_open = true
[signals.bare]
action = "deny"
[[doors]]
{door}
[[terminals]]
name = "paper"
kind = "simulated"
[[terminals.accounts]]
account = "11031122"
cash = 1000000
"""


def door_table() -> str:
    """Return the lines of a door that this system has, with a name of its own."""
    if os.name == "nt":
        return f'kind = "named_pipe"\nmode = "listen"\nname = \'\\\\.\\pipe\\test_{time.time_ns()}\''
    return "kind = \"unix_socket\"\npath = 's.sock'"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "qmt.toml").write_text(CONFIG.format(door=door_table()), encoding="utf-8")
    return tmp_path


def application(folder: Path, *, safe: bool = False) -> Application:
    return Application(load(folder / "qmt.toml"), safe=safe)


def until(holds: Callable[[], bool], seconds: float = 10) -> float:
    """Wait until ``holds`` and return how many seconds that took."""
    began = time.monotonic()
    while not holds():
        assert time.monotonic() - began < seconds, "it did not happen in time"
        time.sleep(0.005)
    return time.monotonic() - began


def message(app: Application, text: str) -> None:
    app._inbox.message(app.doors[0].name, text.encode(), time.time_ns(), None)


def test_a_file_halts_within_a_quarter_of_a_second_and_a_resume_removes_it(folder: Path) -> None:
    app = application(folder)
    app.start()
    try:
        (folder / "data" / "HALT").touch()
        took = until(lambda: app.view.trading_state is TradingState.HALTED)
        assert took < 2, took  # 0.25 s on a quiet machine; this one may be busy.
        app._inbox.ask(ev.ResumeRequested("me", "test"))
        until(lambda: app.view.trading_state is TradingState.ACTIVE)
        until(lambda: not (folder / "data" / "HALT").exists())
        time.sleep(0.3)
        assert app.view.trading_state is TradingState.ACTIVE
    finally:
        app.stop()


def test_a_resume_that_is_refused_leaves_the_file_where_it_is(folder: Path) -> None:
    app = application(folder)
    app.start()
    try:
        (folder / "data" / "HALT").touch()
        until(lambda: app.view.trading_state is TradingState.HALTED)
        answered: list[int] = []
        app._inbox.ask(
            ev.ResumeRequested("me", "test", None, 1), lambda outputs, durable: answered.append(len(outputs))
        )
        until(lambda: bool(answered))
        assert answered == [0]
        time.sleep(0.3)
        assert app.view.trading_state is TradingState.HALTED
        assert (folder / "data" / "HALT").exists()
    finally:
        app.stop()


def test_a_file_halts_a_burst_with_the_control_door_dead_and_a_restart_changes_nothing(folder: Path) -> None:
    app = application(folder)
    app.start()
    stopping = threading.Event()

    def stream() -> None:
        number = 0
        while not stopping.is_set():
            number += 1
            message(app, BUY.format(number))
            time.sleep(0.0005)

    sender = threading.Thread(target=stream)
    try:
        app._control_door.close()
        sender.start()
        until(lambda: len(app.view.orders) > 5)
        (folder / "data" / "HALT").touch()
        until(lambda: app.view.trading_state is TradingState.HALTED)
        known, signals = len(app.view.orders), len(app.view.signals)
        until(lambda: len(app.view.signals) > signals + 50)
        assert len(app.view.orders) == known
        assert {row.receipt.status for row in list(app.view.signals)[signals + 1 :]} == {"denied"}
    finally:
        stopping.set()
        sender.join()
        app.stop()
    (folder / "data" / "HALT").unlink()  # The journal remembers, whatever becomes of the file.
    again = application(folder)
    again.start()
    try:
        assert again.view.trading_state is TradingState.HALTED
        message(again, BUY.format("again"))
        until(lambda: again.view.signals[-1].id.endswith("again"))
        assert again.view.signals[-1].receipt.status == "denied"
        assert len(again.view.orders) == known
    finally:
        again.stop()


def test_a_start_with_the_file_there_sends_nothing(folder: Path) -> None:
    (folder / "data").mkdir()
    (folder / "data" / "HALT").touch()
    app = application(folder)
    app.start()
    try:
        assert app.view.trading_state is TradingState.HALTED
        message(app, "buy 600000.SH 100@10.50:11031122 #x/1")
        until(lambda: len(app.view.signals) == 1)
        assert app.view.signals[0].receipt.status == "denied"
    finally:
        app.stop()


def test_a_halt_without_a_journal_outlives_the_process(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    app = application(folder)
    app.start()

    def full(*_: object, **__: object) -> None:
        raise JournalError("磁盘已满")

    with monkeypatch.context() as patch:
        patch.setattr(SqliteJournal, "append", full)
        message(app, "buy 600000.SH 100@10.50:11031122 #x/1")
        until(lambda: bool(app.view.submits_closed))
        app._inbox.ask(ev.HaltRequested("me", "test"))
        until((folder / "data" / "HALT").exists)
    app.stop()
    again = application(folder)
    again.start()
    try:
        assert again.view.trading_state is TradingState.HALTED
    finally:
        again.stop()


def test_an_event_that_kills_the_engine_is_set_aside_and_the_third_time_the_start_is_a_safe_one(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    handle = Engine.handle

    def poisoned(self: Engine, event: ev.Event, now_ns: int) -> object:
        if isinstance(event, ev.SignalReceived) and "600036" in event.text:
            raise RuntimeError("a bug of ours")
        return handle(self, event, now_ns)

    with monkeypatch.context() as patch:
        patch.setattr(Engine, "handle", poisoned)
        for _ in range(3):
            app = application(folder)
            app.start()
            assert app.view.trading_state is TradingState.ACTIVE
            message(app, "buy 600036.SH 100@40.00:11031122 #p/1")
            assert app.wait(10)
            app.stop()
            assert "a bug of ours" in app.failure
    kept = list((folder / "data").glob("poison-*.json"))
    assert len(kept) == 3
    assert "600036.SH" in kept[0].read_text(encoding="utf-8")
    app = application(folder)
    app.start()
    try:
        assert app.view.trading_state is TradingState.HALTED
        assert len(app.view.signals) == 0  # What it died of was never on record.
    finally:
        app.stop()


def test_a_commit_that_hangs_holds_up_no_halt_and_no_cancel_and_the_stop_gives_it_up(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    app = application(folder)
    app.start()
    monkeypatch.setattr(build, "STOP_WAIT_S", 0.2)
    append, hang = SqliteJournal.append, threading.Event()

    def hanging(self: SqliteJournal, *args: object, **more: object) -> None:
        hang.wait(30)
        append(self, *args, **more)  # type: ignore[arg-type]

    try:
        message(app, "buy 600000.SH 100@9.60:11031122 #x/1")
        until(lambda: any(order.broker_order_id for order in app.view.orders))
        monkeypatch.setattr(SqliteJournal, "append", hanging)
        message(app, "buy 600000.SH 100@9.61:11031122 #x/2")
        until(lambda: app._loop._commit_began_ns != 0)
        app._inbox.ask(ev.HaltRequested("me", "test"))
        until(lambda: app._loop._engine.state.trading_state is TradingState.HALTED)
        message(app, "cancel 600000.SH:11031122")
        until(lambda: any(order.cancel_attempts for order in app._loop._engine.state.orders))
        until(lambda: bool(app._loop.closed))
        until(lambda: any(order.status is OrderStatus.CANCELED for order in app.view.orders))
        app.stop()
        assert app.failure
    finally:
        hang.set()
