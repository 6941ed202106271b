"""What people read: the title and the text of what goes out, within what the narrowest group robot takes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, NamedTuple

from qmt_trading.codec.view_json import IMPORTANCE_TEXT, MODE_TEXT
from qmt_trading.model.instant import to_iso_text
from qmt_trading.model.words import Importance, Mode
from qmt_trading.notify.channel import CHINESE
from qmt_trading.notify.message import RANK, Kind

BYTES_MAX: Final = 1_900
"""Title and text together, in UTF-8: 企业微信 takes 2,048."""
_LINE_BYTES_MAX: Final = 600
_MODE_ENGLISH: Final = {
    Mode.PAPER: "paper",
    Mode.LIVE: "LIVE",
    Mode.SHADOW: "shadow (nothing is sent)",
    Mode.REPLAY: "replay",
}
_IMPORTANCE_ENGLISH: Final = {
    Importance.INFORMATION: "information",
    Importance.WARNING: "warning",
    Importance.CRITICAL: "CRITICAL",
}
_KIND: Final = {Kind.NOON: ("午间小结", "at noon"), Kind.DAILY: ("日报", "the day's report")}


class Item(NamedTuple):
    """One message as a channel is told it."""

    key: str
    at_ns: int
    kind: Kind
    importance: Importance
    mode: Mode
    about: str
    text: str


class Written(NamedTuple):
    title: str
    """Always begins with QMT: a robot that asks for a keyword takes that."""
    text: str


def single(item: Item, language: str) -> Written:
    """Return one message by itself."""
    if item.kind is not Kind.ALERT:
        chinese, english = _KIND[item.kind]
        return _fitted(_title(item.mode, chinese, english, language), item.text.split("\n"), language)
    title = _title(item.mode, IMPORTANCE_TEXT[item.importance], _IMPORTANCE_ENGLISH[item.importance], language)
    where = f"{_clock(item.at_ns)} {item.about}".rstrip()
    return _fitted(title, [where, *item.text.split("\n")], language)


def gathered(items: Sequence[Item], language: str) -> Written:
    """Return many alerts as one message, the gravest first."""
    count, highest = len(items), max((item.importance for item in items), key=RANK.__getitem__)
    chinese = f"{count} 条提醒，最高：{IMPORTANCE_TEXT[highest]}"
    english = f"{count} alerts, the gravest: {_IMPORTANCE_ENGLISH[highest]}"
    return _listed(items, chinese, english, language)


def digest(items: Sequence[Item], language: str) -> Written:
    """Return what could not be told when it happened."""
    count = len(items)
    return _listed(items, f"未能及时发出的 {count} 条提醒", f"{count} alerts that could not be told in time", language)


def reminder(items: Sequence[Item], language: str) -> Written:
    """Return what nobody has acknowledged."""
    count = len(items)
    return _listed(items, f"仍未确认：{count} 条紧急提醒", f"not acknowledged: {count} critical alerts", language)


def trial(name: str, language: str) -> Written:
    """Return what ``qmt notify test`` sends."""
    if language == CHINESE:
        return Written("QMT 通知测试", f"渠道「{name}」收得到通知。这不是提醒，不用处理。")
    return Written("QMT notification test", f"The channel {name} works. This is no alert: nothing is to be done.")


def _title(mode: Mode, chinese: str, english: str, language: str) -> str:
    return f"QMT {MODE_TEXT[mode]} {chinese}" if language == CHINESE else f"QMT {_MODE_ENGLISH[mode]} {english}"


def _listed(items: Sequence[Item], chinese: str, english: str, language: str) -> Written:
    mode = items[-1].mode
    ranked = sorted(items, key=lambda item: (-RANK[item.importance], item.at_ns, item.key))
    return _fitted(_title(mode, chinese, english, language), [_line(item, language) for item in ranked], language)


def _line(item: Item, language: str) -> str:
    word = (IMPORTANCE_TEXT if language == CHINESE else _IMPORTANCE_ENGLISH)[item.importance]
    return " ".join(filter(None, (_clock(item.at_ns), word, item.about, item.text.replace("\n", " "))))


def _clock(at_ns: int) -> str:
    return to_iso_text(at_ns)[5:19].replace("T", " ")


def _fitted(title: str, lines: Sequence[str], language: str) -> Written:
    """Return as many of ``lines`` as fit, and how many do not."""
    left = BYTES_MAX - len(title.encode("utf-8", "replace")) - 80
    shown: list[str] = []
    for number, line in enumerate(lines):
        short = _cut(line, min(_LINE_BYTES_MAX, BYTES_MAX))
        left -= len(short.encode("utf-8", "replace")) + 1
        if left < 0:
            rest = len(lines) - number
            shown.append(
                f"… 另有 {rest} 行，见面板或 qmt alerts、qmt report"
                if language == CHINESE
                else f"… {rest} more lines: see the panel, qmt alerts or qmt report"
            )
            break
        shown.append(short)
    return Written(title, "\n".join(shown))


def _cut(line: str, bytes_max: int) -> str:
    content = line.encode("utf-8", "replace")
    if len(content) <= bytes_max:
        return content.decode("utf-8")
    return content[: bytes_max - 3].decode("utf-8", "ignore") + "…"
