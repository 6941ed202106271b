"""The paper engine over a history, in its time: the loop, a journal on disk, a real door, an exchange on its thread.

What a replay leaves out is here: the clock goes second by second wherever something could happen, messages come over
a socket or a named pipe from the client that other programs use, the exchange works on a thread of its own and writes
its book, and every turn is on disk before an order leaves.
"""

from __future__ import annotations

import queue
import threading
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from typing import Final

from qmt_trading import __version__
from qmt_trading.brokers.simulated.book import FileBook
from qmt_trading.brokers.simulated.chaos import LyingExchange
from qmt_trading.brokers.simulated.embedded import EmbeddedExchange
from qmt_trading.brokers.simulated.exchange import Exchange
from qmt_trading.client import NoReceiptError, Receipt, send
from qmt_trading.journal.sqlite import SqliteJournal
from qmt_trading.market.rulebook import book_of
from qmt_trading.model import events as ev
from qmt_trading.model.instant import at_time
from qmt_trading.model.numbers import SECOND_NS
from qmt_trading.model.outputs import CancelOrder, QueryBroker, SubmitOrder
from qmt_trading.model.signal import AccountId
from qmt_trading.ports import SubmitError
from qmt_trading.research.columns import Bars
from qmt_trading.run.config import Configuration
from qmt_trading.run.doors import make_door
from qmt_trading.run.inbox import Inbox
from qmt_trading.run.loop import Loop
from qmt_trading.run.reading import journal_path
from qmt_trading.run.recovery import recover
from qmt_trading.run.replay.counter import ReplayClock
from qmt_trading.run.replay.fates import Fates, MessageFate, Told
from qmt_trading.run.replay.messages import Message
from qmt_trading.run.replay.replay import Setup, histories_of, market_of

WAIT_S: Final = 30.0
_MINUTE: Final = 60
_BUSY: Final = ((9 * 3600 + 14 * 60, 10 * 3600 + 60), (13 * 3600 - 60, 13 * 3600 + 660), (14 * 3600 + 2940, 54_180))
"""Where time goes by the second, after midnight; by the minute everywhere else."""


class _Barrier:
    """Stands before the exchange: passes everything on, and tells when all that was handed over has been answered."""

    def __init__(self, inner: EmbeddedExchange, account: AccountId) -> None:
        self._inner = inner
        self._account = account
        self._asked: deque[bool] = deque()
        self._answered: queue.SimpleQueue[None] = queue.SimpleQueue()
        self._lock = threading.Lock()

    def start(self, deliver: Callable[[ev.Report], None]) -> None:
        def filtered(report: ev.Report) -> None:
            if isinstance(report, ev.BrokerListed) and report.account == self._account:
                with self._lock:
                    is_ours = self._asked.popleft()
                if is_ours:
                    self._answered.put(None)
                    return
            deliver(report)

        self._inner.start(filtered)

    def submit(self, orders: Sequence[SubmitOrder]) -> Sequence[tuple[SubmitOrder, SubmitError]]:
        return self._inner.submit(orders)

    def cancel(self, order: CancelOrder) -> None:
        self._inner.cancel(order)

    def query(self, query: QueryBroker) -> None:
        if query.account == self._account:
            with self._lock:
                self._asked.append(False)
                self._inner.query(query)
        else:
            self._inner.query(query)

    def stop(self) -> None:
        self._inner.stop()

    def settle(self) -> None:
        """Return when the exchange has carried out all that it has, and has come to the present."""
        for _ in range(2):  # It advances behind the first question, before it takes the second.
            with self._lock:
                self._asked.append(True)
                self._inner.query(QueryBroker(self._account))
            self._answered.get(timeout=WAIT_S)


def run_paper(
    messages: Sequence[Message], setup: Setup, bars: Mapping[str, Bars], configuration: Configuration
) -> Fates:
    """Run the paper engine of ``configuration`` over the market of ``bars``, and return what came of ``messages``."""
    return _Paper(messages, setup, bars, configuration).run()


