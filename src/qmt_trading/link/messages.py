"""What a host says, as values; rows stay as the host wrote them."""

from __future__ import annotations

import types
import typing
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final, NamedTuple

Row = Mapping[str, object]
"""A terminal's row in the host's dialect, untranslated."""


class Hello(NamedTuple):
    """The first line of a connection."""

    link: Sequence[int]
    """Lowest and highest version of the link that the host speaks."""
    kind: str
    dialect: str
    boot: str
    """Random, one for each life of the host's process."""
    hm: int
    gen: int = 1
    build: str = ""
    nonce: str = ""
    caps: Sequence[str] = ()
    limits: Row = types.MappingProxyType({})
    journal: str = "memory"
    observe: bool = False
    facts: Row = types.MappingProxyType({})
    resume: Row | None = None


class Proof(NamedTuple):
    mac: str


class Armed(NamedTuple):
    level: str
    why: str = ""


class AccountState(NamedTuple):
    account: str
    state: str
    """``ready`` or ``down``."""
    status: int | None = None
    text: str = ""
    session: int = 0


class Stage(NamedTuple):
    """Where a submit has got to: ``dispatched``, ``refused`` or ``unknown``."""

    coid: str
    st: str
    why: str = ""
    text: str = ""
    native: object = None
    us: int = 0


class CancelStage(NamedTuple):
    cid: str
    st: str
    """``sent``, ``refused`` or ``unknown``."""
    coid: str = ""
    why: str = ""
    text: str = ""


class Pushed(NamedTuple):
    """A row that the terminal pushed."""

    account: str
    kind: str
    """``order``, ``fill``, ``order_error`` or ``cancel_error``."""
    row: Row
    session: int = 0
    coid: str = ""


class Part(NamedTuple):
    """Part of a list."""

    q: str
    account: str
    kind: str
    """``order``, ``fill``, ``position`` or ``asset``."""
    rows: Sequence[Row]
    session: int = 0


class Listed(NamedTuple):
    """The end of a list."""

    q: str
    account: str
    session: int = 0
    complete: bool = False
    alive: bool = False
    failed: Sequence[str] = ()
    us: int = 0
    none: Sequence[str] = ()
    """Kinds that the terminal answered with nothing, where it may have meant an empty list."""


class Outcome(NamedTuple):
    """What the host knows of a submit; ``refused`` with ``complete`` is definitive."""

    q: str
    coid: str
    st: str
    why: str = ""
    basis: str = "memory"
    complete: bool = False


class Detail(NamedTuple):
    q: str
    rows: Mapping[str, Row]


class Detailed(NamedTuple):
    q: str
    failed: Sequence[str] = ()


class Progress(NamedTuple):
    q: str
    done: int
    total: int
    text: str = ""


class Downloaded(NamedTuple):
    q: str
    failed: Sequence[str] = ()
    text: str = ""


class Bars(NamedTuple):
    q: str
    symbol: str
    rows: Sequence[object]


class Barred(NamedTuple):
    q: str
    failed: Sequence[str] = ()
    text: str = ""


class Quotes(NamedTuple):
    rows: Mapping[str, Row]
    hm: int = 0


class FeedState(NamedTuple):
    state: str
    """``live``, ``silent`` or ``down``."""
    text: str = ""


class Beat(NamedTuple):
    hm: int
    busy: int = 0
    """µs that the longest call under way has taken."""
    call: str = ""
    queued: Row = types.MappingProxyType({})
    alive: int | None = None
    """µs since a query last succeeded; None: none has."""
    hung: int = 0
    """Threads given up."""
    armed: str = "none"


class Gap(NamedTuple):
    """Lines of the replayed lane that the host no longer holds, first and last."""

    first: int
    last: int


class Nak(NamedTuple):
    of: str
    why: str = ""


class Trouble(NamedTuple):
    """Something a person must do."""

    code: str
    text: str
    english: str = ""
    fatal: bool = False


class Pong(NamedTuple):
    x: object = None


class Log(NamedTuple):
    level: str
    text: str


class Bye(NamedTuple):
    why: str = ""


class Unread(NamedTuple):
    """A line of an unknown kind, or with a key or a value that this version does not know: it has no effect."""

    of: str
    why: str


Message = (
    Hello
    | Proof
    | Armed
    | AccountState
    | Stage
    | CancelStage
    | Pushed
    | Part
    | Listed
    | Outcome
    | Detail
    | Detailed
    | Progress
    | Downloaded
    | Bars
    | Barred
    | Quotes
    | FeedState
    | Beat
    | Gap
    | Nak
    | Trouble
    | Pong
    | Log
    | Bye
    | Unread
)

