"""The simulated exchange as a process of its own, which outlives the engines that trade on it."""

from __future__ import annotations

import argparse
import os
import queue
import socket
import sys
import threading
import time
from pathlib import Path
from typing import Final, assert_never

import msgspec

from qmt_trading.brokers.simulated import wire
from qmt_trading.brokers.simulated.book import FileBook
from qmt_trading.brokers.simulated.chaos import Lie, LyingExchange
from qmt_trading.brokers.simulated.exchange import Exchange
from qmt_trading.brokers.simulated.quotes import SeededQuotes
from qmt_trading.market.sessions import ALWAYS_OPEN
from qmt_trading.market.synthetic import STEP_NS
from qmt_trading.model.errors import ConfigurationError, NotSentError, OutcomeUnknownError
from qmt_trading.model.events import Report, SubmitRefused, SubmitUncertain
from qmt_trading.model.numbers import SECOND_NS
from qmt_trading.model.outputs import CancelOrder, SubmitOrder

BOOK_NAME: Final = "exchange.book"
_UNSENT_MAX: Final = 200_000
"""Lines an engine may be behind before its connection is closed: it may be frozen, the exchange must not be."""


class _Connection:
    """One client: a socket, and a thread that writes what the exchange has for it."""

    def __init__(self, connected: socket.socket) -> None:
        self.socket = connected
        self.is_watcher = False
        self._unsent: queue.SimpleQueue[bytes] = queue.SimpleQueue()
        threading.Thread(target=self._write, name="exchange-writer", daemon=True).start()

    def send(self, lines: bytes) -> None:
        if self._unsent.qsize() > _UNSENT_MAX:
            self.close()
        else:
            self._unsent.put(lines)

    def close(self) -> None:
        try:
            self.socket.shutdown(socket.SHUT_RDWR)
        except OSError:
            return  # The other end was faster.

    def finish(self) -> None:
        """End the writer."""
        self._unsent.put(b"")

    def _write(self) -> None:
        while lines := self._unsent.get():
            try:
                self.socket.sendall(lines)
            except OSError:
                self.close()
                return


