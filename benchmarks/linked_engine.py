"""The program, its simulated exchange behind a broker link: ``python -m benchmarks.linked_engine run …``.

In live mode a host stands before the terminal; here the same link leads to the simulated exchange in a host of its own.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

from qmt_trading.brokers.linked.broker import LinkedBroker
from qmt_trading.brokers.linked.child import ChildCarrier
from qmt_trading.brokers.linked.condition import Level
from qmt_trading.brokers.simulated.plain import PlainTranslate
from qmt_trading.cli.main import main as program
from qmt_trading.model.numbers import to_text
from qmt_trading.ports import Broker
from qmt_trading.run.clock import SystemClock
from qmt_trading.run.config_terminals import Terminal
from qmt_trading.run.terminals import Exchanges


def linked(self: Any, terminal: Terminal) -> Broker:
    """Return the way to an exchange in a host; stands in for ``Exchanges.broker``."""
    folder = Path(self._folder) / "host"
    command = [sys.executable, "-m", "qmt_trading.brokers.simulated.host", "--folder", str(folder)]
    for each in terminal.accounts:
        command += ["--account", f"{each.account}={to_text(each.cash)}"]
    accounts = [each.account for each in terminal.accounts]
    return LinkedBroker(terminal.name, ChildCarrier(command), accounts, SystemClock(), PlainTranslate(), Level.TRADE)


if __name__ == "__main__":
    Exchanges.broker = linked  # type: ignore[method-assign]
    program()
