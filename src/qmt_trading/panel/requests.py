"""What a request must look like before anything else looks at it: path, method, headers, body."""

from __future__ import annotations

import asyncio
import json
from typing import Any, Final
from urllib.parse import unquote_to_bytes

from starlette.datastructures import Headers
from starlette.types import Message, Receive, Scope

from qmt_trading.panel.refusals import RefusedError

METHODS: Final = frozenset({"GET", "HEAD", "POST", "PATCH", "DELETE"})
READS: Final = frozenset({"GET", "HEAD"})
BODY_BYTES_MAX: Final = 65_536
TEXT_BYTES_MAX: Final = 524_288
"""Of a body that holds signals as JSON, whose letters may be written in six bytes each."""
HELD_BYTES_MAX: Final = 16_777_216
"""Of all bodies together that are here at one time; smaller ones than ``SMALL_BYTES`` are always taken."""
SMALL_BYTES: Final = 8_192
STRANGER_BYTES_MAX: Final = 8_192
"""Of a body from nobody in particular: a login needs no more."""
BODY_WAIT_S: Final = 10.0
PATH_BYTES_MAX: Final = 1_024
QUERY_BYTES_MAX: Final = 8_192
HEADERS_MAX: Final = 64
HEADER_BYTES_MAX: Final = 16_384
_ONCE: Final = frozenset({
    b"host", b"origin", b"authorization", b"x-csrf", b"content-type", b"content-length", b"cookie",
})  # fmt: skip
_DRAIN_S: Final = 2.0
_DRAIN_BYTES: Final = 8_388_608


def check_headers(scope: Scope) -> None:
    """Let headers pass that are few, small, and told once where two would mean two things.

    Raises:
        RefusedError: 400 or 431.
    """
    headers: list[tuple[bytes, bytes]] = scope["headers"]
    if len(headers) > HEADERS_MAX or sum(len(name) + len(value) for name, value in headers) > HEADER_BYTES_MAX:
        raise RefusedError("headers_too_large")
    names = [name for name, _ in headers]
    if any(names.count(name) > 1 for name in _ONCE):
        raise RefusedError("bad_headers")


def check_path(scope: Scope) -> str:
    """Return the path when it means one thing only, however often it is decoded.

    Raises:
        RefusedError: 400, it climbs, hides a slash, holds what no path of ours holds, or is too long.
    """
    raw: bytes = scope.get("raw_path") or scope["path"].encode("utf-8")
    raw = raw.partition(b"?")[0]
    query: bytes = scope["query_string"]
    if len(raw) > PATH_BYTES_MAX or len(query) > QUERY_BYTES_MAX or b"%00" in query:
        raise RefusedError("bad_address")
    plain = unquote_to_bytes(raw)
    if (
        not raw.startswith(b"/")
        or b"%" in plain
        or b"//" in plain
        or b"\\" in plain
        or plain.count(b"/") != raw.count(b"/")
    ):
        raise RefusedError("bad_address")
    if any(segment in {b".", b".."} for segment in plain.split(b"/")) or any(
        byte < 32 or byte == 127 for byte in plain
    ):
        raise RefusedError("bad_address")
    try:
        return plain.decode("utf-8")
    except UnicodeDecodeError:
        raise RefusedError("bad_address") from None


def cookie_of(headers: Headers, name: str) -> str:
    """Return the cookie ``name``; empty where there is none, or where somebody has planted a second one."""
    values = [
        value.strip()
        for pair in headers.get("cookie", "").split(";")
        for key, sign, value in [pair.partition("=")]
        if sign and key.strip() == name
    ]
    return values[0] if len(values) == 1 else ""


def bearer_of(headers: Headers) -> str | None:
    """Return the key that the request carries, empty where it is unreadable, None where there is no such header."""
    told = headers.get("authorization")
    if told is None:
        return None
    scheme, _, key = told.partition(" ")
    return key.strip() if scheme.lower() == "bearer" else ""


