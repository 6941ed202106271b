"""Figures as people read them, and words in two languages side by side: the page shows one of them."""

from __future__ import annotations

import html
import math
from collections.abc import Sequence
from typing import Final

import numpy as np

from qmt_trading.model.numbers import UNIT

NOTHING: Final = "–"
MINUS: Final = "\u2212"
Pair = tuple[str, str]
"""In Chinese and in English."""


def escaped(text: object) -> str:
    """Return ``text`` so that a page shows it and never reads it."""
    return html.escape(str(text), quote=True)


def both(words: Pair) -> str:
    """Return both, of which the page shows one."""
    chinese, english = map(escaped, words)
    if chinese == english:
        return chinese
    return f'<span lang="zh-CN">{chinese}</span><span lang="en">{english}</span>'


def plain(words: Pair) -> str:
    """Return both as one text, for what only a reader aloud or a tooltip tells."""
    return escaped(" / ".join(dict.fromkeys(words)))


def number(value: float | None, places: int = 2, *, signed: bool = False) -> str:
    """Return ``value`` with its thousands apart and a real minus; a dash for None and for what is no number."""
    if value is None or math.isnan(value):
        return NOTHING
    text = f"{value:+,.{places}f}" if signed else f"{value:,.{places}f}"
    if not text.strip("+-0.,"):
        text = text.lstrip("+-")
    return text.replace("-", MINUS)


def places_of(ticks: Sequence[float]) -> int:
    """Return how many decimals of a percentage tell neighbouring ``ticks`` of an axis apart; at most 3."""
    for places in range(3):
        if len({round(each * 100, places) for each in ticks}) == len(ticks) and all(
            abs(round(each * 100, places) - each * 100) < 0.26 * 10.0**-places for each in ticks
        ):
            return places
    return 3


def percent(value: float | None, places: int = 2, *, signed: bool = False) -> str:
    """Return a fraction as per cent."""
    return NOTHING if value is None or math.isnan(value) else number(value * 100, places, signed=signed) + "%"


def yuan(value: float | None, places: int = 0, *, signed: bool = False) -> str:
    """Return ten-thousandths of a yuan as yuan."""
    return NOTHING if value is None else number(value / UNIT, places, signed=signed)


def price(value: float | None) -> str:
    """Return ten-thousandths of a yuan as a price: two decimals, more where they say something."""
    if value is None:
        return NOTHING
    whole = round(value)
    return yuan(whole, 2 if not whole % 100 else 3 if not whole % 10 else 4)


def short_yuan(value: float | None, *, signed: bool = False) -> Pair:
    """Return ten-thousandths of a yuan in few digits: 万 and 亿, thousands and millions."""
    if value is None:
        return NOTHING, NOTHING
    size = abs(value) / UNIT

    def shown(steps: tuple[tuple[float, str], ...]) -> str:
        for step, word in steps:
            if size >= step:
                places = 2 if size < 100 * step else 1
                return number(value / UNIT / step, places, signed=signed) + word
        return number(value / UNIT, 0, signed=signed)

    return shown(((1e8, " 亿"), (1e4, " 万"))), shown(((1e9, "B"), (1e6, "M"), (1e3, "k")))


def tone(value: float | None) -> str:
    """Return the class that colours a gain or a loss."""
    if value is None or value == 0:
        return ""
    return "up" if value > 0 else "down"


def day(value: np.datetime64) -> str:
    """Return a date."""
    return str(value.astype("datetime64[D]"))
