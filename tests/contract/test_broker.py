"""What every Broker promises, kept by the embedded, the remote and the linked exchange."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from qmt_trading.brokers.linked.broker import LinkedBroker
from qmt_trading.brokers.linked.child import ChildCarrier
from qmt_trading.brokers.linked.condition import Level
from qmt_trading.brokers.linked.listener import ListenerCarrier
from qmt_trading.brokers.simulated.book import FileBook
from qmt_trading.brokers.simulated.chaos import LyingExchange, Step
from qmt_trading.brokers.simulated.embedded import EmbeddedExchange
from qmt_trading.brokers.simulated.exchange import Exchange
from qmt_trading.brokers.simulated.host_talk import SECRET_NAME
from qmt_trading.brokers.simulated.plain import PlainTranslate
from qmt_trading.brokers.simulated.records import AccountOpening, Origin
from qmt_trading.brokers.simulated.remote import RemoteExchange, ask
from qmt_trading.brokers.simulated.wire import (
    Counts,
    CountsAsked,
    ForeignPlaced,
    Lines,
    LinkBroken,
    Request,
    SealSet,
    Watch,
    open_socket,
    read_cookie,
    to_line,
)
from qmt_trading.feeds.synthetic import SyntheticFeed
from qmt_trading.market.synthetic import Seal
from qmt_trading.model.errors import ConfigurationError, NotSentError
from qmt_trading.model.events import (
    BrokerListed,
    CancelRefused,
    FillReported,
    LinkChanged,
    OrderReported,
    Report,
    SubmitRefused,
)
from qmt_trading.model.instrument import Quote, Symbol
from qmt_trading.model.numbers import SECOND_NS, Money, Price, Quantity, from_decimal
from qmt_trading.model.order import ClientOrderId
from qmt_trading.model.outputs import CancelOrder, QueryBroker, SubmitOrder
from qmt_trading.model.signal import AccountId
from qmt_trading.model.words import LinkState, OrderStatus, Side
from qmt_trading.ports import Broker

ONE, TWO = AccountId("11031122"), AccountId("11031123")
PUFA = Symbol("600000.SH")
OPENINGS = (
    AccountOpening(account=ONE, cash=Money(10**10), holdings=((PUFA, Quantity(1000)),)),
    AccountOpening(account=TWO, cash=Money(10**10)),
)
PATIENCE_S = 20.0
SECRET = "a secret of this test alone"


class WallClock:
    def now_ns(self) -> int:
        return time.time_ns()

    def steady_ns(self) -> int:
        return time.perf_counter_ns()


class Ear:
    """Keeps what was delivered, and waits for it."""

    def __init__(self) -> None:
        self.reports: list[Report] = []
        self._changed = threading.Condition()

    def deliver(self, report: Report) -> None:
        with self._changed:
            self.reports.append(report)
            self._changed.notify_all()

    def wait(self, wanted: Callable[[Report], bool], count: int = 1) -> list[Report]:
        with self._changed:
            done = self._changed.wait_for(lambda: sum(map(wanted, self.reports)) >= count, PATIENCE_S)
            assert done, self.reports[-10:]
            return [report for report in self.reports if wanted(report)]


class World:
    """One kind of exchange that lives on while brokers come and go."""

    def __init__(self, kind: str, folder: Path) -> None:
        self.kind = kind
        self.folder = folder
        self.ear = Ear()
        self.address = str(folder / "x.sock") if kind == "unix" else f"tcp:127.0.0.1:{free_port()}"
        self.process = serve(folder, self.address) if kind in ("unix", "tcp") else None
        self.sessions: dict[AccountId, int] = {}
        self.broker = self.make()
        if kind == "dialled":
            self.process = dialling(folder, self.address)

    def make(self) -> Broker:
        if self.kind in ("linked", "dialled"):
            return self.make_linked()
        if self.process is None:
            exchange = Exchange(
                OPENINGS, SyntheticFeed(1), now_ns=time.time_ns(), book=FileBook(self.folder / "exchange.book")
            )
            return EmbeddedExchange(LyingExchange(exchange), WallClock(), (ONE, TWO))
        return RemoteExchange(self.address, OPENINGS, WallClock(), cookie_folder=self.cookie_folder)

    def make_linked(self) -> Broker:
        """Make a broker that has the sessions of before on its record, as an engine has."""
        carrier = (
            ChildCarrier(host_command(self.folder), first_wait_s=0.05)
            if self.kind == "linked"
            else ListenerCarrier(self.address, SECRET.encode())
        )
        level, before = Level.TRADE, dict(self.sessions)
        return LinkedBroker("linked", carrier, (ONE, TWO), WallClock(), PlainTranslate(), level, sessions_before=before)

    @property
    def cookie_folder(self) -> Path | None:
        return self.folder if self.address.startswith("tcp:") else None

    def ask(self, *requests: Request) -> Counts:
        """Ask the served exchange, with its cookie where it has one."""
        return ask(self.address, *requests, cookie_folder=self.cookie_folder)

    def restart(self) -> None:
        """Let the engine's side die and begin anew."""
        self.broker.stop()
        for report in self.ear.reports:
            if isinstance(report, LinkChanged):
                self.sessions[report.account] = max(report.session, self.sessions.get(report.account, 0))
        self.ear = Ear()
        self.broker = self.make()
        self.start()

    def start(self) -> None:
        self.broker.start(self.ear.deliver)
        self.ear.wait(lambda report: isinstance(report, LinkChanged), 2)

    def close(self) -> None:
        self.broker.stop()
        self.kill_exchange()

    def kill_exchange(self) -> None:
        if self.process is not None:
            self.process.kill()
            self.process.wait()
            assert self.process.stdout is not None
            self.process.stdout.close()


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def host_command(folder: Path) -> list[str]:
    """Return the command of a host over the simulated exchange."""
    command = [sys.executable, "-m", "qmt_trading.brokers.simulated.host", "--folder", str(folder)]
    return [*command, "--account", f"{ONE}=1000000,{PUFA}=1000", "--account", f"{TWO}=1000000"]


