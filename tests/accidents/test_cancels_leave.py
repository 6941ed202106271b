"""Cancels leave a running engine whatever its journal's disk, its brakes and its signals lane are doing."""

from __future__ import annotations

import sqlite3
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import msgspec
import pytest

from qmt_trading.journal.sqlite import SqliteJournal
from qmt_trading.model import events as ev
from qmt_trading.model.words import OrderStatus, TradingState
from qmt_trading.run.build import Application
from qmt_trading.run.config import load
from tests.unit.run.test_application import CONFIG, door_table, until

pytestmark = pytest.mark.slow

LANE = 4096


class Ways:
    """A Reply that keeps what it is told."""

    def __init__(self) -> None:
        self.receipts: list[dict[str, object]] = []

    def __call__(self, line: bytes) -> None:
        self.receipts.append(msgspec.json.decode(line))

    def flush(self) -> None:
        pass


class Running:
    """An application with one order that rests far from the market."""

    def __init__(self, folder: Path) -> None:
        text = CONFIG.replace('action = "deny"', 'action = "cancel"').format(door=door_table())
        (folder / "qmt.toml").write_text(text, encoding="utf-8")
        self.app = Application(load(folder / "qmt.toml"))
        self.app.start()
        journal = self.app._loop._journal
        assert isinstance(journal, SqliteJournal)
        self.journal = journal._path
        self.send("buy 600000.SH 100@9.60:11031122 #rest/1")
        until(lambda: any(order.broker_order_id for order in self.app.view.orders))

    def send(self, text: str) -> Ways:
        way = Ways()
        self.app._inbox.message(self.app.doors[0].name, text.encode(), time.time_ns(), way)
        return way

    def has_left(self) -> bool:
        return self.app._loop._engine.state.orders[0].cancel_attempts > 0

    def is_cancelled(self) -> bool:
        return self.app._loop._engine.state.orders[0].status is OrderStatus.CANCELED


@pytest.fixture
def running(tmp_path: Path) -> Iterator[Running]:
    made = Running(tmp_path)
    try:
        yield made
    finally:
        made.app.stop()


def full(running: Running, patch: pytest.MonkeyPatch) -> Callable[[], None]:
    def fails(statement: str, *_: object) -> None:
        raise sqlite3.OperationalError("database or disk is full")

    patch.setattr(running.app._loop._journal, "_execute", fails)
    return lambda: None


def read_only(running: Running, patch: pytest.MonkeyPatch) -> Callable[[], None]:
    journal = running.app._loop._journal
    assert isinstance(journal, SqliteJournal)
    journal._connection.execute("pragma query_only = on")
    return lambda: None


def locked(running: Running, patch: pytest.MonkeyPatch) -> Callable[[], None]:
    other = sqlite3.connect(running.journal, isolation_level=None, check_same_thread=False)
    other.execute("begin immediate")

    def release() -> None:
        with closing(other):
            other.execute("rollback")

    return release


@pytest.mark.parametrize("trouble", [full, read_only, locked])
@pytest.mark.parametrize("known_first", [False, True], ids=["found out by the cancel", "known before"])
def test_the_journal_takes_nothing_and_the_cancel_leaves(
    running: Running, monkeypatch: pytest.MonkeyPatch, trouble: Callable[..., Callable[[], None]], known_first: bool
) -> None:
    release = trouble(running, monkeypatch)
    try:
        if known_first:
            denied = running.send("buy 600000.SH 100@9.61:11031122 #rest/2")
            until(lambda: bool(denied.receipts))
            assert denied.receipts[0]["status"] == "denied"
            assert denied.receipts[0]["durable"] is False
        way = running.send("600000.SH:11031122")
        took = until(running.is_cancelled)
        assert took < 2, took
        until(lambda: bool(way.receipts))
        assert way.receipts[0]["status"] == "accepted"
        assert way.receipts[0]["durable"] is False
    finally:
        release()


def test_halted_the_cancel_leaves(running: Running) -> None:
    running.app._inbox.ask(ev.HaltRequested("me", "drill"))
    until(lambda: running.app.view.trading_state is TradingState.HALTED)
    running.send("600000.SH:11031122")
    until(running.is_cancelled)


def test_the_signals_lane_is_full_and_the_cancel_leaves(running: Running, monkeypatch: pytest.MonkeyPatch) -> None:
    append, go_on = SqliteJournal.append, threading.Event()

    def hanging(self: SqliteJournal, *args: object, **more: object) -> None:
        go_on.wait(30)
        append(self, *args, **more)  # type: ignore[arg-type]

    monkeypatch.setattr(SqliteJournal, "append", hanging)
    try:
        running.send("buy 600000.SH 100@9.61:11031122 #rest/2")
        until(lambda: running.app._loop._commit_began_ns != 0)
        ways = [running.send(f"buy 600000.SH 100@9.61:11031122 #many/{number}") for number in range(LANE + 10)]
        assert [way.receipts[0]["status"] for way in ways if way.receipts] == ["busy"] * 10
        running.send("600000.SH:11031122")
        took = until(running.has_left)
        assert took < 1.5, took  # Before the commit is overdue, that is: nothing waits for the disk.
        until(running.is_cancelled)
    finally:
        go_on.set()
