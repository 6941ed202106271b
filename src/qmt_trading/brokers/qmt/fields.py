"""Reading one attribute of a terminal's row: each either as a checked value of the model or as a named error."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from qmt_trading.model.errors import QmtError
from qmt_trading.model.numbers import MILLISECOND_NS, SECOND_NS, UNIT, Money, Price, Quantity, from_float

Row = Mapping[str, object]
"""Attributes of a terminal's object by their own names; what its version does not have is absent."""

PRICE_MAX: Final = Price(1_000_000 * UNIT)
"""Nothing that trades costs more; a terminal's "no value" is 1.8e308."""
QUANTITY_MAX: Final = 10**12
TEXT_MAX: Final = 500
_SHOWN: Final = 600
_EARLIEST_S: Final = 946_684_800
"""2000-01-01: anything before it is no time of an order."""
_LATEST_S: Final = 4_102_444_800
_TRIMMED: Final = " \t\r\n\u3000\ufeff"


class RowError(QmtError):
    """A terminal's row cannot be read as it stands. Nothing may be concluded from it, and a list with it has a gap.

    The text names the attribute and shows the row.
    """

    def __init__(self, row: object, chinese: str, english: str) -> None:
        self.chinese: Final = chinese
        self.english: Final = english
        shown = repr(row)
        self.shown: Final = shown if len(shown) <= _SHOWN else shown[:_SHOWN] + "…"
        super().__init__(f"终端返回的数据无法采用：{chinese}；原文 {self.shown} / {english}")


class OtherBusinessError(RowError):
    """The row is of business that this system never does (margin trading, ETF creation, options): it is not ours.

    A list is complete without it.
    """


def whole(row: Row, name: str, *, least: int = 0, most: int = QUANTITY_MAX) -> int:
    """Return a whole number within the bounds; a float that is whole counts as one.

    Raises:
        RowError: absent, not a whole number, or out of bounds.
    """
    value = row.get(name)
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    if not isinstance(value, int) or isinstance(value, bool):
        raise _bad(row, name, value)
    if not least <= value <= most:
        raise _bad(row, name, value)
    return value


def quantity(row: Row, name: str, *, least: int = 0) -> Quantity:
    return Quantity(whole(row, name, least=least))


def price(row: Row, name: str) -> Price:
    """Return a price; 0 stays 0, "no price": market orders and empty sides carry it.

    Raises:
        RowError: absent, not a number, negative, or beyond what anything costs.
    """
    value = Price(_units(row, name))
    if not 0 <= value <= PRICE_MAX:
        raise _bad(row, name, row.get(name))
    return value


def money(row: Row, name: str, *, signed: bool = False) -> Money:
    """Return an amount of money.

    Raises:
        RowError: absent, not a number, beyond 10**11 yuan, or below zero where it must not be.
    """
    value = Money(_units(row, name))
    if value < 0 and not signed:
        raise _bad(row, name, row.get(name))
    return value


def text(row: Row, name: str) -> str:
    """Return a text without what stands behind a NUL and without blanks around it; empty where there is none.

    At most 500 characters. Half a surrogate pair, left of badly decoded bytes, becomes ``?``: the journal holds UTF-8.
    """
    value = row.get(name)
    if isinstance(value, str):
        return value.partition("\0")[0].strip(_TRIMMED)[:TEXT_MAX].encode("utf-8", "replace").decode("utf-8")
    if isinstance(value, int) and not isinstance(value, bool):
        return str(value)
    return ""


def number_text(row: Row, name: str) -> str:
    """Return an id of the terminal's or the counter's; empty for 0, a negative number and what is no id."""
    value = text(row, name)
    if value.startswith("-") or not value.strip("0"):
        return ""
    return value


def instant_ns(row: Row, name: str, *, needed: bool) -> int:
    """Return an instant that is told in seconds or milliseconds since 1970; 0: it is not told and not needed.

    Raises:
        RowError: it is no such number, or lies outside this century.
    """
    value = row.get(name)
    if value in (None, 0, "") and not isinstance(value, bool) and not needed:
        return 0
    number = whole(row, name, most=_LATEST_S * 1000)
    if _EARLIEST_S <= number <= _LATEST_S:
        return number * SECOND_NS
    if number >= _EARLIEST_S * 1000:
        return number * MILLISECOND_NS
    raise _bad(row, name, value)


def _units(row: Row, name: str) -> int:
    value = row.get(name)
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        raise _bad(row, name, value)
    try:
        return from_float(float(value))
    except (ValueError, OverflowError) as error:
        raise _bad(row, name, value) from error


def _bad(row: Row, name: str, value: object) -> RowError:
    if value is None:
        return RowError(row, f"缺少 {name}", f"{name} is missing")
    shown = repr(value)[:80]
    return RowError(row, f"{name} 的值 {shown} 不合理", f"{name} cannot be {shown}")
