"""Recorded messages with the instants at which they came."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Sequence
from itertools import pairwise
from typing import Final, NamedTuple

from qmt_trading.intake.file_text import decode, whole_lines
from qmt_trading.intake.instructions import UnreadableError
from qmt_trading.model.errors import ConfigurationError
from qmt_trading.model.instant import SHANGHAI, to_iso_text
from qmt_trading.model.numbers import SECOND_NS

FAULTS_MAX: Final = 20
"""Unreadable lines that are told one by one."""
_TIME: Final = re.compile(
    r"(?P<year>\d{4})(?P<between>[-/]?)(?P<month>\d{2})(?P=between)(?P<day>\d{2})[ T]"
    r"(?P<hour>\d{2}):(?P<minute>\d{2})(?::(?P<second>\d{2})(?:\.(?P<part>\d{1,9})|,(?P<thousandths>\d{3}))?)?"
    r"(?P<zone>Z|[+-]\d{2}:\d{2})?(?:[ \t]*,[ \t]*|[ \t]+)(?P<message>\S.*)"
)
_EPOCH: Final = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)


class Message(NamedTuple):
    """One message, and where it stands."""

    at_ns: int
    """When it came."""
    payload: bytes
    place: int
    """The line of the file, or the signal of the journal, counted from 1."""
    door: str = ""
    """Empty: the one that the replay has."""


class Recording(NamedTuple):
    """Messages in order of time, and what a person should know of them, in Chinese and English."""

    messages: tuple[Message, ...]
    warnings: tuple[tuple[str, str], ...] = ()


def read_lines(data: bytes) -> Recording:
    """Return the messages of a text file, one a line behind its time.

    ``2025-01-02 09:31:05.250 buy 600000.SH 1000@10.50:11031122``. The date is ``2025-01-02``, ``2025/01/02`` or
    ``20250102``, then a space or ``T``; seconds, and parts of them, may be missing; behind the time ``Z`` or an offset,
    otherwise it is Shanghai's; then spaces, a tab or a comma. Python's own ``09:31:05,250`` is read as well. Blank
    lines and those that begin with ``#`` are passed over. What the message itself says is the doors' to judge.

    Lines out of order are put in order, those of one instant as they stand, and told.

    Raises:
        ConfigurationError: no text, or lines without a time that can be read: each is named, and nothing is guessed.
    """
    try:
        lines = whole_lines(decode(data))
    except UnreadableError as error:
        raise ConfigurationError(f"{error.fault.told} / {error.fault.english}") from error
    messages: list[Message] = []
    faults: list[str] = []
    for place, line in enumerate(lines, 1):
        text = line.strip(" \t\u3000\x1a")
        if not text or text.startswith("#"):
            continue
        found = _TIME.fullmatch(text)
        at_ns = _instant(found) if found is not None else None
        if found is None or at_ns is None:
            faults.append(f"✗ 第 {place} 行：{text[:60]}")
        else:
            messages.append(Message(at_ns, found["message"].encode("utf-8"), place))
    if faults:
        more = f"\n… 共 {len(faults)} 行" if len(faults) > FAULTS_MAX else ""
        raise ConfigurationError(
            "这些行前面没有能识别的时间（每行：2025-01-02 09:31:05.250 消息）/ "
            "no time that can be read in front of these lines:\n" + "\n".join(faults[:FAULTS_MAX]) + more
        )
    return in_order(messages)


def in_order(messages: Sequence[Message]) -> Recording:
    """Return ``messages`` by time, those of one instant as they stand, and tell where they were not."""
    late = [after for before, after in pairwise(messages) if after.at_ns < before.at_ns]
    if not late:
        return Recording(tuple(messages))
    first, when = late[0], to_iso_text(late[0].at_ns)
    warning = (
        f"有 {len(late)} 行比上一行早（第一处是第 {first.place} 行，{when}）：已按时间排序",
        f"{len(late)} lines are earlier than the one before (the first is line {first.place}, {when}): put in order",
    )
    return Recording(tuple(sorted(messages, key=lambda each: each.at_ns)), (warning,))


def _instant(found: re.Match[str]) -> int | None:
    """Return the instant that is written; None: there is no such date or time."""
    zone = found["zone"]
    try:
        moment = dt.datetime.fromisoformat(
            f"{found['year']}-{found['month']}-{found['day']}T{found['hour']}:{found['minute']}:"
            f"{found['second'] or '00'}{zone or ''}"
        )
    except ValueError:
        return None
    since = (moment if zone is not None else moment.replace(tzinfo=SHANGHAI)) - _EPOCH
    part = found["part"] or found["thousandths"] or ""
    return (since.days * 86_400 + since.seconds) * SECOND_NS + int(part.ljust(9, "0"))
