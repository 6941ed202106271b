"""What the death of a host in mid-stream leaves behind: nothing twice, and nothing that was told not to have left."""

from __future__ import annotations

import os
import signal
import sys
from pathlib import Path

from qmt_trading.brokers.linked.broker import LinkedBroker
from qmt_trading.brokers.linked.child import ChildCarrier
from qmt_trading.brokers.linked.condition import Level
from qmt_trading.brokers.simulated.plain import PlainTranslate
from qmt_trading.model.events import BrokerListed, LinkChanged, SubmitRefused
from qmt_trading.model.outputs import QueryBroker
from qmt_trading.model.words import LinkState
from tests.contract.test_broker import ONE, TWO, Ear, WallClock, host_command, order

HARD = signal.SIGTERM  # Windows ends a process at once by it.
if sys.platform != "win32":
    HARD = signal.SIGKILL


def test_a_killed_host_does_nothing_twice_and_its_accounts_come_back(tmp_path: Path) -> None:
    carrier = ChildCarrier(host_command(tmp_path), first_wait_s=0.05)
    broker = LinkedBroker("linked", carrier, (ONE, TWO), WallClock(), PlainTranslate(), Level.TRADE)
    ear = Ear()
    broker.start(ear.deliver)
    ear.wait(lambda report: isinstance(report, LinkChanged), 2)
    failed: set[str] = set()
    for number in range(60):
        if number == 30:
            os.kill(carrier.pid, HARD)
        failed |= {each.client_order_id for each, _ in broker.submit([order(f"A{number:02d}", "10.00")])}
    ear.wait(lambda r: isinstance(r, LinkChanged) and r.state is LinkState.CONNECTED, 4)
    ear.wait(lambda r: isinstance(r, LinkChanged) and r.state is LinkState.DOWN, 2)
    broker.query(QueryBroker(ONE))
    (listed,) = ear.wait(lambda report: isinstance(report, BrokerListed))
    broker.stop()
    assert isinstance(listed, BrokerListed)
    names = [row.client_order_id for row in listed.rows]
    refused = {report.client_order_id for report in ear.reports if isinstance(report, SubmitRefused)}
    assert len(names) == len(set(names))
    assert not (failed | refused) & set(names)  # What certainly did not leave is not there.
