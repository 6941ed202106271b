"""The bytes of a text file to characters: UTF-8, GBK/GB18030 and the UTF-16 that Excel writes."""

from __future__ import annotations

import codecs
from typing import Final

from qmt_trading.intake.instructions import UnreadableError

_MARKED: Final = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
    (b"\x84\x31\x95\x33", "gb18030"),
)


def decode(data: bytes) -> str:
    """Return the characters of ``data``, without byte order mark.

    Raises:
        UnreadableError: it is no text in any of these encodings, or holds NUL.
    """
    for mark, encoding in _MARKED:
        if data.startswith(mark):
            return _decoded(data[len(mark) :], encoding)
    try:
        return _decoded(data, "utf-8")
    except UnreadableError:
        return _decoded(data, "gb18030")


def whole_lines(text: str) -> list[str]:
    """Return the lines of ``text`` without their ends; the last one must have its end, too.

    Half a file is a different file, and often a valid one: only the line end tells that its last line is whole.

    Raises:
        UnreadableError: the last line has no end.
    """
    lines = text.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    last = lines.pop()
    if last.strip(" \t\x1a"):
        raise UnreadableError(
            "最后一行没有换行，文件可能没写完：请在最后一行末尾按回车再保存",
            "the last line has no line end, the file may be cut off: end it with Enter and save it again",
            row=len(lines) + 1,
        )
    return lines


def _decoded(data: bytes, encoding: str) -> str:
    try:
        text = data.decode(encoding)
    except UnicodeDecodeError as error:
        row = data.count(b"\n", 0, error.start) + 1
        raise UnreadableError(
            "既不是 UTF-8、GBK/GB18030，也不是带标记的 UTF-16：请另存为「CSV UTF-8」",
            "neither UTF-8, GBK/GB18030 nor UTF-16 with a mark: save it as CSV UTF-8",
            row=row,
        ) from error
    if "\0" in text:
        raise UnreadableError(
            "文件里有 NUL 字符，像是没有标记的 UTF-16 或二进制文件：请另存为「CSV UTF-8」",
            "the file holds NUL: UTF-16 without a mark, or no text at all; save it as CSV UTF-8",
        )
    return text
