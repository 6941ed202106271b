"""The HTTP door: a program's message in any wire format, answered with its receipt after that is durable."""

from __future__ import annotations

import functools
import time
from typing import Annotated, Final

from anyio import CapacityLimiter, to_thread
from fastapi import APIRouter, Depends, Query
from pydantic import BaseModel, ConfigDict, Field
from starlette.requests import Request
from starlette.responses import Response

from qmt_trading.codec import control as wire
from qmt_trading.codec.decoding import Source
from qmt_trading.codec.malformed import MalformedError, malformed
from qmt_trading.codec.signal import Parsed, parse
from qmt_trading.codec.view_json import Plain
from qmt_trading.link.dial import DialError
from qmt_trading.model.signal import Heartbeat, Signal
from qmt_trading.model.words import SignalStatus, Verb
from qmt_trading.panel import answers
from qmt_trading.panel.acting import Noted, refused
from qmt_trading.panel.audit import Audit
from qmt_trading.panel.callers import Caller, Scope
from qmt_trading.panel.data_parts import DataParts
from qmt_trading.panel.door_lines import DoorLines
from qmt_trading.panel.guard import key_with
from qmt_trading.panel.pace import Pace
from qmt_trading.panel.refusals import RefusedError

MESSAGES_AT_ONCE: Final = 32
"""Threads for programs alone: what waits here for an engine that hangs keeps nobody else waiting."""
MESSAGE_BYTES_MAX: Final = 65_536
"""As on every door; a longer message is refused whole."""

Program = Annotated[Caller, Depends(key_with(Scope.SIGNALS))]


class DoorQuery(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    door: str = Field(default="", max_length=64)
    """Needed by a key that is good for several doors, or for all."""


class HttpDoor:
    """One route. A repeat of an id, through whatever door, gets the first receipt: the engine sees to that."""

    def __init__(self, parts: DataParts) -> None:
        self._parts = parts
        self._places = CapacityLimiter(MESSAGES_AT_ONCE)
        self._lines = DoorLines(time.monotonic)
        self._pace = Pace(time.monotonic)

    def router(self) -> APIRouter:
        router = APIRouter(prefix="/api/v1", tags=["http-door"])
        router.add_api_route("/signals", self.signals, methods=["POST"], response_class=Response)
        return router

    async def signals(
        self, request: Request, program: Program, query: Annotated[DoorQuery, Query()], audit: Noted
    ) -> Response:
        """Take one message; the answer is its receipt: 200 also where it is denied, 400 where it is no signal.

        429: the engine is busy, or this key brings more lines than it may; 503: it does not run; nothing was taken in
        either case. Of several lines of which some were taken the answer is 200, and each receipt says which. 504: it
        was handed over and no receipt came in time: send the same id again to learn what became of it. The ttl of a
        signal counts from when its request was here.
        """
        body = await request.body()
        take = functools.partial(self._take, body, program, query.door, audit, time.perf_counter_ns())
        return await to_thread.run_sync(take, limiter=self._places)

    def _take(self, body: bytes, program: Caller, wanted: str, audit: Audit, brought_ns: int) -> Response:
        if len(body) > MESSAGE_BYTES_MAX:
            raise RefusedError("too_large", "一条消息最多 64 KiB", "a message holds at most 64 KiB")
        door = door_of(program, wanted)
        messages = messages_of(body)
        # As generously as any door may read it: what the engine can understand is looked at here.
        parsed = tuple(each for message in messages for each in parse(message, infer_market=True))
        check_accounts(program, parsed)
        check_ids(program, parsed)
        if all(isinstance(each, Heartbeat) for each in parsed):
            return answers.answer({"status": "heartbeat"})
        wait_s = self._pace.take(f"{program.key} {_is_cancel(parsed)}", len(parsed))
        if wait_s:
            raise RefusedError("too_fast", wait_s=wait_s)
        try:
            receipts = self._parts.deliver(door, b"\n".join(messages), brought_ns)
        except (wire.ControlError, DialError, OSError) as error:
            refusal = refused(error)
            self._lines.note(audit, program, refusal.code, door)
            raise refusal from error
        for receipt in receipts:
            self._lines.note(audit, program, str(receipt.get("status")), door, receipt)
        return answers.answer(_told(receipts), _status(receipts))


def messages_of(body: bytes) -> list[bytes]:
    """Return the messages of ``body`` in UTF-8: one of JSON, else one a line. What is judged here is what is delivered.

    Raises:
        RefusedError: 400, bytes that are no text.
    """
    try:
        text = Source(body).text.strip()
    except MalformedError as error:
        found = malformed(error.code, error.figures, position=error.index)
        raise RefusedError("malformed", found.chinese, found.english) from error
    lines = [" ".join(text.splitlines())] if text[:1] in ("{", "[") else text.splitlines()
    return [line.encode("utf-8") for line in lines]


def door_of(program: Caller, wanted: str) -> str:
    """Return the door through which ``program`` speaks; empty: the engine's only one of this kind.

    Raises:
        RefusedError: 403, the key is not good for it; 422, it is good for several and names none.
    """
    if not program.doors:
        return wanted
    if not wanted and len(program.doors) == 1:
        return program.doors[0]
    if not wanted:
        named = "、".join(program.doors)
        raise RefusedError("invalid", f"请在地址里写 ?door=：{named}", f"say ?door= in the address: {named}")
    if wanted not in program.doors:
        raise RefusedError("scope", f"这个密钥不能用通道 {wanted}", f"this key is not good for the door {wanted}")
    return wanted


def check_accounts(program: Caller, parsed: tuple[Parsed, ...]) -> None:
    """Refuse a message for accounts that the key is not good for; groups and ``*`` need a key for all accounts.

    Raises:
        RefusedError: 403.
    """
    if not program.accounts:
        return
    items = [item for each in parsed if isinstance(each, Signal) for item in each.items]
    named = {account for item in items for account in item.accounts or ("*",)}
    others = sorted(named - set(program.accounts))
    if others:
        told = "、".join(others[:5])
        raise RefusedError("scope", f"这个密钥不能用账号 {told}", f"this key is not good for the accounts {told}")


def check_ids(program: Caller, parsed: tuple[Parsed, ...]) -> None:
    """Refuse an id that does not begin with the key's, of a key for some accounts: ids are one name space for all.

    Another program's id would be spent, and its own signal denied.

    Raises:
        RefusedError: 403.
    """
    if not program.accounts:
        return
    begins = f"{program.key}/"
    for each in parsed:
        if isinstance(each, Signal) and each.id and not each.id.startswith(begins):
            text = f"这个密钥只管几个账号，它的编号要以 {begins} 开头：{begins}{each.id}"
            raise RefusedError("scope", text, f"ids of a key for some accounts begin with {begins}")


def _is_cancel(parsed: tuple[Parsed, ...]) -> bool:
    """Tell whether nothing but cancels is asked for: they have a pace of their own, and wait for no orders."""
    items = [item for each in parsed if isinstance(each, Signal) for item in each.items]
    return all(item.verb in (Verb.CANCEL, Verb.BARE) for item in items)


def _status(receipts: list[Plain]) -> int:
    """Return 429 and 400 only where they hold for every line: something else was taken, or judged, otherwise."""
    found = {str(receipt.get("status")) for receipt in receipts}
    if found == {SignalStatus.BUSY.value}:
        return 429
    return 400 if found == {SignalStatus.MALFORMED.value} else 200


def _told(receipts: list[Plain]) -> object:
    """Return one receipt as it is, several as a list: those of several lines, or of glued angle messages."""
    return receipts[0] if len(receipts) == 1 else {"receipts": receipts}
