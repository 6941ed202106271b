"""The limits of the four scopes, rows 28 to 39 of ``docs/risk.md``, each counted from the first entry."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from qmt_trading.model.instant import time_of_day_ns
from qmt_trading.model.instrument import Quote
from qmt_trading.model.limits import NO_LIMITS, TOTAL, Limits, Scope, ScopeKind
from qmt_trading.model.numbers import MILLION, to_text
from qmt_trading.model.numbers import to_money_text as money
from qmt_trading.model.reasons import Reason
from qmt_trading.model.signal import AccountId, PriceKind, PriceSpec
from qmt_trading.model.words import OpeningPause, Side
from tests.gate.facts import Facts, Placed, Taken

MORE_IS_TIGHTER = ("cash_reserve",)
"""Of every other limit the smaller figure is the tighter one."""


class Refusal(NamedTuple):
    """One rule that says no."""

    reason: Reason
    figures: tuple[str, ...] = ()
    any_of: str = ""
    """Several answers are as good as each other: what they are taken from."""
    at_edge: bool = False
    """It does not refuse: one unit more, and it would."""


def over(reason: Reason, value: int, limit: int, *figures: str) -> Iterator[Refusal]:
    """Yield a refusal when ``value`` is over ``limit``; the limit itself passes, at the edge."""
    if value >= limit:
        yield Refusal(reason, figures, at_edge=value == limit)


class Asking(NamedTuple):
    """An order that could be sent, before its limits."""

    now_ns: int
    account: AccountId
    door: str
    strategy: str
    seq: int
    side: Side
    quote: Quote
    price: int = 0
    quantity: int = 0
    parts: tuple[int, ...] = ()
    spec: PriceSpec | None = None
    waited: bool = False
    """It comes out of the queue: what its signal made before does not count."""

    @property
    def worth(self) -> int:
        return self.price * self.quantity

    @property
    def new(self) -> int:
        """How many orders it adds to those that have left."""
        return len(self.parts)

    def needed(self, facts: Facts) -> int:
        """Return the cash that it freezes, each part with its own fees; nothing for a sell."""
        if self.side is not Side.BUY:
            return 0
        worths, symbol = [self.price * part for part in self.parts], self.quote.symbol
        return sum(worth + facts.added_cost(self.account, symbol, Side.BUY, 0, worth) for worth in worths)

    def scopes(self, facts: Facts) -> list[Scope]:
        return scopes_of(facts, self.account, self.door, self.strategy)

    def continuous(self, facts: Facts) -> bool:
        """Tell whether the exchange matches orders one by one now."""
        if facts.settings.always_open:
            return True
        minutes = time_of_day_ns(self.now_ns) / 60_000_000_000
        rule = self.quote.rule
        no_closing_auction = rule is not None and rule.board == "convertible" and self.quote.symbol.endswith(".SH")
        return 570 <= minutes < 690 or 780 <= minutes < (900 if no_closing_auction else 897)

    def caged(self, facts: Facts) -> bool:
        """Tell whether what is taken now meets the cage: at once, or when trading goes on after lunch or at 9:30."""
        minutes = time_of_day_ns(self.now_ns) / 60_000_000_000
        at_lunch, before_open = 690 <= minutes < 780, 565 <= minutes < 570
        passed = facts.settings.opening_pause is not OpeningPause.HOLD
        return self.continuous(facts) or at_lunch or (before_open and passed)


def scopes_of(facts: Facts, account: AccountId, door: str, strategy: str) -> list[Scope]:
    """Return the scopes that an order belongs to, in the page's order."""
    scopes = [TOTAL, Scope(ScopeKind.ACCOUNT, account), Scope(ScopeKind.DOOR, door)]
    return [*scopes, Scope(ScopeKind.STRATEGY, strategy)] if strategy else scopes


def limits_of(facts: Facts, scope: Scope) -> Limits:
    """Return what the file says of a scope."""
    settings = facts.settings
    if scope.kind is ScopeKind.TOTAL:
        return settings.limits
    if scope.kind is ScopeKind.ACCOUNT:
        return next((each.limits for each in settings.accounts if each.account == scope.name), NO_LIMITS)
    if scope.kind is ScopeKind.DOOR:
        return next((each.limits for each in settings.doors if each.name == scope.name), NO_LIMITS)
    return next((each.limits for each in settings.strategies if each.name == scope.name), NO_LIMITS)


def limit_of(facts: Facts, scope: Scope, name: str) -> int:
    """Return a limit as it holds now, 0 for none: what a person set, but after a start the tighter until confirmed."""
    in_file: int = getattr(limits_of(facts, scope), name)
    own = facts.limits.get((scope, name))
    if own is None:
        return in_file
    value, holds = own
    if holds:
        return value
    tighter = max if name in MORE_IS_TIGHTER else min
    return tighter((each for each in (value, in_file) if each), default=0)


def words_of(scope: Scope) -> str:
    return f"{scope.kind.value} {scope.name}".strip()


def percent(millionths: int) -> str:
    """Return a ratio as people write it, without noughts at its end."""
    whole, rest = divmod(millionths, 10_000)
    return f"{whole}.{rest:04d}".rstrip("0").rstrip(".") + "%"


def belongs(scope: Scope, order: Placed | Taken) -> bool:
    """Tell whether ``order`` counts in ``scope``; other people's orders count for their account and for the total."""
    if scope.kind is ScopeKind.TOTAL:
        return True
    if scope.kind is ScopeKind.ACCOUNT:
        return order.account == scope.name
    return scope.name == (order.door if scope.kind is ScopeKind.DOOR else order.strategy)


def reference(quote: Quote) -> int:
    """Return the last price, without one yesterday's close; 0: neither is known."""
    return quote.last or quote.previous_close


