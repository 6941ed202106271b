"""The wall before every route: it lets through what is meant for this panel, well-formed, and from somebody known."""

from __future__ import annotations

import functools
import hmac
import logging
from collections.abc import Callable
from typing import Final

import anyio
import anyio.to_thread
from starlette.concurrency import run_in_threadpool
from starlette.datastructures import Headers
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from qmt_trading.panel.callers import Caller, Role
from qmt_trading.panel.callers import Scope as KeyScope
from qmt_trading.panel.entrance import Entrance
from qmt_trading.panel.guard import CALLER
from qmt_trading.panel.keys import TOUCH_NS as KEY_TOUCH_NS
from qmt_trading.panel.patience import is_known
from qmt_trading.panel.refusals import RefusedError
from qmt_trading.panel.requests import (
    BODY_BYTES_MAX,
    METHODS,
    READS,
    STRANGER_BYTES_MAX,
    TEXT_BYTES_MAX,
    Place,
    Room,
    bearer_of,
    body_of,
    check_headers,
    check_json,
    check_path,
    cookie_of,
    is_json,
    replaying,
)
from qmt_trading.panel.response_headers import guarded
from qmt_trading.panel.sessions import TOUCH_NS, csrf_of

API: Final = "/api/"
DOOR: Final = "/api/v1/signals"
"""Where programs bring signals: the one write that no person's session does."""
STREAM: Final = "/api/v1/stream"
TEXTS: Final = frozenset({"/api/v1/actions/signal", "/api/v1/actions/preview"})
"""The writes that hold signals as JSON."""
FOR_STRANGERS: Final = frozenset({"/api/v1/login", "/api/v1/setup", "/api/v1/setup/link"})
"""The writes that need no session."""
SESSION: Final = "/api/v1/session"
OWN: Final = frozenset({
    "/api/v1/logout", "/api/v1/password", "/api/v1/totp/begin", "/api/v1/totp/confirm", "/api/v1/totp/remove",
})  # fmt: skip
"""What everybody may do to the own access."""
OWN_SESSIONS: Final = "/api/v1/sessions/"
BACKGROUND: Final = "x-background"
"""A page sends it with what it asks for by itself: that is no use by a person."""
ENDED: Final = 4401
"""The code with which a WebSocket closes whose session has ended."""
NOTED: Final = frozenset({"bad_key", "bad_csrf", "bad_origin", "operators_only", "scope"})
"""The refusals that the audit tells of, where it is known who asked; of a wrong key also where it is not."""
NOTE_NS: Final = 60_000_000_000
NOTED_MAX: Final = 1_000
_log: Final = logging.getLogger("qmt_trading.panel")
TOUCH_S: Final = 0.5
"""How long a request waits for the note that its session was used."""
TOUCHES_AT_ONCE: Final = 4
LOOK_NS: Final = 5_000_000_000
"""How long an open WebSocket may outlive a session that was ended elsewhere."""


