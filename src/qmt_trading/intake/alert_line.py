"""One line of an alert file to a message: the condition's name says what is done, the line for which stock.

Source: the files that 通达信 writes (条件预警, 预警结果输出到文件), as two public programs read them: GBK, separated by
tabs: code, name, date and time, price, per cent, volume, condition. Not seen on a terminal of ours.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Sequence
from hashlib import blake2b
from typing import Final, NamedTuple

from qmt_trading.codec.malformed import MalformedError, malformed, shorten
from qmt_trading.codec.signal import parse
from qmt_trading.codec.symbols import normalise
from qmt_trading.intake.instructions import Fault, UnreadableError
from qmt_trading.model.instant import at_time, day_of
from qmt_trading.model.instrument import Symbol
from qmt_trading.model.numbers import SECOND_NS
from qmt_trading.model.signal import Malformed, Signal
from qmt_trading.model.words import Verb

MINUTE_NS: Final = 60 * SECOND_NS
_CODE: Final = re.compile(r"\s*((?:sh|sz|bj)?\.?[0-9]{6}(?:\.(?:sh|sz|bj))?)\s", re.IGNORECASE)
_WHEN: Final = re.compile(
    r"(?<![0-9])(?:(20[0-9]{2})([-/.]?)([0-9]{1,2})\2([0-9]{1,2})[ \t]+)?([01]?[0-9]|2[0-3]):([0-5][0-9])"
    r"(?::([0-5][0-9]))?(?![0-9:])"
)
_PLACEHOLDER: Final = Symbol("600000.SH")
_LATIN: Final = re.compile("[\x80-\u07ff]")
"""What pairs of GBK bytes become where they happen to be UTF-8; no alert holds such letters."""


class AlertLine(NamedTuple):
    """One line, read."""

    code: str
    """As written: mostly without its market."""
    day: dt.date
    until_ns: int
    """The end of the second or minute that the line names: it was written before."""
    condition: str


def decode_line(raw: bytes, encoding: str) -> str:
    """Return the characters of a line.

    Args:
        encoding: ``utf-8``, ``gbk``, or ``auto``.

    Raises:
        UnreadableError: it is no text in that encoding.
    """
    raw = raw.removeprefix(b"\xef\xbb\xbf").rstrip(b"\r\n\0 ")
    try:
        if encoding != "gbk":
            text = raw.decode("utf-8")
            if encoding == "utf-8" or _LATIN.search(text) is None:
                return text
    except UnicodeDecodeError:
        if encoding == "utf-8":
            raise UnreadableError("不是 UTF-8", "not UTF-8") from None
    try:
        return raw.decode("gb18030")
    except UnicodeDecodeError:
        raise UnreadableError("既不是 UTF-8 也不是 GBK", "neither UTF-8 nor GBK") from None


def read_alert(line: str, now_ns: int) -> AlertLine:
    """Return what ``line`` says; a time without a day is of today.

    Raises:
        UnreadableError: no code, no time or no condition; a line without a time could be any age.
    """
    code = _CODE.match(line)
    if code is None:
        raise UnreadableError(f"行首不是代码：{shorten(line)}", f"no code at its beginning: {shorten(line)}")
    when = _WHEN.search(line, code.end())
    if when is None:
        raise UnreadableError(f"没有时间，不能判断新旧：{shorten(line)}", f"no time in it: {shorten(line)}")
    if "\t" in line:
        name = line.rstrip().rpartition("\t")[2].strip()
    else:
        name = (line[when.end() :].split() or [""])[-1]
    if not name:
        raise UnreadableError(f"没有条件名称：{shorten(line)}", f"no condition in it: {shorten(line)}")
    try:
        day = day_of(now_ns) if when[1] is None else dt.date(int(when[1]), int(when[3]), int(when[4]))
    except ValueError:
        raise UnreadableError(f"日期不对：{when[0]}", f"no such day: {when[0]}") from None
    seconds = int(when[5]) * 3600 + int(when[6]) * 60 + int(when[7] or 0)
    until_ns = at_time(day, seconds * SECOND_NS) + (SECOND_NS if when[7] else MINUTE_NS)
    return AlertLine(code[1], day, until_ns, name)


def symbol_of(code: str, *, stocks_only: bool) -> Symbol:
    """Return the symbol of a code, mostly without its market.

    Args:
        stocks_only: no indices are among the alerts, so that 000001 is the stock in Shenzhen.

    Raises:
        MalformedError: it is no symbol, or may be a stock and an index.
    """
    if stocks_only and re.fullmatch("000[0-9]{3}", code):
        return Symbol(f"{code}.SZ")
    return normalise(code, infer_market=True)


def number_of(alert: AlertLine, symbol: Symbol, line: str, *, every_line: bool) -> str:
    """Return the id of an alert: one for each stock, condition and day, or one for each line that differs."""
    what = line if every_line else alert.condition
    digest = blake2b(what.encode("utf-8"), digest_size=5).hexdigest()
    return f"{alert.day:%Y%m%d}-{symbol}-{digest}"


def message_of(action: str, symbol: Symbol, accounts: Sequence[str], number: str) -> str:
    """Return the message that carries out ``action``, such as ``buy 1手 @对手 ttl=3s``."""
    verb, _, rest = action.strip().partition(" ")
    words = rest.split()
    order = " ".join(word for word in words if "=" not in word)
    options = "".join(f" {word}" for word in words if "=" in word)
    return f"{verb} {symbol} {order}".rstrip() + f":{','.join(accounts)}{options} #{number}"


def verb_of(action: str) -> Verb:
    """Return the verb of an action.

    Raises:
        MalformedError: the action is none, with the sentence that a message would get.
        UnreadableError: it holds more than an action.
    """
    if any(letter in action for letter in ":;#<>：；＃\n\r*"):
        raise UnreadableError(
            "只写动作、数量、@价格和选项，代码和账户由通道给出", "an action, a size, @price and options, nothing else"
        )
    parsed = parse(message_of(action, _PLACEHOLDER, ("a",), "x").encode("utf-8"))
    (first,) = parsed
    if isinstance(first, Malformed):
        raise UnreadableError(first.chinese, first.english)
    assert isinstance(first, Signal)
    (item,) = first.items
    if item.symbol != _PLACEHOLDER or item.verb not in (Verb.BUY, Verb.SELL, Verb.CANCEL):
        raise UnreadableError("动作应是买入、卖出或撤单", "an action is buy, sell or cancel")
    return item.verb


def told_of(error: MalformedError | UnreadableError) -> Fault:
    """Return what is wrong, in both languages."""
    if isinstance(error, UnreadableError):
        return error.fault
    told = malformed(error.code, error.figures, position=0)
    return Fault(0, "", told.chinese, told.english)
