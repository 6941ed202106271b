"""The reference grammar's words: symbols, sizes, prices, accounts, options. Written from the page on signals alone.

Nothing of the parser is used here. Where the page leaves a bound to the parser, the bound stands here once more.
"""

from __future__ import annotations

import re
from decimal import Decimal
from typing import Final

from tests.fuzz.meaning import PriceMeant, Size

SECOND_NS: Final = 1_000_000_000
DAY_NS: Final = 86_400 * SECOND_NS
QUANTITY_MAX: Final = 9_999_999_999
MONEY_MAX: Final = 999_999_999_999 * 10_000
PRICE_MAX: Final = 9_999_999 * 10_000
TICKS_MAX: Final = 9_999

_CJK: Final = "\u3007\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U000323af"
_NAME: Final = re.compile(f"[0-9A-Za-z_.{_CJK}-]{{1,64}}")
_ID: Final = re.compile(r"[0-9A-Za-z_.-][0-9A-Za-z_./-]{0,63}")
_NUMBER: Final = re.compile(r"([0-9]+)(\.[0-9]+)?")
_OFFSET: Final = re.compile(r" *([0-9]+(?:\.[0-9]+)?) *([^ ]*)")
_CLOCK: Final = re.compile(r"([0-9]{2}):([0-9]{2}):([0-9]{2})(\.[0-9]{1,3})?")
_SECONDS: Final = re.compile(r"[0-9]{1,5}(\.[0-9]{1,3})?")

_VENUES: Final = {"SH": "SH", "SZ": "SZ", "BJ": "BJ"}
_EXCHANGES: Final = {"SSE": "SH", "SZSE": "SZ", "BSE": "BJ"}
_SUFFIXES: Final = {**_VENUES, **_EXCHANGES, "SS": "SH", "XSHG": "SH", "XSHE": "SZ"}
_UNITS: Final = ("万股", "万元", "股", "手", "元", "%")
_PRICE_WORDS: Final = {
    "latest": "latest",
    "最新": "latest",
    "opposite": "opposite",
    "对手": "opposite",
    "own": "own",
    "本方": "own",
    "limit_up": "limit_up",
    "涨停": "limit_up",
    "limit_down": "limit_down",
    "跌停": "limit_down",
    **{f"{side}{level}": f"{side}{level}" for side in ("bid", "ask") for level in range(1, 6)},
    **{
        f"{side}{level}": f"{name}{number}"
        for side, name in (("买", "bid"), ("卖", "ask"))
        for number, level in enumerate("一二三四五", 1)
    },
}


class RefusedError(Exception):
    """The message is no signal."""


def require(holds: object) -> None:
    """Refuse the message unless ``holds``."""
    if not holds:
        raise RefusedError


def is_code(written: str) -> bool:
    """Tell whether ``written`` is six digits."""
    return len(written) == 6 and written.isascii() and written.isdigit()


def symbol(written: str, *, json: bool = False) -> str:
    """Return ``600000.SH`` for every way in which senders write it; a bare code is refused."""
    require(written.isascii())
    parts = written.upper().split(".")
    if len(parts) == 2 and is_code(parts[0]) and parts[1] in _SUFFIXES:
        return f"{parts[0]}.{_SUFFIXES[parts[1]]}"
    if len(parts) == 2 and is_code(parts[1]) and parts[0] in {**_VENUES, **_EXCHANGES}:
        return f"{parts[1]}.{_SUFFIXES[parts[0]]}"
    if len(parts) == 3 and is_code(parts[2]) and parts[1] == "STK" and parts[0] in _EXCHANGES:
        return f"{parts[2]}.{_EXCHANGES[parts[0]]}"
    if len(parts) == 1 and is_code(parts[0][2:]) and parts[0][:2] in _VENUES:
        return f"{parts[0][2:]}.{parts[0][:2]}"
    exchange, colon, code = written.upper().partition(":")
    require(json and colon and exchange in ("SSE", "SZSE") and is_code(code))
    return f"{code}.{_EXCHANGES[exchange]}"


def number(written: str, *, digits_max: int, decimals_max: int = 4) -> int:
    """Return a plain decimal in ten-thousandths."""
    match = _NUMBER.fullmatch(written)
    require(match is not None)
    assert match is not None
    require(len(match[1].lstrip("0")) <= digits_max)
    require(len(match[2] or ".") - 1 <= decimals_max)
    return int(Decimal(written) * 10_000)


