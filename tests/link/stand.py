"""What the suite needs of a host besides its link: a command, a market, and a hand in its terminal."""

from __future__ import annotations

import json
import os
import socket
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NamedTuple, Protocol

PATIENCE_S = 60.0


class Market(NamedTuple):
    """What the cases trade; all prices are texts, in yuan."""

    accounts: tuple[str, str]
    symbol: str
    resting: str
    """A buy at this price is taken and does not fill."""
    filling: str
    """A buy at this price fills at once."""


class Ids(NamedTuple):
    """How an order's row names it; empty: it does not."""

    remark: str
    broker: str
    venue: str


class Stand(Protocol):
    """One host with the terminal behind it. The terminal outlives the host's process where it can."""

    @property
    def command(self) -> Sequence[str]:
        """The host's command without ``--link`` and ``--observe``."""
        ...

    @property
    def environment(self) -> Mapping[str, str]:
        """What stands in the host's environment besides ours."""
        ...

    @property
    def market(self) -> Market: ...

    def hang(self, seconds: float) -> None:
        """Let every call to the terminal that begins from now on hang until ``seconds`` have passed; 0 lets go."""
        ...

    def foreign(self, price: str) -> None:
        """Place a buy of 100 of the market's symbol by hand, in the first account: it has a number and no remark."""
        ...

    def executed(self) -> Mapping[str, int]:
        """Return how many orders the terminal took, by remark. Works while calls hang."""
        ...

    def ids(self, row: Mapping[str, object]) -> Ids:
        """Return how an order's row in the host's dialect names it."""
        ...

    def close(self) -> None: ...


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class RiggedStand:
    """A host of the dialect ``plain`` that opens a door for the suite at a port of ours: JSON lines, each answered.

    ``{"do":"hang","seconds":1.5}``, ``{"do":"foreign","account":…,"symbol":…,"side":"buy","quantity":100,"price":…}``,
    ``{"do":"executed"}`` answered by ``{"executed":{remark: count}}``.
    """

    def __init__(self, command: Sequence[str], market: Market, port: int) -> None:
        self.command = command
        self.market = market
        self.environment: Mapping[str, str] = {}
        self._port = port

    def hang(self, seconds: float) -> None:
        self._ask({"do": "hang", "seconds": seconds})

    def foreign(self, price: str) -> None:
        market = self.market
        placed = {"account": market.accounts[0], "symbol": market.symbol, "side": "buy", "quantity": 100}
        self._ask({"do": "foreign", **placed, "price": price})

    def executed(self) -> Mapping[str, int]:
        counted = self._ask({"do": "executed"})["executed"]
        assert isinstance(counted, dict)
        return counted

    def ids(self, row: Mapping[str, object]) -> Ids:
        names = ("client_order_id", "broker_order_id", "venue_order_id")
        return Ids(*[str(row[name]) for name in names])

    def close(self) -> None:
        """Do nothing: the door ends with its host."""

    def _ask(self, act: Mapping[str, object]) -> dict[str, object]:
        until = time.monotonic() + PATIENCE_S
        while True:
            try:
                with socket.create_connection(("127.0.0.1", self._port), 1.0) as door:
                    door.settimeout(PATIENCE_S)
                    door.sendall(json.dumps(act).encode("ascii") + b"\n")
                    with door.makefile("rb") as lines:
                        answer = json.loads(lines.readline())
            except OSError:
                assert time.monotonic() < until, f"the host opens no door at port {self._port}"
                time.sleep(0.05)
                continue
            assert isinstance(answer, dict)
            assert "error" not in answer, answer
            return answer


def simulated(folder: Path) -> Stand:
    """Return a stand of the simulated exchange's host; its book lies in ``folder``."""
    market = Market(("11031122", "11031123"), "600000.SH", "9.80", "10.60")
    port = free_port()
    command = [sys.executable, "-m", "qmt_trading.brokers.simulated.host", "--folder", str(folder), "--rig", str(port)]
    for account in market.accounts:
        command += ["--account", f"{account}=100000000"]
    return RiggedStand(command, market, port)


def environment_of(stand: Stand, secret: str) -> dict[str, str]:
    return {**os.environ, **stand.environment, "QMT_LINK_SECRET": secret}
