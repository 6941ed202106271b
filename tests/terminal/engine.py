"""A whole engine, live over stand-in terminals: its doors, journal and link, the real host and the real xttrader.py.

with desk(folder, package, [Market(("11031122",))]) as it:
    receipt = it.send("buy 600000.SH 100@10.50:11031122 #a/1")
    it.wait(lambda: it.ours(receipt).status is OrderStatus.NEW)
"""

from __future__ import annotations

import json
import shlex
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final, TypeVar

from qmt_trading.brokers.linked.child import ChildCarrier
from qmt_trading.client import Receipt, send
from qmt_trading.model.events import Request
from qmt_trading.model.instrument import Symbol
from qmt_trading.model.numbers import MILLISECOND_NS, SECOND_NS
from qmt_trading.model.order import Order
from qmt_trading.model.signal import AccountId
from qmt_trading.model.view import AccountRow
from qmt_trading.model.words import LinkState, OrderStatus
from qmt_trading.run.build import Application
from qmt_trading.run.clock import SystemClock
from qmt_trading.run.config import load
from tests.terminal.counter import Counter, Lies, Row
from tests.terminal.native_line import NativeLine
from tests.terminal.package import make_terminal
from tests.terminal_ticks import tick

PATIENCE_S: Final = 25.0
QUICK_HOST: Final = Path(__file__).resolve().parent / "quick_host.py"
HOLDING: Final = 10_000
"""Shares of each held stock that an account begins with."""
ALWAYS_OPEN: Final = "[session]\nalways_open = true"
Found = TypeVar("Found")

CONFIG: Final = """\
mode = "live"
{session}
[signals]
ttl = "10s"
[signals.bare]
action = "撤单"
[limits]
{limits}
[morning]
check = false
[day]
night = "none"
report = false
awake = false
[[doors]]
kind = "unix_socket"
path = "s.sock"
[[doors]]
kind = "unix_socket"
path = "buys.sock"
label = "buys"
cancel_side = "buy"
"""
_TERMINAL: Final = """\
[[terminals]]
name = "{name}"
kind = "qmt"
simulation = true
path = '{path}'
python = '{python}'
xtquant = '{package}'
"""


def _names(request: Row, order: Row) -> bool:
    """Tell whether a cancel is of ``order``: by the terminal's number, else by contract number and market."""
    if order["order_id"]:
        return bool(request["m_nOrderID"] == order["order_id"])
    sysid, market = order["order_sysid"], order["stock_code"][-2:]
    return (request["m_strOrderSysID"], request["m_strMarket"]) == (sysid, market)