def size(written: str) -> Size:
    """Return a size; whether 0 and shares of a position may stand there is the verb's matter."""
    if written.lower() == "all" or written == "全部":
        return Size("all")
    if written == "半仓":
        return Size("fraction", 1, 2)
    if "/" in written:
        above, _, below = (part.strip(" ") for part in written.partition("/"))
        for part in (above, below):
            require(part.isascii() and part.isdigit() and len(part) <= 4)
        require(0 < int(above) <= int(below))
        return Size("fraction", int(above), int(below))
    unit = next((unit for unit in _UNITS if written.endswith(unit)), "")
    figure = written[: len(written) - len(unit)].rstrip(" ")
    decimals_max = 0 if unit in ("", "股", "手") else 4
    amount = number(figure, digits_max=12, decimals_max=decimals_max)
    match unit:
        case "" | "股" | "手":
            return counted("lots" if unit == "手" else "shares", amount // 10_000)
        case "万股":
            return counted("shares", amount)
        case "元" | "万元":
            return counted("money", amount * (10_000 if unit == "万元" else 1))
        case _:
            return counted("percent", amount)


def counted(kind: str, amount: int) -> Size:
    """Return a size within the bounds of its kind."""
    bounds = {"shares": QUANTITY_MAX, "lots": QUANTITY_MAX, "money": MONEY_MAX, "percent": 1_000_000}
    require(amount <= bounds[kind])
    return Size(kind, amount)


def price(written: str) -> PriceMeant:
    """Return a price: a figure or a word, and perhaps an offset."""
    sign_at = min((at for at in (written.find("+"), written.find("-")) if at >= 0), default=-1)
    base, offset = (written, "") if sign_at < 0 else (written[:sign_at].rstrip(" "), written[sign_at:])
    if base[:1] in tuple("0123456789"):
        meant = limit(number(base, digits_max=9))
    else:
        word = base.lower() if base.isascii() else base
        require(word in _PRICE_WORDS)
        meant = PriceMeant(_PRICE_WORDS[word])
    return with_offset(meant, offset) if offset else meant


def limit(ten_thousandths: int) -> PriceMeant:
    """Return a price that is a figure."""
    require(0 < ten_thousandths <= PRICE_MAX)
    return PriceMeant("limit", ten_thousandths)


def with_offset(meant: PriceMeant, offset: str) -> PriceMeant:
    """Return ``meant`` with ticks, yuan (which need decimals) or per cent more or less."""
    match = _OFFSET.fullmatch(offset[1:])
    require(match is not None)
    assert match is not None
    figure, unit = match[1], match[2].lower()
    amount = number(figure, digits_max=9)
    factor = -1 if offset[0] == "-" else 1
    if unit in ("跳", "tick", "ticks"):
        require("." not in figure and amount // 10_000 <= TICKS_MAX)
        return meant._replace(ticks=factor * amount // 10_000)
    if unit == "%":
        require(amount < 1_000_000)
        return meant._replace(millionths=factor * amount)
    require(unit == "" and "." in figure)
    if meant.word == "limit":
        return limit(meant.price + factor * amount)
    require(amount <= PRICE_MAX)
    return meant._replace(money=factor * amount)


def is_name(written: str) -> bool:
    """Tell whether ``written`` may name a strategy."""
    return _NAME.fullmatch(written) is not None


def is_id(written: str) -> bool:
    """Tell whether ``written`` may be an id."""
    return _ID.fullmatch(written) is not None


def account(written: str) -> str:
    """Return an account: an id, a name, @group or *."""
    require(written == "*" or is_name(written.removeprefix("@")))
    return written


def accounts(written: str) -> tuple[str, ...]:
    """Return accounts between commas, each once."""
    return tuple(dict.fromkeys(account(part.strip(" ")) for part in written.split(",")))


def time_of_day(written: str) -> int:
    """Return nanoseconds after midnight."""
    match = _CLOCK.fullmatch(written)
    require(match is not None)
    assert match is not None
    hours, minutes, seconds = int(match[1]), int(match[2]), int(match[3])
    require(hours < 24 and minutes < 60 and seconds < 60)
    return (hours * 3600 + minutes * 60 + seconds) * SECOND_NS + int(Decimal(match[4] or 0) * SECOND_NS)


def few(written: str) -> int:
    """Return a count of 1 to 10."""
    require(written and len(written) <= 4 and all(digit in "0123456789" for digit in written))
    require(1 <= int(written) <= 10)
    return int(written)


def duration(written: str) -> int:
    """Return the nanoseconds of ``3s``."""
    require(written[-1:] in ("s", "S") and _SECONDS.fullmatch(written[:-1]))
    duration_ns = int(Decimal(written[:-1]) * SECOND_NS)
    require(0 < duration_ns <= DAY_NS)
    return duration_ns
