"""The exchange's rule book: which rows hold for an instrument on a day, and the rule they add up to."""

from __future__ import annotations

import datetime as dt
from bisect import bisect_right
from collections.abc import Sequence
from functools import lru_cache
from typing import Final

from msgspec import Struct
from msgspec.structs import replace

from qmt_trading.market.rows import ROWS
from qmt_trading.model.instrument import Symbol, TradingRule
from qmt_trading.model.listing import Charges, Listing
from qmt_trading.model.numbers import Price, Quantity
from qmt_trading.model.rule_row import RuleName, RuleRow, Trait
from qmt_trading.model.words import InstrumentKind

KEPT_MAX: Final = 100_000
"""Rules that are kept; when there are so many, all are forgotten and found again."""
FREE_DAYS_MAX: Final = 5
"""The longest stretch after a listing that any rule of any era treats as its beginning."""
_NO_TRAITS: Final[frozenset[Trait]] = frozenset()
_NOTHING: Final = Charges()
_APART: Final = (RuleName.CLASS, RuleName.TRAIT, RuleName.LISTED)


class Applied(Struct, frozen=True):
    """A row that holds, and the one of the same name that it goes before."""

    row: RuleRow
    before: RuleRow | None = None


class InForce(Struct, frozen=True):
    """What holds for an instrument on a day, and the rows that say so."""

    rule: TradingRule
    charges: Charges
    applied: tuple[Applied, ...]


