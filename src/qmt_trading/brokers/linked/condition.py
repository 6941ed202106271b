"""What a link is doing, for status pages, and who is told what no report can say."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from enum import StrEnum
from typing import NamedTuple

from qmt_trading.link.messages import Barred, Bars, Detailed, Downloaded, FeedState, Progress, Row, Trouble
from qmt_trading.model.signal import AccountId


class Level(StrEnum):
    """What a host may do in its terminal."""

    NONE = "none"
    """Look: the host is never armed, and started so that it cannot be."""
    CANCEL = "cancel"
    TRADE = "trade"


class LinkPhase(StrEnum):
    CLOSED = "closed"
    """Not started, or stopped."""
    WAITING = "waiting"
    """No host is connected; one is being started or waited for."""
    OPEN = "open"
    LATE = "late"
    """No beat for two seconds: no submit leaves."""


class Condition(NamedTuple):
    """How a link stands at one instant."""

    name: str
    phase: LinkPhase
    level: Level
    """What was configured."""
    armed: str
    """What the host says that it allows."""
    observes: bool
    accounts: tuple[tuple[str, bool, str], ...]
    """Number, whether it is ready, and the host's words on it."""
    beat_age_ms: int
    """-1: there is no host."""
    busy_ms: int
    call: str
    hung: int
    unanswered: int
    connections: int
    """Since the start."""
    kind: str
    facts: Mapping[str, object]
    """Of the terminal and the host, as the host tells them."""
    text: str
    """Why the last connection ended; empty: none has."""


Answer = Detailed | Progress | Downloaded | Bars | Barred


class Listeners(NamedTuple):
    """Who is told; from the link's threads, never to block and never to call back into the broker."""

    quotes: Callable[[Mapping[str, Row], int], None] = lambda rows, now_ns: None
    """Rows by symbol in the host's dialect, and the wall clock at which they came."""
    feed: Callable[[FeedState], None] = lambda state: None
    detail: Callable[[Mapping[str, Row]], None] = lambda rows: None
    answer: Callable[[Answer], None] = lambda answer: None
    """What belongs to a question asked by ``ask_details``, ``download`` or ``bars``."""
    trouble: Callable[[Trouble], None] = lambda trouble: None
    doubt: Callable[[AccountId, str, str], None] = lambda account, chinese, english: None
    """An order of the account is in a state that nobody has described: a person must look, in two languages."""
    state: Callable[[Condition], None] = lambda condition: None
    """The phase or an account has changed."""
    log: Callable[[str], None] = lambda text: None
