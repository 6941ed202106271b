"""Framing: cuts a byte stream into messages at the ends their senders wrote, never by time.

A framer is pure. It promises two things whatever the pieces the bytes arrive in: every complete message comes out once
and whole, and neither the head nor the tail of a message that broke off comes out as a message (more than half of the
prefixes of a real message are valid, different messages).
"""

from __future__ import annotations

import codecs
import re
from enum import Enum
from typing import Final, Protocol

MESSAGE_BYTES_MAX: Final = 65_536
FIFO_LINE_BYTES_MAX: Final = 4_095
"""With its newline 4,096 bytes: what a FIFO takes in one piece (PIPE_BUF)."""

_BOM: Final = b"\xef\xbb\xbf"
_BLANK_LINES: Final = re.compile(rb"(?:[ \t\r\v\f]*+[\n\x00])*+")
_OPENING: Final = re.compile(rb"(?:\xef\xbb\xbf)?[ \t\r\v\f]*+")
_LINE_END: Final = re.compile(rb"[\n\x00]")
_ANGLE_END: Final = re.compile(rb"[>\n\x00]")
_OUTSIDE_STRING: Final = re.compile(rb'["{}\[\]\n\x00]')
_INSIDE_STRING: Final = re.compile(rb'["\\\n\x00]')

_PLAIN = rb'[^"{}\[\]\x00]++|"(?:[^"\\\n\x00]++|\\[^\n\x00])*+"'
_FLAT = rb"[{\[](?:" + _PLAIN + rb")*+[}\]]"
_NESTED = rb"[{\[](?:" + _PLAIN + rb"|" + _FLAT + rb")*+[}\]]"
_WHOLE_JSON: Final = re.compile(rb"[{\[](?:" + _PLAIN + rb"|" + _NESTED + rb")*+[}\]]")
"""A JSON value three levels deep, in one step; deeper ones take the scanner's way to the same end."""


class Framer(Protocol):
    """What a stream door asks of a framer."""

    truncated: list[tuple[int, bytes]]
    """What the last ``feed`` found to be no message, each with the number of messages of that ``feed`` before it."""

    def feed(self, data: bytes) -> list[bytes]:
        """Return the messages that ``data`` completed, in order, without their terminators."""
        ...

    def rest(self) -> bytes:
        """Give up what is left without an end (silence, end of stream) and return it; empty: there was nothing."""
        ...

    def has_rest(self) -> bool:
        """Tell whether ``rest`` would return anything."""
        ...


class _Kind(Enum):
    UNDECIDED = 0
    TEXT = 1
    ANGLE = 2
    JSON = 3


