"""Bytes to characters: strict UTF-8, else GB18030, and the way back from a character to its byte."""

from __future__ import annotations

from typing import Final

from qmt_trading.codec.malformed import MESSAGE_BYTES_MAX, MalformedError

_BLANK_BYTES: Final = b" \t\r\n"
_ENDING_BYTES: Final = b"\x00 \t\r\n"
"""None of them is ever the second, third or fourth byte of a GB18030 character."""
_BOM: Final = b"\xef\xbb\xbf"
_BOM_GB18030: Final = b"\x84\x31\x95\x33"

# GBK for 元 is, byte for byte, UTF-8 for Ԫ: a message whose only Chinese character is 元 passes as UTF-8.
_NARROW: Final = {0xFF01 + code: chr(0x21 + code) for code in range(0x5E)} | {0x3000: " ", 0x52A: "元", 0x09: " "}


class Source:
    """A message as bytes and as characters, without byte order mark, leading blanks, trailing NUL and line end."""

    __slots__ = ("_encoding", "_start", "text")

    def __init__(self, payload: bytes) -> None:
        """Decode ``payload``.

        Raises:
            MalformedError: over 64 KiB, or no text in either encoding; its index is a byte offset.
        """
        if len(payload) > MESSAGE_BYTES_MAX:
            raise MalformedError("too_long", str(len(payload)), index=MESSAGE_BYTES_MAX)
        if payload.startswith((b"\xff\xfe", b"\xfe\xff")):
            raise MalformedError("encoding_utf16", index=0)
        body = payload.rstrip(_ENDING_BYTES)
        inner = body.removeprefix(_BOM).removeprefix(_BOM_GB18030).lstrip(_BLANK_BYTES)
        self._start = len(body) - len(inner)
        self._encoding = "utf-8"
        try:
            self.text = inner.decode("utf-8")
        except UnicodeDecodeError as not_utf8:
            self._encoding = "gb18030"
            try:
                self.text = inner.decode("gb18030")
            except UnicodeDecodeError as error:
                first = max(error.start, not_utf8.start)
                raise MalformedError("encoding", index=self._start + first) from error

    def byte_at(self, index: int) -> int:
        """Return the offset in the payload of the character at ``index``; one past the end is allowed."""
        before = self.text[: max(index, 0)]
        if self._encoding == "utf-8":
            return self._start + len(before.encode("utf-8"))
        return self._start + len(before.encode("gb18030"))


def readable(payload: bytes) -> str:
    """Return ``payload`` as people should see it: read as a message is, with a mark for what is no text at all."""
    for encoding in ("utf-8", "gb18030"):
        try:
            return payload.decode(encoding).replace("\u052a", "元")
        except UnicodeDecodeError:
            continue
    return payload.decode("utf-8", "replace")


def narrow(text: str) -> str:
    """Return ``text`` with full-width forms as ASCII, every blank as a space and Ԫ as 元, character for character."""
    return text.translate(_NARROW)
