"""The log on disk, read again: the newest lines of one event."""

from __future__ import annotations

from collections import deque
from pathlib import Path

import msgspec

from qmt_trading.run.logs import FILES

Fields = dict[str, object]

_decode = msgspec.json.Decoder(Fields).decode


def newest(folder: Path, event: str, limit: int) -> list[Fields]:
    """Return the newest ``limit`` lines of ``event`` that the log in ``folder`` still holds, newest first.

    A line that is cut, as a kill leaves the last one, is left out; so is a file that cannot be read.
    """
    found: list[Fields] = []
    mark = b'"event":"%b"' % event.encode("ascii")
    for path in sorted(folder.glob(FILES), reverse=True):
        try:
            with path.open("rb") as file:
                lines = deque((line for line in file if mark in line and line.endswith(b"\n")), limit - len(found))
        except OSError:
            continue
        found += [fields for fields in map(_fields, reversed(lines)) if fields.get("event") == event]
        if len(found) >= limit:
            break
    return found


def malformed(data_folder: Path, limit: int) -> list[Fields]:
    """Return the newest messages that were no signals, as rows: when, which door, which byte, what, and why."""
    return [
        {
            "received_at": line.get("received_at") or line.get("at"),
            "door": line.get("door"),
            "position": line.get("position"),
            "status": "malformed",
            "excerpt": line.get("excerpt"),
            "reason": line.get("code"),
            "text": line.get("why") or line.get("text"),
            "text_en": line.get("why_en"),
        }
        for line in newest(data_folder / "logs", "malformed", limit)
    ]


def _fields(line: bytes) -> Fields:
    try:
        return _decode(line)
    except msgspec.DecodeError:
        return {}
