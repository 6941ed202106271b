"""The simulated exchange inside the engine's process, on a thread of its own."""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable, Sequence
from typing import Final, assert_never

from msgspec import Struct

from qmt_trading.brokers.simulated.chaos import LyingExchange
from qmt_trading.market.synthetic import STEP_NS
from qmt_trading.model.errors import NotSentError, OutcomeUnknownError
from qmt_trading.model.events import LinkChanged, Report, SubmitRefused, SubmitUncertain
from qmt_trading.model.numbers import SECOND_NS
from qmt_trading.model.outputs import CancelOrder, QueryBroker, SubmitOrder
from qmt_trading.model.signal import AccountId
from qmt_trading.model.words import LinkState
from qmt_trading.ports import Clock, SubmitError

_STEP_S: Final = STEP_NS / SECOND_NS
_STOP_S: Final = 10.0


class _Asked(Struct, frozen=True):
    account: AccountId
    asked_ns: int


class _Stop:
    """Ends the thread."""


def _deaf(report: Report) -> None:
    """Take ``report`` before the start and after the stop."""


class EmbeddedExchange:
    """A Broker over an exchange in this process.

    One thread does everything that costs time: it takes what was handed over in order, and advances the market every
    tenth of a second while something works or is late; otherwise it sleeps. ``submit`` is a put into a queue. What was
    in the queue when the process died never reached the exchange.
    """

    def __init__(self, exchange: LyingExchange, clock: Clock, accounts: tuple[AccountId, ...]) -> None:
        """Stand before ``exchange``, which belongs to this object from now on, for these accounts."""
        self._exchange = exchange
        self._clock = clock
        self._accounts = accounts
        self._queue: queue.SimpleQueue[SubmitOrder | CancelOrder | _Asked | _Stop] = queue.SimpleQueue()
        self._put = self._queue.put
        self._thread: threading.Thread | None = None
        self._open = False
        self._deliver: Callable[[Report], None] = _deaf

    def start(self, deliver: Callable[[Report], None]) -> None:
        assert self._thread is None
        self._deliver = deliver
        self._open = True
        self._thread = threading.Thread(target=self._work, name="simulated-exchange", daemon=True)
        self._thread.start()

    def submit(self, orders: Sequence[SubmitOrder]) -> Sequence[tuple[SubmitOrder, SubmitError]]:
        if not self._open:
            error = NotSentError("模拟交易所未启动 / the simulated exchange is not running")
            return [(order, error) for order in orders]
        for order in orders:
            self._put(order)
        return ()

    def cancel(self, order: CancelOrder) -> None:
        self._put(order)

    def query(self, query: QueryBroker) -> None:
        self._put(_Asked(query.account, self._clock.now_ns()))

    def stop(self) -> None:
        """Execute what was handed over, deliver it, and close the book. Repeating it is harmless."""
        self._open = False
        if self._thread is not None:
            self._put(_Stop())
            self._thread.join(_STOP_S)
            self._thread = None
        self._deliver = _deaf

    def _work(self) -> None:
        try:
            self._run()
        except Exception as error:
            self._open = False
            for account in self._accounts:
                session = self._exchange.exchange.session_of(account)
                self._deliver(LinkChanged(account, session, LinkState.DOWN, f"{type(error).__name__}: {error}"))
            raise
        finally:
            self._exchange.exchange.close()

    def _run(self) -> None:
        exchange, clock = self._exchange, self._clock
        self._tell(exchange.connect(self._accounts, clock.now_ns()))
        while True:
            try:
                command = self._queue.get(timeout=_STEP_S if exchange.exchange.working or exchange.is_pending else None)
            except queue.Empty:
                self._tell(exchange.advance(clock.now_ns()))
                continue
            while True:
                if isinstance(command, _Stop):
                    return
                self._carry(command)
                try:
                    command = self._queue.get_nowait()
                except queue.Empty:
                    break
            self._tell(exchange.advance(clock.now_ns()))

    def _carry(self, command: SubmitOrder | CancelOrder | _Asked) -> None:
        now_ns = self._clock.now_ns()
        match command:
            case SubmitOrder():
                try:
                    self._tell(self._exchange.submit(command, now_ns))
                except NotSentError as error:
                    self._deliver(SubmitRefused(command.account, command.client_order_id, str(error)))
                except OutcomeUnknownError as error:
                    self._deliver(SubmitUncertain(command.account, command.client_order_id, str(error)))
            case CancelOrder():
                self._tell(self._exchange.cancel(command, now_ns))
            case _Asked():
                self._tell(self._exchange.query(command.account, asked_ns=command.asked_ns, now_ns=now_ns))
            case _:
                assert_never(command)

    def _tell(self, reports: list[Report]) -> None:
        for report in reports:
            self._deliver(report)
