"""A connection that says nothing, or that nobody known speaks on, takes no place of those that matter."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any, Final

from starlette.types import Scope
from uvicorn.protocols.http.h11_impl import H11Protocol, RequestResponseCycle

HEAD_S: Final = 15.0
"""How long the head of a request may take to arrive, from the connection's or its own first byte."""
STRANGERS_MAX: Final = 4_500
"""Connections on which nobody known has asked anything yet; beyond them the oldest goes for each that comes.

More than twice as many as one turn of the event loop takes in (2,048): one that comes with a stop is heard before it
could be the oldest.
"""
_CONNECTION: Final = "connection"


class Crowd:
    """The connections of strangers, the oldest first. On the event loop alone."""

    def __init__(self) -> None:
        self._strangers: dict[ImpatientProtocol, None] = {}

    def enter(self, connection: ImpatientProtocol) -> None:
        """Let a stranger in, and show the one out who has been here longest where there are too many."""
        self._strangers[connection] = None
        if len(self._strangers) > STRANGERS_MAX:
            oldest = next(iter(self._strangers))
            del self._strangers[oldest]
            oldest.transport.abort()

    def leave(self, connection: ImpatientProtocol) -> None:
        """Forget one that is gone, or no stranger any more. Repeating it is harmless."""
        self._strangers.pop(connection, None)


class ImpatientProtocol(H11Protocol):
    """HTTP/1.1 as uvicorn speaks it, with a limit on the wait for a request, and on how many strangers there are."""

    crowd: Crowd
    _timer: asyncio.TimerHandle | None = None

    def __init__(self, *args: Any, **more: Any) -> None:
        """Make one connection; what it serves can say that somebody known speaks on it."""
        super().__init__(*args, **more)
        self.app_state = {**self.app_state, _CONNECTION: self}

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Begin to wait."""
        super().connection_made(transport)
        self._timer = self.loop.call_later(HEAD_S, self._close_if_waiting)
        self.crowd.enter(self)

    def data_received(self, data: bytes) -> None:
        """Take bytes, and wait on only while they make no request."""
        super().data_received(data)
        if self.transport.get_protocol() is not self:
            self.crowd.leave(self)  # It is a stream now, which has limits of its own.
        if not self._is_waiting():
            self._stop()
        elif self._timer is None:
            self._timer = self.loop.call_later(HEAD_S, self._close_if_waiting)

    def connection_lost(self, exc: Exception | None) -> None:
        """Wait no more."""
        self._stop()
        self.crowd.leave(self)
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


def protocol_of(crowd: Crowd) -> Callable[..., asyncio.Protocol]:
    """Return the protocol for one server, whose strangers are counted together."""
    return type("ServedProtocol", (ImpatientProtocol,), {"crowd": crowd})


def is_known(scope: Scope) -> None:
    """Note that somebody known has asked something on the connection of ``scope``."""
    connection = scope.get("state", {}).get(_CONNECTION)
    if isinstance(connection, ImpatientProtocol):
        connection.crowd.leave(connection)


def _is_over(cycle: RequestResponseCycle | None) -> bool:
    return cycle is None or cycle.response_complete