def limit_refusals(facts: Facts, asking: Asking, needed: int) -> Iterator[Refusal]:
    """Yield what is over a limit, scope by scope."""
    for scope in asking.scopes(facts):
        for refusal in _of_one_scope(facts, asking, needed, scope):
            yield refusal._replace(figures=(*refusal.figures, words_of(scope)))


def _of_one_scope(facts: Facts, asking: Asking, needed: int, scope: Scope) -> Iterator[Refusal]:
    def most(name: str) -> int:
        return limit_of(facts, scope, name)

    limit = most("order_value_max")
    if limit:
        yield from over(Reason.ORDER_VALUE_EXCEEDED, asking.worth, limit, money(asking.worth), money(limit))
    limit = most("order_quantity_max")
    if limit:
        yield from over(Reason.ORDER_QUANTITY_EXCEEDED, asking.quantity, limit, str(asking.quantity), str(limit))
    limit = most("deviation_max")
    if limit and asking.spec is not None and asking.spec.kind not in (PriceKind.LIMIT_UP, PriceKind.LIMIT_DOWN):
        base = reference(asking.quote)
        off = asking.price - base if asking.side is Side.BUY else base - asking.price
        figures = to_text(asking.price), to_text(base), percent(limit)
        if not base:
            yield Refusal(Reason.PRICE_DEVIATES, figures)
        else:
            yield from over(Reason.PRICE_DEVIATES, off * MILLION, limit * base, *figures)
    yield from _of_the_position(facts, asking, needed, scope)
    yield from _of_the_days_money(facts, asking, scope)
    yield from _of_counts(facts, asking, scope)


def _of_the_position(facts: Facts, asking: Asking, needed: int, scope: Scope) -> Iterator[Refusal]:
    if asking.side is not Side.BUY or scope.kind is ScopeKind.DOOR:
        return
    symbol = asking.quote.symbol
    accounts = [asking.account] if scope.kind is ScopeKind.ACCOUNT else list(facts.openings)
    if scope.kind is ScopeKind.STRATEGY:
        held = sum(facts.owned(scope.name, each, symbol) for each in accounts)
    else:
        held = sum(facts.held(each, symbol).quantity for each in accounts)
    claimed = sum(facts.frozen(each) for each in facts.orders if each.symbol == symbol and belongs(scope, each))
    reached = held * (reference(asking.quote) or asking.price) + claimed + needed
    limit = limit_of(facts, scope, "position_value_max")
    if limit:
        yield from over(Reason.POSITION_VALUE_EXCEEDED, reached, limit, money(reached), money(limit))
    share = 0 if scope.kind is ScopeKind.TOTAL else limit_of(facts, scope, "position_share_max")
    assets = facts.openings[asking.account].assets
    if share:
        part = percent((2 * reached * MILLION + assets) // (2 * assets)) if assets else "?"
        yield from over(Reason.POSITION_SHARE_EXCEEDED, reached * MILLION, share * assets, part, percent(share))


def _of_the_days_money(facts: Facts, asking: Asking, scope: Scope) -> Iterator[Refusal]:
    today = [each for each in facts.orders if belongs(scope, each)]
    bought = sum(each.worth for each in today if each.side is Side.BUY) + asking.worth
    limit = limit_of(facts, scope, "buy_value_per_day_max")
    if limit and asking.side is Side.BUY:
        yield from over(Reason.BUY_VALUE_EXCEEDED, bought, limit, money(bought), money(limit))
    turnover = sum(each.worth for each in today) + asking.worth
    limit = limit_of(facts, scope, "turnover_per_day_max")
    if limit:
        yield from over(Reason.TURNOVER_EXCEEDED, turnover, limit, money(turnover), money(limit))
    recent, limit = asking.quote.recent_value, limit_of(facts, scope, "recent_value_share_max")
    if limit and recent >= 0 and asking.continuous(facts):
        figures = money(asking.worth), money(recent), percent(limit)
        yield from over(Reason.RECENT_VALUE_EXCEEDED, asking.worth * MILLION, limit * recent, *figures)


def _of_counts(facts: Facts, asking: Asking, scope: Scope) -> Iterator[Refusal]:
    parts = len(asking.parts)
    working = sum(each.live for each in facts.orders if belongs(scope, each)) + parts
    limit = limit_of(facts, scope, "working_orders_max")
    if limit:
        yield from over(Reason.WORKING_ORDERS_EXCEEDED, working, limit, str(working), str(limit))
    today = orders_today(facts, scope) + asking.new
    limit = limit_of(facts, scope, "orders_per_day_max")
    if limit:
        yield from over(Reason.ORDERS_PER_DAY_EXCEEDED, today, limit, str(today), str(limit))
    if scope.kind is ScopeKind.ACCOUNT:
        messages = today + sum(account == scope.name for _, account in facts.cancels)
        limit = limit_of(facts, scope, "messages_per_day_max")
        if limit:
            yield from over(Reason.MESSAGES_PER_DAY_EXCEEDED, messages, limit, str(messages), str(limit))
    of_account = scope.kind is ScopeKind.ACCOUNT
    made = [
        each
        for each in (*facts.taken, *facts.claimed)
        if each.seq == asking.seq and not asking.waited and (not of_account or each.account == scope.name)
    ]
    limit = limit_of(facts, scope, "orders_per_signal_max")
    if limit:
        before = len(made) + asking.new - 1
        yield from over(Reason.ORDERS_PER_SIGNAL_EXCEEDED, before + 1, limit, str(before), str(limit))


def orders_today(facts: Facts, scope: Scope) -> int:
    """Return how many orders were decided to be sent since the day opened, and how many others came to light."""
    others = sum(each.foreign for each in facts.orders if belongs(scope, each))
    return others + sum(belongs(scope, each) for each in facts.taken)
