"""Sizes as they are written: 1000, 1000股, 10手, 50000元, 5万元, 10%, 半仓, 1/3, all 全部."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Final

from qmt_trading.codec.malformed import MalformedError
from qmt_trading.model.numbers import UNIT, from_decimal
from qmt_trading.model.signal import Size, SizeKind

QUANTITY_MAX: Final = 9_999_999_999
MONEY_MAX: Final = 999_999_999_999 * UNIT
PERCENT_MAX: Final = 100 * UNIT
"""100 % in millionths."""

ALL: Final = Size(SizeKind.ALL, text="all")

_FIGURE: Final = re.compile(r"([0-9]+)(?:\.([0-9]+))? *(|股|手|元|万元|万股|万|%)")
_FRACTION: Final = re.compile(r"([0-9]{1,4}) */ *([0-9]{1,4})")
_FIGURE_CHARACTERS_MAX: Final = 12


@lru_cache(maxsize=4096)
def parse_size(written: str) -> Size:
    """Return the size that ``written`` means, its ``text`` in one canonical form (``5万元`` is ``50000元``).

    Zero is returned as it is: a target may be 0, and the verb decides.

    Raises:
        MalformedError: it is no size, fractional, out of range, or says neither shares nor money (``5万``).
    """
    match = _FIGURE.fullmatch(written)
    if match is None:
        return _word_or_fraction(written)
    whole, decimals, unit = match[1], match[2], match[3]
    if len(whole.lstrip("0")) > _FIGURE_CHARACTERS_MAX:
        raise MalformedError("size_range", written)
    whole = whole.lstrip("0") or "0"
    if decimals is not None and len(decimals) > 4:
        raise MalformedError("size_decimals" if unit not in ("", "股", "手") else "size_fraction", written)
    amount = from_decimal(f"{whole}.{decimals}" if decimals else whole)
    match unit:
        case "" | "股" | "手":
            if decimals is not None:
                raise MalformedError("size_fraction", written)
            return size_of(SizeKind.LOTS if unit == "手" else SizeKind.SHARES, int(whole), written)
        case "万股":
            return size_of(SizeKind.SHARES, amount, written)
        case "元":
            return size_of(SizeKind.MONEY, amount, written)
        case "万元":
            return size_of(SizeKind.MONEY, amount * 10_000, written)
        case "%":
            return size_of(SizeKind.PERCENT, amount, written)
        case _:
            raise MalformedError("size_unit", written.replace(" ", ""))


def size_of(kind: SizeKind, amount: int, written: str = "") -> Size:
    """Return a size that is counted, with its canonical text.

    Args:
        kind: SHARES, LOTS, MONEY (ten-thousandths of a yuan) or PERCENT (millionths).
        written: what to quote when it is refused.

    Raises:
        MalformedError: the amount is larger than can be meant.
    """
    if kind is SizeKind.SHARES or kind is SizeKind.LOTS:
        if amount > QUANTITY_MAX:
            raise MalformedError("size_range", written or str(amount))
        return Size(kind, amount, text=f"{amount}手" if kind is SizeKind.LOTS else str(amount))
    if kind is SizeKind.PERCENT:
        if amount > PERCENT_MAX:
            raise MalformedError("size_percent", written or plain(amount))
        return Size(kind, amount, text=f"{plain(amount)}%")
    assert kind is SizeKind.MONEY
    if amount > MONEY_MAX:
        raise MalformedError("size_range", written or plain(amount))
    return Size(kind, amount, text=f"{plain(amount)}元")


def plain(ten_thousandths: int) -> str:
    """Return a decimal without superfluous zeros: 105_000 is ``10.5``, 500_000 is ``50``."""
    whole, rest = divmod(ten_thousandths, UNIT)
    return f"{whole}.{rest:04d}".rstrip("0") if rest else str(whole)


def _word_or_fraction(written: str) -> Size:
    if written == "全部" or written.lower() == "all":
        return ALL
    if written == "半仓":
        return Size(SizeKind.FRACTION, 1, 2, "1/2")
    match = _FRACTION.fullmatch(written)
    if match is None:
        without_commas = written.replace(",", "")
        if without_commas != written and _FIGURE.fullmatch(without_commas) is not None:
            raise MalformedError("size_comma", without_commas)
        raise MalformedError("size", written)
    amount, denominator = int(match[1]), int(match[2])
    if not 0 < amount <= denominator:
        raise MalformedError("size", written)
    return Size(SizeKind.FRACTION, amount, denominator, f"{amount}/{denominator}")
