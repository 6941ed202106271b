"""What a terminal and its quotes tell of an account beside its rows: plain values, all of them possibly unknown."""

from __future__ import annotations

from collections.abc import Callable
from enum import StrEnum

from msgspec import Struct

from qmt_trading.model.signal import AccountId


class FeedState(StrEnum):
    """Quotes as a whole, as the link calls it; UNKNOWN: nobody says."""

    LIVE = "live"
    SILENT = "silent"
    DOWN = "down"
    UNKNOWN = "unknown"


class Outside(Struct, frozen=True, kw_only=True):
    """One account, seen from its terminal. What is not told stays unknown and makes nothing green."""

    account_text: str = ""
    """Why the terminal cannot trade the account now (登录中, 密码错误, …); empty: it says nothing of the kind."""
    feed: FeedState = FeedState.UNKNOWN
    feed_text: str = ""
    details: tuple[str, ...] | None = None
    """Where the terminal's rules differ from the rule book, a sentence each; None: not compared."""
    capability: str | None = None
    """What was found out about the terminal (its card), in a line; None: there is no card."""
    clock_ahead_ns: int | None = None
    """This machine's clock less the terminal's; None: not known."""


NOTHING = Outside()
OutsideOf = Callable[[AccountId], Outside]
"""For any thread; never waits."""


def nothing_known(account: AccountId) -> Outside:
    """Return what is known where nothing tells anything: the embedded exchange has no terminal."""
    del account
    return NOTHING
