"""Prices as they are written: a figure or a word that the quote resolves, then perhaps an offset."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Final

from qmt_trading.codec.malformed import MalformedError
from qmt_trading.codec.size_text import plain
from qmt_trading.model.numbers import MILLION, UNIT, Money, Price, from_decimal, to_text
from qmt_trading.model.signal import PriceKind, PriceSpec

PRICE_MAX: Final = 9_999_999 * UNIT
OFFSET_TICKS_MAX: Final = 9_999

_WORDS: Final = {
    "latest": (PriceKind.LATEST, 1),
    "最新": (PriceKind.LATEST, 1),
    "opposite": (PriceKind.OPPOSITE, 1),
    "对手": (PriceKind.OPPOSITE, 1),
    "own": (PriceKind.OWN, 1),
    "本方": (PriceKind.OWN, 1),
    "limit_up": (PriceKind.LIMIT_UP, 1),
    "涨停": (PriceKind.LIMIT_UP, 1),
    "limit_down": (PriceKind.LIMIT_DOWN, 1),
    "跌停": (PriceKind.LIMIT_DOWN, 1),
    **{f"买{digit}": (PriceKind.BID, level) for level, digit in enumerate("一二三四五", 1)},
    **{f"卖{digit}": (PriceKind.ASK, level) for level, digit in enumerate("一二三四五", 1)},
    **{f"bid{level}": (PriceKind.BID, level) for level in range(1, 6)},
    **{f"ask{level}": (PriceKind.ASK, level) for level in range(1, 6)},
}
_PRICE: Final = re.compile(
    r"(?:([0-9]+)(?:\.([0-9]+))?|([^-+ 0-9][^-+ ]*))(?: *([-+]) *([0-9]+)(?:\.([0-9]+))? *(|跳|ticks?|%))?",
    re.ASCII | re.IGNORECASE,
)
_FIGURE_CHARACTERS_MAX: Final = 9


@lru_cache(maxsize=4096)
def parse_price(written: str) -> PriceSpec:
    """Return the price that ``written`` means, its ``text`` in one canonical form (``涨停`` is ``limit_up``).

    An offset in yuan on a figure is added at once.

    Raises:
        MalformedError: it is no price, not positive, out of range, or its offset has no unit (``+2``).
    """
    match = _PRICE.fullmatch(written)
    if match is None:
        raise MalformedError("price", written)
    spec = _base(written, match[1], match[2], match[3])
    sign = match[4]
    return spec if sign is None else _with_offset(spec, written, sign, match[5], match[6], match[7].lower())


def limit_price(price: int, written: str = "") -> PriceSpec:
    """Return the price that is a figure, in ten-thousandths of a yuan.

    Raises:
        MalformedError: not positive, or larger than any price.
    """
    if price <= 0:
        raise MalformedError("price_zero", written or to_text(price))
    if price > PRICE_MAX:
        raise MalformedError("price_range", written or to_text(price))
    return PriceSpec(PriceKind.LIMIT, Price(price), text=to_text(price))


def _base(written: str, whole: str | None, decimals: str | None, word: str | None) -> PriceSpec:
    if whole is not None:
        return limit_price(_figure(written, whole, decimals), written)
    assert word is not None
    name = word.lower() if word.isascii() else word
    if name not in _WORDS:
        raise MalformedError("price", written)
    kind, level = _WORDS[name]
    text = f"{kind.value}{level}" if kind in (PriceKind.BID, PriceKind.ASK) else kind.value
    return PriceSpec(kind, level=level, text=text)


def _with_offset(spec: PriceSpec, written: str, sign: str, whole: str, decimals: str | None, unit: str) -> PriceSpec:
    amount = _figure(written, whole, decimals)
    factor = -1 if sign == "-" else 1
    kind, price, level = spec.kind, spec.price, spec.level
    if unit in ("跳", "tick", "ticks"):
        ticks = amount // UNIT
        if decimals is not None or ticks > OFFSET_TICKS_MAX:
            raise MalformedError("price", written)
        return PriceSpec(kind, price, level, offset_ticks=factor * ticks, text=f"{spec.text}{sign}{ticks}ticks")
    if unit == "%":
        if amount >= MILLION:
            raise MalformedError("price_range", written)
        return PriceSpec(
            kind, price, level, offset_millionths=factor * amount, text=f"{spec.text}{sign}{plain(amount)}%"
        )
    if decimals is None:
        raise MalformedError("price_offset_unit", f"{sign}{whole}")
    if kind is PriceKind.LIMIT:
        return limit_price(price + factor * amount, written)
    if amount > PRICE_MAX:
        raise MalformedError("price_range", written)
    return PriceSpec(
        kind, price, level, offset_money=Money(factor * amount), text=f"{spec.text}{sign}{to_text(amount)}"
    )


def _figure(written: str, whole: str, decimals: str | None) -> int:
    digits = whole.lstrip("0") or "0"
    if len(digits) > _FIGURE_CHARACTERS_MAX:
        raise MalformedError("price_range", written)
    if decimals is not None and len(decimals) > 4:
        raise MalformedError("price_decimals", written)
    return from_decimal(f"{digits}.{decimals}" if decimals else digits)