class StreamFramer:
    r"""Cuts streams that carry every format: ``\n``, ``\r\n``, NUL, the end of a JSON value, ``>`` after ``<``.

    Within a JSON value newlines are blanks, so that a part of a basket is never taken for a message; NUL always ends a
    message, and so does a newline inside a JSON string, where none may stand. A JSON value that is not UTF-8 ends at a
    newline only. Blank lines are skipped.

    A message longer than the bound is told once as truncated, and the rest of it is skipped to its own end. After
    ``rest`` the bytes up to the next end belong to what broke off: they are told as truncated, too, and never parsed.
    """

    __slots__ = (
        "_bound",
        "_broken",
        "_checked",
        "_decoder",
        "_depth",
        "_in_string",
        "_is_utf8",
        "_kind",
        "_line_only",
        "_pending",
        "_scanned",
        "_tell_tail",
        "truncated",
    )

    def __init__(self, bound: int = MESSAGE_BYTES_MAX) -> None:
        self._bound = bound
        self._pending = b""
        self._broken = False
        self._tell_tail = False
        self.truncated: list[tuple[int, bytes]] = []
        self._decoder = codecs.getincrementaldecoder("utf-8")()
        self._begin()

    def _begin(self) -> None:
        self._kind = _Kind.UNDECIDED
        self._scanned = 0
        self._depth = 0
        self._in_string = False
        self._line_only = False
        self._is_utf8 = True
        self._checked = 0

    def feed(self, data: bytes) -> list[bytes]:
        """Return the messages that ``data`` completed, in order; look at ``truncated`` when it is not empty."""
        if self.truncated:
            self.truncated = []
        if self._pending:
            data = self._pending + data
        if (
            self._kind is _Kind.UNDECIDED
            and not self._broken
            and b"{" not in data
            and b"<" not in data
            and b"[" not in data
            and b"\0" not in data
        ):
            lines = data.split(b"\n")
            if len(data) <= self._bound or max(map(len, lines)) <= self._bound:
                self._pending = lines.pop()
                if b"\r" in data:
                    lines = [line.rstrip(b"\r") for line in lines]
                return [line for line in lines if line and not line.isspace()]
        return self._cut(data)

    def rest(self) -> bytes:
        """Give up what is left without an end and return it; empty when nothing but blanks is left."""
        left = self._pending
        if not self.has_rest():
            return b""
        self._drop_pending()
        if self._kind is _Kind.UNDECIDED:
            self._kind = _Kind.TEXT
        self._broken = True
        self._tell_tail = True
        return left[: self._bound]

    def has_rest(self) -> bool:
        """Tell whether bytes without an end are waiting that were not told yet."""
        if self._broken and not self._tell_tail:
            return False
        return bool(self._pending) and not self._pending.isspace()

    @property
    def is_lost(self) -> bool:
        """Tell whether a JSON value broke off: its depth is unknown, so no end that follows can be trusted."""
        return self._broken and self._tell_tail and self._kind is _Kind.JSON and not self._line_only

    def _cut(self, data: bytes) -> list[bytes]:
        messages: list[bytes] = []
        start = 0
        while True:
            if self._kind is _Kind.UNDECIDED:
                start = _end_of(_BLANK_LINES, data, start)
                if not self._decide(data, start):
                    self._pending = data[start:]
                    if len(self._pending) <= self._bound:
                        break
                    self._kind = _Kind.TEXT
            end, following = self._find_end(data, start)
            if end < 0:
                self._pending = data[start:]
                if len(self._pending) > self._bound:
                    self._tell(self._pending, len(messages))
                    self._broken = True
                    self._tell_tail = False
                if self._broken and not self._tell_tail:
                    self._drop_pending()
                break
            self._finish(data[start:end], messages)
            start = following
        return messages

    def _decide(self, data: bytes, start: int) -> bool:
        """Learn the kind of the message from its first character; False when that has not arrived."""
        opening = _end_of(_OPENING, data, start)
        if opening == len(data) or _BOM.startswith(data[start : start + len(_BOM) + 1]):
            return False
        first = data[opening]
        if first in b"{[":
            self._kind = _Kind.JSON
            self._decoder.reset()
        elif first == 0x3C:
            self._kind = _Kind.ANGLE
        else:
            self._kind = _Kind.TEXT
        self._scanned = opening - start
        self._checked = self._scanned
        return True

    def _find_end(self, data: bytes, start: int) -> tuple[int, int]:
        """Return where the message ends and where the next begins; (-1, -1) when its end has not arrived."""
        position = start + self._scanned
        if self._kind is _Kind.JSON and not self._line_only:
            return self._find_json_end(data, start, position)
        found = (_ANGLE_END if self._kind is _Kind.ANGLE else _LINE_END).search(data, position)
        if found is None:
            self._scanned = len(data) - start
            return -1, -1
        end = found.end()
        return (end, end) if found.group() == b">" else (end - 1, end)

    def _find_json_end(self, data: bytes, start: int, position: int) -> tuple[int, int]:
        if self._depth == 0 and not self._in_string:
            whole = _WHOLE_JSON.match(data, position)
            if whole is not None and _is_utf8(whole.group()):
                return whole.end(), whole.end()
        while True:
            found = (_INSIDE_STRING if self._in_string else _OUTSIDE_STRING).search(data, position)
            if found is None:
                self._scanned = len(data) - start
                return -1, -1
            position = found.end()
            mark = data[position - 1]
            if mark == 0x00 or (mark == 0x0A and (self._in_string or not self._is_utf8_up_to(data, start, position))):
                return position - 1, position
            if mark == 0x5C:
                if position == len(data):
                    self._scanned = position - 1 - start
                    return -1, -1
                if data[position] not in b"\n\x00":
                    position += 1
            elif mark == 0x22:
                self._in_string = not self._in_string
            elif mark in b"{[":
                self._depth += 1
            elif mark in b"}]":
                self._depth -= 1
                if self._depth == 0:
                    if self._is_utf8_up_to(data, start, position):
                        return position, position
                    self._line_only = True
                    self._scanned = position - start
                    return self._find_end(data, start)

    def _is_utf8_up_to(self, data: bytes, start: int, position: int) -> bool:
        if self._is_utf8:
            try:
                self._decoder.decode(data[start + self._checked : position])
            except UnicodeDecodeError:
                self._is_utf8 = False
        self._checked = position - start
        return self._is_utf8

    def _finish(self, message: bytes, messages: list[bytes]) -> None:
        if self._broken:
            if self._tell_tail and message and not message.isspace():
                self._tell(message, len(messages))
        elif len(message) > self._bound:
            self._tell(message, len(messages))
        else:
            messages.append(message.rstrip(b"\r"))
        self._broken = False
        self._pending = b""
        self._begin()

    def _tell(self, message: bytes, before: int) -> None:
        if not self._broken or self._tell_tail:
            self.truncated.append((before, message[: self._bound]))

    def _drop_pending(self) -> None:
        """Forget the bytes but keep where the scanner stands in them."""
        if self._kind is _Kind.JSON:
            self._is_utf8_up_to(self._pending, 0, self._scanned)
            self._pending = self._pending[self._scanned :]
        else:
            self._pending = b""
        self._scanned = 0
        self._checked = 0


