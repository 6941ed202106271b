"""What a route may depend on to know who asks: the wall has looked at session and key before any of it runs."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Final

from starlette.requests import HTTPConnection

from qmt_trading.panel.audit import Audit
from qmt_trading.panel.callers import Caller, Role, Scope
from qmt_trading.panel.entrance import entrance_of
from qmt_trading.panel.reach import is_loopback
from qmt_trading.panel.refusals import RefusedError

CALLER: Final = "qmt_caller"
"""Where in the connection's ``state`` the wall leaves the caller that it has proven; absent: nobody."""

CallerOf = Callable[[HTTPConnection], Awaitable[Caller]]


def caller_of(connection: HTTPConnection) -> Caller | None:
    """Return who was proven to ask, None: nobody."""
    caller = connection.scope.get("state", {}).get(CALLER)
    return caller if isinstance(caller, Caller) else None


async def signed_in(connection: HTTPConnection) -> Caller:
    """Return the person who asks, viewer or operator; for HTTP and for the WebSocket.

    Raises:
        RefusedError: 401, no session; 403, a second factor must be set up first.
    """
    caller = caller_of(connection)
    if caller is None or caller.role is None:
        raise RefusedError("not_signed_in")
    if caller.needs_totp:
        raise RefusedError("totp_needed")
    return caller


async def operator(connection: HTTPConnection) -> Caller:
    """Return the person who asks, who may act.

    Raises:
        RefusedError: 401, no session; 403, a viewer.
    """
    caller = await signed_in(connection)
    if caller.role is not Role.OPERATOR:
        raise RefusedError("operators_only")
    return caller


def key_with(scope: Scope) -> CallerOf:
    """Return a dependency on a program whose key has ``scope``; a person's session does not do."""

    async def with_key(connection: HTTPConnection) -> Caller:
        caller = caller_of(connection)
        if caller is None or not caller.key:
            raise RefusedError("bad_key")
        if scope not in caller.scopes:
            raise RefusedError("scope")
        return caller

    return with_key


_key_that_reads: Final = key_with(Scope.READ)


async def reader(connection: HTTPConnection) -> Caller:
    """Return a person with a session, or a program whose key may read."""
    caller = caller_of(connection)
    return await (_key_that_reads if caller is not None and caller.key else signed_in)(connection)


async def nearby(connection: HTTPConnection) -> Caller | None:
    """Let a request pass that comes from this machine, or from somebody who may read; for what measures the panel."""
    caller = caller_of(connection)
    if caller is None and connection.client is not None and is_loopback(connection.client.host):
        return None
    return await reader(connection)


def audit_of(connection: HTTPConnection) -> Audit:
    """Return where deeds are noted; a dependency for routes."""
    return entrance_of(connection).audit
