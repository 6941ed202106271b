"""The full terminal's host over a named pipe of Windows, by the built-in module and by ctypes, to the engine's end."""

from __future__ import annotations

import time
import types
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from tests.fullqmt.configured import ACCOUNT, terminal_at
from tests.fullqmt.py36.counter import Counter
from tests.fullqmt.py36.terminal import Terminal as FullTerminal
from tests.fullqmt.py36.terminal import filled_in
from tests.unit.brokers.linked.told_side import ToldSide, wait

from qmt_trading.brokers.linked.broker import LinkedBroker
from qmt_trading.brokers.linked.carrier import Connection
from qmt_trading.brokers.linked.condition import Listeners
from qmt_trading.brokers.linked.pipe_carrier import PipeCarrier
from qmt_trading.model import events as ev
from qmt_trading.model.errors import ConfigurationError
from qmt_trading.model.instrument import Symbol
from qmt_trading.model.numbers import Money, Price, Quantity
from qmt_trading.model.order import ClientOrderId
from qmt_trading.model.outputs import SubmitOrder
from qmt_trading.model.words import LinkState, Mode, Side
from qmt_trading.run.clock import SystemClock
from qmt_trading.run.pasted import HOST_TEXT, prepare
from qmt_trading.run.terminals import fullqmt_broker

PATIENCE_S = 60.0
WAYS = ["_winapi", "ctypes"]


def host_text() -> dict[str, Any]:
    space: dict[str, Any] = {}
    exec(compile(HOST_TEXT.read_text(encoding="ascii"), "<string>", "exec"), space)
    return space


def only(space: dict[str, Any], way: str) -> None:
    """Let a loaded text find this module for pipes and no other."""

    def optional(name: str) -> types.ModuleType | None:
        return __import__(name) if name == way else None

    space["optional"] = optional


class Bench:
    """The engine's broker, and the host in a stand-in terminal on this thread."""

    def __init__(self, folder: Path, way: str) -> None:
        terminal = terminal_at(f"pipe:qmt-test-{uuid.uuid4().hex}", name="full")
        pasted = prepare(folder, terminal, observe=False)
        self.reports: list[ev.Report] = []
        self.broker: LinkedBroker = fullqmt_broker(terminal, pasted.secret, Mode.LIVE, SystemClock(), Listeners(), {})
        self.broker.start(self.reports.append)
        self.counter = Counter([ACCOUNT], time.monotonic)
        self.terminal = FullTerminal(self.counter, time.monotonic)
        self._text = filled_in(pasted.path.read_text(encoding="ascii"), {"JOURNAL_FOLDER": str(folder / "claims")})
        self.way = way
        self.load()

    def load(self) -> None:
        """Run the pasted text, anew where it ran before."""
        self.terminal.load(self._text, ACCOUNT)
        only(self.terminal.space, self.way)

    def until(self, true: Callable[[ev.Report], bool]) -> None:
        """Let the terminal run until a report fits; those before it are forgotten with it."""
        until = time.monotonic() + PATIENCE_S
        while True:
            self.terminal.run()
            found = next((number for number, report in enumerate(self.reports) if true(report)), None)
            if found is not None:
                del self.reports[: found + 1]
                return
            assert time.monotonic() < until, (self.reports, self.broker.condition())
            time.sleep(0.01)

    def submit(self, coid: str) -> None:
        order = SubmitOrder(
            ClientOrderId(coid),
            ACCOUNT,
            Symbol("600000.SH"),
            Side.BUY,
            Quantity(100),
            Price(106_000),
            1,
            time.time_ns() + 20 * 10**9,
            Money(0),
        )
        assert not self.broker.submit([order])


def is_up(report: ev.Report) -> bool:
    return isinstance(report, ev.LinkChanged) and report.state is LinkState.CONNECTED


def is_down(report: ev.Report) -> bool:
    return isinstance(report, ev.LinkChanged) and report.state is LinkState.DOWN


def is_fill_of(coid: str) -> Callable[[ev.Report], bool]:
    return lambda report: isinstance(report, ev.FillReported) and report.row.client_order_id == coid


@pytest.fixture(params=WAYS)
def bench(tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Bench]:
    made = Bench(tmp_path, request.param)
    yield made
    made.broker.stop()
    made.terminal.enter("stop", None)


def test_it_trades_over_the_pipe_and_again_after_the_text_was_run_anew(bench: Bench) -> None:
    bench.until(is_up)
    first, second = (f"{bench.way}-{number}" for number in (1, 2))  # A process remembers what was claimed in it.
    bench.submit(first)
    bench.until(is_fill_of(first))
    bench.load()
    bench.until(is_down)
    bench.until(is_up)
    bench.submit(second)
    bench.until(is_fill_of(second))
    assert bench.counter.executed == {first: 1, second: 1}
    assert bench.terminal.escaped == []


class Mute(ToldSide):
    """An engine's side that reads no faster than it is let."""

    def __init__(self) -> None:
        super().__init__()
        self.is_let = True

    def received(self, connection: Connection, data: bytes) -> None:
        while not self.is_let:
            time.sleep(0.01)
        super().received(connection, data)


def all_of(host: Any) -> bytes:
    """Read until the other end has gone."""
    got = b""
    until = time.monotonic() + PATIENCE_S
    while time.monotonic() < until:
        try:
            got += host.read()
        except (OSError, EOFError):
            return got
        time.sleep(0.01)
    raise AssertionError("it has not gone")


@pytest.mark.parametrize("way", WAYS)
def test_neither_end_ever_waits_for_the_other(way: str) -> None:
    name = f"qmt-test-{uuid.uuid4().hex}"
    space = host_text()
    only(space, way)
    began = time.monotonic()
    with pytest.raises(OSError):
        space["PipeWay"](name)
    assert time.monotonic() - began < 1.0
    side = Mute()
    carrier = PipeCarrier("pipe:" + name, b"a secret of some length")
    with pytest.raises(ConfigurationError):
        PipeCarrier("pipe:" + name, b"a secret of some length")
    carrier.open(side, observe=False)
    host = space["PipeWay"](name)
    assert host.ready()
    assert host.read() == b""
    wait(lambda: side.connections, patience_s=PATIENCE_S)

    side.is_let = False
    written = b""
    while len(written) < 4_000_000:
        piece = b"%07d\n" % len(written) * 5000
        began = time.monotonic()
        taken = host.write(piece)
        assert time.monotonic() - began < 2.0
        written += piece[:taken]
        if taken < len(piece):
            break
    assert len(written) < 4_000_000
    side.is_let = True
    wait(lambda: len(side.data) == len(written), patience_s=PATIENCE_S)
    assert side.data == written

    sent = 0
    while side.connections[0].send(b"y" * 9999 + b"\n").value == "whole":
        sent += 1
        assert sent < 1000
    read = b""
    until = time.monotonic() + PATIENCE_S
    while len(read) < sent * 10_000:
        read += host.read()
        assert time.monotonic() < until
    assert read == (b"y" * 9999 + b"\n") * sent

    side.connections[0].send(b"bye\n")
    side.connections[0].close("enough")
    assert all_of(host) == b"bye\n"
    host.close()
    wait(lambda: side.ends, patience_s=PATIENCE_S)
    assert side.ends == ["enough"]
    carrier.close()
