"""The last step of an order: another look at what has happened since it was decided, then the broker call."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from qmt_trading.engine.engine import Engine
from qmt_trading.model import events as ev
from qmt_trading.model import outputs as out
from qmt_trading.model.errors import NotSentError
from qmt_trading.model.order import ClientOrderId
from qmt_trading.model.signal import AccountId
from qmt_trading.ports import Broker, Clock
from qmt_trading.run.batch import Decided
from qmt_trading.run.inbox import Inbox


class HandOver(NamedTuple):
    """What it takes to make the broker calls of one turn; whoever calls holds the lock that all deciding holds."""

    engine: Engine
    inbox: Inbox
    clock: Clock
    broker_of: Callable[[AccountId], Broker | None]

    def release(self, submits: list[Decided], *, on_disk: bool, committed_ns: int) -> list[ev.SubmitsWithheld]:
        """Hand over what may still leave; return what may not, by its cause."""
        groups: dict[int, tuple[Broker, list[Decided]]] = {}
        withheld: dict[str, list[ClientOrderId]] = {}
        for decided in submits:
            broker = self.broker_of(decided[0].account)
            if broker is None:
                withheld.setdefault("link", []).append(decided[0].client_order_id)
            else:
                groups.setdefault(id(broker), (broker, []))[1].append(decided)
        for broker, group in groups.values():
            now_ns = self.clock.now_ns()  # Asked for each: a broker before may have taken its time.
            going: list[out.SubmitOrder] = []
            for order, halts in group:
                cause = self.engine.may_release(order, now_ns, halts) if on_disk else "journal"
                if cause:
                    withheld.setdefault(cause, []).append(order.client_order_id)
                else:
                    going.append(order)
            if going:
                self._call(broker, going, committed_ns)
        return [ev.SubmitsWithheld(tuple(names), cause) for cause, names in withheld.items()]

    def _call(self, broker: Broker, orders: list[out.SubmitOrder], committed_ns: int) -> None:
        if self.engine.observes:  # The engine withholds them already; whoever breaks that is stopped here.
            raise AssertionError("an order to be handed over in shadow mode")
        called_ns = self.clock.now_ns()
        not_called = set()
        for order, error in broker.submit(orders):
            if isinstance(error, NotSentError):
                not_called.add(order.client_order_id)
                self.inbox.report(ev.SubmitRefused(order.account, order.client_order_id, str(error)))
            else:
                self.inbox.report(ev.SubmitUncertain(order.account, order.client_order_id, str(error)))
        names = [order.client_order_id for order in orders]
        calls = tuple([(name, called_ns) for name in names if name not in not_called])
        if calls:
            self.inbox.note(ev.SubmitsHandedOver(committed_ns, calls), called_ns)