def is_json(headers: Headers) -> bool:
    """Tell whether the body says that it is JSON in UTF-8."""
    kind, _, rest = headers.get("content-type", "").lower().partition(";")
    charset = rest.strip().partition("=")[2].strip(' "') or "utf-8"
    return kind.strip() == "application/json" and charset in {"utf-8", "utf8"}


class Room:
    """What there is for bodies. On the event loop alone."""

    def __init__(self, bytes_max: int = HELD_BYTES_MAX) -> None:
        self._left = bytes_max

    @property
    def left(self) -> int:
        """The bytes that are free."""
        return self._left

    def take(self, size: int) -> None:
        """Take so many bytes.

        Raises:
            RefusedError: 503, there are not as many.
        """
        if size > self._left:
            raise RefusedError("crowded")
        self._left -= size

    def give_back(self, size: int) -> None:
        """Return what was taken."""
        self._left += size


class Place:
    """The room that one request takes."""

    def __init__(self, room: Room) -> None:
        self._room = room
        self._taken = 0

    def hold(self, size: int) -> None:
        """Have room for a body of ``size`` bytes, or one that has grown to it.

        Raises:
            RefusedError: 503, there is none.
        """
        if size > SMALL_BYTES and size > self._taken:
            self._room.take(size - self._taken)
            self._taken = size

    def leave(self) -> None:
        """Give it back. Repeating it is harmless."""
        self._room.give_back(self._taken)
        self._taken = 0


async def body_of(receive: Receive, headers: Headers, place: Place, *, bytes_max: int) -> bytes:
    """Read the whole body; the room that it takes is ``place``'s.

    Raises:
        RefusedError: 400, the sender went away; 408, it took too long; 413, it is longer than ``bytes_max``; 503, there
            is no room for it now.
    """
    told = headers.get("content-length", "0")
    if not (told.isascii() and told.isdigit()):
        raise RefusedError("bad_headers")
    try:
        async with asyncio.timeout(BODY_WAIT_S):
            if int(told) > bytes_max:
                await _drain(receive)
                raise RefusedError("too_large", bytes_max=bytes_max)
            place.hold(int(told))
            return await _read(receive, place, bytes_max)
    except TimeoutError:
        raise RefusedError("timeout") from None


async def _read(receive: Receive, place: Place, bytes_max: int) -> bytes:
    body = bytearray()
    while True:
        message = await receive()
        if message["type"] != "http.request":
            raise RefusedError("malformed")
        body += message.get("body", b"")
        has_more = message.get("more_body", False)
        if len(body) > bytes_max:
            if has_more:
                await _drain(receive)
            raise RefusedError("too_large", bytes_max=bytes_max)
        place.hold(len(body))
        if not has_more:
            return bytes(body)


async def _drain(receive: Receive) -> None:
    """Take a little more and drop it: a sender that still writes would never read the refusal."""
    taken = 0
    try:
        async with asyncio.timeout(_DRAIN_S):
            while taken < _DRAIN_BYTES:
                message = await receive()
                taken += len(message.get("body", b""))
                if not message.get("more_body", False):
                    return
    except TimeoutError:
        return


def check_json(body: bytes) -> None:
    """Let a body pass that is JSON and says each thing once.

    Raises:
        RefusedError: 400.
    """
    try:
        json.loads(body.decode("utf-8"), object_pairs_hook=_each_once, parse_constant=_no_such_number)
    except (ValueError, RecursionError):
        raise RefusedError("bad_json") from None


def _each_once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    told = dict(pairs)
    if len(told) != len(pairs):
        raise ValueError("a name twice")
    return told


def _no_such_number(word: str) -> float:
    raise ValueError(word)


def replaying(body: bytes, receive: Receive) -> Receive:
    """Return a receiver that gives ``body`` once, and then what ``receive`` gives."""
    given = False

    async def replay() -> Message:
        nonlocal given
        if given:
            return await receive()
        given = True
        return {"type": "http.request", "body": body, "more_body": False}

    return replay