class Wall:
    """Pure ASGI, so that nothing of the framework runs before it."""

    def __init__(self, app: ASGIApp, entrance: Entrance) -> None:
        self._app = app
        self._entrance = entrance
        self._reach = entrance.reach
        self._room = Room()
        self._touching = anyio.CapacityLimiter(TOUCHES_AT_ONCE)
        self._noted_ns: dict[tuple[str, str], int] = {}
        """When which refusal of whom was last noted."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one connection."""
        if scope["type"] == "http":
            sending = guarded(send, is_page=not scope["path"].startswith(API))
            place = Place(self._room)
            try:
                await self._serve(scope, receive, sending, place)
            finally:
                place.leave()
        elif scope["type"] == "websocket":
            await self._stream(scope, receive, send)
        else:
            await self._app(scope, receive, send)

    async def _serve(self, scope: Scope, receive: Receive, sending: Send, place: Place) -> None:
        try:
            admitted = await self._admit(scope, receive, place)
        except RefusedError as refusal:
            await self._note(scope, refusal)
            await refusal.response()(scope, receive, sending)
        except Exception:  # noqa: BLE001 - the edge of one sender's connection: it alone is told no
            _log.exception("面板的门卫出错 / the wall failed")
            await RefusedError("broken").response()(scope, receive, sending)
        else:
            await self._app(scope, admitted, sending)

    async def _note(self, scope: Scope, refusal: RefusedError) -> None:
        """Note what somebody tried without the right to it, once a minute each: the audit must not be filled so."""
        if refusal.code not in NOTED:
            return
        caller = scope.get("state", {}).get(CALLER)
        address = scope["client"][0] if scope.get("client") else ""
        who = caller.who if isinstance(caller, Caller) else "?"
        if who == "?" and refusal.code != "bad_key":
            return
        now_ns, key = self._entrance.now_ns(), (f"{who} {address}", refusal.code)
        if 0 <= now_ns - self._noted_ns.get(key, 0) < NOTE_NS:
            return
        self._noted_ns.pop(key, None)
        self._noted_ns[key] = now_ns
        if len(self._noted_ns) > NOTED_MAX:
            del self._noted_ns[next(iter(self._noted_ns))]
        what = f"{scope['method']} {scope['path']}"[:120]
        await run_in_threadpool(self._entrance.audit.note_by, who, address, "refused", refusal.code, request=what)

    async def _admit(self, scope: Scope, receive: Receive, place: Place) -> Receive:
        """Let a request pass, and return what gives its body."""
        headers, path = self._check_form(scope)
        method = scope["method"]
        if method not in METHODS:
            raise RefusedError("method")
        if path.startswith(API) and headers.get("sec-fetch-site", "none") not in {"none", "same-origin"}:
            raise RefusedError("bad_origin")
        caller = await self._caller(scope, headers)
        if caller is not None:
            scope.setdefault("state", {})[CALLER] = caller
            is_known(scope)
        if method in READS:
            self._check_read(path, caller)
            return receive
        self._check_write(scope, headers, path, caller)
        return await self._with_body(receive, headers, path, caller, place)

    def _check_form(self, scope: Scope) -> tuple[Headers, str]:
        check_headers(scope)
        headers = Headers(scope=scope)
        if headers.get("host", "").lower() not in self._reach.hosts:
            raise RefusedError("wrong_host")
        return headers, check_path(scope)

    async def _caller(self, scope: Scope, headers: Headers) -> Caller | None:
        """Return who asks; a key goes before a cookie, and a wrong key is never overlooked.

        Raises:
            RefusedError: 401, the key is none.
        """
        address = scope["client"][0] if scope.get("client") else ""
        bearer = bearer_of(headers)
        if bearer is None:
            return await self._person(headers, address)
        key = self._entrance.keys.find(bearer)
        if key is None:
            raise RefusedError("bad_key")
        now_ns = self._entrance.now_ns()
        if now_ns - key.used_ns > KEY_TOUCH_NS:
            await self._touch(functools.partial(self._entrance.keys.touch, key, now_ns=now_ns))
        return Caller(
            name=key.name, address=address, key=key.id, scopes=key.scopes, doors=key.doors, accounts=key.accounts
        )

    async def _person(self, headers: Headers, address: str) -> Caller | None:
        token = cookie_of(headers, self._reach.session_cookie)
        if not token:
            return None
        now_ns = self._entrance.now_ns()
        session = self._entrance.sessions.find(token, now_ns=now_ns)
        if session is None:
            return None
        if now_ns - session.used_ns > TOUCH_NS and BACKGROUND not in headers:
            await self._touch(functools.partial(self._entrance.sessions.touch, session, now_ns=now_ns))
        return Caller(
            name=session.user,
            address=address,
            role=session.role,
            session=session.id,
            needs_totp=not self._reach.is_loopback and not session.has_totp,
        )

    async def _touch(self, touch: Callable[[], None]) -> None:
        """Note a use on a thread that nothing else waits for, and let nobody wait long for it: a stop may follow."""
        with anyio.move_on_after(TOUCH_S):
            await anyio.to_thread.run_sync(touch, abandon_on_cancel=True, limiter=self._touching)

    def _check_read(self, path: str, caller: Caller | None) -> None:
        if not path.startswith(API) or path == SESSION:
            return
        if caller is None:
            raise RefusedError("not_signed_in")
        if caller.key and KeyScope.READ not in caller.scopes:
            raise RefusedError("scope")
        if caller.needs_totp:
            raise RefusedError("totp_needed")

    def _check_write(self, scope: Scope, headers: Headers, path: str, caller: Caller | None) -> None:
        origin = headers.get("origin")
        by_key = caller is not None and caller.role is None
        if origin not in self._reach.origins and not (by_key and origin is None):
            raise RefusedError("bad_origin")
        if by_key:
            assert caller is not None
            if scope["method"] != "POST" or path != DOOR or KeyScope.SIGNALS not in caller.scopes:
                raise RefusedError("scope")
            return
        if path == DOOR:
            raise RefusedError("bad_key")
        if path in FOR_STRANGERS:
            return
        if caller is None:
            raise RefusedError("not_signed_in")
        expected = csrf_of(cookie_of(headers, self._reach.session_cookie))
        if not hmac.compare_digest(headers.get("x-csrf", "").encode("latin-1"), expected.encode("latin-1")):
            raise RefusedError("bad_csrf")
        if path in OWN:
            return
        if caller.needs_totp:
            raise RefusedError("totp_needed")
        if caller.role is not Role.OPERATOR and not path.startswith(OWN_SESSIONS):
            raise RefusedError("operators_only")

    async def _with_body(
        self, receive: Receive, headers: Headers, path: str, caller: Caller | None, place: Place
    ) -> Receive:
        says_json = is_json(headers)
        if path != DOOR and not says_json and "content-type" in headers:
            raise RefusedError("not_json")
        bytes_max = TEXT_BYTES_MAX if path in TEXTS else BODY_BYTES_MAX if caller is not None else STRANGER_BYTES_MAX
        body = await body_of(receive, headers, place, bytes_max=bytes_max)
        if path != DOOR and body:
            if not says_json:
                raise RefusedError("not_json")
            check_json(body)
        return replaying(body, receive)

    async def _stream(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let a page's WebSocket pass, for as long as its session is alive."""
        try:
            headers, path = self._check_form(scope)
            if headers.get("origin") not in self._reach.origins:
                raise RefusedError("bad_origin")
            if path != STREAM:
                raise RefusedError("not_found")
            caller = await self._person(headers, scope["client"][0] if scope.get("client") else "")
            if caller is None:
                raise RefusedError("not_signed_in")
            if caller.needs_totp:
                raise RefusedError("totp_needed")
        except RefusedError as refusal:
            await _refuse(refusal, scope, receive, send)
            return
        scope.setdefault("state", {})[CALLER] = caller
        await self._app(scope, receive, self._while_alive(send, caller))

    def _while_alive(self, send: Send, caller: Caller) -> Send:
        """Return ``send``, which closes the connection instead once the session has ended."""
        sessions, now_ns = self._entrance.sessions, self._entrance.now_ns
        seen, looked_ns, is_over = sessions.revision, now_ns(), False

        async def sending(message: Message) -> None:
            nonlocal seen, looked_ns, is_over
            if is_over:
                raise OSError("this session has ended")
            if message["type"] == "websocket.send":
                now = now_ns()
                if seen != sessions.revision or not 0 <= now - looked_ns < LOOK_NS:
                    seen, looked_ns = sessions.revision, now
                    if not sessions.is_alive(caller.session, now_ns=now):
                        is_over = True
                        await send({"type": "websocket.close", "code": ENDED, "reason": "session"})
                        raise OSError("this session has ended")
            await send(message)

        return sending


async def _refuse(refusal: RefusedError, scope: Scope, receive: Receive, send: Send) -> None:
    """Answer a WebSocket's opening with a plain no."""
    message = await receive()
    if message["type"] != "websocket.connect":
        return
    if "websocket.http.response" not in scope.get("extensions", {}):
        await send({"type": "websocket.close", "code": 1008})
        return
    response = refusal.response()
    sending = guarded(send, is_page=False)
    await sending(
        {"type": "websocket.http.response.start", "status": response.status_code, "headers": response.raw_headers}
    )
    await sending({"type": "websocket.http.response.body", "body": bytes(response.body)})
