"""The Broker that trades on an exchange in another process."""

from __future__ import annotations

import selectors
import socket
import threading
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final

import msgspec

from qmt_trading.brokers.simulated import wire
from qmt_trading.brokers.simulated.records import AccountOpening
from qmt_trading.model.errors import ConfigurationError, NotSentError, OutcomeUnknownError
from qmt_trading.model.events import LinkChanged, Report
from qmt_trading.model.outputs import CancelOrder, QueryBroker, SubmitOrder
from qmt_trading.model.signal import AccountId
from qmt_trading.model.words import LinkState
from qmt_trading.ports import Clock, SubmitError

_FIRST_WAIT_S: Final = 0.05
_LONGEST_WAIT_S: Final = 1.0
_STOP_S: Final = 5.0
_POLL_S: Final = 0.5
_BUFFER_BYTES: Final = 4 * 1024 * 1024


def _deaf(report: Report) -> None:
    """Take ``report`` before the start and after the stop."""


class RemoteExchange:
    """A Broker over a socket.

    ``submit`` makes one write from the calling thread and never waits: what the socket does not take at once is not
    sent. A thread of its own reads reports and dials again when the line breaks; nothing that was written before is
    ever written again.
    """

    def __init__(
        self,
        address: str,
        accounts: tuple[AccountOpening, ...],
        clock: Clock,
        *,
        cookie_folder: Path | None = None,
    ) -> None:
        """Prepare a way to the exchange at ``address``; a tcp address needs the folder of the exchange's cookie."""
        self._address = address
        self._accounts = accounts
        self._clock = clock
        self._cookie_folder = cookie_folder
        self._lock = threading.Lock()
        self._socket: socket.socket | None = None
        self._stopping = threading.Event()
        self._thread: threading.Thread | None = None
        self._sessions: dict[AccountId, int] = {}
        self._deliver: Callable[[Report], None] = _deaf

    def start(self, deliver: Callable[[Report], None]) -> None:
        assert self._thread is None
        self._deliver = deliver
        self._thread = threading.Thread(target=self._work, name="exchange-link", daemon=True)
        self._thread.start()

    def submit(self, orders: Sequence[SubmitOrder]) -> Sequence[tuple[SubmitOrder, SubmitError]]:
        lines = [wire.to_line(order) for order in orders]
        with self._lock:
            connected = self._socket
            if connected is None:
                return _all_of(orders, NotSentError("模拟交易所未连接 / not connected to the exchange"))
            try:
                sent = connected.send(b"".join(lines))
            except OSError as error:
                return _all_of(orders, NotSentError(f"模拟交易所未接收：{error} / nothing was written"))
            if sent == sum(map(len, lines)):
                return ()
            self._hang_up(connected)
        return _rest_of(orders, lines, sent)

    def cancel(self, order: CancelOrder) -> None:
        self._send(wire.to_line(order))

    def query(self, query: QueryBroker) -> None:
        self._send(wire.to_line(wire.Asked(query.account, self._clock.now_ns())))

    def stop(self) -> None:
        """Close the line. Repeating it is harmless."""
        self._stopping.set()
        with self._lock:
            if self._socket is not None:
                self._hang_up(self._socket)
        if self._thread is not None:
            self._thread.join(_STOP_S)
            self._thread = None
        self._deliver = _deaf

    def _send(self, line: bytes) -> None:
        with self._lock:
            if self._socket is None:
                return
            try:
                sent = self._socket.send(line)
            except BlockingIOError:
                return
            except OSError:
                sent = 0
            if sent != len(line):
                self._hang_up(self._socket)  # Half a line must not be finished by the next one.

    def _hang_up(self, connected: socket.socket) -> None:
        """Break the line; the reading thread notices and closes it."""
        self._socket = None
        try:
            connected.shutdown(socket.SHUT_RDWR)
        except OSError:
            return  # It is broken already.

    def _work(self) -> None:
        wait_s = _FIRST_WAIT_S
        while not self._stopping.is_set():
            try:
                connected = self._dial()
            except OSError:
                self._stopping.wait(wait_s)
                wait_s = min(wait_s * 2, _LONGEST_WAIT_S)
                continue
            wait_s = _FIRST_WAIT_S
            text = "交易连接断开"
            try:
                self._read(connected)
            except (OSError, ValueError, msgspec.DecodeError) as error:
                text = f"交易连接断开：{error}"
            with self._lock:
                self._socket = None
            connected.close()
            self._tell_down(text)

    def _dial(self) -> socket.socket:
        connected, address = wire.open_socket(self._address)
        try:
            connected.connect(address)
            connected.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, _BUFFER_BYTES)
            if connected.family == socket.AF_INET:
                connected.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            connected.sendall(wire.to_line(wire.Hello(wire.read_cookie(self._cookie_folder), self._accounts)))
            connected.setblocking(False)
        except BaseException:
            connected.close()
            raise
        return connected

    def _read(self, connected: socket.socket) -> None:
        """Deliver reports until the line breaks. Orders may be written once every account is connected."""
        with selectors.DefaultSelector() as selector:
            selector.register(connected, selectors.EVENT_READ)
            self._read_lines(connected, selector)

    def _read_lines(self, connected: socket.socket, selector: selectors.BaseSelector) -> None:
        lines = wire.Lines()
        missing = {opening.account for opening in self._accounts}
        while not self._stopping.is_set():
            if not selector.select(_POLL_S):
                continue
            received = connected.recv(1 << 20)
            if not received:
                return
            for line in lines.feed(received):
                report = wire.report_decoder.decode(line)
                if isinstance(report, LinkChanged):
                    self._sessions[report.account] = report.session
                    if missing:
                        missing.discard(report.account)
                        if not missing:
                            self._open(connected)
                if self._stopping.is_set():
                    return
                self._deliver(report)

    def _open(self, connected: socket.socket) -> None:
        with self._lock:
            if not self._stopping.is_set():
                self._socket = connected

    def _tell_down(self, text: str) -> None:
        if self._stopping.is_set():
            return
        for account, session in self._sessions.items():
            self._deliver(LinkChanged(account, session, LinkState.DOWN, text))


