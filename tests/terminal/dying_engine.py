"""An engine that its first order kills: ``python -m tests.terminal.dying_engine CONFIG before|after`` it has left."""

from __future__ import annotations

import os
import signal
import sys
import time
from collections.abc import Sequence
from pathlib import Path

from qmt_trading.brokers.linked.broker import LinkedBroker
from qmt_trading.model.outputs import SubmitOrder
from qmt_trading.ports import SubmitError
from qmt_trading.run.build import Application
from qmt_trading.run.config import load

_submit = LinkedBroker.submit


def _die(broker: LinkedBroker, orders: Sequence[SubmitOrder]) -> Sequence[tuple[SubmitOrder, SubmitError]]:
    """Take the place of the broker call: the orders' turn is on disk."""
    if sys.argv[2] == "after":
        _submit(broker, orders)
        time.sleep(1.0)  # The order reaches the counter; what comes back is never decided, as this holds the loop.
    os.kill(os.getpid(), signal.Signals["SIGKILL"])
    return ()


if __name__ == "__main__":
    LinkedBroker.submit = _die  # type: ignore[method-assign, assignment]
    application = Application(load(Path(sys.argv[1])))
    application.start()
    sys.stdout.write("ready\n")
    sys.stdout.flush()
    application.wait()
