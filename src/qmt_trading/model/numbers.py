"""Numbers that carry their unit, and the only arithmetic that changes a unit."""

from __future__ import annotations

from decimal import Decimal
from typing import Final, NewType

Price = NewType("Price", int)
"""Yuan per share (or per bond), in ten-thousandths: 12.34 yuan is 123_400. Signed; 0 means "no price"."""

Money = NewType("Money", int)
"""Yuan in ten-thousandths: 1 fen is 100. Signed."""

Quantity = NewType("Quantity", int)
"""Shares, fund units or bond pieces (张). Never negative."""

Nanoseconds = NewType("Nanoseconds", int)
"""A span of time, or an instant since 1970-01-01 UTC where the name ends in ``_ns``."""

UNIT: Final = 10_000
"""Ten-thousandths in one yuan."""
FEN: Final = 100
"""Ten-thousandths in one fen."""
SECOND_NS: Final = 1_000_000_000
MILLISECOND_NS: Final = 1_000_000
PERCENT_UNIT: Final = 10_000
"""Ratios are integers too: 1 per cent is 10_000 millionths."""
MILLION: Final = 1_000_000


def notional(price: Price, quantity: Quantity) -> Money:
    """Return the money that ``quantity`` shares cost at ``price``, before fees. Exact."""
    return Money(price * quantity)


def quantity_for(money: Money, price: Price) -> Quantity:
    """Return how many whole shares ``money`` buys at ``price``, before fees and lots; 0 when either is not positive."""
    if price <= 0 or money <= 0:
        return Quantity(0)
    return Quantity(money // price)


def share_of(money: Money, millionths: int) -> Money:
    """Return ``millionths`` / 1,000,000 of ``money``, rounded down."""
    return Money(money * millionths // MILLION)


def ratio_half_up(numerator: int, denominator: int) -> int:
    """Return numerator / denominator rounded half away from zero, for a positive denominator."""
    if numerator >= 0:
        return (2 * numerator + denominator) // (2 * denominator)
    return -((-2 * numerator + denominator) // (2 * denominator))


def to_fen(money: Money) -> Money:
    """Return ``money`` rounded half-up to the fen."""
    return Money(ratio_half_up(money, FEN) * FEN)


def from_decimal(text: str) -> int:
    """Return a plain decimal string such as ``10.5`` in ten-thousandths, exactly.

    At most 4 decimals and 12 digits before the point; an optional leading ``-``; no exponent, no separators.

    Raises:
        ValueError: anything else.
    """
    body = text[1:] if text[:1] == "-" else text
    whole, point, fraction = body.partition(".")
    if not (whole.isascii() and whole.isdigit()) or len(whole) > 12:
        raise ValueError(text)
    if point and (not (fraction.isascii() and fraction.isdigit()) or len(fraction) > 4):
        raise ValueError(text)
    value = int(whole) * UNIT + int(fraction.ljust(4, "0") or "0")
    return -value if body is not text else value


def from_float(value: float) -> int:
    """Return a terminal's float in ten-thousandths, rounded half-up on its shortest decimal form.

    Raises:
        ValueError: not finite, or more than 10**11 yuan.
    """
    if not -1e11 < value < 1e11:
        raise ValueError(repr(value))
    scaled = Decimal(repr(value)) * UNIT
    return ratio_half_up(int(scaled * MILLION), MILLION)


def to_text(value: int) -> str:
    """Return ten-thousandths as a decimal with 2 to 4 decimals: 105_000 is ``10.50``, 10_005 is ``1.0005``."""
    sign = "-" if value < 0 else ""
    whole, rest = divmod(abs(value), UNIT)
    digits = f"{rest:04d}"
    if digits.endswith("00"):
        digits = digits[:2]
    elif digits.endswith("0"):
        digits = digits[:3]
    return f"{sign}{whole}.{digits}"


def to_percent_text(millionths: int) -> str:
    """Return a ratio in per cent with at most 4 decimals: 32_500 is ``3.25%``."""
    sign = "-" if millionths < 0 else ""
    whole, rest = divmod(abs(millionths), PERCENT_UNIT)
    tail = f".{rest:04d}".rstrip("0").rstrip(".")
    return f"{sign}{whole}{tail}%"


def to_money_text(value: int) -> str:
    """Return ten-thousandths as yuan and fen with thousands separators: 105_050_000 is ``10,505.00``."""
    fen = ratio_half_up(value, FEN)
    sign = "-" if fen < 0 else ""
    whole, rest = divmod(abs(fen), 100)
    return f"{sign}{whole:,}.{rest:02d}"
