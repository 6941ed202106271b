"""What orders of a symbol meet on a day: its rule, its limits, its fees, looked up when an order needs them."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING

from msgspec import Struct
from msgspec.structs import replace

from qmt_trading.market.fees import Rates
from qmt_trading.market.limits import price_limits
from qmt_trading.market.rulebook import RuleBook
from qmt_trading.model.errors import QmtError
from qmt_trading.model.instrument import Quote, Symbol, TradingRule
from qmt_trading.model.listing import Listing
from qmt_trading.model.numbers import Price
from qmt_trading.model.settings import FeeSchedule
from qmt_trading.model.words import InstrumentKind, Side
from qmt_trading.research.asking import gate
from qmt_trading.research.costs import rates

if TYPE_CHECKING:
    from qmt_trading.engine.risk.candidate import Market

Bounds = Callable[[int, int], tuple[int, int, int]]
"""Reference price and limits of a place on a day; limits of -1: by the rule book."""


class DeskError(QmtError):
    """A run cannot be made of what was given; the text says why."""


class Era(Struct, frozen=True, gc=False):
    """What holds for a symbol as long as no rule changes."""

    number: int
    rule: TradingRule
    buy_rates: Rates
    sell_rates: Rates
    lot: int
    tick: int


class Terms(Struct, gc=False):
    """What holds on one day."""

    era: Era
    reference: int
    up: int
    """0: no limit."""
    down: int


class TermsOfDays:
    """The terms of every symbol on the day at hand."""

    def __init__(
        self,
        symbols: Sequence[Symbol],
        fees: FeeSchedule,
        rules: RuleBook,
        listings: Mapping[str, Listing],
        *,
        is_adjusted: bool,
    ) -> None:
        self.bounds: Bounds = lambda _place, _day: (0, -1, -1)
        self._symbols = symbols
        self._fees = fees
        self._rules = rules
        self._listings = listings
        self._is_adjusted = is_adjusted
        self._day = -1
        self._date = dt.date.min
        self._number = -1
        self._eras: list[Era | None] = [None] * len(symbols)
        self._families: list[tuple[str, str] | None] = [self._family(each) for each in symbols]
        """Of the symbols that only their codes tell apart; None: its listing counts, too."""
        self._shared: dict[tuple[str, str], Era] = {}
        """What holds for each family today."""
        self._terms: list[Terms | None] = [None] * len(symbols)
        self._days = [-1] * len(symbols)

    def open_day(self, day: int, date: dt.date) -> None:
        self._day, self._date = day, date
        number = self._rules.era(date)
        if number != self._number:
            self._number = number
            self._shared.clear()

    def of(self, place: int) -> Terms:
        """Return the terms of a symbol today.

        Raises:
            DeskError: the rule book does not know it, or it is nothing that a backtest can trade.
        """
        if self._days[place] == self._day:
            found = self._terms[place]
            assert found is not None
            return found
        era = self._eras[place]
        if era is None or era.number != self._number:
            era = self.era(place)
        reference, up, down = self.bounds(place, self._day)
        if up < 0 or down < 0:
            up, down = price_limits(era.rule, Price(reference))
        made = self._terms[place] = Terms(era, reference, up, down)
        self._days[place] = self._day
        return made

    def era(self, place: int) -> Era:
        """Return what of the terms changes with the rules alone; raises as ``of``."""
        known = self._eras[place]
        if known is not None and known.number == self._number:
            return known
        family = self._families[place]
        made = None if family is None else self._shared.get(family)
        if made is None:
            made = self._found(self._symbols[place])
            if family is not None:
                self._shared[family] = made
        self._eras[place] = made
        return made

    def eras(self, places: Sequence[int]) -> list[Era]:
        """Return ``era`` of each of ``places``."""
        number, known = self._number, self._eras
        found = [known[place] for place in places]
        return [
            each if each is not None and each.number == number else self.era(place)
            for each, place in zip(found, places, strict=True)
        ]

    def _family(self, symbol: Symbol) -> tuple[str, str] | None:
        is_told = self._rules.known(symbol, self._listings.get(symbol)) is not None
        return None if is_told else self._rules.family(symbol)

    def _found(self, symbol: Symbol) -> Era:
        """Look up what holds for a symbol today; raises as ``of``."""
        listing = self._listings.get(symbol)
        found = self._rules.in_force(symbol, self._date, listing)
        if found is None:
            raise DeskError(
                f"{symbol}：规则手册里没有它在 {self._date} 的规则 / the rule book does not know it on that day"
            )
        rule = found.rule
        if rule.kind is InstrumentKind.REPO:
            raise DeskError(f"{symbol}：逆回购不能回测 / reverse repos are lent, not traded; no backtest knows them")
        if self._is_adjusted:
            rule = replace(rule, tick=Price(1))  # Adjusted prices lie on no tick.
        charges = found.charges if listing is None else self._rules.fees(symbol, self._date)
        buy, sell = rates(charges, Side.BUY, self._fees), rates(charges, Side.SELL, self._fees)
        # A new listing's rules change with its days, not with the eras only.
        is_kept = self._rules.known(symbol, listing) is None
        return Era(self._number if is_kept else -1, rule, buy, sell, int(rule.lot), int(rule.tick))

    def market(self, place: int) -> Market:
        """Return what the engine's gate is shown of a symbol today."""
        terms, symbol = self.of(place), self._symbols[place]
        rule, reference = terms.era.rule, Price(terms.reference)
        quote = Quote(symbol, reference, reference, Price(terms.up), Price(terms.down), (), (), 0, rule)
        return gate().market(quote, rule.kind, reference, True, False, False, True, False, 0, False)
