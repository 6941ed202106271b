"""A counter that takes every order and fills none: ``python stub_counter.py ADDRESS INSTANTS``.

The peers of the benchmarks call a stub that keeps an instant; this is the product's, at the far end of its own wire and
in a process of its own, as a broker's terminal is. It answers each order with one row and each query with a list, and
writes the instant of each cancel into the file INSTANTS.
"""

from __future__ import annotations

import sys
import time
from typing import TextIO

from qmt_trading.brokers.simulated import wire
from qmt_trading.model.events import BrokerListed, LinkChanged, OrderReported, OrderRow, Report
from qmt_trading.model.numbers import Money, Quantity
from qmt_trading.model.outputs import CancelOrder, SubmitOrder
from qmt_trading.model.signal import AccountId
from qmt_trading.model.words import LinkState, OrderStatus

CASH = Money(10**17)


class Counter:
    """One connection; the account of each order decides the session that its row carries."""

    def __init__(self, instants: TextIO) -> None:
        self._instants = instants
        self.sessions: dict[AccountId, int] = {}
        self.rows: dict[str, tuple[AccountId, OrderRow]] = {}

    def answers(self, line: bytes, received_ns: int) -> list[Report]:
        """Return what follows from one line."""
        said = wire.line_decoder.decode(line)
        if isinstance(said, wire.Hello):
            now_s = int(time.time())
            self.sessions = {AccountId(each.account): now_s + number for number, each in enumerate(said.accounts)}
            return [LinkChanged(account, session, LinkState.CONNECTED) for account, session in self.sessions.items()]
        if isinstance(said, wire.Asked):
            rows = tuple(row for account, row in self.rows.values() if account == said.account)
            session = self.sessions[said.account]
            return [BrokerListed(said.account, session, said.asked_ns, True, True, CASH, (), rows, ())]
        if isinstance(said, SubmitOrder):
            number = str(len(self.rows) + 1)
            row = _row(said, number, OrderStatus.NEW)
            self.rows[number] = said.account, row
            return [OrderReported(said.account, self.sessions[said.account], row)]
        if isinstance(said, CancelOrder):
            self._instants.write(f"{received_ns}\n")
            account, old = self.rows[said.broker_order_id]
            row = OrderRow(
                old.client_order_id,
                old.broker_order_id,
                old.venue_order_id,
                old.symbol,
                old.side,
                old.quantity,
                old.price,
                Quantity(0),
                OrderStatus.CANCELED,
            )
            self.rows[said.broker_order_id] = account, row
            return [OrderReported(account, self.sessions[account], row)]
        raise AssertionError(said)


def _row(order: SubmitOrder, number: str, status: OrderStatus) -> OrderRow:
    return OrderRow(
        order.client_order_id,
        number,
        f"H{number}",
        order.symbol,
        order.side,
        order.quantity,
        order.price,
        Quantity(0),
        status,
    )


def main() -> None:
    """Serve one engine after the other."""
    listener, address = wire.open_socket(sys.argv[1])
    listener.bind(address)
    listener.listen(4)
    print("ready", flush=True)
    while True:
        line, _ = listener.accept()
        with open(sys.argv[2], "a", encoding="ascii") as instants:
            lines, counter = wire.Lines(), Counter(instants)
            while received := line.recv(1 << 20):
                received_ns = time.time_ns()
                reports = [report for each in lines.feed(received) for report in counter.answers(each, received_ns)]
                if reports:
                    line.sendall(b"".join(map(wire.to_line, reports)))
                instants.flush()


if __name__ == "__main__":
    main()