class Market(Counter):
    """A counter that keeps positions by account, and notes when and by which host it was asked."""

    def __init__(self, accounts: tuple[str, ...], *, held: Sequence[str] = ()) -> None:
        self.asked_at: list[tuple[str, int, Row]] = []
        """What was asked, at which instant of the wall clock, in nanoseconds, and how."""
        self.now_s: Callable[[], float] = time.time
        self.hosts: list[int] = []
        """The process of every trader that has started, in this order."""
        self._sequences: dict[str, int] = {}
        super().__init__(accounts)
        for account in accounts:
            self.positions += [_position(account, symbol) for symbol in held]

    # What a test does.

    def honest(self) -> None:
        """Let the terminal do right again."""
        self.lies = Lies()
        self.release()

    def by_hand(
        self, account: str, symbol: str, *, phone: bool, side: str = "buy", quantity: int = 100, status: int = 50
    ) -> Row:
        """Place an order in the terminal without a remark, or with ``phone`` elsewhere, without an order id, too."""
        request: Row = {"m_strAccountID": account, "m_strStockCode": symbol, "m_dPrice": 10.0}
        request |= {"m_nOrderType": 23 if side == "buy" else 24, "m_nOrderVolume": quantity}
        with self._lock:
            row = self._row({**request, "m_strOrderRemark": "", "m_strStrategyName": ""})
            row["order_id"] = 0 if phone else row["order_id"]
            self.move(row, status)
            return row

    def placed(self, **attributes: Any) -> list[Row]:
        """Return the orders of the counter's book that have these attributes."""
        with self._lock:
            return [row for row in self.orders if attributes.items() <= row.items()]

    def cancels(self, order: Row) -> list[tuple[int, Row]]:
        """Return when the counter was asked to cancel ``order``, and how."""
        with self._lock:
            return [
                (at_ns, request)
                for name, at_ns, request in self.asked_at
                if name == "cancelOrderStock" and _names(request, order)
            ]

    def sequence_of(self, name: str) -> int:
        """Return the sequence number under which xttrader asked last for this."""
        with self._lock:
            return self._sequences[name]

    # What the native modules ask.

    def _called(self, line: NativeLine, message: Row) -> None:
        with self._changed:
            if message["name"] == "start":
                self.hosts.append(message["process"])
            self.asked_at.append((message["name"], time.time_ns(), message.get("request", message)))
            self._sequences[message["name"]] = message.get("seq", 0)
        super()._called(line, message)

    def _answer(self, line: NativeLine, name: str, seq: int, request: Row) -> None:
        if name == "queryStockPositions" and not self.lies.dead_link:
            mine = [row for row in self.positions if row["account_id"] == request["m_strAccountID"]]
            line.tell("QueryStockPositions", [seq, self._shown(mine)])
            return
        super()._answer(line, name, seq, request)

    def _row(self, request: Row) -> Row:
        row = super()._row(request)
        row["order_time"] = int(self.now_s())
        return row

    def fill(self, order: Row, quantity: int, price: float | None = None) -> Row:
        """Fill some of an order, and let the position show it."""
        with self._lock:
            held = next(
                (
                    row
                    for row in self.positions
                    if (row["account_id"], row["stock_code"]) == (order["account_id"], order["stock_code"])
                ),
                None,
            )
            if held is None:
                held = _position(order["account_id"], order["stock_code"], quantity=0)
                self.positions.append(held)
            held["volume"] += quantity if order["order_type"] == 23 else -quantity
            return super().fill(order, quantity, price)


def _position(account: str, symbol: str, *, quantity: int = HOLDING) -> Row:
    return {
        "account_type": 2,
        "account_id": account,
        "stock_code": symbol,
        "volume": quantity,
        "can_use_volume": quantity,
        "open_price": 10.0,
        "avg_price": 10.0,
        "market_value": 10.0 * quantity,
        "frozen_volume": 0,
        "on_road_volume": 0,
        "yesterday_volume": quantity,
    }


class SetClock(SystemClock):
    """The machine's clocks, the wall clock moved by a fixed span: ``begin`` sets it to ``begins_ns``."""

    def __init__(self, begins_ns: int) -> None:
        self._begins_ns = begins_ns
        self.shift_ns = 0

    def begin(self) -> SetClock:
        self.shift_ns = self._begins_ns - time.time_ns()
        return self

    def now_ns(self) -> int:
        return time.time_ns() + self.shift_ns


