"""A connection that says nothing, or says it byte by byte, is closed: a thousand such would take every place."""

from __future__ import annotations

import asyncio
from typing import Final

from uvicorn.protocols.http.h11_impl import H11Protocol, RequestResponseCycle

HEAD_S: Final = 15.0
"""How long the head of a request may take to arrive, from the connection's or its own first byte."""


class ImpatientProtocol(H11Protocol):
    """HTTP/1.1 as uvicorn speaks it, with a limit on the wait for a request."""

    _timer: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Begin to wait."""
        super().connection_made(transport)
        self._timer = self.loop.call_later(HEAD_S, self._close_if_waiting)

    def data_received(self, data: bytes) -> None:
        """Take bytes, and wait on only while they make no request."""
        super().data_received(data)
        if not self._is_waiting():
            self._stop()
        elif self._timer is None:
            self._timer = self.loop.call_later(HEAD_S, self._close_if_waiting)

    def connection_lost(self, exc: Exception | None) -> None:
        """Wait no more."""
        self._stop()
        super().connection_lost(exc)

    def _is_waiting(self) -> bool:
        return self.transport.get_protocol() is self and _is_over(self.cycle)

    def _close_if_waiting(self) -> None:
        self._timer = None
        if self._is_waiting():
            self.transport.abort()

    def _stop(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None


def _is_over(cycle: RequestResponseCycle | None) -> bool:
    return cycle is None or cycle.response_complete
