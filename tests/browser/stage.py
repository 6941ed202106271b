"""What the browser looks at: a real engine on paper with a lively day, and the panel as the process that people run."""

from __future__ import annotations

import contextlib
import re
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import IO, Final, Self, TypeVar

from tools.pages import built

from qmt_trading.brokers.simulated.chaos import Lie, LyingExchange
from qmt_trading.brokers.simulated.embedded import EmbeddedExchange
from qmt_trading.cli import engine_access
from qmt_trading.codec import control as wire
from qmt_trading.model.instrument import Symbol
from qmt_trading.model.numbers import Price, Quantity
from qmt_trading.model.signal import AccountId
from qmt_trading.model.words import Side
from qmt_trading.research.report import write
from qmt_trading.run.build import Application
from qmt_trading.run.config import load
from tests.conftest import ROOT
from tests.research_results import by_luck

MAIN: Final = "11031122"
BOARD: Final = "11031123"
GRID: Final = "11031124"
PATIENCE_S: Final = 40.0
LOOK_S: Final = 0.05
CONFIGURATION: Final = """\
mode = "paper"
[session]
always_open = true
[signals]
ttl = "60s"
[signals.bare]
action = "deny"
[limits]
order_value_max = 100000
orders_per_second_max = 200
settle = "60s"
[[strategies]]
name = "网格"
position_value_max = 500000
[[doors]]
kind = "unix_socket"
path = "signals.sock"
label = "monitor"
[[doors]]
kind = "http"
label = "web"
[[notify]]
name = "phone"
url = "json://127.0.0.1:9/qmt"
quiet = "22:00-08:00"
daily = true
[[notify]]
name = "mail"
url_env = "QMT_BROWSER_MAIL"
importance = "critical"
repeat = true
[[terminals]]
name = "paper"
kind = "simulated"
"""
ACCOUNT: Final = """\
[[terminals.accounts]]
account = "{number}"
name = "{name}"
groups = ["全部"]
cash = {cash}
on_difference = "ignore"
positions = {{ {held} }}
"""
ACCOUNTS: Final = (
    (MAIN, "主账户", 1_000_000, {"600000.SH": 8000, "600036.SH": 3000, "510300.SH": 20000, "000001.SZ": 5000}),
    (BOARD, "打板", 400_000, {"300750.SZ": 600, "600000.SH": 2000}),
    (GRID, "网格", 250_000, {"159915.SZ": 30000}),
)
DAY: Final = (
    f"buy 600000.SH 1000@对手+1%:{MAIN} #monitor/1",
    f"buy 000001.SZ 500@对手+1%:{MAIN} strategy=网格 #monitor/2",
    "sell 600000.SH 500@对手-1%:@全部 #monitor/3",
    f"sell 600036.SH 800@对手-1%:{MAIN} #monitor/4",
    f"buy 159915.SZ 2000@对手+1%:{GRID} strategy=网格 #monitor/5",
    f"buy 600000.SH 200@跌停:{BOARD} #monitor/6",
    f"撤单 600000.SH:{BOARD} #monitor/7",
    f"buy 600519.SH 1000@对手:{MAIN} #monitor/8",
    f"buy 688981.SH 100@对手:{MAIN} #monitor/9",
    f"sell 300750.SZ 5000@对手:{BOARD} #monitor/10",
    f"buy 600000.SH 1000@对手+1%:{MAIN} #monitor/1",
    "600000.SH:11031122",
)
RESTING: Final = (
    f"buy 600000.SH 300@跌停:{MAIN} #rest/1",
    f"buy 600036.SH 200@跌停:{MAIN} #rest/2",
    f"sell 510300.SH 1000@涨停:{MAIN} #rest/3",
    f"buy 000001.SZ 400@跌停:{BOARD} #rest/4",
    f"sell 159915.SZ 1000@涨停:{GRID} strategy=网格 #rest/5",
)
T = TypeVar("T")


