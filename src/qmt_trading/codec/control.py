"""Requests and answers of the control door: one JSON object a line; reading verbs and acting verbs apart."""

from __future__ import annotations

from typing import Final

import msgspec
from msgspec import Struct

from qmt_trading.codec.malformed import MalformedError, malformed
from qmt_trading.codec.symbols import normalise
from qmt_trading.model.instant import from_iso_text
from qmt_trading.model.limits import ScopeKind
from qmt_trading.model.words import SideScope

VERSION: Final = 1


class Hello(Struct, frozen=True, tag="hello", tag_field="verb", forbid_unknown_fields=True):
    """Who is there: answered with program version, mode and day."""


class Read(Struct, frozen=True, tag="read", tag_field="verb", forbid_unknown_fields=True):
    """Rows of one table: status, accounts, positions, orders, fills, signals, timed, alerts, risk, doors, morning."""

    table: str
    limit: int = 1000
    """The newest so many."""


class Timeline(Struct, frozen=True, tag="timeline", tag_field="verb", forbid_unknown_fields=True):
    seq: int


class Quotes(Struct, frozen=True, tag="quotes", tag_field="verb", forbid_unknown_fields=True):
    """The quotes by which the engine would judge now, for a judgement elsewhere."""

    symbols: tuple[str, ...]


class Send(Struct, frozen=True, kw_only=True, tag="send", tag_field="verb", forbid_unknown_fields=True):
    """Signals as they would come through a door, one a line: answered with their receipts."""

    text: str
    who: str
    brought_ns: int = 0
    """When they were handed in, by the machine's steady clock: their ttl counts from then. 0: when the engine reads."""


class Deliver(Struct, frozen=True, kw_only=True, tag="deliver", tag_field="verb", forbid_unknown_fields=True):
    """Messages that came to the panel for a door of kind ``http``: judged as that door's, answered with receipts."""

    door: str
    """Empty: the only one there is."""
    text: str
    """One message a line; one that begins with ``{`` or ``[`` is one whole message."""
    who: str
    brought_ns: int = 0
    """As of ``Send``."""


class Cancel(Struct, frozen=True, kw_only=True, tag="cancel", tag_field="verb", forbid_unknown_fields=True):
    """Cancel what is named: an order, or what an account or a symbol has working."""

    who: str
    why: str
    account: str | None = None
    symbol: str | None = None
    side: SideScope = SideScope.ALL
    order_id: str = ""
    everything: bool = msgspec.field(default=False, name="all")
    """Must be said where no order, account or symbol is named."""


class Halt(Struct, frozen=True, kw_only=True, tag="halt", tag_field="verb", forbid_unknown_fields=True):
    who: str
    why: str
    account: str | None = None
    cancel_open: bool = False
    reduce: bool = False
    """Sell, and do not buy, in place of doing nothing but cancelling."""


class Resume(Struct, frozen=True, kw_only=True, tag="resume", tag_field="verb", forbid_unknown_fields=True):
    """Release what was halted or reduced; never without a reason."""

    who: str
    why: str
    account: str | None = None
    seen: str = ""
    """``state_since`` of the state that the person has seen: one told later is not released. Empty: whatever holds."""


class Resolve(Struct, frozen=True, kw_only=True, tag="resolve", tag_field="verb", forbid_unknown_fields=True):
    """End an unknown order as ``NOT_SENT``, ``CANCELED`` or ``REJECTED``, or ask the broker again with ``UNKNOWN``."""

    who: str
    why: str
    client_order_id: str
    status: str


class Reconcile(Struct, frozen=True, kw_only=True, tag="reconcile", tag_field="verb", forbid_unknown_fields=True):
    """Ask the broker for its lists and wait for them; with ``accept`` let its figures be ours where that is proven."""

    who: str
    why: str = ""
    account: str | None = None
    accept: bool = False
    """Never without a reason."""


class SetLimit(Struct, frozen=True, kw_only=True, tag="set-limit", tag_field="verb", forbid_unknown_fields=True):
    """Set one limit of one scope until the day ends; one that then permits more wants a reason."""

    who: str
    why: str
    scope: ScopeKind
    name: str = ""
    """Of the account, door or strategy; empty for the total."""
    limit: str
    """Its key, or its Chinese name."""
    value: str
    """Yuan, a whole number or per cent, as the configuration has it; ``none`` takes the limit away."""


class ConfirmLimits(
    Struct, frozen=True, kw_only=True, tag="confirm-limits", tag_field="verb", forbid_unknown_fields=True
):
    """Let what was set before the last start hold, also where the file is tighter; never without a reason."""

    who: str
    why: str


class AcceptMorning(
    Struct, frozen=True, kw_only=True, tag="accept-morning", tag_field="verb", forbid_unknown_fields=True
):
    """Let an account buy although its check is red, until the day ends; never without a reason."""

    who: str
    why: str
    account: str


class IgnoreDifference(
    Struct, frozen=True, kw_only=True, tag="ignore-difference", tag_field="verb", forbid_unknown_fields=True
):
    """Leave a proven difference as it is until its figures change; never without a reason."""

    who: str
    why: str
    account: str
    key: str
    """As rows of differences have it."""


