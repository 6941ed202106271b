"""The rule book and the terminal's own detail of one instrument: which of the two holds, and where they differ."""

from __future__ import annotations

import datetime as dt
from typing import Final, NamedTuple

from msgspec.structs import replace

from qmt_trading.market.day_facts import DayFacts, day_facts
from qmt_trading.market.names import listing_of
from qmt_trading.market.rulebook import RuleBook
from qmt_trading.model.detail import Detail
from qmt_trading.model.instrument import TradingRule
from qmt_trading.model.listing import Listing
from qmt_trading.model.numbers import Price, Quantity, to_text

_WORDS: Final = {
    "tick": ("最小变动价位", "tick"),
    "limit_up": ("涨停价", "upper limit"),
    "limit_down": ("跌停价", "lower limit"),
    "quantity_max": ("单笔上限", "order maximum"),
    "market_quantity_max": ("市价单笔上限", "market order maximum"),
    "buy_minimum": ("买入最少", "least buy"),
    "day": ("资料日期", "day of the detail"),
}


class Difference(NamedTuple):
    """One figure that the terminal and the rule book do not agree on, with the one that holds."""

    symbol: str
    what: str
    """``tick``, ``limit_up``, ``limit_down``, ``quantity_max``, ``market_quantity_max``, ``buy_minimum`` or ``day``."""
    terminal: str
    rules: str
    held: str

    @property
    def chinese(self) -> str:
        word = _WORDS[self.what][0]
        return f"{self.symbol} {word}：终端 {self.terminal}，规则库 {self.rules}，按 {self.held}"

    @property
    def english(self) -> str:
        word = _WORDS[self.what][1]
        return f"{self.symbol} {word}: terminal {self.terminal}, rule book {self.rules}, held {self.held}"


class Merged(NamedTuple):
    """What holds of an instrument on a day, and where the two disagreed."""

    facts: DayFacts
    differences: tuple[Difference, ...]


def listing_by(detail: Detail) -> Listing:
    """Return what the terminal's name and listing day tell of the instrument."""
    return replace(listing_of(detail.name), listed=detail.listed)


def is_fresh(detail: Detail, day: dt.date) -> bool:
    """Tell whether the terminal's figures go before the rule book's: they are of ``day``, and there are limits."""
    return detail.trading_day == day and detail.tick > 0 and detail.limit_up > detail.limit_down > 0


def merge(detail: Detail, rules: RuleBook, day: dt.date, previous_close: Price) -> Merged | None:
    """Return what holds of the instrument on ``day``; None: the rule book does not know it.

    A fresh detail's limits and tick go before the rule book's. Else the stricter of the two holds, save that limits of
    another day, or such as leave no price that both allow, say nothing. Order sizes are always the stricter of the two.
    """
    facts = day_facts(rules, detail.symbol, day, previous_close, listing_by(detail))
    if facts is None:
        return None
    found: list[Difference] = []
    if detail.trading_day is not None and detail.trading_day != day:
        found.append(
            Difference(detail.symbol, "day", detail.trading_day.isoformat(), day.isoformat(), "规则库 / the rule book")
        )
        return Merged(facts, tuple(found))
    up, down = _limits(detail, facts, is_fresh(detail, day), found)
    rule = _rule(detail, facts.rule, is_fresh(detail, day), found)
    return Merged(facts._replace(rule=rule, limit_up=up, limit_down=down), tuple(found))


def compare(detail: Detail, rules: RuleBook, day: dt.date) -> tuple[Difference, ...]:
    """Return where the terminal and ``rules`` disagree on ``day``, by the terminal's previous close.

    Nothing is said of what the terminal leaves open, nor of what the rule book does not know.
    """
    merged = merge(detail, rules, day, detail.previous_close)
    return () if merged is None else merged.differences


def _limits(detail: Detail, facts: DayFacts, fresh: bool, found: list[Difference]) -> tuple[Price, Price]:
    up, down = facts.limit_up, facts.limit_down
    told_up, told_down = detail.limit_up, detail.limit_down
    if detail.unlimited:
        if up:
            found.append(Difference(detail.symbol, "limit_up", "无涨跌停", to_text(up), to_text(up)))
        return up, down
    if not told_up > told_down > 0 or (told_up, told_down) == (up, down):
        return up, down
    held_up, held_down = told_up, told_down
    if not fresh and up:
        held_up, held_down = min(up, told_up), max(down, told_down)
        if held_up <= held_down:
            held_up, held_down = up, down
    for what, told, ours, held in (("limit_up", told_up, up, held_up), ("limit_down", told_down, down, held_down)):
        if told != ours:
            found.append(Difference(detail.symbol, what, to_text(told), to_text(ours) if ours else "无", to_text(held)))
    return held_up, held_down


def _rule(detail: Detail, rule: TradingRule, fresh: bool, found: list[Difference]) -> TradingRule:
    if detail.tick and detail.tick != rule.tick:
        tick = detail.tick if fresh else max(detail.tick, rule.tick)
        found.append(Difference(detail.symbol, "tick", to_text(detail.tick), to_text(rule.tick), to_text(tick)))
        rule = replace(rule, tick=tick)
    for what, told, ours in (
        ("quantity_max", detail.quantity_max, rule.quantity_max),
        ("market_quantity_max", detail.market_quantity_max, rule.market_quantity_max or rule.quantity_max),
    ):
        if told and told != ours:
            held = min(told, ours) if ours else told
            found.append(Difference(detail.symbol, what, str(told), str(ours), str(held)))
            rule = replace(rule, **{what: Quantity(held)})
    if detail.quantity_min > rule.buy_minimum:
        told = detail.quantity_min
        found.append(Difference(detail.symbol, "buy_minimum", str(told), str(rule.buy_minimum), str(told)))
        rule = replace(rule, buy_minimum=told)
    return rule