def until(holds: Callable[[], T | None], what: str = "") -> T:
    """Wait until ``holds`` tells something true, and return it."""
    end = time.monotonic() + PATIENCE_S
    while not (found := holds()):
        assert time.monotonic() < end, what or "it did not come to that"
        time.sleep(LOOK_S)
    return found


def _keep(source: IO[str], lines: list[str]) -> None:
    with contextlib.suppress(ValueError):  # It is closed once the process has ended.
        lines.extend(source)


class PanelServer:
    """``qmt panel`` over a configuration, in a process of its own that ends with this one."""

    def __init__(self, config: Path) -> None:
        self._config = config
        self._process: subprocess.Popen[str] | None = None
        self.said: list[str] = []
        self.address = ""
        self.port = 0

    @property
    def number(self) -> int:
        assert self._process is not None
        return self._process.pid

    def start(self) -> None:
        """Start it, the second time at the port of the first, and wait until it serves."""
        module = [sys.executable, "-P", "-m", "tests.browser.panel_main", str(built(ROOT / "frontend"))]
        words = ["--leashed", "--config", str(self._config), "--port", str(self.port)]
        self._process = subprocess.Popen(
            [*module, *words],
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
            encoding="utf-8",
        )
        stderr = self._process.stderr
        assert stderr is not None
        self.said = []
        threading.Thread(target=_keep, args=(stderr, self.said), daemon=True).start()
        line = until(lambda: next((line for line in list(self.said) if "the panel: " in line), ""), "no panel")
        self.address = line.rpartition("the panel: ")[2].strip()
        self.port = int(self.address.rpartition(":")[2])

    def link(self) -> str:
        """Return the one-time link that the console was told."""
        line = until(lambda: next((line for line in list(self.said) if "token=" in line), ""), "no link")
        found = re.search(r"http\S+", line)
        assert found is not None, line
        return found[0]

    def kill(self) -> None:
        """End it as a crash would."""
        assert self._process is not None
        self._process.kill()
        self._end()

    def stop(self) -> None:
        if self._process is None:
            return
        assert self._process.stdin is not None
        self._process.stdin.close()
        try:
            self._process.wait(10)
        except subprocess.TimeoutExpired:
            self._process.kill()
        self._end()

    def _end(self) -> None:
        assert self._process is not None
        self._process.wait()
        for pipe in (self._process.stdin, self._process.stderr):
            if pipe is not None:
                pipe.close()
        self._process = None