class RuleBook:
    """The shipped rows and those that go before them. Rules never change once made, so any thread may ask."""

    def __init__(self, overrides: Sequence[RuleRow] = ()) -> None:
        self._by_name: dict[RuleName, list[RuleRow]] = {name: [] for name in RuleName}
        for row in (*ROWS, *overrides):
            self._by_name[row.name].append(row)
        starts = {row.since.toordinal() for rows in self._by_name.values() for row in rows if row.since is not None}
        ends = {row.until.toordinal() + 1 for rows in self._by_name.values() for row in rows if row.until is not None}
        self._cuts: Final = sorted(starts | ends)
        self._rules: dict[tuple[Symbol, dt.date, Listing | None], TradingRule | None] = {}
        self._fees: dict[tuple[Symbol, dt.date], Charges] = {}
        self._found: dict[tuple[Symbol, int, frozenset[Trait]], InForce | None] = {}
        self._alike: dict[tuple[str, str, int, frozenset[Trait]], InForce | None] = {}
        matched = [row for name, rows in self._by_name.items() if name is not RuleName.LISTED for row in rows]
        self._beginnings: Final = {code for row in matched for code in row.codes}
        """Of codes, as far as any row names them: those that share the longest share all rows."""
        self._by_venue: dict[tuple[RuleName, str, int], tuple[RuleRow, ...]] = {}
        self._by_kind: dict[tuple[int, str, InstrumentKind, str], tuple[tuple[RuleName, tuple[RuleRow, ...]], ...]] = {}
        """What many symbols have in common: an era, a venue, and what they are."""

    def rule(self, symbol: Symbol, day: dt.date, listing: Listing | None = None) -> TradingRule | None:
        """Return the rule of ``symbol`` on ``day``; None: its form or its code is not known on that day.

        What ``listing`` leaves open is taken as the common, stricter case: no new listing, no risk warning, T+1.
        """
        key = symbol, day, listing
        try:
            return self._rules[key]
        except KeyError:
            found = self.in_force(symbol, day, listing)
            rule = None if found is None else found.rule
            if len(self._rules) >= KEPT_MAX:
                self._rules.clear()
            self._rules[key] = rule
            return rule

    def fees(self, symbol: Symbol, day: dt.date) -> Charges:
        """Return what is taken of a trade on ``day`` besides the commission; nothing for a symbol that is not known."""
        key = symbol, day
        try:
            return self._fees[key]
        except KeyError:
            found = self.in_force(symbol, day, None)
            charges = _NOTHING if found is None else found.charges
            if len(self._fees) >= KEPT_MAX:
                self._fees.clear()
            self._fees[key] = charges
            return charges

    def explain(self, symbol: Symbol, day: dt.date, listing: Listing | None = None) -> tuple[Applied, ...]:
        """Return the rows that hold for ``symbol`` on ``day``, its class first; empty: the code is not known then."""
        found = self.in_force(symbol, day, listing)
        return () if found is None else found.applied

    def traits(self, symbol: Symbol, day: dt.date, listing: Listing | None = None) -> frozenset[Trait]:
        """Return what ``symbol`` is on ``day`` beyond its code, as ``listing`` and the rows tell it."""
        code, _, venue = symbol.partition(".")
        known = self.known(symbol, listing)
        own = _NO_TRAITS if known is None else traits_of(known, day)
        told = [row.trait for row in self._near(RuleName.TRAIT, venue, day) if code.startswith(row.codes)]
        return own | {trait for trait in told if trait is not None} if told else own

    def known(self, symbol: Symbol, listing: Listing | None = None) -> Listing | None:
        """Return ``listing`` with the listing day and issue price that a row tells, where it has none of its own."""
        code, _, venue = symbol.partition(".")
        for row in reversed(self._by_name[RuleName.LISTED]):
            if row.since is not None and code in row.codes and venue in row.venues:
                listing = listing or Listing()
                if listing.listed is None:
                    price = listing.issue_price or Price(row.values[0] if row.values else 0)
                    return replace(listing, listed=row.since, issue_price=price)
        return listing

    def era(self, day: dt.date) -> int:
        """Return which stretch without a change of rules ``day`` lies in: what holds on a day of it holds on all."""
        return bisect_right(self._cuts, day.toordinal())

    def _near(self, name: RuleName, venue: str, day: dt.date) -> tuple[RuleRow, ...]:
        """Return the rows of ``name`` that say what codes are at ``venue`` on ``day``."""
        key = name, venue, self.era(day)
        found = self._by_venue.get(key)
        if found is None:
            rows = self._by_name[name]
            found = self._by_venue[key] = tuple(row for row in rows if venue in row.venues and _is_in_force(row, day))
        return found

    def _rows_for(
        self, venue: str, day: dt.date, kind: InstrumentKind, board: str
    ) -> tuple[tuple[RuleName, tuple[RuleRow, ...]], ...]:
        """Return the rows that hold for a kind and a board, but for those of other codes and traits."""
        key = self.era(day), venue, kind, board
        found = self._by_kind.get(key)
        if found is None:
            found = self._by_kind[key] = tuple(
                (name, tuple(row for row in rows if _holds(row, venue, day, kind, board)))
                for name, rows in self._by_name.items()
                if name not in _APART
            )
        return found

    def in_force(self, symbol: Symbol, day: dt.date, listing: Listing | None = None) -> InForce | None:
        """Return ``rule``, ``explain``, and ``fees`` by ``listing``, as one: for who asks once a symbol and era."""
        traits = self.traits(symbol, day, listing)
        key = symbol, self.era(day), traits
        try:
            return self._found[key]
        except KeyError:
            found = self._find_alike(symbol, day, traits)
            if len(self._found) >= KEPT_MAX:
                self._found.clear()
            self._found[key] = found
            return found

    def _find_alike(self, symbol: Symbol, day: dt.date, traits: frozenset[Trait]) -> InForce | None:
        """Return what holds for ``symbol``, found once for all whose codes begin alike."""
        family = self.family(symbol)
        if family is None:
            return None
        key = *family, self.era(day), traits
        try:
            return self._alike[key]
        except KeyError:
            code, _, venue = symbol.partition(".")
            found = self._alike[key] = self._resolve(code, venue, day, traits)
            return found

    def family(self, symbol: Symbol) -> tuple[str, str] | None:
        """Return how the code of ``symbol`` begins, as far as rows tell codes apart, and its venue; None: no code.

        What holds on a day for one of a family holds for all of it, but for what is known of their listings.
        """
        code, _, venue = symbol.partition(".")
        if len(code) != 6 or not (code.isascii() and code.isdigit()):
            return None
        return next((code[:size] for size in range(6, 0, -1) if code[:size] in self._beginnings), ""), venue

    def _resolve(self, code: str, venue: str, day: dt.date, traits: frozenset[Trait]) -> InForce | None:
        classes = [row for row in self._near(RuleName.CLASS, venue, day) if code.startswith(row.codes)]
        if not classes:
            return None
        kind, board = classes[-1].kinds[0], classes[-1].boards[0]
        applied = [_last(classes)]
        applied += [Applied(row) for row in self._near(RuleName.TRAIT, venue, day) if code.startswith(row.codes)]
        values: dict[RuleName, tuple[int, ...]] = {}
        for name, rows in self._rows_for(venue, day, kind, board):
            holding = [
                row
                for row in rows
                if (not row.codes or code.startswith(row.codes)) and (row.trait is None or row.trait in traits)
            ]
            if holding:
                applied.append(_last(holding))
                values[name] = holding[-1].values
        if RuleName.TICK not in values or RuleName.LOTS not in values:
            return None  # Listed under these codes, but not traded yet on that day.
        return InForce(_rule_of(kind, board, values), _charges_of(kind, values), tuple(applied))


