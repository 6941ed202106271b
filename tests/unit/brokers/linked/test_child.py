"""Hosts as child processes: what hangs, freezes or dies is replaced in time, and calls never wait for it."""

from __future__ import annotations

import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import pytest

from qmt_trading.brokers.linked import child
from qmt_trading.brokers.linked.broker import LinkedBroker
from qmt_trading.brokers.linked.child import ChildCarrier, make_writer
from qmt_trading.brokers.linked.condition import Level, Listeners
from qmt_trading.brokers.linked.writing import ThreadWriter
from qmt_trading.brokers.simulated.plain import PlainTranslate
from qmt_trading.model.events import LinkChanged, Report
from qmt_trading.model.numbers import SECOND_NS, Money, Price, Quantity
from qmt_trading.model.order import ClientOrderId
from qmt_trading.model.outputs import QueryBroker, SubmitOrder
from qmt_trading.model.words import LinkState, Side
from qmt_trading.run.clock import SystemClock
from tests.unit.brokers.linked.parts import ONE, PUFA, cancel

HOST = Path(__file__).with_name("hand_host.py")
PATIENCE_S = 30.0


class Run:
    """A broker over the host that misbehaves."""

    def __init__(self, folder: Path, doing: str, **options: object) -> None:
        self.folder = folder
        self.reports: list[tuple[float, Report]] = []
        self.told: list[str] = []
        self._changed = threading.Condition()
        command = [sys.executable, str(HOST), str(folder), doing]
        self.carrier = ChildCarrier(command, **options)  # type: ignore[arg-type]
        listeners = Listeners(trouble=lambda trouble: self.told.append(trouble.text), log=self.told.append)
        self.broker = LinkedBroker(
            "child", self.carrier, [ONE], SystemClock(), PlainTranslate(), Level.TRADE, listeners=listeners
        )
        self.broker.start(self._deliver)

    def _deliver(self, report: Report) -> None:
        with self._changed:
            self.reports.append((time.monotonic(), report))
            self._changed.notify_all()

    def links(self, state: LinkState) -> list[float]:
        """Return when the account's way opened, or closed."""
        return [at for at, report in list(self.reports) if isinstance(report, LinkChanged) and report.state is state]

    def wait_for(self, true: Callable[[], object]) -> None:
        until = time.monotonic() + PATIENCE_S
        while not true():
            assert time.monotonic() < until, (self.reports, self.told)
            time.sleep(0.02)

    def submit(self, number: str) -> str:
        """Hand one order over and return what became of that; empty: it is handed over."""
        deadline_ns = time.time_ns() + 60 * SECOND_NS
        order = SubmitOrder(
            ClientOrderId(number), ONE, PUFA, Side.BUY, Quantity(100), Price(105_000), 1, deadline_ns, Money(0)
        )
        return "".join(str(error) for _, error in self.broker.submit([order]))


@pytest.fixture
def runs(tmp_path: Path) -> Iterator[Callable[..., Run]]:
    made: list[Run] = []

    def make(doing: str, **options: object) -> Run:
        made.append(Run(tmp_path, doing, **options))
        return made[-1]

    yield make
    for each in made:
        each.broker.stop()


@pytest.mark.measures
def test_hosts_that_hang_are_replaced_within_ten_seconds_and_no_call_waits_for_them(tmp_path: Path) -> None:
    both = []
    for doing in ("freezes", "hangs"):
        (tmp_path / doing).mkdir()
        both.append(Run(tmp_path / doing, doing))
    longest_s, refused = 0.0, ["", ""]
    for run in both:
        run.wait_for(partial(run.links, LinkState.CONNECTED))
    began = time.monotonic()
    while any(len(run.links(LinkState.CONNECTED)) < 2 for run in both):
        assert time.monotonic() - began < PATIENCE_S
        for index, run in enumerate(both):
            called = time.monotonic()
            refused[index] = run.submit(f"A{called}") or refused[index]
            run.broker.cancel(cancel())
            run.broker.query(QueryBroker(ONE))
            run.broker.condition()
            longest_s = max(longest_s, time.monotonic() - called)
        time.sleep(0.02)
    assert longest_s < 3  # Who waits for a hung host waits for five seconds at least.
    assert all(refused)
    for run in both:
        first, second = run.links(LinkState.CONNECTED)
        assert first < run.links(LinkState.DOWN)[0] < second < first + 10
        assert run.submit("B") == ""
        assert len(list(run.folder.glob("life-*"))) == 2
        run.broker.stop()


