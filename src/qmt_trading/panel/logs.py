"""The log on disk, read from its end: whole lines only, in bounded reads, on from where the last answer stopped."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO, Final

import msgspec
from msgspec import Struct

FILES: Final = "qmt-*.jsonl"
"""The names of its files, which sort by day."""
READ_BYTES: Final = 1 << 20
"""Read for one answer."""
LINE_BYTES: Final = 1 << 16
"""A longer line is cut and cannot be read: it is left out."""
LIMIT_MAX: Final = 1_000
LEVELS: Final = ("info", "warning", "critical")
_PLACE: Final = re.compile(r"(qmt-\d{4}-\d{2}-\d{2}\.jsonl):(\d{1,15})")
_decode: Final = msgspec.json.Decoder(dict[str, object]).decode


class PlaceError(ValueError):
    """A place in the log that this program has never named."""


class Lines(Struct, frozen=True):
    """Lines, the oldest first, and where the next answer goes on."""

    lines: list[dict[str, object]]
    next: str
    """File and byte; empty: there is no log yet."""


def newest(folder: Path, *, level: str = "", q: str = "", limit: int = 500) -> Lines:
    """Return the newest ``limit`` lines of ``level`` or worse that hold ``q``, as far as one bounded read reaches.

    Args:
        level: one of ``LEVELS``; empty: every line.
    """
    path = _last_file(folder)
    if path is None:
        return Lines([], "")
    with path.open("rb") as file:
        end = file.seek(0, 2)
        begin = max(0, end - READ_BYTES)
        chunk = _read(file, begin, end)
        if begin:
            begin += chunk.index(b"\n") + 1 if b"\n" in chunk else len(chunk)
            chunk = chunk[-(end - begin) :] if begin < end else b""
        whole = chunk[: chunk.rfind(b"\n") + 1]
    found = list(_lines(whole, level, q))
    return Lines(found[-limit:], f"{path.name}:{begin + len(whole)}")


def after(folder: Path, place: str, *, level: str = "", q: str = "", limit: int = 500) -> Lines:
    """Return what was written since ``place``, at most ``limit`` lines and one bounded read.

    Raises:
        PlaceError: it is no place that ``next`` has told.
    """
    match = _PLACE.fullmatch(place)
    if match is None:
        raise PlaceError(place)
    name, begin = match[1], int(match[2])
    for path in sorted(folder.glob(FILES)):
        if path.name < name:
            continue
        if path.name > name:
            name, begin = path.name, 0
        with path.open("rb") as file:
            end = file.seek(0, 2)
            chunk = _read(file, min(begin, end), min(end, begin + READ_BYTES))
        lines, used = _until(chunk, level, q, limit)
        if lines or used:
            return Lines(lines, f"{name}:{begin + used}")
    return Lines([], f"{name}:{begin}")


def _last_file(folder: Path) -> Path | None:
    return max(folder.glob(FILES), default=None)


def _read(file: BinaryIO, begin: int, end: int) -> bytes:
    file.seek(begin)
    return file.read(end - begin)


def _until(chunk: bytes, level: str, q: str, limit: int) -> tuple[list[dict[str, object]], int]:
    """Return up to ``limit`` lines and how many bytes they, and what was passed over, take; a cut line waits."""
    found: list[dict[str, object]] = []
    used = 0
    while len(found) < limit:
        ends = chunk.find(b"\n", used)
        if ends < 0:
            # A line longer than a whole read would hold the reader here for ever.
            return found, used if used or len(chunk) < READ_BYTES else len(chunk)
        found += _lines(chunk[used : ends + 1], level, q)
        used = ends + 1
    return found, used


def _lines(chunk: bytes, level: str, q: str) -> Iterator[dict[str, object]]:
    """Yield what people read of each whole line of ``chunk`` that is as bad as ``level`` and holds ``q``."""
    allowed = LEVELS[LEVELS.index(level) :] if level else ()
    word = q.lower()
    for line in chunk.split(b"\n"):
        if not line or len(line) > LINE_BYTES:
            continue
        try:
            fields = _decode(line)
        except (msgspec.DecodeError, UnicodeDecodeError):
            continue  # Cut by a kill, or by where the read began.
        text, of_level = str(fields.get("text", "")), str(fields.get("level", ""))
        if level and of_level not in allowed:
            continue
        if word and word not in text.lower() and word not in str(fields.get("event", "")).lower():
            continue
        yield {"at": fields.get("at"), "level": of_level, "event": fields.get("event"), "text": text}
