"""Reverse repos: money lent over an exchange for a fixed number of days, sold without being held."""

from __future__ import annotations

from typing import Final

from qmt_trading.model.instrument import Symbol
from qmt_trading.model.numbers import FEN, UNIT, Money, Price, Quantity, ratio_half_up

FACE: Final = Money(100 * UNIT)
"""What one 张 lends (10 of 204001 or 131810 are 1,000 yuan); an order's price is its yearly rate in per cent."""

_SHANGHAI: Final = {
    "204001": 1,
    "204002": 2,
    "204003": 3,
    "204004": 4,
    "204007": 7,
    "204014": 14,
    "204028": 28,
    "204091": 91,
    "204182": 182,
}
_SHENZHEN: Final = {
    "131810": 1,
    "131811": 2,
    "131800": 3,
    "131809": 4,
    "131801": 7,
    "131802": 14,
    "131803": 28,
    "131805": 91,
    "131806": 182,
}
_TERMS: Final = {f"{code}.SH": days for code, days in _SHANGHAI.items()} | {
    f"{code}.SZ": days for code, days in _SHENZHEN.items()
}
_LONGEST_CHARGED: Final = 30
_YEAR: Final = 365


def term_days(symbol: Symbol) -> int:
    """Return for how many days ``symbol`` lends; 1 for a code that is not known.

    Certainty: medium (common lists of the two exchanges' codes).
    """
    return _TERMS.get(symbol, 1)


def lent(quantity: Quantity) -> Money:
    """Return the money that ``quantity`` 张 lend."""
    return Money(quantity * FACE)


def interest(symbol: Symbol, rate: Price, quantity: Quantity) -> Money:
    """Return what is paid on top at the end, half-up to the fen: by the term; days of rest in between add nothing here.

    The exchanges count the days that the money is really away, which before a weekend are more.
    """
    whole = lent(quantity) * rate * term_days(symbol)
    return Money(ratio_half_up(whole, 100 * UNIT * _YEAR * FEN) * FEN)


def commission(symbol: Symbol, quantity: Quantity) -> Money:
    """Return the usual commission: a hundred-thousandth a day of what is lent, at most for 30 days, to the fen.

    Certainty: low, the contract with the broker decides; the simulated exchange charges it, and orders keep it free.
    """
    return Money(ratio_half_up(lent(quantity) * min(term_days(symbol), _LONGEST_CHARGED), 100_000 * FEN) * FEN)
