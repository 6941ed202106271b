"""An engine that is killed again and again, an exchange that survives and counts, and a sender that sends again."""

from __future__ import annotations

import contextlib
import json
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path
from random import Random
from typing import Final, NamedTuple

from qmt_trading import __version__
from qmt_trading.brokers.simulated.remote import ask
from qmt_trading.brokers.simulated.wire import Counts, CountsAsked
from qmt_trading.engine.transitions import LIVE, UNRESOLVED
from qmt_trading.journal.sqlite import SqliteReader
from qmt_trading.link.dial import Connection, DialError, dial
from qmt_trading.model.words import OrderStatus
from qmt_trading.run import recovery
from qmt_trading.run.journal_tools import verify
from qmt_trading.run.reading import journal_path, read_view

ACCOUNTS: Final = ("k01", "k02")
START_S: Final = 20.0
CONFIG: Final = """
mode = "paper"
[session]
always_open = true
[signals]
ttl = "2s"
submits_per_minute_max = 100000000
[signals.bare]
action = "deny"
[limits]
order_value_max = 100000000000
orders_per_signal_max = 1000
settle = "1s"
[[doors]]
kind = "unix_socket"
path = "s.sock"
[[terminals]]
name = "kills"
kind = "simulated"
address = '{address}'
{accounts}
"""
ACCOUNT: Final = """
[[terminals.accounts]]
account = "{number}"
cash = 100000000000
"""


class Told(NamedTuple):
    """What a run of kills showed."""

    kills: int
    messages: int
    acknowledged: int
    orders: int
    not_sent: int
    turns: int
    doubled: int
    """Executions beyond the first of an order, and orders beyond the first of a message in an account."""
    lost: int
    """Orders that a sender was told of and the journal does not have."""