def _all_of(orders: Sequence[SubmitOrder], error: SubmitError) -> list[tuple[SubmitOrder, SubmitError]]:
    return [(order, error) for order in orders]


def _rest_of(orders: Sequence[SubmitOrder], lines: list[bytes], sent: int) -> list[tuple[SubmitOrder, SubmitError]]:
    """Return the orders that are not whole within the first ``sent`` bytes of their lines."""
    failed: list[tuple[SubmitOrder, SubmitError]] = []
    for order, line in zip(orders, lines, strict=True):
        if 0 < sent < len(line):
            failed.append(
                (order, OutcomeUnknownError("连接中断，委托可能已部分写出 / the link broke within the order"))
            )
        elif sent <= 0:
            failed.append((order, NotSentError("连接中断，委托未写出 / the link broke before the order")))
        sent -= len(line)
    return failed


def ask(
    address: str, *requests: wire.Request, cookie_folder: Path | None = None, patience_s: float = 5.0
) -> wire.Counts:
    """Make ``requests`` of the exchange at ``address``, beside any engine, and return its counts after the last.

    Raises:
        ConfigurationError: it could not be reached within ``patience_s``, or refused.
    """
    until = time.monotonic() + patience_s
    while True:
        connected, bound = wire.open_socket(address)
        with connected:
            connected.settimeout(patience_s)
            try:
                connected.connect(bound)
                connected.sendall(wire.to_line(wire.Watch(wire.read_cookie(cookie_folder))))
                connected.sendall(b"".join([wire.to_line(request) for request in requests]))
                return _last_answer(connected, len(requests) + 1)
            except OSError as error:
                if time.monotonic() > until:
                    raise ConfigurationError(f"无法连接模拟交易所 {address}：{error} / exchange unreachable") from error
        time.sleep(_FIRST_WAIT_S)


def _last_answer(connected: socket.socket, count: int) -> wire.Counts:
    lines = wire.Lines()
    answers: list[bytes] = []
    while len(answers) < count:
        received = connected.recv(1 << 20)
        if not received:
            raise ConnectionError("the exchange closed the connection")
        answers += lines.feed(received)
    return wire.counts_decoder.decode(answers[-1])
