"""A door beside a host's link, for tests: orders by hand, seals, counts, and calls that hang."""

from __future__ import annotations

import json
import socket
import threading
import time
from collections.abc import Callable, Mapping

from qmt_trading.brokers.simulated.chaos import LyingExchange
from qmt_trading.brokers.simulated.quotes import SeededQuotes
from qmt_trading.market.synthetic import Seal
from qmt_trading.model.events import Report
from qmt_trading.model.instrument import Symbol
from qmt_trading.model.numbers import Price, Quantity, from_decimal
from qmt_trading.model.signal import AccountId
from qmt_trading.model.words import Side


class Hanging:
    """Holds calls up. Safe from any thread."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._until = 0.0
        self.began_us = 0
        """When the call under way began; 0: none is."""

    def hold(self, seconds: float) -> None:
        """Let the calls that begin from now on hang until ``seconds`` have passed; 0 lets go of all."""
        with self._changed:
            self._until = time.monotonic() + seconds if seconds else 0.0
            self._changed.notify_all()

    def wait(self) -> None:
        """Hang, if calls are to hang."""
        with self._changed:
            while (left := self._until - time.monotonic()) > 0:
                self._changed.wait(left)


class Rig:
    """Listens on loopback for JSON lines, each answered by one."""

    def __init__(
        self,
        port: int,
        exchange: LyingExchange,
        lock: threading.RLock,
        quotes: SeededQuotes,
        hanging: Hanging,
        tell: Callable[[list[Report]], None],
    ) -> None:
        """Open the door at ``port``; ``lock`` guards the exchange, ``tell`` passes on what it reports."""
        self._exchange = exchange
        self._lock = lock
        self._quotes = quotes
        self._hanging = hanging
        self._tell = tell
        self._listener = socket.create_server(("127.0.0.1", port))
        threading.Thread(target=self._serve, name="rig", daemon=True).start()

    def _serve(self) -> None:
        while True:
            connected, _ = self._listener.accept()
            threading.Thread(target=self._converse, args=(connected,), name="rig-client", daemon=True).start()

    def _converse(self, connected: socket.socket) -> None:
        with connected, connected.makefile("rb") as lines:
            try:
                for line in lines:
                    answer = self._do(json.loads(line))
                    connected.sendall(json.dumps(answer).encode() + b"\n")
            except (OSError, ValueError, KeyError) as error:
                connected.sendall(json.dumps({"error": repr(error)}).encode() + b"\n")

    def _do(self, asked: Mapping[str, object]) -> dict[str, object]:
        match asked["do"]:
            case "hang":
                self._hanging.hold(float(str(asked["seconds"])))
            case "foreign":
                with self._lock:
                    self._tell(
                        self._exchange.exchange.place_foreign(
                            AccountId(str(asked["account"])),
                            Symbol(str(asked["symbol"])),
                            Side(str(asked["side"])),
                            Quantity(int(str(asked["quantity"]))),
                            Price(from_decimal(str(asked["price"]))),
                            time.time_ns(),
                        )
                    )
            case "seal":
                with self._lock:
                    side = asked.get("side")
                    symbol = Symbol(str(asked["symbol"]))
                    self._quotes.seal(symbol, None if side is None else Seal(str(side)))
            case "executed":
                with self._lock:
                    executed, twice = self._exchange.exchange.executed, self._exchange.exchange.duplicates
                return {"executed": executed, "duplicates": twice, "orders": self._exchange.exchange.order_count}
            case "break":
                with self._lock:
                    self._tell(self._exchange.disconnect(time.time_ns()))
            case _:
                raise ValueError(f"no such act: {asked['do']}")
        return {"ok": True}
