"""Which quotes a running engine needs of a terminal, told when they change."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Iterator
from typing import Final

from qmt_trading.engine.state import State
from qmt_trading.feeds.wanted import Wanted, wanted
from qmt_trading.model.instrument import Symbol
from qmt_trading.model.numbers import SECOND_NS
from qmt_trading.model.settings import EngineSettings
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
    """Gathers over a day what is held, works, waits, is allowed, or was asked for in vain; nothing leaves before night.

    A set that shrank and grew again would cost quotes: each change subscribes anew.
    """

    def __init__(self) -> None:
        self._next_ns = 0
        self._day: dt.date | None = None
        self._symbols: set[Symbol] = set()
        self._told: Wanted | None = None

    def take(self, state: State, steady_ns: int, missed: Iterable[Symbol] = ()) -> Wanted | None:
        """Return the whole wanted set when it has changed, at most once a second; None: it has not."""
        self._symbols.update(missed)
        if steady_ns < self._next_ns or state.settings is None:
            return None
        self._next_ns = steady_ns + EVERY_NS
        if state.day != self._day:
            self._day = state.day
            self._symbols = set(missed)
        self._symbols.update(_needed(state, state.settings))
        now = wanted(self._symbols, every_symbol=buys_anything(state.settings))
        if now == self._told:
            return None
        self._told = now
        return now


def _needed(state: State, settings: EngineSettings) -> Iterator[Symbol]:
    for account in state.accounts.values():
        yield from (symbol for symbol, held in account.positions.items() if held.quantity)
        yield from (state.order(key).symbol for key in account.live)
        yield from account.settings.limits.symbols_allowed
    for timed in state.timed.values():
        yield timed.item.symbol
        yield from (symbol for symbol, _ in timed.item.holdings)
    yield from settings.limits.symbols_allowed
    for door in settings.doors:
        yield from door.limits.symbols_allowed
    for strategy in settings.strategies:
        yield from strategy.limits.symbols_allowed