class Desk:
    """One engine and its terminals, in a folder that outlives both."""

    def __init__(
        self,
        folder: Path,
        package: Path,
        markets: Sequence[Market],
        *,
        session: str = ALWAYS_OPEN,
        limits: str = "",
        waits: Mapping[str, Any] | None = None,
    ) -> None:
        """Write the configuration.

        Args:
            session: its table ``[session]``.
            limits: keys of its table ``[limits]``.
            waits: constants of the host's to be shortened, such as CALL_S; None: the host as it is.
        """
        self.folder, self.markets = folder, tuple(markets)
        self.market = self.markets[0]
        text = CONFIG.format(session=session, limits=limits)
        for number, market in enumerate(markets):
            python = self._python(number, market, waits)
            terminal = folder / f"qmt{number}"
            path = terminal / "userdata_mini" if terminal.exists() else make_terminal(terminal)
            text += _TERMINAL.format(name=f"qmt{number}", path=path, python=python, package=package)
            text += "".join(f'[[terminals.accounts]]\naccount = "{account}"\n' for account in market.accounts)
        self.config = folder / "qmt.toml"
        self.config.write_text(text, encoding="utf-8")
        self.app: Application | None = None

    def _python(self, number: int, market: Market, waits: Mapping[str, Any] | None) -> Path:
        """Make the interpreter of a host: ours, which knows its own counter, and its waits where they are shortened."""
        path = self.folder / f"python{number}"
        quick = (
            ""
            if waits is None
            else f'shift\nset -- {shlex.quote(str(QUICK_HOST))} {shlex.quote(json.dumps(waits))} "$@"\n'
        )
        path.write_text(
            f"#!/bin/sh\nexport QMT_TEST_COUNTER={market.address} PYTHONDONTWRITEBYTECODE=1\nunset PYTHONPATH\n{quick}"
            f'exec {shlex.quote(sys.executable)} "$@"\n',
            encoding="utf-8",
        )
        path.chmod(0o755)
        return path

    def start(self, *, ready: bool = True, connected: bool = True) -> None:
        """Start the engine in this process, and wait until every account is ``connected``, and ``ready`` to trade."""
        (self.folder / "data-live" / "starts.json").unlink(missing_ok=True)  # Three deaths would make a safe start.
        self.app = Application(load(self.config))
        self.app.start()
        rows = self.running.view.accounts
        assert rows
        self.wait(lambda: not connected or all(self.account(row.account).link is LinkState.CONNECTED for row in rows))
        self.wait(lambda: not (connected and ready) or all(self.is_ready(self.account(row.account)) for row in rows))

    def stop(self) -> None:
        """Stop it; what fell out of one of its threads is an error."""
        app, self.app = self.app, None
        if app is not None:
            app.stop()
            assert app.failure == "", app.failure

    @property
    def running(self) -> Application:
        assert self.app is not None
        return self.app

    @staticmethod
    def is_ready(row: AccountRow) -> bool:
        return row.ready and row.link is LinkState.CONNECTED and row.listed_session == row.session

    def send(self, text: str, *, door: str = "s.sock", timeout_s: float = PATIENCE_S) -> Receipt:
        """Send one message through a door and return its receipt; at ``buys.sock`` a cancel concerns buys only."""
        return send(text, address=str(self.folder / door), timeout=timeout_s)

    def ask(self, request: Request) -> None:
        """Make a person's request, and wait until it is decided and on disk."""
        done = threading.Event()
        self.running._inbox.ask(request, lambda outputs, durable: done.set())
        assert done.wait(PATIENCE_S)

    def quote(self, *symbols: str) -> None:
        """Have the terminal that gives the quotes tell of ``symbols``, and wait until the engine knows them.

        The last price is 10 yuan, the day before closed at 10; such a quote does for an order with a price of its own.
        """
        feed = self.running._feed

        def known() -> bool:
            self.tell_quotes(*symbols)
            now_ns = int(self.market.now_s() * SECOND_NS)
            return all(feed.quote(Symbol(symbol), now_ns) for symbol in symbols)

        self.wait(known)

    def tell_quotes(self, *symbols: str) -> None:
        """Have every terminal that somebody has asked for quotes tell of ``symbols`` now."""
        levels = {"askPrice": [10.0, 10.01], "bidPrice": [9.99, 9.98]}
        for market in self.markets:
            now_ns = int(market.now_s() * SECOND_NS)
            market.tick(**{f"{one[-2:]}{one[:6]}": tick(now_ns, 10.0, **levels) for one in symbols})

    def buy(self, symbol: str, account: str, *, id: str, quantity: int = 100, more: str = "") -> Receipt:  # noqa: A002
        """Buy at 10 yuan; the message must be accepted."""
        return self.accepted(f"buy {symbol} {quantity}@10.00:{account} {more}#{id}")

    def accepted(self, text: str) -> Receipt:
        """Send one message, which must be accepted."""
        receipt = self.send(text)
        assert receipt.status == "accepted", receipt
        return receipt

    def wait(self, what: Callable[[], Found], seconds: float = PATIENCE_S) -> Found:
        """Return the first truthy value of ``what``; an AssertionError tells what the engine knew when none came."""
        until = time.monotonic() + seconds
        while not (found := what()):
            assert time.monotonic() < until, f"did not happen: {self.told()}"
            time.sleep(0.005)
        return found

    def told(self) -> str:
        """Return orders and alerts in words, for a failed test."""
        view = self.running.view
        orders = [f"{row.symbol} {row.status} {row.client_order_id} {row.text}" for row in view.orders.newest(8)]
        alerts = [f"{row.alert.code} {row.alert.chinese}" for row in view.alerts[-12:]]
        accounts = [f"{row.account} {row.link} {row.ready}" for row in view.accounts]
        return "\n".join(["", *accounts, *orders, *alerts])

    def host_id(self, number: int = 0) -> int:
        """Return the process id of a terminal's host."""
        carrier = self.running._clients.brokers[f"qmt{number}"]._carrier
        assert isinstance(carrier, ChildCarrier)
        child = self.wait(lambda: carrier._child)
        assert child is not None
        return child.pid

    # What the engine knows.

    def order(self, name: str) -> Order:
        """Return the order with this id, or with this number of the broker's, once it is known."""
        found = self.wait(lambda: self.find(name))
        assert found is not None
        return found

    def find(self, name: str) -> Order | None:
        for row in self.running.view.orders:
            if name in (row.client_order_id, row.broker_order_id):
                return row
        return None

    def ours(self, receipt: Receipt) -> Order:
        """Return the one order that ``receipt`` tells of."""
        (line,) = receipt.orders
        return self.order(line.client_order_id)

    def reaches(self, receipt: Receipt, status: OrderStatus) -> Order:
        """Wait until the order of ``receipt`` is in this state, and return it."""
        (line,) = receipt.orders

        def reached() -> Order | None:
            row = self.find(line.client_order_id)
            return row if row is not None and row.status is status else None

        found = self.wait(reached)
        assert found is not None
        return found

    def shows(self, order: Row) -> Order:
        """Wait until the engine knows an order of the counter's, and return what it knows."""
        name = str(order["order_id"]) if order["order_id"] else order["order_sysid"]

        def known() -> Order | None:
            where = order["account_id"], order["stock_code"]
            found = [row for row in self.running.view.orders if (row.account, row.symbol) == where]
            return next((row for row in found if name in (row.broker_order_id, row.venue_order_id)), None)

        found = self.wait(known)
        assert found is not None
        return found

    def listed_anew(self, account: str) -> None:
        """Have the engine ask for the account's list, and wait until it has folded the answer."""
        before_ns = time.time_ns()
        self.send(f"cancel 999999.SH:{account}")
        state = self.running._loop._engine.state
        self.wait(lambda: state.accounts[AccountId(account)].listed.asked_ns > before_ns)

    def account(self, number: str) -> AccountRow:
        return next(row for row in self.running.view.accounts if row.account == number)

    def held(self, account: str, symbol: str) -> int:
        """Return the position that the engine counts."""
        for row in self.running.view.positions:
            if (row.account, row.symbol) == (account, symbol):
                return row.quantity
        return 0

    def alerts(self, code: str, word: str = "") -> list[str]:
        """Return the alerts of this code whose text holds ``word``."""
        found = [row.alert for row in self.running.view.alerts if row.alert.code == code]
        return [alert.chinese for alert in found if word in alert.chinese]


@contextmanager
def desk(folder: Path, package: Path, markets: Sequence[Market], **more: Any) -> Iterator[Desk]:
    """Run an engine over ``markets`` for the length of a with statement, and close them all after it."""
    made = Desk(folder, package, markets, **more)
    try:
        made.start()
        yield made
    finally:
        for market in markets:
            market.honest()
        try:
            made.stop()
        finally:
            for market in markets:
                market.__exit__(None, None, None)


def milliseconds(span_ns: int) -> float:
    return span_ns / MILLISECOND_NS


def is_alive(pid: int) -> bool:
    """Tell whether there is such a process, and it is no zombie."""
    try:
        return "\nState:\tZ" not in Path(f"/proc/{pid}/status").read_text(encoding="ascii", errors="replace")
    except OSError:
        return False