class Service:
    """Serves one engine at a time and any number of watchers.

    A new engine ends the one before: lines of the old connection that were not carried out by then never are, so a list
    that the new one asks for holds everything that will ever come of the old one's submits.
    """

    def __init__(self, folder: Path, address: str, *, seed: int, lies: frozenset[Lie]) -> None:
        """Open the book and the address.

        Raises:
            ConfigurationError: the address is in use or unusable, or the book is damaged.
        """
        self._quotes = SeededQuotes(seed)
        self._listener = _listen(address)
        self._cookie = wire.make_cookie(folder) if wire.is_tcp(address) else ""
        exchange = Exchange(
            [], self._quotes, now_ns=time.time_ns(), session=ALWAYS_OPEN, seed=seed, book=FileBook(folder / BOOK_NAME)
        )
        self._exchange = LyingExchange(exchange, lies, seed=seed)
        self._lock = threading.Lock()
        self._engine: _Connection | None = None
        self._wake = threading.Event()

    def run(self) -> None:
        """Serve until the process ends."""
        threading.Thread(target=self._tick, name="exchange-market", daemon=True).start()
        while True:
            connected, _ = self._listener.accept()
            if connected.family == socket.AF_INET:
                connected.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            threading.Thread(target=self._serve, args=(connected,), name="exchange-client", daemon=True).start()

    def _tick(self) -> None:
        """Advance the market while something works or is late."""
        try:
            while True:
                time.sleep(STEP_NS / SECOND_NS)
                with self._lock:
                    busy = self._exchange.exchange.working or self._exchange.is_pending
                    if busy:
                        self._tell(self._exchange.advance(time.time_ns()))
                    else:
                        self._wake.clear()
                if not busy:
                    self._wake.wait()
        except Exception as error:  # noqa: BLE001 - the top of a thread: the process ends.
            _die(error)

    def _serve(self, connected: socket.socket) -> None:
        connection = _Connection(connected)
        lines = wire.Lines()
        try:
            while received := connected.recv(65_536):
                for line in lines.feed(received):
                    self._line(connection, wire.line_decoder.decode(line))
        except (OSError, ValueError, msgspec.DecodeError) as error:
            print(f"connection closed: {error}", file=sys.stderr, flush=True)
        except Exception as error:  # noqa: BLE001 - the truth may be half changed: better no exchange than a wrong one.
            _die(error)
        finally:
            connection.close()
            connection.finish()
            connected.close()
            with self._lock:
                if self._engine is connection:
                    self._engine = None

    def _line(self, connection: _Connection, line: wire.Line) -> None:
        with self._lock:
            match line:
                case wire.Hello():
                    self._hello(connection, line)
                case wire.Watch():
                    self._check(line.cookie)
                    connection.is_watcher = True
                    connection.send(wire.to_line(self._counts()))
                case SubmitOrder() | CancelOrder() | wire.Asked():
                    if connection is self._engine:
                        self._command(line)
                case _:
                    if not connection.is_watcher:
                        raise ValueError("a request before the greeting")
                    self._request(line)
                    connection.send(wire.to_line(self._counts()))
        self._wake.set()

    def _check(self, cookie: str) -> None:
        if not wire.same_cookie(cookie, self._cookie):
            raise ValueError("wrong cookie")

    def _hello(self, connection: _Connection, hello: wire.Hello) -> None:
        self._check(hello.cookie)
        if self._engine is not None and self._engine is not connection:
            self._engine.close()
        self._engine = connection
        for opening in hello.accounts:
            self._exchange.exchange.open_account(opening, time.time_ns())
        accounts = [opening.account for opening in hello.accounts]
        self._tell(self._exchange.connect(accounts, time.time_ns()))

    def _command(self, command: wire.Command) -> None:
        now_ns = time.time_ns()
        match command:
            case SubmitOrder():
                try:
                    self._tell(self._exchange.submit(command, now_ns))
                except NotSentError as error:
                    self._tell([SubmitRefused(command.account, command.client_order_id, str(error))])
                except OutcomeUnknownError as error:
                    self._tell([SubmitUncertain(command.account, command.client_order_id, str(error))])
            case CancelOrder():
                self._tell(self._exchange.cancel(command, now_ns))
            case wire.Asked():
                self._tell(self._exchange.query(command.account, asked_ns=command.asked_ns, now_ns=now_ns))
            case _:
                assert_never(command)

    def _request(self, request: wire.Request) -> None:
        now_ns = time.time_ns()
        match request:
            case wire.CountsAsked():
                pass
            case wire.ForeignPlaced():
                self._tell(
                    self._exchange.exchange.place_foreign(
                        request.account,
                        request.symbol,
                        request.side,
                        request.quantity,
                        request.price,
                        now_ns,
                        remark=request.remark,
                        origin=request.origin,
                    )
                )
            case wire.SealSet():
                self._quotes.seal(request.symbol, request.seal)
            case wire.LiesSet():
                self._exchange.lies = frozenset(request.lies)
            case wire.LinkBroken():
                if self._engine is not None:
                    self._engine.close()
                    self._engine = None
            case _:
                assert_never(request)

    def _counts(self) -> wire.Counts:
        exchange = self._exchange.exchange
        return wire.Counts(exchange.executed, exchange.duplicates, exchange.order_count)

    def _tell(self, reports: list[Report]) -> None:
        if reports and self._engine is not None:
            self._engine.send(b"".join([wire.to_line(report) for report in reports]))


def _listen(address: str) -> socket.socket:
    listener, bound = wire.open_socket(address)
    if isinstance(bound, str):
        _remove_dead_socket(bound)
        listener.bind(bound)
        os.chmod(bound, 0o600)
    else:
        if sys.platform != "win32":  # There it would let two exchanges share a port.
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(bound)
    listener.listen(16)
    return listener


def _remove_dead_socket(path: str) -> None:
    """Remove what a dead exchange left behind.

    Raises:
        ConfigurationError: a living one listens there.
    """
    if not os.path.exists(path):
        return
    probe, bound = wire.open_socket(path)
    with probe:
        try:
            probe.connect(bound)
        except OSError:
            os.unlink(path)
            return
    raise ConfigurationError(f"已有模拟交易所在 {path} 上运行 / another exchange listens on {path}")


def _die(error: BaseException) -> None:
    print(f"模拟交易所停止 / the exchange stops: {type(error).__name__}: {error}", file=sys.stderr, flush=True)
    os._exit(1)


def main() -> None:
    """Run the exchange; prints ``ready ADDRESS`` once it listens."""
    parser = argparse.ArgumentParser(prog="python -m qmt_trading.brokers.simulated.service", description=__doc__)
    parser.add_argument("--folder", type=Path, required=True, help="where the book lies")
    parser.add_argument("--address", required=True, help="path of a Unix socket, or tcp:127.0.0.1:PORT")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--lies", default="", help="names joined by commas: " + ",".join(Lie))
    arguments = parser.parse_args()
    lies = frozenset(Lie(name) for name in arguments.lies.split(",") if name)
    arguments.folder.mkdir(parents=True, exist_ok=True)
    try:
        service = Service(arguments.folder, arguments.address, seed=arguments.seed, lies=lies)
    except (ConfigurationError, OSError) as error:
        sys.exit(str(error))
    print(f"ready {arguments.address}", flush=True)
    service.run()


if __name__ == "__main__":
    main()
