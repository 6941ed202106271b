"""A host program over the simulated exchange: the far end of a broker link, in the dialect ``plain``.

``python -m qmt_trading.brokers.simulated.host --folder FOLDER --account 11031122=1000000,600000.SH=1000``
"""

from __future__ import annotations

import argparse
import os
import sys
import threading
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from qmt_trading.brokers.simulated.book import FileBook
from qmt_trading.brokers.simulated.chaos import Lie, LyingExchange
from qmt_trading.brokers.simulated.exchange import Exchange
from qmt_trading.brokers.simulated.host_end import HostEnd, Work
from qmt_trading.brokers.simulated.host_lane import Lane
from qmt_trading.brokers.simulated.host_lock import lock
from qmt_trading.brokers.simulated.host_rig import Hanging, Rig
from qmt_trading.brokers.simulated.host_talk import Facts, StandardStreams, Talk, dial_for_ever
from qmt_trading.brokers.simulated.host_tells import Telling
from qmt_trading.brokers.simulated.quotes import SeededQuotes
from qmt_trading.brokers.simulated.records import AccountOpening
from qmt_trading.market.synthetic import STEP_NS
from qmt_trading.model.errors import ConfigurationError, NotSentError, OutcomeUnknownError
from qmt_trading.model.events import CancelRefused, LinkChanged, Report
from qmt_trading.model.instrument import Symbol
from qmt_trading.model.numbers import SECOND_NS, Money, Price, Quantity, from_decimal
from qmt_trading.model.order import ClientOrderId
from qmt_trading.model.outputs import CancelOrder, SubmitOrder
from qmt_trading.model.signal import AccountId
from qmt_trading.model.words import LinkState, Side

BOOK_NAME: Final = "exchange.book"
_BEAT_S: Final = 1.0
_IDLE_S: Final = 1.0


def now_us() -> int:
    """Return the host's own clock."""
    return time.perf_counter_ns() // 1000


class Host:
    """Carries out what the engine's lines ask for. One thread calls the exchange; a lock lets the rig in between."""

    def __init__(self, exchange: LyingExchange, quotes: SeededQuotes, *, observe: bool, rig_port: int) -> None:
        self._exchange = exchange
        self._lock = threading.RLock()
        self.lane = Lane()
        self.end = HostEnd(self.lane, now_us, observe=observe)
        self._telling = Telling(self.lane, self.end)
        self._hanging = Hanging()
        self._call = ""
        self._call_began_us = 0
        self._answered_us = 0
        if rig_port:
            Rig(rig_port, exchange, self._lock, quotes, self._hanging, self._tell)

    def start(self) -> None:
        for work in (self._work, self._beat):
            threading.Thread(target=self._or_die, args=(work,), name=work.__name__, daemon=True).start()

    def open_accounts(self, accounts: list[str]) -> None:
        """Begin a new session of each account that the exchange has, and say so of the others."""
        with self._lock:
            known = [account for account in map(AccountId, accounts) if account in self._exchange.exchange.accounts]
            for account in accounts:
                if account not in known:
                    gone = LinkChanged(AccountId(account), 0, LinkState.DOWN, "资金账号不存在")
                    self._tell([gone])
            self._tell(self._exchange.connect(known, time.time_ns()))

    def _tell(self, reports: list[Report]) -> None:
        self._telling.tell(reports, now_us())

    def _or_die(self, work: object) -> None:
        assert callable(work)
        try:
            work()
        except Exception as error:  # noqa: BLE001 - the top of a thread: better no host than half a one.
            print(f"模拟柜台停止 / the host stops: {type(error).__name__}: {error}", file=sys.stderr, flush=True)
            os._exit(1)

    def _beat(self) -> None:
        while True:
            began_us, clock_us = self._call_began_us, now_us()
            self.lane.slot(
                {
                    "t": "beat",
                    "hm": clock_us,
                    "busy": max(clock_us - began_us, 0) if began_us else 0,
                    "call": self._call,
                    "queued": self.end.queued(),
                    "alive": clock_us - self._answered_us if self._answered_us else None,
                    "hung": 0,
                    "armed": self.end.level,
                }
            )
            time.sleep(_BEAT_S)

    def _work(self) -> None:
        step_s = STEP_NS / SECOND_NS
        while True:
            with self._lock:
                moving = self._exchange.exchange.working or self._exchange.is_pending
            work = self.end.next(step_s if moving else _IDLE_S)
            while work is not None:
                self._carry(work)
                work = self.end.next(0)
            with self._lock:
                self._tell(self._exchange.advance(time.time_ns()))

    def _carry(self, work: Work) -> None:
        message = work.message
        match work.name:
            case "submit":
                if self.end.may_call(message):
                    self._begin("submit")
                    self._submit(message)
            case "cancel":
                self._begin("cancel")
                self._cancel(message)
            case "list":
                self._begin("list")
                account = AccountId(str(message["account"]))
                with self._lock:
                    self._telling.asked(account, str(message["q"]), self._call_began_us)
                    self._list(account, str(message["q"]))
                self._answered_us = now_us()
            case _:
                self._begin("ping")
                self.lane.put({"t": "pong", "x": message.get("x")})
        self._call, self._call_began_us = "", 0

    def _begin(self, call: str) -> None:
        self._call, self._call_began_us = call, now_us()
        self._hanging.wait()

    def _submit(self, message: Mapping[str, object]) -> None:
        coid = str(message["coid"])
        now_ns, began_us = time.time_ns(), now_us()
        try:
            order = _order(message, now_ns + max(self.end.left_us(message), 1_000_000) * 1000)
        except ValueError as error:
            self.end.staged(coid, "refused", why="bad", text=str(error))
            return
        with self._lock:
            try:
                reports = self._exchange.submit(order, now_ns)
            except NotSentError as error:
                self.end.staged(coid, "refused", why="not_ready", text=str(error))
                return
            except OutcomeUnknownError as error:
                self.end.staged(coid, "unknown", text=str(error))
                return
            self.end.staged(coid, "dispatched", native=now_us() - began_us)
            self._tell(reports)

    def _cancel(self, message: Mapping[str, object]) -> None:
        cid, coid = str(message["cid"]), str(message["coid"])
        account, broker, venue = (str(message[name]) for name in ("account", "broker_id", "venue_id"))
        answer = {"t": "cstage", "cid": cid, "coid": coid}
        if not broker and not venue:
            with self._lock:
                broker = self._number_of(AccountId(account), coid)
            if not broker:
                self.lane.put({**answer, "st": "refused", "why": "no_id"})
                return
        order = CancelOrder(
            AccountId(account), ClientOrderId(coid), broker, venue, Symbol(str(message["symbol"])), 1, 0
        )
        with self._lock:
            reports = self._exchange.cancel(order, time.time_ns())
            refused = [report for report in reports if isinstance(report, CancelRefused)]
            text = refused[0].text if refused else ""
            self.lane.put({**answer, "st": "refused" if refused else "sent", "text": text})
            self._tell([report for report in reports if report not in refused])

    def _list(self, account: AccountId, question: str) -> None:
        if account not in self._exchange.exchange.accounts:
            ended = {"session": 0, "complete": False, "alive": False, "failed": ["asset"], "us": 0}
            self.lane.put({"t": "listed", "q": question, "account": account, **ended})
            return
        now_ns = time.time_ns()
        self._tell(self._exchange.query(account, asked_ns=now_ns, now_ns=now_ns))

    def _number_of(self, account: AccountId, coid: str) -> str:
        """Return the broker's number of an order that this engine sent; empty: there is none."""
        now_ns = time.time_ns()
        if account not in self._exchange.exchange.accounts or not coid:
            return ""
        rows = self._exchange.exchange.listing(account, asked_ns=now_ns, now_ns=now_ns).rows
        return next((row.broker_order_id for row in rows if row.client_order_id == coid), "")


