"""Which quotes a running engine needs of a terminal, told when they change."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Iterator
from typing import Final

from qmt_trading.feeds.wanted import Wanted, wanted
from qmt_trading.model.instrument import Symbol
from qmt_trading.model.numbers import SECOND_NS
from qmt_trading.model.settings import EngineSettings
from qmt_trading.model.view import View
from qmt_trading.model.words import BareAction, Verb

EVERY_NS: Final = SECOND_NS
_BUYING: Final = frozenset({Verb.BUY, Verb.TARGET, Verb.PORTFOLIO})


def buys_anything(settings: EngineSettings) -> bool:
    """Tell whether some door may buy a symbol that no list of allowed symbols names."""
    if settings.limits.symbols_allowed or all(account.limits.symbols_allowed for account in settings.accounts):
        return False
    return any(
        not door.limits.symbols_allowed and (not _BUYING.isdisjoint(door.allow) or door.bare is BareAction.BUY)
        for door in settings.doors
    )


class Watching:
    """Gathers over a day what is held, is being bought, waits, is allowed, or was asked for in vain.

    Nothing leaves the set before night: each change subscribes anew, which costs quotes.
    """

    def __init__(self, settings: EngineSettings) -> None:
        self._every_symbol = buys_anything(settings)
        self._allowed = frozenset(_allowed(settings))
        self._next_ns = 0
        self._day: dt.date | None = None
        self._symbols: set[Symbol] = set()
        self._told: Wanted | None = None

    def take(self, view: View, steady_ns: int, missed: Iterable[Symbol] = ()) -> Wanted | None:
        """Return the whole wanted set when it has changed, at most once a second; None: it has not."""
        self._symbols.update(missed)
        if steady_ns < self._next_ns:
            return None
        self._next_ns = steady_ns + EVERY_NS
        if view.day != self._day:
            self._day = view.day
            self._symbols = set(missed)
        self._symbols.update(self._allowed, _needed(view))
        now = wanted(self._symbols, every_symbol=self._every_symbol)
        if now == self._told:
            return None
        self._told = now
        return now


def _needed(view: View) -> Iterator[Symbol]:
    yield from (held.symbol for held in view.positions if held.quantity)
    for account in view.accounts:
        yield from account.open_buys
    for timed in view.timed:
        yield timed.item.symbol
        yield from (symbol for symbol, _ in timed.item.holdings)


def _allowed(settings: EngineSettings) -> Iterator[Symbol]:
    limits = [settings.limits]
    for scope in (settings.accounts, settings.doors, settings.strategies):
        limits += [each.limits for each in scope]
    for each in limits:
        yield from each.symbols_allowed
