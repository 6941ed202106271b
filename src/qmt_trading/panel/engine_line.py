"""The line to the engine's control door: one that stays open for reading, and a fresh one for each deed."""

from __future__ import annotations

import threading
from typing import Final

from qmt_trading.codec import control as wire
from qmt_trading.codec.view_json import Plain
from qmt_trading.link.dial import Connection, DialError, dial
from qmt_trading.panel.asking import EngineDownError

DIAL_S: Final = 2.0
READ_S: Final = 3.0
ACT_S: Final = 10.0
"""Longer than the engine itself waits for what follows from a request."""
HALT_S: Final = 3.0
"""A stop waits no longer: an engine that is well halts in milliseconds, for one that is not there is the flag file."""


class EngineLine:
    """Asks the engine at one address; for any thread."""

    def __init__(self, address: str) -> None:
        self._address = address
        self._lock = threading.Lock()
        self._open: Connection | None = None

    def ask(self, request: wire.ControlRequest) -> list[Plain]:
        """Return the answer.

        Raises:
            EngineDownError: no engine runs: nothing was taken.
            DialError: it does not answer: it may have been carried out.
            ControlError: it refuses, and says why.
        """
        if isinstance(request, wire.Reading):
            return wire.decode_answer(self._read(wire.encode_request(request)))
        with self._dialled() as line:
            line.send(wire.encode_request(request))
            return wire.decode_answer(line.receive_line(HALT_S if isinstance(request, wire.Halt) else ACT_S))

    def close(self) -> None:
        """Hang up. Repeating it is harmless."""
        with self._lock:
            self._hang_up()

    def _read(self, sent: bytes) -> bytes:
        """Ask over the open line; one that was closed meanwhile is dialled again: reading twice changes nothing."""
        with self._lock:
            if self._open is not None:
                try:
                    return self._exchange(self._open, sent)
                except DialError:
                    self._hang_up()
            self._open = self._dialled()
            try:
                return self._exchange(self._open, sent)
            except DialError:
                self._hang_up()
                raise

    def _exchange(self, line: Connection, sent: bytes) -> bytes:
        line.send(sent)
        return line.receive_line(READ_S)

    def _dialled(self) -> Connection:
        try:
            return dial(self._address, timeout_s=DIAL_S)
        except DialError as error:
            raise EngineDownError("引擎未运行：先 qmt run / no engine is running: start it with `qmt run`") from error

    def _hang_up(self) -> None:
        if self._open is not None:
            self._open.close()
            self._open = None
