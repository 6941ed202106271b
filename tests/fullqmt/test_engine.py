"""The engine's own end and what it gives to paste, against the stand-in of the full terminal under CPython 3.6."""

from __future__ import annotations

import os
import queue
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import pytest

from qmt_trading.brokers.linked.broker import LinkedBroker
from qmt_trading.brokers.linked.condition import Listeners
from qmt_trading.model import events as ev
from qmt_trading.model.instrument import Symbol
from qmt_trading.model.numbers import Money, Price, Quantity
from qmt_trading.model.order import ClientOrderId
from qmt_trading.model.outputs import CancelOrder, QueryBroker, SubmitOrder
from qmt_trading.model.signal import AccountId
from qmt_trading.model.words import LinkState, Mode, OrderStatus, Side
from qmt_trading.ports import Clock
from qmt_trading.run.clock import SystemClock
from qmt_trading.run.pasted import prepare
from qmt_trading.run.terminals import fullqmt_broker
from tests.fullqmt import python36
from tests.fullqmt.configured import ACCOUNT, terminal_at
from tests.fullqmt.stand import ROOT, FullQmtStand
from tests.link.stand import free_port

pytestmark = python36.needs_python36
SYMBOL = Symbol("600000.SH")
PATIENCE_S = 40.0


class Bench:
    """A broker of the engine, and the terminal into which its text was pasted."""

    def __init__(self, folder: Path, mode: Mode, carrier: str, *more: str) -> None:
        self.address = f"files:{folder / 'link'}" if carrier == "files" else f"tcp:127.0.0.1:{free_port()}"
        terminal = terminal_at(self.address)
        pasted = prepare(folder, terminal, observe=mode is not Mode.LIVE)
        self.reports: queue.Queue[ev.Report] = queue.Queue()
        self.stand = FullQmtStand(folder)
        self.secret = pasted.secret
        self._made = terminal, pasted.secret, mode
        self.broker: LinkedBroker = fullqmt_broker(*self._made, SystemClock(), Listeners(), {})
        self.broker.start(self.reports.put)
        command = list(self.stand.command)
        command[command.index("--text") + 1] = str(pasted.path)
        command += more
        self.process = subprocess.Popen(command, env={**os.environ, **self.stand.environment})

    def restart(self, clock: Clock, before: Mapping[AccountId, int], listeners: Listeners | None = None) -> None:
        """Put another engine in the place of the one there is."""
        self.broker.stop()
        self.broker = fullqmt_broker(*self._made, clock, listeners or Listeners(), before)
        self.broker.start(self.reports.put)

    def next(self, kind: type[ev.Report], fits: Callable[[ev.Report], bool] = lambda report: True) -> ev.Report:
        """Return the next report of this kind that fits."""
        until = time.monotonic() + PATIENCE_S
        while True:
            report = self.reports.get(timeout=max(until - time.monotonic(), 0.1))
            if isinstance(report, kind) and fits(report):
                return report

    def submit(self, coid: str, price: int) -> None:
        order = SubmitOrder(
            ClientOrderId(coid),
            ACCOUNT,
            SYMBOL,
            Side.BUY,
            Quantity(100),
            Price(price),
            1,
            time.time_ns() + 10 * 10**9,
            Money(0),
        )
        assert not self.broker.submit([order])

    def close(self) -> None:
        self.broker.stop()
        self.process.kill()
        self.process.wait()


@pytest.fixture
def bench(tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Bench]:
    made = Bench(tmp_path, *getattr(request, "param", (Mode.LIVE, "tcp")))
    yield made
    made.close()


def is_order(status: OrderStatus) -> Callable[[ev.Report], bool]:
    return lambda report: isinstance(report, ev.OrderReported) and report.row.status is status


def is_up(report: ev.Report) -> bool:
    return isinstance(report, ev.LinkChanged) and report.state is LinkState.CONNECTED


NO_SOCKETS = [word for name in ("socket", "ctypes", "_winapi", "encodings") for word in ("--forbid", name)]
"""A terminal of the kind in which files are the only way."""


