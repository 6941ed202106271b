"""The channels to people as the panel shows them: what each is told, and how it fares; never an address."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable
from contextlib import closing
from pathlib import Path
from typing import Any, Final

from qmt_trading.codec.view_json import Plain
from qmt_trading.model.instant import to_iso_text
from qmt_trading.notify.channel import Channel
from qmt_trading.notify.outbox import FILE

_COUNTS: Final = """
select channel, sum(state = 'waiting'), sum(state = 'told'), sum(state = 'given_up'), max(told_ns),
    max(case when state = 'waiting' then tries else 0 end)
from message group by channel
"""
_FAILURES: Final = "select channel, at_ns, why from failure"
_NOTHING: Final = (0, 0, 0, 0, 0)


def rows_of(channels: Iterable[Channel], folder: Path) -> list[Plain]:
    """Return a row a channel. The outbox is read without a lock; where there is none yet, nothing was told."""
    counts, failures = _read(folder / FILE)
    return [
        {**_row(channel, *counts.get(channel.name, _NOTHING)), **_failure(*failures.get(channel.name, (0, "")))}
        for channel in channels
    ]


def _failure(at_ns: int, why: str) -> Plain:
    """Return when the channel last failed and why, while it has not worked since."""
    return {"failed_at": to_iso_text(at_ns) if at_ns else None, "failed_why": why}


def _row(channel: Channel, waiting: int, told: int, given_up: int, told_ns: int, tries: int) -> Plain:
    quiet = channel.quiet
    return {
        "name": channel.name,
        "kind": "" if channel.url is None else channel.url.reveal().partition("://")[0],
        "variable": channel.url_env,
        "importance": channel.importance.value,
        "accounts": list(channel.accounts),
        "quiet": "" if quiet is None else f"{_clock(quiet.begins_ns)}-{_clock(quiet.ends_ns)}",
        "language": channel.language,
        "daily": channel.daily,
        "noon": channel.noon,
        "repeat": channel.repeat,
        "waiting": waiting,
        "delivered": told,
        "given_up": given_up,
        "delivered_at": to_iso_text(told_ns) if told_ns else None,
        "tries": tries,
    }


def _clock(time_of_day_ns: int) -> str:
    hours, minutes = divmod(time_of_day_ns // 60_000_000_000, 60)
    return f"{hours:02}:{minutes:02}"


def _read(path: Path) -> tuple[dict[str, list[Any]], dict[str, list[Any]]]:
    """Return the counts and the last failure of each channel."""
    if not path.exists():
        return {}, {}
    try:
        with closing(sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True, timeout=0.2)) as connection:
            return _by_channel(connection, _COUNTS), _by_channel(connection, _FAILURES)
    except sqlite3.Error:
        return {}, {}


def _by_channel(connection: sqlite3.Connection, question: str) -> dict[str, list[Any]]:
    try:
        return {str(name): figures for name, *figures in connection.execute(question)}
    except sqlite3.Error:
        return {}  # It is being made, is older than the question, or is broken, which the notifier itself says.
