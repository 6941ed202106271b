"""A whole engine, live over full clients: its doors, journal and link, and the pasted text under CPython 3.6.

with desk(folder, [FullClient(folder / "a", ("11031122",))]) as it:
    receipt = it.send("buy 600000.SH 100@10.00:11031122 #a/1")
    it.reaches(receipt, OrderStatus.NEW)
"""

from __future__ import annotations

import os
import subprocess
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

from qmt_trading.model.instrument import Symbol
from qmt_trading.model.numbers import SECOND_NS
from qmt_trading.model.order import Order
from qmt_trading.model.words import LinkState
from qmt_trading.run.build import Application
from qmt_trading.run.config import load
from tests.fullqmt.stand import FullQmtStand
from tests.link.stand import free_port
from tests.terminal.engine import ALWAYS_OPEN, CONFIG, Desk

Row = dict[str, Any]
SETTLED: Final = frozenset((53, 54, 56, 57))
_TERMINAL: Final = """\
[[terminals]]
name = "{name}"
kind = "fullqmt"
simulation = true
address = "{address}"
"""


class FullClient:
    """One full client: the stand-in's process, which begins once there is a text to paste."""

    def __init__(
        self, folder: Path, accounts: Sequence[str] = ("11031122",), *, held: Sequence[str] = (), name: str = "full0"
    ) -> None:
        self.name, self.accounts, self.folder = name, tuple(accounts), folder
        folder.mkdir(parents=True, exist_ok=True)
        self.address = f"tcp:127.0.0.1:{free_port()}"
        self.stand = FullQmtStand(folder)
        self.now_s: Callable[[], float] = time.time
        command = list(self.stand.command)
        self._command = command[: command.index("--account")]
        for account in self.accounts:
            self._command += ["--account", account]
        for symbol in held:
            self._command += ["--held", symbol]
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def config(self) -> str:
        """Return its part of the configuration."""
        named = _TERMINAL.format(name=self.name, address=self.address)
        return named + "".join(f'[[terminals.accounts]]\naccount = "{account}"\n' for account in self.accounts)

    def start(self, text: Path) -> None:
        """Start the client and paste ``text`` into it."""
        command = list(self._command)
        command[command.index("--text") + 1] = str(text)
        self._process = subprocess.Popen(command, env={**os.environ, **self.stand.environment})
        self.stand.ask(do="shift", seconds=self.now_s() - time.time())

    def stop(self) -> None:
        """End the client's process."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None

    def honest(self) -> None:
        """Let the client do right again."""
        self.stand.ask(do="honest")

    def dial(self, **dials: object) -> None:
        self.stand.dial(**dials)

    def freeze(self, seconds: float) -> None:
        """Let the next call of the client, and all that is on its thread, stand still; return once it does.

        0 lets go.
        """
        self.stand.ask(do="hang", seconds=seconds)
        until = time.monotonic() + 30
        while self.stand.ask(do="hanging")["hanging"] is not (seconds > 0):
            assert time.monotonic() < until
            time.sleep(0.01)

    def orders(self, **attributes: object) -> list[Row]:
        """Return the counter's orders that have these attributes."""
        found = self.stand.ask(do="orders")["orders"]
        assert isinstance(found, list)
        return [row for row in found if attributes.items() <= row.items()]

    def again(self, row: Row) -> Row:
        """Return an order as it is now."""
        (now,) = self.orders(m_strOrderRef=row["m_strOrderRef"], m_strOrderSysID=row["m_strOrderSysID"])
        return now

    def cancels(self, row: Row) -> list[tuple[str, str, float]]:
        """Return number, account and time of the cancels of an order that came."""
        found = self.stand.ask(do="cancels")["cancels"]
        assert isinstance(found, list)
        wanted = [row["m_strOrderSysID"], row["m_strAccountID"]]
        return [(number, account, at_s) for number, account, at_s in found if [number, account] == wanted]

    def by_hand(self, account: str, symbol: str, *, phone: bool = False, side: str = "buy") -> Row:
        """Place an order at 10 yuan in the client, or elsewhere, and return its row once it is there."""
        before = len(self.orders())
        self.stand.ask(do="foreign", account=account, symbol=symbol, price=10.0, op=_OPERATIONS[side], phone=phone)
        until = time.monotonic() + 30
        while len(found := self.orders()) == before:
            assert time.monotonic() < until
            time.sleep(0.02)
        return found[-1]

    def fill(self, row: Row, volume: int) -> None:
        self.stand.ask(do="fill", number=row["m_strOrderSysID"], volume=volume)


_OPERATIONS: Final = {"buy": 23, "sell": 24}


class FullDesk(Desk):
    """One engine over full clients, in a folder that outlives both."""

    def __init__(
        self,
        folder: Path,
        clients: Sequence[FullClient],
        *,
        session: str = ALWAYS_OPEN,
        limits: str = "",
        more: str = "",
    ) -> None:
        self.folder, self.markets = folder, ()
        self.clients = tuple(clients)
        self.client = self.clients[0]
        text = CONFIG.format(session=session, limits=limits) + more
        text += "".join(client.config for client in clients)
        self.config = folder / "qmt.toml"
        self.config.write_text(text, encoding="utf-8")
        self.app: Application | None = None

    def start(self, *, ready: bool = True, connected: bool = True) -> None:
        configuration = load(self.config)
        (configuration.folder / "starts.json").unlink(missing_ok=True)
        self.app = Application(configuration)
        self.app.start()
        for client in self.clients:
            client.start(configuration.folder / f"fullqmt-{client.name}.py")
        rows = self.running.view.accounts
        self.wait(lambda: not connected or all(self.account(row.account).link is LinkState.CONNECTED for row in rows))
        self.wait(lambda: not (connected and ready) or all(self.is_ready(self.account(row.account)) for row in rows))

    def tell_quotes(self, *symbols: str) -> None:
        for client in self.clients:
            told = {
                "time": int(client.now_s() * 1000) - 500,
                "lastPrice": 10.0,
                "lastClose": 10.0,
                "amount": 1_000_000.0,
                "askPrice": [10.0, 10.01],
                "bidPrice": [9.99, 9.98],
            }
            for way in ("ticks", "whole"):  # Asked for by symbol, or by market.
                client.stand.ask(do=way, ticks=dict.fromkeys(symbols, told))

    def quote(self, *symbols: str) -> None:
        feed = self.running._feed

        def known() -> bool:
            self.tell_quotes(*symbols)
            time.sleep(0.1)
            now_ns = int(self.client.now_s() * SECOND_NS)
            return all(feed.quote(Symbol(symbol), now_ns) for symbol in symbols)

        self.wait(known, 40.0)

    def shows(self, order: Row) -> Order:
        """Wait until the engine knows an order of the counter's, and return what it knows."""
        where = order["m_strAccountID"], f"{order['m_strInstrumentID']}.{order['m_strExchangeID']}"

        def known() -> Order | None:
            for row in self.running.view.orders:
                if (row.account, row.symbol) == where and row.venue_order_id == order["m_strOrderSysID"]:
                    return row
            return None

        found = self.wait(known)
        assert found is not None
        return found


@contextmanager
def desk(folder: Path, clients: Sequence[FullClient], **more: Any) -> Iterator[FullDesk]:
    """Run an engine over ``clients`` for the length of a with statement, and end them all after it."""
    made = FullDesk(folder, clients, **more)
    try:
        made.start()
        yield made
        for client in clients:
            assert client.stand.escaped() == []
    finally:
        try:
            made.stop()
        finally:
            for client in clients:
                client.stop()