@lru_cache(maxsize=64)
def book_of(overrides: tuple[RuleRow, ...]) -> RuleBook:
    """Return the one rule book with these overrides, so that all who judge by it share what it has found."""
    return RuleBook(overrides)


STANDARD: Final = book_of(())
"""The rule book as it is shipped."""


def traits_of(listing: Listing, day: dt.date) -> frozenset[Trait]:
    """Return what ``listing`` makes of an instrument on ``day``."""
    traits: set[Trait] = set()
    if listing.risk_warning:
        traits.add(Trait.RISK_WARNING)
    if listing.share_reform:
        traits.add(Trait.SHARE_REFORM)
    if listing.delisting or (listing.delisting_since is not None and listing.delisting_since <= day):
        traits.add(Trait.DELISTING)
    if listing.delisting_since == day:
        traits.add(Trait.DELISTING_FIRST_DAY)
    if listing.relisted == day:
        traits.add(Trait.RELISTING_DAY)
    if listing.fund_class is not None:
        traits.add(listing.fund_class)
    number = listing_day_number(listing, day)
    if listing.by_swap:
        if number == 1:
            traits.add(Trait.SWAP_LISTING_DAY)
    elif 1 <= number <= FREE_DAYS_MAX:
        traits.add(Trait.FIRST_FIVE_DAYS)
        if number == 1:
            traits.add(Trait.LISTING_DAY)
    return frozenset(traits)


def listing_day_number(listing: Listing, day: dt.date) -> int:
    """Return which trading day of its life ``day`` is, 1 for the listing day; 0: not listed then, or not known.

    Without a list of trading days weekdays are counted: holidays then make the number too large, never too small, so a
    limit is taken to hold too early rather than too late.
    """
    days = listing.trading_days
    if day in days:
        return days.index(day) + 1
    first = listing.listed if listing.listed is not None else days[0] if days else None
    if first is None or day < first:
        return 0
    known = [each for each in days if each < day]
    since = known[-1] if known else first - dt.timedelta(days=1)
    ahead = (day - since).days
    if ahead > 2 * FREE_DAYS_MAX:
        return len(known) + ahead
    return len(known) + sum((since + dt.timedelta(days=step)).weekday() < 5 for step in range(1, ahead + 1))


def _is_in_force(row: RuleRow, day: dt.date) -> bool:
    return (row.since is None or row.since <= day) and (row.until is None or day <= row.until)


def _holds(row: RuleRow, venue: str, day: dt.date, kind: InstrumentKind, board: str) -> bool:
    """Tell whether ``row`` holds for the kind and board on ``day``; for which codes and traits is not asked."""
    return (
        (not row.kinds or kind in row.kinds)
        and (not row.boards or board in row.boards)
        and _is_in_force(row, day)
        and (not row.venues or venue in row.venues)
    )


def _last(rows: Sequence[RuleRow]) -> Applied:
    return Applied(rows[-1], rows[-2] if len(rows) > 1 else None)


def _rule_of(kind: InstrumentKind, board: str, values: dict[RuleName, tuple[int, ...]]) -> TradingRule:
    lot, buy_minimum, buy_step, sell_step = values[RuleName.LOTS]
    quantity_max, market_quantity_max = values[RuleName.CAP]
    cage_millionths, cage_ticks = values.get(RuleName.CAGE, (0, 0))
    band_up, band_down = values.get(RuleName.BAND, (0, 0))
    return TradingRule(
        kind=kind,
        board=board,
        tick=Price(values[RuleName.TICK][0]),
        lot=Quantity(lot),
        buy_minimum=Quantity(buy_minimum),
        buy_step=Quantity(buy_step),
        sell_step=Quantity(sell_step),
        quantity_max=Quantity(quantity_max),
        same_day_sell=bool(values.get(RuleName.SAME_DAY, (0,))[0]),
        market_quantity_max=Quantity(market_quantity_max),
        cage_millionths=cage_millionths,
        cage_ticks=cage_ticks,
        day_buy_max=Quantity(values.get(RuleName.DAY_BUY_MAX, (0,))[0]),
        limit_millionths=values.get(RuleName.LIMIT, (0,))[0],
        limit_inward=bool(values.get(RuleName.LIMIT_ROUNDING, (0,))[0]),
        band_up_millionths=band_up,
        band_down_millionths=band_down,
    )


def _charges_of(kind: InstrumentKind, values: dict[RuleName, tuple[int, ...]]) -> Charges:
    duty_buy, duty_sell = values.get(RuleName.STAMP_DUTY, (0, 0))
    of_value, of_par, minimum = values.get(RuleName.TRANSFER_FEE, (0, 0, 0))
    return Charges(kind is InstrumentKind.STOCK, duty_buy, duty_sell, of_value, of_par, minimum)