@pytest.mark.parametrize(
    "bench",
    [
        (Mode.LIVE, "tcp"),
        (Mode.LIVE, "files"),
        (Mode.LIVE, "files", *NO_SOCKETS),
        pytest.param(
            (Mode.LIVE, "tcp", "--hold"),
            marks=pytest.mark.skipif(sys.platform == "win32", reason="needs POSIX: usleep"),
        ),
    ],
    indirect=True,
    ids=["tcp", "files", "files alone", "a terminal that never lets go"],
)
def test_what_was_pasted_trades_for_the_engine(bench: Bench) -> None:
    bench.next(ev.LinkChanged, is_up)
    bench.submit("A1", 98_000)
    placed = bench.next(ev.OrderReported, is_order(OrderStatus.NEW))
    assert isinstance(placed, ev.OrderReported)
    assert (placed.row.client_order_id, placed.row.symbol, placed.row.price) == ("A1", SYMBOL, 98_000)
    assert placed.row.broker_order_id == f"{placed.row.venue_order_id}.SH"
    row = placed.row
    bench.broker.cancel(
        CancelOrder(ACCOUNT, ClientOrderId("A1"), row.broker_order_id, row.venue_order_id, SYMBOL, 1, 1)
    )
    bench.next(ev.OrderReported, is_order(OrderStatus.CANCELED))
    bench.submit("A2", 106_000)
    filled = bench.next(ev.FillReported)
    assert isinstance(filled, ev.FillReported)
    assert (filled.row.client_order_id, filled.row.quantity, filled.row.price) == ("A2", 100, 106_000)
    bench.broker.query(QueryBroker(ACCOUNT))
    listed = bench.next(ev.BrokerListed)
    assert isinstance(listed, ev.BrokerListed)
    assert (listed.complete, listed.alive) == (True, True)
    assert {one.client_order_id: one.status for one in listed.rows} == {
        "A1": OrderStatus.CANCELED,
        "A2": OrderStatus.FILLED,
    }
    assert [(held.symbol, held.quantity) for held in listed.positions] == [(SYMBOL, 100)]
    condition = bench.broker.condition()
    assert (condition.kind, condition.armed, condition.observes) == ("fullqmt", "trade", False)
    assert bench.stand.escaped() == []


@pytest.mark.parametrize("bench", [(Mode.SHADOW, "tcp")], indirect=True)
def test_what_was_pasted_to_watch_sends_nothing(bench: Bench) -> None:
    bench.next(ev.LinkChanged, is_up)
    condition = bench.broker.condition()
    assert (condition.observes, condition.armed) == (True, "none")


def test_an_order_that_the_terminal_refuses_is_rejected_with_its_words(bench: Bench) -> None:
    bench.next(ev.LinkChanged, is_up)
    bench.stand.dial(refuses="row")
    bench.submit("A1", 98_000)
    refused = bench.next(ev.OrderReported, is_order(OrderStatus.REJECTED))
    assert isinstance(refused, ev.OrderReported)
    assert (refused.row.client_order_id, refused.row.text) == ("A1", "[251005] 资金不足")


def test_the_text_stays_the_same_until_its_settings_change(tmp_path: Path) -> None:
    first = prepare(tmp_path, terminal_at("tcp:127.0.0.1:58651"), observe=True)
    again = prepare(tmp_path, terminal_at("tcp:127.0.0.1:58651"), observe=True)
    live = prepare(tmp_path, terminal_at("tcp:127.0.0.1:58651"), observe=False)
    assert (first.is_new, again.is_new, live.is_new) == (True, False, True)
    assert first.secret == again.secret == live.secret
    text = live.path.read_bytes()
    assert text.startswith(b"#coding:gbk\n")
    assert text.isascii()
    assert b"\nSECRET = '" + live.secret + b"'\n" in text
    assert b"\nOBSERVE = False\n" in text
    assert (ROOT / "src/qmt_trading/hosts/fullqmt_host.py").read_bytes().count(b"\n") == text.count(b"\n")
