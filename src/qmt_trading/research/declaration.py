"""What a strategy cannot declare: a count below the least, no wake, a time of day that is none; each in words."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from operator import index
from typing import Any, Final

from qmt_trading.model.errors import QmtError

_CLOCK: Final = re.compile(r"([01]?[0-9]|2[0-3]):[0-5][0-9]")


class DeclarationError(QmtError):
    """An indicator, a condition, a schedule or a time of day cannot be as it is declared; the text names it."""


def whole(declared: str, name: str, value: Any, at_least: int) -> int:
    """Return ``value``, which ``declared`` takes as ``name``.

    Raises:
        DeclarationError: it is no whole number, or below ``at_least``.
    """
    try:
        found = index(value)
    except TypeError:
        found = at_least - 1
    if found < at_least:
        raise DeclarationError(
            f"{declared}：{name} 要写不小于 {at_least} 的整数 / {name} is a whole number of at least {at_least}"
        )
    return found


def near_to(word: str, known: Iterable[str]) -> tuple[str, str]:
    """Return what a complaint about ``word`` goes on with, Chinese and English: which of ``known`` may be meant.

    Where none is near, the Chinese says that a list follows.
    """
    import difflib  # Only where something is wrong: it takes longer to import than a short run.

    near = difflib.get_close_matches(word, list(known), 1)
    return (f"，是不是 {near[0]}？", f"; perhaps {near[0]}?") if near else ("；", "")


def check_wake(strategy: str, wake: object, kinds: tuple[type, ...]) -> None:
    """Refuse a ``wake`` that is none of ``kinds``.

    Raises:
        DeclarationError: it is another thing; the text says how times of day are written.
    """
    if wake is not None and not isinstance(wake, kinds):
        raise DeclarationError(
            f"{strategy}.wake 是 {wake!r}：要写条件（crosses、Above、Below、Begins）或 Schedule(every_days=5)；"
            '每天几点叫，写 timers = ("14:50",) 和 on_timer / '
            f"{strategy}.wake is a condition or a Schedule; times of day go into timers, with on_timer"
        )


def check_timers(strategy: str, timers: object) -> None:
    """Refuse ``timers`` that are not times of day.

    Raises:
        DeclarationError: one is none, or they are one text in place of a list of them.
    """
    listed = isinstance(timers, Sequence) and not isinstance(timers, str)
    if not listed or not all(isinstance(each, str) and _CLOCK.fullmatch(each) for each in timers):  # type: ignore[attr-defined]
        raise DeclarationError(
            f'{strategy}.timers 是 {timers!r}：要写成 timers = ("14:50",)，北京时间，一个也要有逗号 / '
            f'{strategy}.timers are times of day in Shanghai, as in ("14:50",)'
        )
