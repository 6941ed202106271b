"""A way to people: where it leads, and what it is told."""

from __future__ import annotations

from typing import Final

from msgspec import Struct

from qmt_trading.model.instant import time_of_day_ns
from qmt_trading.model.signal import AccountId
from qmt_trading.model.words import Importance
from qmt_trading.notify.message import RANK, Kind, Message

CHINESE: Final = "zh"
ENGLISH: Final = "en"


class Secret:
    """A text that no log, error or dump shows."""

    __slots__ = ("_text",)

    def __init__(self, text: str) -> None:
        self._text = text

    def reveal(self) -> str:
        """Return the text, for the one who sends."""
        return self._text

    def __repr__(self) -> str:
        return "Secret(***)"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Secret) and other._text == self._text

    def __hash__(self) -> int:
        return hash(self._text)


class Quiet(Struct, frozen=True):
    """Hours in which only what is critical passes; they may go over midnight."""

    begins_ns: int
    ends_ns: int

    def holds_at(self, now_ns: int) -> bool:
        """Tell whether it is quiet at ``now_ns``; the end belongs to the day again."""
        now = time_of_day_ns(now_ns)
        if self.begins_ns <= self.ends_ns:
            return self.begins_ns <= now < self.ends_ns
        return now >= self.begins_ns or now < self.ends_ns


class Channel(Struct, frozen=True, kw_only=True):
    """What ``[[notify]]`` says."""

    name: str
    url: Secret | None = None
    """An address of apprise; None: it is in the environment."""
    url_env: str = ""
    """The variable that holds it."""
    importance: Importance = Importance.WARNING
    """The least that is told."""
    accounts: tuple[AccountId, ...] = ()
    """Whose alerts; empty: all. What is nobody's is everybody's."""
    quiet: Quiet | None = None
    language: str = CHINESE
    daily: bool = False
    noon: bool = False
    repeat: bool = False
    """Critical alerts are repeated until somebody acknowledges them."""

    def wants(self, message: Message) -> bool:
        """Tell whether ``message`` is for this channel."""
        match message.kind:
            case Kind.NOON:
                return self.noon
            case Kind.DAILY:
                return self.daily
            case Kind.ALERT:
                is_ours = not self.accounts or not message.account or message.account in self.accounts
                return is_ours and RANK[message.importance] >= RANK[self.importance]

    def is_held(self, importance: Importance, now_ns: int) -> bool:
        """Tell whether something of that importance waits for the quiet hours to end."""
        return importance is not Importance.CRITICAL and self.quiet is not None and self.quiet.holds_at(now_ns)
