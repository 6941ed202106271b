"""The engine's own end of the link and the pasted text in one process, by one clock that is turned by hand."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

from qmt_trading.brokers.linked.broker import LinkedBroker
from qmt_trading.brokers.linked.carrier import Sent, Side
from qmt_trading.brokers.linked.condition import Level, Listeners
from qmt_trading.brokers.qmt.native_dialect import FullQmtTranslate
from qmt_trading.link.messages import Trouble
from qmt_trading.model import events as ev
from qmt_trading.model.instrument import Symbol
from qmt_trading.model.numbers import SECOND_NS, Money, Price, Quantity
from qmt_trading.model.order import ClientOrderId
from qmt_trading.model.outputs import CancelOrder, SubmitOrder
from qmt_trading.model.signal import AccountId
from qmt_trading.model.words import Side as OrderSide
from qmt_trading.ports import SubmitError
from tests.fullqmt.begun import ACCOUNT, SECRET, Begun

SYMBOL: Final = Symbol("600000.SH")
STEP_S: Final = 0.2
"""How often the engine looks at its links."""


class Pair:
    """Both ends of one connection: the engine's, and the host's by the names that the text calls."""

    name = "tcp"
    secret: bytes | None = SECRET.encode("ascii")

    def __init__(self, side: Side) -> None:
        self._side = side
        self._to_host = b""
        self._ended = threading.Event()
        side.opened(self)

    # The engine's end.

    def send(self, line: bytes) -> Sent:
        if self._ended.is_set():
            return Sent.NOTHING
        self._to_host += line
        return Sent.WHOLE

    def flush(self) -> None:
        return

    def close(self, why: str = "") -> None:  # Of both ends.
        if not self._ended.is_set():
            self._ended.set()
            self._side.closed(self, why or "柜台宿主挂断 / the host has hung up", ())

    # The host's end.

    def ready(self) -> bool:
        return True

    def read(self) -> bytes:
        data, self._to_host = self._to_host, b""
        if not data and self._ended.is_set():
            raise EOFError
        return data

    def write(self, data: bytes) -> int:
        if self._ended.is_set():
            raise OSError("broken")
        self._side.received(self, data)
        return len(data)


class Virtual(Begun):
    """An account that is ready, and the broker that trades it. Time passes in ``run`` and in ``pass_frozen``."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder, ACCOUNT, LINKS=("tcp:127.0.0.1:1",))
        space = self.terminal.space
        space["now_us"] = space["other_us"] = lambda: int(self.now * 1e6)
        space["WAYS"] = {"tcp": lambda where: self._dial()}
        self.host.clock_from = self.host._looked_us = space["now_us"]()
        space["wall_us"] = space["now_us"]
        self.host._apart = self.host._wall_apart = 0
        self.pairs: list[Pair] = []
        self.reports: list[ev.Report] = []
        self.troubles: list[Trouble] = []
        self.listening = True
        self._side: Side | None = None
        self._looked = self.now
        listeners = Listeners(trouble=self.troubles.append)
        self.broker: LinkedBroker = LinkedBroker(
            "full", self, [AccountId(ACCOUNT)], self, FullQmtTranslate(), Level.TRADE, listeners=listeners, epoch=1
        )
        self.broker.start(self.reports.append)
        self.run(10.0)
        assert self.broker.condition().armed == "trade"

    # A Clock.

    def now_ns(self) -> int:
        return 1_795_485_600 * SECOND_NS + int(self.now * 1e9)

    def steady_ns(self) -> int:
        return int(self.now * 1e9)

    # A Carrier.

    def open(self, side: Side, *, observe: bool) -> None:
        self._side = side

    def came_up(self) -> None:
        return

    def close(self) -> None:
        for pair in self.pairs:
            pair.close("stop")

    def _dial(self) -> Pair:
        if self._side is None or not self.listening:
            raise OSError("nobody listens")
        self.pairs.append(Pair(self._side))
        return self.pairs[-1]

    # What happens.

    def run(self, seconds: float) -> None:
        until = self.now + seconds
        while self.now < until:
            super().run(0.1)
            self.broker.look()

    def pass_frozen(self, seconds: float) -> None:
        """Let time pass on the engine's side alone."""
        until = self.now + seconds
        while self.now < until:
            self.now += STEP_S
            self.broker.look()

    def order(self, coid: str, *, good_for_s: float = 10.0) -> SubmitOrder:
        return SubmitOrder(
            ClientOrderId(coid),
            AccountId(ACCOUNT),
            SYMBOL,
            OrderSide.BUY,
            Quantity(100),
            Price(98_000),
            1,
            self.now_ns() + int(good_for_s * SECOND_NS),
            Money(0),
        )

    def submit(self, coid: str, **more: Any) -> Sequence[tuple[SubmitOrder, SubmitError]]:
        return self.broker.submit([self.order(coid, **more)])

    def cancel(self, coid: str) -> None:
        (row,) = [row for row in self.terminal.counter.orders if row["m_strRemark"] == coid]
        number = row["m_strOrderSysID"]
        self.broker.cancel(CancelOrder(AccountId(ACCOUNT), ClientOrderId(coid), f"{number}.SH", number, SYMBOL, 1, 1))

    def state(self, coid: str) -> int:
        """Return the counter's number of the state of an order."""
        (row,) = [row for row in self.terminal.counter.orders if row["m_strRemark"] == coid]
        return int(row["m_nOrderStatus"])