_KINDS: Final[Mapping[str, Callable[..., Message]]] = {
    "hello": Hello,
    "proof": Proof,
    "armed": Armed,
    "account": AccountState,
    "stage": Stage,
    "cstage": CancelStage,
    "row": Pushed,
    "rows": Part,
    "listed": Listed,
    "outcome": Outcome,
    "detail": Detail,
    "detailed": Detailed,
    "progress": Progress,
    "downloaded": Downloaded,
    "bar": Bars,
    "barred": Barred,
    "quotes": Quotes,
    "feed": FeedState,
    "beat": Beat,
    "gap": Gap,
    "nak": Nak,
    "trouble": Trouble,
    "pong": Pong,
    "log": Log,
    "bye": Bye,
}
LOSSY: Final = frozenset({"progress", "quotes", "beat", "log"})
"""Kinds outside the replayed lane: they carry no number."""
UNNUMBERED: Final = LOSSY | {"hello", "proof"}
_ENVELOPE: Final = frozenset({"t", "n", "k"})
_CLOSED: Final[Mapping[tuple[str, str], frozenset[str]]] = {
    ("armed", "level"): frozenset({"none", "cancel", "trade"}),
    ("account", "state"): frozenset({"ready", "down"}),
    ("stage", "st"): frozenset({"dispatched", "refused", "unknown"}),
    ("cstage", "st"): frozenset({"sent", "refused", "unknown"}),
    ("row", "kind"): frozenset({"order", "fill", "order_error", "cancel_error"}),
    ("rows", "kind"): frozenset({"order", "fill", "position", "asset"}),
    ("outcome", "st"): frozenset({"refused", "dispatched", "seen", "unknown"}),
    ("feed", "state"): frozenset({"live", "silent", "down"}),
}
_RENAMED: Final = {"gap": {"from": "first", "to": "last"}}


class _Key(NamedTuple):
    kinds: tuple[type, ...]
    required: bool


def _keys_of(cls: Any) -> dict[str, _Key]:
    made = {}
    for name, hint in typing.get_type_hints(cls).items():
        made[name] = _Key(_kinds_of(hint), name not in cls._field_defaults)
    return made


def _kinds_of(hint: Any) -> tuple[type, ...]:
    if hint is object:
        return (object,)
    if isinstance(hint, types.UnionType) or typing.get_origin(hint) is typing.Union:
        return tuple(kind for each in typing.get_args(hint) if each is not type(None) for kind in _kinds_of(each))
    origin = typing.get_origin(hint) or hint
    if issubclass(origin, Mapping):
        return (dict,)
    if origin is not str and issubclass(origin, Sequence):
        return (list,)
    return (origin,)


_SHAPES: Final = {name: _keys_of(cls) for name, cls in _KINDS.items()}
_ELEMENTS: Final[Mapping[tuple[str, str], type]] = {
    ("hello", "link"): int,
    ("hello", "caps"): str,
    ("rows", "rows"): dict,
    ("listed", "failed"): str,
    ("detailed", "failed"): str,
    ("downloaded", "failed"): str,
    ("barred", "failed"): str,
    ("detail", "rows"): dict,
    ("quotes", "rows"): dict,
}


def read(message: Mapping[str, object]) -> Message:
    """Return what a parsed line says; ``Unread`` for what this version does not know. A null is a missing key."""
    name = str(message["t"])
    cls = _KINDS.get(name)
    if cls is None:
        return Unread(name, "unknown t")
    shape, renamed = _SHAPES[name], _RENAMED.get(name)
    found: dict[str, object] = {}
    for key, value in message.items():
        field = key if renamed is None else renamed.get(key, key)
        known = shape.get(field)
        if known is None:
            if key in _ENVELOPE or key.startswith("x_"):
                continue
            return Unread(name, f"unknown key {key}")
        if value is None:
            continue
        if not _fits(value, known.kinds):
            return Unread(name, f"{key}: {type(value).__name__}")
        allowed = _CLOSED.get((name, key))
        if allowed is not None and value not in allowed:
            return Unread(name, f"{key}: {str(value)[:40]}")
        element = _ELEMENTS.get((name, key))
        if element is not None:
            inner = value.values() if isinstance(value, dict) else value
            if not all(_fits(each, (element,)) for each in typing.cast("Sequence[object]", inner)):
                return Unread(name, f"{key}: elements")
        found[field] = value
    for field, known in shape.items():
        if known.required and field not in found:
            return Unread(name, f"no {field}")
    return cls(**found)


def _fits(value: object, kinds: tuple[type, ...]) -> bool:
    return kinds == (object,) or type(value) in kinds
