"""The stand of the full terminal's host in the suite that every host of the broker link must pass (``tests/link``)."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from qmt_trading import hosts
from tests.fullqmt import python36
from tests.link.stand import Ids, Market, RiggedStand, free_port

HOST = Path(hosts.__file__).with_name("fullqmt_host.py")
ROOT = Path(__file__).resolve().parents[2]


def terminals_python() -> str:
    """Return the interpreter of the stand-in terminal: the one that is named, CPython 3.6 where there is one, or ours.

    There is no CPython 3.6 for Windows to be had as a package; tools/wine sets up the oldest that there is.
    """
    return os.environ.get("QMT_TERMINAL_PYTHON") or python36.found() or sys.executable


class FullQmtStand(RiggedStand):
    """The host's text in the stand-in terminal, under CPython 3.6."""

    def __init__(self, folder: Path, *, forbid: Sequence[str] = ()) -> None:
        """Prepare; ``forbid`` names modules that this terminal does not let its strategies have."""
        market = Market(("11031122", "11031123"), "600000.SH", "9.80", "10.60")
        port = free_port()
        command = [terminals_python(), "-u", "-m", "tests.fullqmt.py36.process", "--text", str(HOST)]
        command += ["--rig", str(port), "--folder", str(folder / "claims")]
        for account in market.accounts:
            command += ["--account", account]
        for name in forbid:
            command += ["--forbid", name]
        super().__init__(command, market, port)
        self.environment = {"PYTHONPATH": str(ROOT), "PYTHONDONTWRITEBYTECODE": "1"}

    def foreign(self, price: str) -> None:
        account, symbol = self.market.accounts[0], self.market.symbol
        self.ask(do="foreign", account=account, symbol=symbol, price=float(price))

    def ids(self, row: Mapping[str, object]) -> Ids:
        number = str(row["m_strOrderSysID"])
        return Ids(str(row["m_strRemark"]), f"{number}.{row['m_strExchangeID']}" if number else "", number)

    def dial(self, **dials: object) -> None:
        """Turn the counter's dials."""
        self.ask(do="dial", dials=dials)

    def escaped(self) -> Sequence[object]:
        """Return what escaped from the strategy's functions."""
        told = self.ask(do="escaped")["escaped"]
        assert isinstance(told, list)
        return told

    def ask(self, **act: object) -> Mapping[str, object]:
        """Ask the terminal's door."""
        return self._ask(act)


def fullqmt(folder: Path) -> FullQmtStand:
    """Return a stand whose files lie in ``folder``."""
    return FullQmtStand(folder)


def fullqmt_by_ctypes(folder: Path) -> FullQmtStand:
    """Return the same where the built-in module for pipes is forbidden, so that the file calls Windows by ctypes."""
    return FullQmtStand(folder, forbid=["_winapi"])