class Stage:
    """An engine over three accounts, and the panel beside it. Not before ``with``."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.path = folder / "qmt.toml"
        accounts = "".join(
            ACCOUNT.format(
                number=number,
                name=name,
                cash=cash,
                held=", ".join(f'"{symbol}" = {quantity}' for symbol, quantity in held.items()),
            )
            for number, name, cash, held in ACCOUNTS
        )
        self.path.write_text(CONFIGURATION + accounts, encoding="utf-8")
        self.configuration = load(self.path)
        self.folder = self.configuration.folder
        self.panel = PanelServer(self.path)
        self.sent = 0

    def __enter__(self) -> Self:
        write(by_luck(7, days=300), self.folder / "reports" / "网格 2026")
        self.start_engine()
        try:
            self.panel.start()
        except BaseException:
            self.app.stop()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self.panel.stop()
        self.app.stop()

    def start_engine(self) -> None:
        self.app = Application(self.configuration)
        self.app.start()

    def end_engine(self) -> None:
        self.app.stop()

    @property
    def broker(self) -> LyingExchange:
        """The exchange, with the switches of what it lies about."""
        found = self.app._brokers["paper"]
        assert isinstance(found, EmbeddedExchange)
        return found._exchange

    def ask(self, request: wire.ControlRequest) -> list[dict[str, object]]:
        """Return the engine's answer."""
        return engine_access.ask(self.folder, request)

    def rows(self, table: str) -> list[dict[str, object]]:
        return self.ask(wire.Read(table))

    def send(self, *lines: str) -> list[dict[str, object]]:
        """Send signals as a person at the keyboard; return their receipts."""
        return self.ask(wire.Send(text="\n".join(lines), who="stage"))

    def order(self, text: str) -> str:
        """Send one order under a new id; return what our side calls it."""
        self.sent += 1
        (receipt,) = self.send(f"{text} #stage/{self.sent}")
        orders = receipt["orders"]
        assert isinstance(orders, list), receipt
        assert receipt["status"] == "accepted", receipt
        return str(orders[0]["client_order_id"])

    def status_of(self, client_order_id: str) -> str:
        return next(
            (str(row["status"]) for row in self.rows("orders") if row["client_order_id"] == client_order_id), ""
        )

    def names(self) -> set[str]:
        """Return what our side calls the orders of the day."""
        return {str(row["client_order_id"]) for row in self.rows("orders")}

    def clear(self) -> None:
        """Have nothing working at the broker."""
        self.ask(wire.Cancel(who="stage", why="", everything=True))
        until(lambda: not self.working(), "something goes on working")

    def difference(self, account: str) -> str:
        """Return how far the account's first difference to the broker is proven; empty: it has none."""
        (row,) = [row for row in self.rows("accounts") if row["account"] == account]
        found = row["differences"]
        assert isinstance(found, list)
        return str(found[0]["state"]) if found else ""

    def working(self) -> list[dict[str, object]]:
        return [row for row in self.rows("orders") if row["status"] in {"NEW", "PARTIALLY_FILLED", "PENDING_CANCEL"}]

    def live_through(self) -> None:
        """Let the day happen: fills, refusals, a repeat, resting orders, a foreign one."""
        for line in DAY:
            self.send(line)
        until(lambda: len(self.rows("fills")) >= 5, "no fills")
        self.rest()
        price = Price(self.quote("600036.SH") - 3000)
        quantity = Quantity(100)
        told = self.broker.exchange.place_foreign(
            AccountId(BOARD), Symbol("600036.SH"), Side.BUY, quantity, price, time.time_ns(), remark="手机"
        )
        assert told
        self.ask(wire.Reconcile(who="stage"))

    def rest_again(self) -> None:
        """Have orders working, and no more than before."""
        if not self.working():
            self.rest()

    def rest(self) -> None:
        """Send the orders that wait at a limit of the day."""
        for line in RESTING:
            self.order(line.rpartition(" #")[0])
        until(lambda: len(self.working()) >= len(RESTING), "nothing rests")

    def quote(self, symbol: str) -> int:
        """Return the last price of ``symbol`` in ten-thousandths."""
        found = self.app._feed.quote(Symbol(symbol), time.time_ns())
        assert found is not None
        return found.last

    def lose_an_answer(self, text: str) -> str:
        """Send an order of which nobody knows whether it arrived, and leave it so; return its name.

        Until ``be_honest`` the broker's lists tell nothing either.
        """
        broker = self.broker
        broker._chance, broker.lies = 1000, frozenset({Lie.SUBMIT_RAISES, Lie.EMPTY_LIST})
        name = self.order(text)
        until(lambda: self.status_of(name) == "UNKNOWN", "the order is known")
        return name

    def be_honest(self) -> None:
        """Let the broker tell the truth from now on."""
        self.broker.lies = frozenset()

    def settle(self) -> None:
        """Let the broker tell the truth, also about what nobody knew."""
        self.be_honest()
        self.ask(wire.Reconcile(who="stage"))
        until(lambda: all(row["status"] != "UNKNOWN" for row in self.rows("orders")), "something stays unknown")

    def differ(self, account: str, symbol: str, quantity: int) -> None:
        """Let the broker's holding move without an order, and have it compared."""
        holding = self.broker.exchange._ledger.accounts[AccountId(account)].holdings[Symbol(symbol)]
        holding.quantity += quantity
        holding.sellable += quantity
        self.ask(wire.Reconcile(who="stage", account=account))