def _order(message: Mapping[str, object], deadline_ns: int) -> SubmitOrder:
    """Return the order of a submit; a ValueError says what is wrong with it."""
    quantity = message["quantity"]
    assert isinstance(quantity, int)
    return SubmitOrder(
        ClientOrderId(str(message["coid"])),
        AccountId(str(message["account"])),
        Symbol(str(message["symbol"])),
        Side(str(message["side"])),
        Quantity(quantity),
        Price(from_decimal(str(message["price"]))),
        0,
        deadline_ns,
        Money(0),
    )


def _opening(text: str) -> AccountOpening:
    """Return the account that ``NUMBER=YUAN,SYMBOL=SHARES,…`` describes."""
    first, *holdings = text.split(",")
    number, _, cash = first.partition("=")
    held = [each.partition("=") for each in holdings]
    return AccountOpening(
        account=AccountId(number),
        cash=Money(from_decimal(cash)),
        holdings=tuple((Symbol(symbol), Quantity(int(shares))) for symbol, _, shares in held),
    )


def main() -> None:
    """Run the host until its engine says goodbye."""
    parser = argparse.ArgumentParser(prog="python -m qmt_trading.brokers.simulated.host", description=__doc__)
    parser.add_argument("--folder", type=Path, required=True, help="where the exchange's book lies")
    parser.add_argument("--account", type=_opening, action="append", default=[], help="NUMBER=YUAN,SYMBOL=SHARES,…")
    parser.add_argument("--link", default="stdio", help="stdio, or tcp:127.0.0.1:PORT to dial")
    parser.add_argument("--observe", action="store_true", help="never send anything to the exchange")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--lies", default="", help="names joined by commas: " + ",".join(Lie))
    parser.add_argument("--rig", type=int, default=0, metavar="PORT", help="a door for tests, on loopback")
    arguments = parser.parse_args()
    lies = frozenset(Lie(name) for name in arguments.lies.split(",") if name)
    arguments.folder.mkdir(parents=True, exist_ok=True)
    quotes = SeededQuotes(arguments.seed)
    try:
        lock(arguments.folder)
        book = FileBook(arguments.folder / BOOK_NAME)
        exchange = Exchange(arguments.account, quotes, now_ns=time.time_ns(), seed=arguments.seed, book=book)
    except (ConfigurationError, OSError) as error:
        print(error, file=sys.stderr)
        sys.exit(3)
    host = Host(
        LyingExchange(exchange, lies, seed=arguments.seed), quotes, observe=arguments.observe, rig_port=arguments.rig
    )
    talk = Talk(host.lane, host.end, host.open_accounts, Facts(observe=arguments.observe, clock_us=now_us))
    host.start()
    if arguments.link == "stdio":
        talk.run(StandardStreams())
    else:
        dial_for_ever(talk, arguments.link)
    os._exit(0)  # Whatever a thread is doing: the book is written before anything is told.


if __name__ == "__main__":
    main()
