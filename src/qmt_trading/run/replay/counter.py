"""The clock and the counter of a replay: time stands until it is moved, and what is handed over arrives at once."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from qmt_trading.brokers.simulated.exchange import Exchange
from qmt_trading.model.events import Report
from qmt_trading.model.outputs import CancelOrder, QueryBroker, SubmitOrder
from qmt_trading.ports import SubmitError


class ReplayClock:
    """Both clocks at an instant of history."""

    def __init__(self, now_ns: int) -> None:
        self.at_ns = now_ns

    def now_ns(self) -> int:
        return self.at_ns

    def steady_ns(self) -> int:
        return self.at_ns


class ReplayCounter:
    """A Broker over an exchange in the same thread: each call is carried out, and answered, before it returns."""

    def __init__(self, exchange: Exchange, clock: ReplayClock) -> None:
        self._exchange = exchange
        self._clock = clock
        self._deliver: Callable[[Report], None] | None = None

    def start(self, deliver: Callable[[Report], None]) -> None:
        self._deliver = deliver
        for account in self._exchange.accounts:
            self._tell(self._exchange.connect(account, self._clock.at_ns))

    def submit(self, orders: Sequence[SubmitOrder]) -> Sequence[tuple[SubmitOrder, SubmitError]]:
        for order in orders:
            self._tell(self._exchange.submit(order, self._clock.at_ns))
        return ()

    def cancel(self, order: CancelOrder) -> None:
        self._tell(self._exchange.cancel(order, self._clock.at_ns))

    def query(self, query: QueryBroker) -> None:
        now_ns = self._clock.at_ns
        self._tell([self._exchange.listing(query.account, asked_ns=now_ns, now_ns=now_ns)])

    def advance(self) -> None:
        """Let the exchange come to the present."""
        self._tell(self._exchange.advance(self._clock.at_ns))

    def stop(self) -> None:
        self._deliver = None

    def _tell(self, reports: Sequence[Report]) -> None:
        deliver = self._deliver
        if deliver is not None:
            for report in reports:
                deliver(report)
