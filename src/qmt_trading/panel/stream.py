"""The stream to one browser: what is new, at most twenty times a second, and never more than it takes."""

from __future__ import annotations

import asyncio
import contextlib
import time
from typing import Final

import msgspec
from fastapi import WebSocket
from msgspec import Struct
from starlette.websockets import WebSocketDisconnect, WebSocketState

from qmt_trading.panel.hub import PAUSE_S, Hub, Reader, beat

SYMBOLS_MAX: Final = 200
TEXT_MAX: Final = 16_384
WATCHES_MAX: Final = 20
"""Wishes a browser may send in a second."""
UNREADABLE: Final = 1003
_FROZEN: Final = -1
_GONE: Final = 0
_FAULT: Final = 1011


class Watch(Struct, frozen=True, tag="watch", tag_field="k", forbid_unknown_fields=True):
    """What a browser wants to be told of; empty: all accounts."""

    account: str = ""
    symbols: tuple[str, ...] = ()


_decode: Final = msgspec.json.Decoder(Watch).decode
_encode: Final = msgspec.json.Encoder().encode


async def serve(socket: WebSocket, hub: Hub, *, version: str) -> None:
    """Tell one browser what is new until it goes or freezes; who it is, and for how long, the wall looks after."""
    await socket.accept()
    reader = hub.join()
    tasks = [
        asyncio.create_task(_tell(socket, hub, reader, version), name="panel-tell"),
        asyncio.create_task(_listen(socket, hub, reader), name="panel-listen"),
        asyncio.create_task(_freeze(reader), name="panel-freeze"),
    ]
    try:
        done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        code = next((task.result() for task in done if task.exception() is None), _FAULT)
        if code == _FROZEN:
            hub.dropped += 1
        elif code and socket.application_state is WebSocketState.CONNECTED:
            with contextlib.suppress(RuntimeError, OSError, WebSocketDisconnect, TimeoutError):
                async with asyncio.timeout(2.0):
                    await socket.close(code)
    finally:
        hub.leave(reader)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def _tell(socket: WebSocket, hub: Hub, reader: Reader, version: str) -> int:
    """Send hello, then frames and signs of life; return when the browser has gone."""
    hello: dict[str, object] = {"k": "hello", "frame": 0, "version": version, "at": _now_ms()}
    frame = _encode(hello).decode("utf-8")
    while True:
        reader.told_s = reader.sending_s = time.monotonic()
        try:
            await socket.send_text(frame)
        except (WebSocketDisconnect, RuntimeError, OSError):
            return _GONE
        reader.sending_s = 0.0
        if hub.pause_s > PAUSE_S:  # A few are told as often as anything is published: at most 20 times a second.
            await asyncio.sleep(hub.pause_s)
        await reader.wake.wait()
        frame = hub.frame(reader) or beat(_now_ms())


async def _freeze(reader: Reader) -> int:
    await reader.frozen.wait()
    return _FROZEN


def _now_ms() -> int:
    return time.time_ns() // 1_000_000


async def _listen(socket: WebSocket, hub: Hub, reader: Reader) -> int:
    """Take the browser's wishes; return when it has gone or says what nobody understands."""
    heard: list[float] = []
    while True:
        try:
            message = await socket.receive()
        except (WebSocketDisconnect, RuntimeError):
            return _GONE
        if message["type"] == "websocket.disconnect":
            return _GONE
        text = message.get("text")
        now = time.monotonic()
        heard = [at for at in heard if now - at < 1.0] + [now]
        if not isinstance(text, str) or len(text) > TEXT_MAX or len(heard) > WATCHES_MAX:
            return UNREADABLE
        try:
            wish = _decode(text)
        except (msgspec.DecodeError, UnicodeEncodeError, RecursionError):
            return UNREADABLE
        if len(wish.symbols) > SYMBOLS_MAX or any(len(symbol) > 16 for symbol in wish.symbols):
            return UNREADABLE
        hub.watch(reader, wish.account[:64], wish.symbols)