class LineFramer:
    """Cuts a FIFO: lines ended by a newline, each written at once.

    A longer line is told as truncated and skipped to its newline, however long that takes. After ``rest`` the bytes up
    to the next newline belong to what broke off: they are told as truncated, too, and never parsed, because the tail of
    a line can be a valid, different message (``sell `` and, later, ``600000.SH:1``). The writers of a FIFO cannot be
    told apart, so this costs another writer one line when somebody leaves half a line behind: it is refused aloud,
    which is the sure side.
    """

    __slots__ = ("_bound", "_broken", "_pending", "_skipping", "truncated")

    def __init__(self, bound: int = FIFO_LINE_BYTES_MAX) -> None:
        self._bound = bound
        self._pending = b""
        self._broken = False
        """Whether the line under way lost its head to ``rest``."""
        self._skipping = False
        """Whether the line under way was told already."""
        self.truncated: list[tuple[int, bytes]] = []

    def feed(self, data: bytes) -> list[bytes]:
        """Return the lines that ``data`` completed, in order; look at ``truncated`` when it is not empty."""
        self.truncated = []
        lines = (self._pending + data).split(b"\n")
        left = lines.pop()
        messages: list[bytes] = []
        for line in lines:
            blank = not line or line.isspace()
            if self._skipping or blank:
                pass
            elif self._broken or len(line) > self._bound:
                self.truncated.append((len(messages), line[: self._bound]))
            else:
                messages.append(line.rstrip(b"\r"))
            self._skipping = self._broken = False
        if self._skipping:
            left = b""
        elif len(left) > self._bound:
            self.truncated.append((len(messages), left[: self._bound]))
            self._skipping = True
            left = b""
        self._pending = left
        return messages

    def rest(self) -> bytes:
        """Give up what is left without a newline and return it; empty when nothing but blanks is left."""
        if not self.has_rest():
            return b""
        left, self._pending = self._pending, b""
        self._broken = True
        return left

    def has_rest(self) -> bool:
        """Tell whether bytes without an end are waiting that were not told yet."""
        return bool(self._pending) and not self._pending.isspace()


def _end_of(pattern: re.Pattern[bytes], data: bytes, start: int) -> int:
    """Return where a pattern that always matches ends."""
    found = pattern.match(data, start)
    assert found is not None
    return found.end()


def _is_utf8(data: bytes) -> bool:
    if data.isascii():
        return True
    try:
        data.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return True