def dialling(folder: Path, address: str) -> subprocess.Popen[bytes]:
    """Start a host that dials ``address`` by itself and outlives whoever listens there."""
    environment = {**os.environ, SECRET_NAME: SECRET}
    return subprocess.Popen([*host_command(folder), "--link", address], stdout=subprocess.PIPE, env=environment)


def serve(folder: Path, address: str) -> subprocess.Popen[bytes]:
    process = subprocess.Popen(
        [sys.executable, "-m", "qmt_trading.brokers.simulated.service", "--folder", str(folder), "--address", address],
        stdout=subprocess.PIPE,
    )
    assert process.stdout is not None
    assert process.stdout.readline().startswith(b"ready")
    return process


KINDS = ["embedded", "tcp"] if sys.platform == "win32" else ["embedded", "unix", "tcp"]
LINKED = ["linked"] if sys.platform == "win32" else ["linked", "dialled"]


@pytest.fixture(params=KINDS + LINKED)
def world(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[World]:
    made = World(request.param, tmp_path)
    made.start()
    yield made
    made.close()


@pytest.fixture
def served(tmp_path: Path) -> Iterator[World]:
    made = World(KINDS[1], tmp_path)
    made.start()
    yield made
    made.close()


def order(number: str, price: str = "10.60", *, account: AccountId = ONE, wait_ns: int = 60 * SECOND_NS) -> SubmitOrder:
    return SubmitOrder(
        ClientOrderId(number),
        account,
        PUFA,
        Side.BUY,
        Quantity(100),
        Price(from_decimal(price)),
        1,
        time.time_ns() + wait_ns,
        Money(0),
    )


def row_of(number: str, status: OrderStatus) -> Callable[[Report], bool]:
    return lambda report: (
        isinstance(report, OrderReported) and report.row.client_order_id == number and report.row.status is status
    )


def listing(world: World) -> BrokerListed:
    before = sum(isinstance(report, BrokerListed) for report in world.ear.reports)
    world.broker.query(QueryBroker(ONE))
    listed = world.ear.wait(lambda report: isinstance(report, BrokerListed), before + 1)[-1]
    assert isinstance(listed, BrokerListed)
    return listed


def submit(broker: Broker, *orders: SubmitOrder) -> None:
    """Hand ``orders`` over together and raise what became of the first that failed."""
    for _, error in broker.submit(orders):
        raise error


def test_the_first_report_of_each_account_is_its_connection(world: World) -> None:
    first = {
        account: next(r for r in world.ear.reports if getattr(r, "account", "") == account) for account in (ONE, TWO)
    }
    for report in first.values():
        assert isinstance(report, LinkChanged)
        assert report.state is LinkState.CONNECTED


def test_each_start_has_sessions_greater_than_all_before(world: World) -> None:
    before = max(report.session for report in world.ear.reports if isinstance(report, LinkChanged))
    world.restart()
    after = [report.session for report in world.ear.reports if isinstance(report, LinkChanged)]
    assert min(after) > before


def test_an_order_is_answered_with_its_id_as_remark_and_executed(world: World) -> None:
    submit(world.broker, order("A1"))
    world.ear.wait(row_of("A1", OrderStatus.FILLED))
    fills = world.ear.wait(lambda report: isinstance(report, FillReported))
    assert [fill.row.client_order_id for fill in fills if isinstance(fill, FillReported)] == ["A1"]
    assert all(isinstance(fill, FillReported) and fill.row.fee == 50_100 for fill in fills)


def test_orders_of_one_caller_arrive_in_their_order(world: World) -> None:
    for number in range(50):
        submit(world.broker, order(f"A{number:02d}", "10.00", account=TWO if number % 2 else ONE))
    news = world.ear.wait(lambda r: isinstance(r, OrderReported) and r.row.status is OrderStatus.NEW, 50)
    assert [r.row.client_order_id for r in news if isinstance(r, OrderReported)] == [f"A{n:02d}" for n in range(50)]


def test_a_list_holds_every_submit_that_was_handed_over_before_it(world: World) -> None:
    for number in range(30):
        submit(world.broker, order(f"A{number:02d}", "10.00"))
    asked_ns = time.time_ns()
    listed = listing(world)
    assert len(listed.rows) == 30
    assert asked_ns <= listed.asked_ns <= time.time_ns()
    assert (listed.complete, listed.alive, listed.cash) == (True, True, 10**10)


def test_a_submit_past_its_deadline_is_refused_for_good(world: World) -> None:
    submit(world.broker, order("A1", wait_ns=-1))
    world.ear.wait(lambda report: isinstance(report, SubmitRefused) and report.client_order_id == "A1")
    assert listing(world).rows == ()


def test_a_cancel_ends_a_working_order_and_repeating_it_does_no_harm(world: World) -> None:
    submit(world.broker, order("A1", "10.00"))
    (report,) = world.ear.wait(row_of("A1", OrderStatus.NEW))
    assert isinstance(report, OrderReported)
    cancel = CancelOrder(ONE, ClientOrderId("A1"), report.row.broker_order_id, "", PUFA, 1, 1)
    world.broker.cancel(cancel)
    world.broker.cancel(cancel)
    world.ear.wait(row_of("A1", OrderStatus.CANCELED))
    world.ear.wait(lambda each: isinstance(each, CancelRefused))
    assert [row.status for row in listing(world).rows] == [OrderStatus.CANCELED]


def test_the_exchange_remembers_what_a_dead_engine_sent(world: World) -> None:
    submit(world.broker, order("A1"))
    submit(world.broker, order("A2", "10.00"))
    world.ear.wait(row_of("A1", OrderStatus.FILLED))
    world.ear.wait(row_of("A2", OrderStatus.NEW))  # Handed over is not yet there: it can die with the engine's host.
    world.restart()
    listed = listing(world)
    assert [(row.client_order_id, row.status) for row in listed.rows] == [
        ("A1", OrderStatus.FILLED),
        ("A2", OrderStatus.NEW),
    ]
    (position,) = listed.positions
    assert (position.quantity, position.sellable_quantity) == (1100, 1000)


def test_nothing_is_delivered_after_the_stop_and_nothing_leaves(world: World) -> None:
    world.broker.stop()
    count = len(world.ear.reports)
    with pytest.raises(NotSentError):
        submit(world.broker, order("A1"))
    world.broker.cancel(CancelOrder(ONE, ClientOrderId("A1"), "1", "", PUFA, 1, 1))
    world.broker.query(QueryBroker(ONE))
    world.broker.stop()
    time.sleep(0.05)
    assert len(world.ear.reports) == count


def test_a_submit_on_a_broken_link_is_refused_for_good() -> None:
    link = LyingExchange(Exchange(OPENINGS, SyntheticFeed(1), now_ns=time.time_ns()), reconnect_ns=SECOND_NS // 10)
    link.arm(Step.BEFORE_SUBMIT)
    broker, ear = EmbeddedExchange(link, WallClock(), (ONE, TWO)), Ear()
    broker.start(ear.deliver)
    submit(broker, order("A1"))
    ear.wait(lambda report: isinstance(report, SubmitRefused) and report.client_order_id == "A1")
    ear.wait(lambda report: isinstance(report, LinkChanged) and report.state is LinkState.CONNECTED, 4)
    submit(broker, order("A2"))
    ear.wait(row_of("A2", OrderStatus.FILLED))
    broker.stop()
    assert link.exchange.executed == {"A2": 1}


class BrokenFeed:
    broken = False

    def quote(self, symbol: Symbol, now_ns: int) -> Quote | None:
        if not self.broken:
            return None
        raise ZeroDivisionError("a fault in the feed")


@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
def test_an_exchange_that_fails_says_so_and_takes_no_more_orders() -> None:
    feed = BrokenFeed()
    exchange = Exchange(OPENINGS, feed, now_ns=time.time_ns())
    feed.broken = True
    broker, ear = EmbeddedExchange(LyingExchange(exchange), WallClock(), (ONE, TWO)), Ear()
    broker.start(ear.deliver)
    submit(broker, order("A1"))
    down = ear.wait(lambda r: isinstance(r, LinkChanged) and r.state is LinkState.DOWN, 2)
    assert all(isinstance(report, LinkChanged) and "a fault in the feed" in report.text for report in down)
    with pytest.raises(NotSentError):
        submit(broker, order("A2"))
    broker.stop()


def test_before_the_start_nothing_leaves(tmp_path: Path) -> None:
    broker = RemoteExchange(str(tmp_path / "none.sock"), OPENINGS, WallClock())
    with pytest.raises(NotSentError):
        submit(broker, order("A1"))


def test_the_served_exchange_counts_what_arrives_twice(served: World) -> None:
    same = order("A1")
    submit(served.broker, same)
    submit(served.broker, same)
    submit(served.broker, order("A2"))
    listing(served)
    counts = served.ask(CountsAsked())
    assert (counts.executed, counts.duplicates) == ({"A1": 2, "A2": 1}, 1)


def test_a_broken_line_comes_back_with_a_new_session_and_nothing_is_sent_again(served: World) -> None:
    submit(served.broker, order("A1"))
    listing(served)
    session = max(report.session for report in served.ear.reports if isinstance(report, LinkChanged))
    served.ask(LinkBroken())
    served.ear.wait(lambda r: isinstance(r, LinkChanged) and r.state is LinkState.DOWN, 2)
    served.ear.wait(lambda r: isinstance(r, LinkChanged) and r.state is LinkState.CONNECTED and r.session > session, 2)
    submit(served.broker, order("A2"))
    assert len(listing(served).rows) == 2
    assert served.ask().duplicates == 0


def test_a_killed_exchange_loses_no_order_that_it_answered(served: World) -> None:
    for number in range(20):
        submit(served.broker, order(f"A{number:02d}"))
    served.ear.wait(row_of("A19", OrderStatus.NEW))
    served.kill_exchange()
    served.ear.wait(lambda r: isinstance(r, LinkChanged) and r.state is LinkState.DOWN, 2)
    with pytest.raises(NotSentError):
        submit(served.broker, order("B1"))
    served.process = serve(served.folder, served.address)
    served.ear.wait(lambda r: isinstance(r, LinkChanged) and r.state is LinkState.CONNECTED, 4)
    assert [row.client_order_id for row in listing(served).rows] == [f"A{number:02d}" for number in range(20)]


def test_a_new_engine_ends_the_old_one(served: World) -> None:
    other = RemoteExchange(served.address, OPENINGS, WallClock(), cookie_folder=served.cookie_folder)
    ear = Ear()
    other.start(ear.deliver)
    ear.wait(lambda report: isinstance(report, LinkChanged), 2)
    served.ear.wait(lambda r: isinstance(r, LinkChanged) and r.state is LinkState.DOWN, 2)
    other.stop()


def test_hands_and_seals_reach_the_served_exchange(served: World) -> None:
    price = Price(from_decimal("10.00"))
    phone = ForeignPlaced(ONE, PUFA, Side.BUY, Quantity(100), price, origin=Origin.PHONE)
    counts = served.ask(phone, SealSet(PUFA, Seal.UP))
    assert (counts.orders, counts.executed) == (1, {})
    (report,) = served.ear.wait(lambda each: isinstance(each, OrderReported))
    assert isinstance(report, OrderReported)
    assert (report.row.broker_order_id, report.row.client_order_id) == ("", "")
    submit(served.broker, order("A1", "11.52"))
    served.ear.wait(row_of("A1", OrderStatus.NEW))
    assert listing(served).fills == ()


def test_only_the_engine_of_the_day_may_trade(served: World) -> None:
    connected, address = open_socket(served.address)
    with connected:
        connected.connect(address)
        cookie = read_cookie(served.folder if served.address.startswith("tcp:") else None)
        connected.sendall(to_line(Watch(cookie)) + to_line(order("A1")) + to_line(CountsAsked()))
        answers = Lines()
        lines: list[bytes] = []
        while len(lines) < 2:
            lines += answers.feed(connected.recv(65_536))
    assert served.ask().executed == {}


def test_a_second_exchange_on_the_same_address_is_refused(served: World) -> None:
    done = subprocess.run(
        [
            sys.executable,
            "-m",
            "qmt_trading.brokers.simulated.service",
            "--folder",
            str(served.folder),
            "--address",
            served.address,
        ],
        capture_output=True,
        timeout=20,
        check=False,
    )
    assert done.returncode == 1
    assert served.ask().duplicates == 0


def test_a_tcp_client_without_the_cookie_is_turned_away(tmp_path: Path) -> None:
    world = World("tcp", tmp_path)
    try:
        world.start()
        stranger = tmp_path / "stranger"
        stranger.mkdir()
        (stranger / "exchange.cookie").write_text("0" * 64, encoding="ascii")
        with pytest.raises(ConfigurationError):
            ask(world.address, cookie_folder=stranger, patience_s=0.2)
        if sys.platform != "win32":
            assert (tmp_path / "exchange.cookie").stat().st_mode & 0o777 == 0o600
        assert ask(world.address, cookie_folder=tmp_path).duplicates == 0
    finally:
        world.close()
