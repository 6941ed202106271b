"""The stand of the xtquant host in the suite that every host of the broker link must pass (``tests/link``)."""

from __future__ import annotations

import sys
import threading
from collections import Counter as Tally
from collections.abc import Mapping, Sequence
from pathlib import Path

from tests.link.stand import Ids, Market
from tests.terminal.counter import Counter
from tests.terminal.host_end import HOST
from tests.terminal.package import make_package, make_terminal


class XtquantStand:
    """The host over the real xttrader.py, with a counter that outlives it."""

    market = Market(("11031122", "11031123"), "600000.SH", "9.80", "10.60")

    def __init__(self, folder: Path) -> None:
        package, terminal = make_package(folder / "site"), make_terminal(folder / "qmt")
        self._counter = Counter(self.market.accounts)
        self._counter.fills_from = 10.5
        self._timer: threading.Timer | None = None
        self.command: Sequence[str] = [
            *(sys.executable, str(HOST)),
            *("--terminal", str(terminal), "--xtquant", str(package)),
        ]
        self.environment: Mapping[str, str] = {"QMT_TEST_COUNTER": self._counter.address}

    def hang(self, seconds: float) -> None:
        if self._timer is not None:
            self._timer.cancel()
        self._counter.release()
        if seconds:
            self._counter.hang("*")
            self._timer = threading.Timer(seconds, self._counter.release)
            self._timer.start()

    def foreign(self, price: str) -> None:
        self._counter.place_elsewhere(phone=False, symbol=self.market.symbol, price=float(price))

    def executed(self) -> Mapping[str, int]:
        return Tally(str(row["order_remark"]) for row in list(self._counter.orders))

    def ids(self, row: Mapping[str, object]) -> Ids:
        broker = row["order_id"]
        return Ids(str(row["order_remark"]), str(broker) if broker else "", str(row["order_sysid"]))

    def close(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
        self._counter.__exit__(None, None, None)


def xtquant(folder: Path) -> XtquantStand:
    """Return a stand whose files lie in ``folder``; skips the test where xtquant's files are not at hand."""
    return XtquantStand(folder)