class Rig:
    """Owns the processes; ``close`` ends them."""

    program = "qmt_trading.cli.main"
    """The module that is run as the engine."""

    def __init__(self, folder: Path, seed: int) -> None:
        self._rng = Random(seed)
        self._folder = folder
        self._address = str(folder / "x.sock")
        self._config = folder / "qmt.toml"
        accounts = "".join(ACCOUNT.format(number=number) for number in ACCOUNTS)
        self._config.write_text(CONFIG.format(address=self._address, accounts=accounts), encoding="utf-8")
        self._exchange = self._serve()
        self._engine: subprocess.Popen[bytes] | None = None
        self._number = 0
        self.sent: dict[str, bytes] = {}
        self.receipts: dict[str, dict[str, object]] = {}
        self.kills = 0

    def _serve(self) -> subprocess.Popen[str] | None:
        """Start the exchange that outlives the engines."""
        module, folder = "qmt_trading.brokers.simulated.service", str(self._folder / "exchange")
        exchange = subprocess.Popen(
            [sys.executable, "-m", module, "--folder", folder, "--address", self._address],
            stdout=subprocess.PIPE,
            encoding="utf-8",
        )
        assert exchange.stdout is not None
        assert exchange.stdout.readline().startswith("ready"), "the exchange did not start"
        return exchange

    def close(self) -> None:
        """End both processes."""
        for process in (self._engine, self._exchange):
            if process is not None and process.poll() is None:
                process.kill()
                process.wait()
        if self._exchange is not None and self._exchange.stdout is not None:
            self._exchange.stdout.close()

    def start(self) -> Connection:
        """Start an engine and return a line to its door.

        The list of starts is forgotten first: three deaths within five minutes would make it a safe start.
        """
        (self._folder / "data" / "starts.json").unlink(missing_ok=True)
        with (self._folder / "engine.out").open("ab") as out:
            self._engine = subprocess.Popen(
                [sys.executable, "-m", self.program, "run", "--quiet", "--config", str(self._config)],
                stdout=out,
                stderr=out,
            )
        until = time.monotonic() + START_S
        while True:
            try:
                return dial(str(self._folder / "s.sock"), timeout_s=0.5)
            except DialError:
                assert self._engine.poll() is None, (self._folder / "engine.out").read_text(encoding="utf-8")
                assert time.monotonic() < until, "the engine did not open its door"
                time.sleep(0.01)

    def burst(self, line: Connection, count: int) -> None:
        """Send ``count`` new messages and everything unanswered in one go, without waiting."""
        payload = b"".join(self.sent[name] for name in self.sent if name not in self.receipts)
        for _ in range(count):
            self._number += 1
            name = f"kill/{self._number}"
            symbol = f"600{self._rng.randrange(300):03d}.SH"
            price = self._rng.choice(("对手", "跌停"))
            text = f"buy {symbol} {self._number * 100}@{price}:{','.join(ACCOUNTS)} #{name}\n"
            self.sent[name] = text.encode()
            payload += self.sent[name]
        line.send(payload)

    def kill_in_burst(self) -> None:
        """Start, send a burst, kill somewhere within it, and take in what was answered."""
        line = self.start()
        assert self._engine is not None
        with line:
            with contextlib.suppress(DialError):
                self.burst(line, self._rng.randint(5, 30))
                until = time.monotonic() + self._rng.random() * 0.06
                while time.monotonic() < until:
                    self._take(line, 0.005)
            self._kill(line)
            self.kills += 1
            with contextlib.suppress(DialError):
                while True:
                    self._take(line, 0.2)

    def _kill(self, line: Connection) -> None:
        assert self._engine is not None
        self._engine.kill()
        self._engine.wait()

    def _take(self, line: Connection, timeout_s: float) -> None:
        try:
            receipt = json.loads(line.receive_line(timeout_s))
        except DialError as error:
            if "in time" in str(error):
                return
            raise
        name = receipt.get("id")
        assert name in self.sent, receipt
        self.receipts.setdefault(str(name), receipt)

    def settle(self) -> None:
        """Start once more, send what is unanswered, and wait until nothing is open."""
        with self.start() as line:
            until = time.monotonic() + 60
            unanswered = b"".join(self.sent[name] for name in self.sent if name not in self.receipts)
            line.send(unanswered or b"\n")
            while len(self.receipts) < len(self.sent):
                assert time.monotonic() < until, "messages stay unanswered"
                self._take(line, 1.0)
            while True:
                view = read_view(self._folder / "data")
                if not any(
                    order.status in UNRESOLVED or order.status is OrderStatus.PENDING_NEW for order in view.orders
                ):
                    break
                assert time.monotonic() < until, "orders stay unknown with an honest exchange"
                time.sleep(0.5)
        assert self._engine is not None
        self._engine.terminate()
        assert self._engine.wait(20) == 0

    def counts(self) -> Counts:
        """Return what the exchange has seen."""
        return ask(self._address, CountsAsked())

    def judge(self) -> Told:
        """Count what was doubled and lost, and assert that the journal and the exchange tell the same story.

        Raises:
            AssertionError: they do not, or the journal is not what was decided.
        """
        counts = self.counts()
        data = self._folder / "data"
        view = read_view(data)
        orders = {order.client_order_id: order for order in view.orders}
        at_exchange = set(counts.executed)
        assert at_exchange <= set(orders), "the exchange knows orders that the journal does not"
        per_message: Counter[tuple[str, int]] = Counter()
        for order in orders.values():
            there = order.client_order_id in at_exchange
            assert there == (order.status is not OrderStatus.NOT_SENT), order
            assert order.status in LIVE or order.answered_ns or order.status is OrderStatus.NOT_SENT, order
            if there:
                per_message[order.account, order.quantity] += 1
        acknowledged = [name for receipt in self.receipts.values() for name in _names(receipt)]
        reader = SqliteReader(journal_path(data))
        try:
            verified = verify(reader)
            assert verified.trouble == "", verified.trouble
            assert recovery.check_decisions(reader, version=__version__) == []
        finally:
            reader.close()
        executed_again = sum(count - 1 for count in counts.executed.values())
        return Told(
            kills=self.kills,
            messages=len(self.sent),
            acknowledged=len(acknowledged),
            orders=len(at_exchange),
            not_sent=sum(order.status is OrderStatus.NOT_SENT for order in orders.values()),
            turns=verified.turns,
            doubled=max(counts.duplicates, executed_again) + sum(count - 1 for count in per_message.values()),
            lost=sum(name not in orders for name in acknowledged),
        )


def _names(receipt: dict[str, object]) -> list[str]:
    """Return the orders that ``receipt`` acknowledges."""
    lines = receipt.get("orders")
    return [line["client_order_id"] for line in lines if line.get("client_order_id")] if isinstance(lines, list) else []


def run_kills(folder: Path, kills: int, seed: int, *, progress: bool = False, rig_of: type[Rig] = Rig) -> Told:
    """Kill an engine ``kills`` times in mid-burst and judge what is left.

    Raises:
        AssertionError: the journal and the exchange differ; what was doubled or lost is counted.
    """
    rig = rig_of(folder, seed)
    try:
        for number in range(1, kills + 1):
            rig.kill_in_burst()
            if progress and number % 10 == 0:
                print(f"{number} of {kills} kills, {len(rig.receipts)} of {len(rig.sent)} answered", flush=True)
        rig.settle()
        return rig.judge()
    finally:
        rig.close()