def test_a_host_that_dies_is_told_with_its_reason_and_started_again(runs: Callable[..., Run]) -> None:
    run = runs("dies", first_wait_s=0.05)
    run.wait_for(lambda: run.links(LinkState.CONNECTED))
    assert "柜台目录不可用" in run.told
    assert any("QMT 目录不能使用" in text for text in run.told)


def test_what_a_host_said_last_is_heard(runs: Callable[..., Run]) -> None:
    run = runs("leaves", first_wait_s=0.05)
    run.wait_for(lambda: run.links(LinkState.CONNECTED))
    assert run.submit("A1") == ""
    run.wait_for(lambda: run.links(LinkState.DOWN))
    assert run.broker.condition().unanswered == 0
    run.wait_for(lambda: len(run.links(LinkState.CONNECTED)) == 2)
    (down,) = [each for _, each in run.reports if isinstance(each, LinkChanged) and each.state is LinkState.DOWN]
    assert "70" in down.text or "卡死" in down.text


@pytest.mark.parametrize("writer", [make_writer, ThreadWriter])
def test_an_orderly_stop_says_goodbye(runs: Callable[..., Run], writer: Callable[..., object]) -> None:
    run = runs("well", make_writer=writer)
    run.wait_for(lambda: run.links(LinkState.CONNECTED))
    assert run.submit("A1") == ""
    run.wait_for(lambda: run.broker.condition().unanswered == 0)
    run.broker.stop()
    assert (run.folder / "farewell").exists()


def test_a_host_that_cannot_be_started_is_told(tmp_path: Path) -> None:
    told: list[str] = []
    carrier = ChildCarrier([str(tmp_path / "nothing")], first_wait_s=0.05)
    listeners = Listeners(trouble=lambda trouble: told.append(trouble.code))
    broker = LinkedBroker("c", carrier, [ONE], SystemClock(), PlainTranslate(), Level.TRADE, listeners=listeners)
    broker.start(lambda report: None)
    until = time.monotonic() + PATIENCE_S
    while len(told) < 2:
        assert time.monotonic() < until
        time.sleep(0.02)
    broker.stop()
    assert set(told) == {"host_start"}


def test_a_host_that_cannot_be_ended_is_told_and_no_second_one_is_started_beside_it(
    runs: Callable[..., Run], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(child, "_REAP_S", 0.1)
    monkeypatch.setattr(child, "_LOOK_S", 0.1)
    monkeypatch.setattr(subprocess.Popen, "kill", lambda process: None)
    run = runs("immortal", first_wait_s=0.05)
    run.wait_for(lambda: any("无法终止" in text for text in run.told))
    assert run.links(LinkState.DOWN)
    time.sleep(0.5)
    assert len(list(run.folder.glob("life-*"))) == 1
    (run.folder / "may-end").touch()
    run.wait_for(lambda: len(run.links(LinkState.CONNECTED)) == 2)
    monkeypatch.undo()


def has_ended(pid: int) -> bool:
    """Tell whether a process of Windows is gone within our patience."""
    if sys.platform == "win32":
        import pywintypes
        import win32api
        import win32con
        import win32event

        try:
            process = win32api.OpenProcess(win32con.SYNCHRONIZE, False, pid)
        except pywintypes.error:
            return True
        return win32event.WaitForSingleObject(process, int(PATIENCE_S * 1000)) == win32event.WAIT_OBJECT_0
    raise AssertionError("of Windows only")


ENGINE = """
import sys, time
from tests.unit.brokers.linked.test_child import Run
from pathlib import Path
from qmt_trading.model.words import LinkState
run = Run(Path(sys.argv[1]), "well")
run.wait_for(lambda: run.links(LinkState.CONNECTED))
print("up", flush=True)
time.sleep(600)
"""


def test_a_host_does_not_outlive_an_engine_that_is_killed(tmp_path: Path) -> None:
    engine = subprocess.Popen([sys.executable, "-c", ENGINE, str(tmp_path)], stdout=subprocess.PIPE)
    assert engine.stdout is not None
    assert engine.stdout.readline().strip() == b"up"
    until = time.monotonic() + PATIENCE_S
    pid = tmp_path / "pid-0"
    while not (pid.exists() and pid.read_text(encoding="ascii")):  # A file is there before its text is.
        assert time.monotonic() < until
        time.sleep(0.02)
    engine.kill()
    engine.wait()
    engine.stdout.close()
    if sys.platform == "win32":
        assert has_ended(int(pid.read_text(encoding="ascii")))  # The job ended it, without a word.
        return
    while not (tmp_path / "end-of-input").exists():
        assert time.monotonic() < until
        time.sleep(0.02)