class _Paper:
    def __init__(
        self, messages: Sequence[Message], setup: Setup, bars: Mapping[str, Bars], configuration: Configuration
    ) -> None:
        configuration.folder.mkdir(parents=True, exist_ok=True)
        self._fates = Fates()
        self._fates.messages = [MessageFate(each) for each in messages]
        self._configuration = configuration
        session, settings = configuration.session(), configuration.engine
        histories = histories_of(bars, settings)
        feed, market = market_of(histories, setup.fills, session)
        self._days = sorted({day.date for each in histories.values() for day in each.days})
        self._clock = ReplayClock(at_time(self._days[0], 0))
        exchange = Exchange(
            setup.openings,
            feed,
            now_ns=self._clock.at_ns,
            session=session,
            rules=book_of(settings.rules),
            book=FileBook(configuration.folder / "exchange.book"),
            market=market,
        )
        numbers = tuple(each.account for each in setup.openings)
        self._broker = _Barrier(EmbeddedExchange(LyingExchange(exchange), self._clock, numbers), numbers[0])
        self._journal = SqliteJournal(journal_path(configuration.folder))
        recovered = recover(self._journal)
        self._engine = recovered.engine
        self._inbox = Inbox(self._clock, bare={door.name: door.bare for door in settings.doors})
        self._loop = Loop(
            engine=recovered.engine,
            inbox=self._inbox,
            journal=self._journal,
            broker_of=dict.fromkeys(numbers, self._broker).get,
            feed=feed,
            clock=self._clock,
            trading_day=session.trading_day,
            day_after=session.day_after,
            head=(recovered.number, recovered.seal),
            observe=self._fates.observe,
        )
        self._inbox.on_control = self._loop.decide_control
        self._door = make_door(configuration.doors[0], now_ns=self._clock.now_ns)

    def run(self) -> Fates:
        settings = self._configuration.engine
        bound = ev.JournalBound(1, settings.mode, "PAPER", tuple(each.account for each in settings.accounts))
        self._loop.begin(bound, __version__, settings)
        self._broker.start(self._inbox.report)
        self._door.open(self._inbox)
        try:
            self._settle()
            waiting = deque(self._fates.messages)
            instants = deque(self._instants())
            while instants:
                due_ns = self._engine.next_due_ns()
                at_ns = min(instants[0], waiting[0].message.at_ns if waiting else instants[0])
                at_ns = min(at_ns, due_ns) if due_ns > self._clock.at_ns else at_ns
                if at_ns == instants[0]:
                    instants.popleft()
                self._clock.at_ns = at_ns
                self._settle()
                while waiting and waiting[0].message.at_ns <= at_ns:
                    fate = waiting.popleft()
                    fate.was_replayed = True
                    self._send(fate)
                    self._settle()
        finally:
            self._door.close()
            self._broker.stop()
            self._journal.close()
        self._fates.finish()
        return self._fates

    def _instants(self) -> list[int]:
        found: list[int] = []
        for day in self._days:
            for second in range(86_400):
                is_busy = any(first <= second < last for first, last in _BUSY)
                if is_busy or (second % _MINUTE == 0 and (second == 0 or 32_400 <= second <= 56_400)):
                    found.append(at_time(day, second * SECOND_NS))
        return found

    def _settle(self) -> None:
        """Let exchange and loop come to rest."""
        self._broker.settle()
        while self._loop.turn(last=True):
            self._broker.settle()

    def _send(self, fate: MessageFate) -> None:
        """Send a message as another program does, and turn the loop until its receipt is back."""
        receipts: list[Receipt] = []
        failed: list[Exception] = []
        address = self._configuration.doors[0].address

        def sending() -> None:
            try:
                receipts.append(send(fate.message.payload.decode("utf-8"), address=address, timeout=WAIT_S))
            except NoReceiptError as error:
                failed.append(error)

        thread = threading.Thread(target=sending, daemon=True)
        thread.start()
        while thread.is_alive():
            if not self._loop.turn(last=True):
                thread.join(0.001)
        assert not failed, failed
        (receipt,) = receipts
        fate.answers.append(Told(receipt.seq, receipt.status, receipt.reason, receipt.text))