class Acknowledge(Struct, frozen=True, kw_only=True, tag="acknowledge", tag_field="verb", forbid_unknown_fields=True):
    """Take note of alerts, by their numbers; who does so is on record."""

    who: str
    why: str = ""
    alerts: tuple[int, ...] = ()
    everything: bool = msgspec.field(default=False, name="all")
    """All that matter and that nobody has acknowledged; must be said where no number is."""


class Stop(Struct, frozen=True, kw_only=True, tag="stop", tag_field="verb", forbid_unknown_fields=True):
    who: str
    why: str


Reading = Hello | Read | Timeline | Quotes
Acting = (
    Send
    | Deliver
    | Cancel
    | Halt
    | Resume
    | Resolve
    | Reconcile
    | SetLimit
    | ConfirmLimits
    | AcceptMorning
    | Acknowledge
    | IgnoreDifference
    | Stop
)
ControlRequest = Reading | Acting

_encode = msgspec.json.Encoder().encode
_decoder: Final[msgspec.json.Decoder[ControlRequest]] = msgspec.json.Decoder(ControlRequest)


class ControlError(ValueError):
    """A request that cannot be read; the text says why."""


def encode_request(request: ControlRequest) -> bytes:
    """Return ``request`` as one line."""
    return _encode(request) + b"\n"


def decode_request(line: bytes) -> ControlRequest:
    """Return the request of one line, its symbol in the form ``600000.SH``.

    Raises:
        ControlError: any bytes that are none, a field that is not known, or a request that does not say who acts or
            on what.
    """
    try:
        request = _decoder.decode(line)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise ControlError(f"请求看不懂 / not a request: {error}") from error
    if not isinstance(request, Reading):
        _check_acting(request)
    if isinstance(request, Cancel):
        return _checked_cancel(request)
    return request


def _check_acting(request: Acting) -> None:
    if not request.who.strip():
        raise ControlError("who 是空的：请写明是谁在操作 / who is empty: say who acts")
    if (
        isinstance(request, Cancel | Halt | Resume | Reconcile | AcceptMorning | IgnoreDifference)
        and request.account == ""
    ):
        raise ControlError("account 是空的：请写账号，或去掉它 / account is empty: name one, or leave it out")
    if isinstance(request, Acknowledge) and bool(request.alerts) == request.everything:
        raise ControlError(
            '没有写确认哪些：请写提醒的编号，或全部确认 "all": true，不要两样都写 / '
            'name alerts by their numbers, or say "all": true, and not both'
        )
    if isinstance(request, Resume):
        seen_ns(request.seen)
    if isinstance(request, Resume | ConfirmLimits | AcceptMorning | IgnoreDifference) or (
        isinstance(request, Reconcile) and request.accept
    ):
        check_why(request.why)


def seen_ns(seen: str) -> int:
    """Return the instant of ``Resume.seen``; 0 for an empty one.

    Raises:
        ControlError: it is no instant with an offset.
    """
    if not seen:
        return 0
    try:
        return from_iso_text(seen)
    except ValueError as error:
        raise ControlError(f"seen 不是带时区的时刻 / seen is no instant with an offset: {seen[:40]}") from error


def check_why(why: str) -> None:
    """Refuse an empty reason.

    Raises:
        ControlError: it is empty.
    """
    if not why.strip():
        raise ControlError("why 是空的：请用 --why 写明原因 / why is empty: say why")


def _checked_cancel(request: Cancel) -> Cancel:
    if request.symbol is not None:
        try:
            request = msgspec.structs.replace(request, symbol=normalise(request.symbol))
        except MalformedError as error:
            found = malformed(error.code, error.figures, position=0)
            raise ControlError(f"{found.chinese} / {found.english}") from error
    named = request.account is not None or request.symbol is not None or request.order_id
    if not named and not request.everything:
        raise ControlError(
            '没有写撤哪些：请写编号、账号或代码，全撤请写 "all": true / '
            'name an order, an account or a symbol; to cancel everything say "all": true'
        )
    return request


def encode_answer(rows: object) -> bytes:
    """Return the line that carries ``rows``."""
    return _encode({"version": VERSION, "ok": True, "rows": rows}) + b"\n"


def encode_failure(text: str) -> bytes:
    """Return the line that says why there is no answer."""
    return _encode({"version": VERSION, "ok": False, "error": text}) + b"\n"


def decode_answer(line: bytes) -> list[dict[str, object]]:
    """Return the rows of an answer.

    Raises:
        ControlError: it is a failure (its text), or no answer at all.
    """
    try:
        answer = msgspec.json.decode(line)
    except msgspec.DecodeError as error:
        raise ControlError(f"应答看不懂 / not an answer: {error}") from error
    if not isinstance(answer, dict) or not answer.get("ok"):
        raise ControlError(str(answer.get("error", "")) if isinstance(answer, dict) else "not an answer")
    rows = answer.get("rows")
    return rows if isinstance(rows, list) else []
