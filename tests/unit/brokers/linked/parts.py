"""A link without a wire: a host that a test plays by hand, a clock that it sets, and an ear for reports."""

from __future__ import annotations

import json
from collections.abc import Sequence

from qmt_trading.brokers.linked.broker import LinkedBroker
from qmt_trading.brokers.linked.carrier import Sent, Side
from qmt_trading.brokers.linked.condition import Level, Listeners
from qmt_trading.brokers.simulated.plain import PlainTranslate
from qmt_trading.link.frames import write
from qmt_trading.link.messages import Trouble
from qmt_trading.model.events import LinkChanged, Report
from qmt_trading.model.instrument import Symbol
from qmt_trading.model.numbers import SECOND_NS, Money, Price, Quantity
from qmt_trading.model.order import ClientOrderId
from qmt_trading.model.outputs import CancelOrder, SubmitOrder
from qmt_trading.model.signal import AccountId
from qmt_trading.model.words import Side as OrderSide

ONE, TWO = AccountId("11031122"), AccountId("11031123")
PUFA = Symbol("600000.SH")
NOW_S = 1_790_000_000


class HandClock:
    def __init__(self) -> None:
        self.steady = 50 * SECOND_NS

    def now_ns(self) -> int:
        return NOW_S * SECOND_NS + self.steady

    def steady_ns(self) -> int:
        return self.steady


class Wire:
    """A Connection that takes as much as ``takes`` says, and notes it."""

    def __init__(self, secret: bytes | None = None) -> None:
        self.secret = secret
        self.takes = Sent.WHOLE
        self.lines: list[dict[str, object]] = []
        self.closed = ""

    def send(self, line: bytes) -> Sent:
        assert line.endswith(b"\n")
        if self.takes is not Sent.NOTHING:
            self.lines.append(json.loads(line))
        return self.takes

    def flush(self) -> None:
        """Do nothing: there is no rest."""

    def close(self, why: str) -> None:
        self.closed = self.closed or why

    def said(self, name: str) -> list[dict[str, object]]:
        """Return the lines of one kind, and forget them."""
        found = [line for line in self.lines if line["t"] == name]
        self.lines = [line for line in self.lines if line["t"] != name]
        return found


class HandCarrier:
    """A Carrier whose connections a test makes."""

    def __init__(self) -> None:
        self.observe = False
        self.up = 0

    def open(self, side: Side, *, observe: bool) -> None:
        self.observe = observe

    def came_up(self) -> None:
        self.up += 1

    def close(self) -> None:
        """Do nothing: there is nothing to end."""


class Bench:
    """A started broker and what came of it. Its watch sees the hand's clock only."""

    def __init__(self, level: Level = Level.TRADE, *, accounts: Sequence[AccountId] = (ONE,)) -> None:
        self.clock = HandClock()
        self.carrier = HandCarrier()
        self.reports: list[Report] = []
        self.troubles: list[Trouble] = []
        listeners = Listeners(trouble=self.troubles.append)
        self.broker = LinkedBroker(
            "bench", self.carrier, accounts, self.clock, PlainTranslate(), level, listeners=listeners, epoch=7
        )
        self.broker.start(self.reports.append)
        self.wire = Wire()
        self.number = 0
        self.stamp = 1_000_000

    def greet(self, boot: str = "boot", *, wire: Wire | None = None, **more: object) -> Wire:
        """Open a connection and say hello."""
        self.wire = wire or Wire()
        self.broker.opened(self.wire)
        hello = {"t": "hello", "link": [1, 1], "kind": "hand", "dialect": "plain", "boot": boot, "hm": self.stamp}
        self.say({**hello, **more})
        return self.wire

    def connect(self, boot: str = "boot", session: int = 1) -> Bench:
        """Open a connection whose account is ready."""
        self.greet(boot)
        if boot != getattr(self, "_boot", boot):
            self.number = 0
        self._boot = boot
        self.tell({"t": "account", "account": ONE, "state": "ready", "session": session})
        return self

    def tell(self, message: dict[str, object]) -> None:
        """Let the host say something in its numbered lane."""
        self.number += 1
        self.say({**message, "n": self.number})

    def say(self, message: dict[str, object]) -> None:
        self.broker.received(self.wire, write(message, bytes_max=65_536))

    def take(self) -> list[Report]:
        taken, self.reports[:] = list(self.reports), []
        return taken

    def session(self) -> int:
        return max(report.session for report in self.reports if isinstance(report, LinkChanged))


def order(number: str = "A1", *, account: AccountId = ONE, session: int = 0, wait_ns: int = SECOND_NS) -> SubmitOrder:
    deadline_ns = NOW_S * SECOND_NS + 50 * SECOND_NS + wait_ns
    return SubmitOrder(
        ClientOrderId(number),
        account,
        PUFA,
        OrderSide.BUY,
        Quantity(100),
        Price(105_000),
        1,
        deadline_ns,
        Money(0),
        session=session,
    )


def cancel(number: str = "A1", broker_id: str = "9") -> CancelOrder:
    return CancelOrder(ONE, ClientOrderId(number), broker_id, "", PUFA, 1, 1)
