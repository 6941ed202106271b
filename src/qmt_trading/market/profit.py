"""What a day and a holding have earned, from positions, fills and prices alone: money that comes and goes is none."""

from __future__ import annotations

from collections.abc import Iterable

from qmt_trading.market.rulebook import book_of
from qmt_trading.model.instant import day_of
from qmt_trading.model.instrument import Symbol
from qmt_trading.model.numbers import Money
from qmt_trading.model.order import Position
from qmt_trading.model.signal import AccountId
from qmt_trading.model.view import View
from qmt_trading.model.words import NOT_PRICED


def profit_of_day(quantity: int, flow: tuple[int, int], last: int, previous: int) -> Money:
    """Return today's profit of one symbol, fees included.

    Args:
        quantity: held now.
        flow: by today's fills, shares bought less sold, and money received less paid.
        last: the last price, known.
        previous: the previous close; 0: not known, and what lay overnight has earned nothing.
    """
    net, money = flow
    return Money(quantity * last - (quantity - net) * (previous or last) + money)


def day_profits(view: View) -> dict[tuple[AccountId, Symbol], Money]:
    """Return today's profit by account and symbol; what has no known price, or none to be measured by, is left out."""
    held = {(each.account, each.symbol): each.quantity for each in view.positions}
    flows = {(row.account, symbol): flow for row in view.accounts for symbol, flow in row.day_flows.items()}
    counted = _counted(view, {symbol for _, symbol in held.keys() | flows.keys()})
    return {
        key: profit_of_day(held.get(key, 0), flows.get(key, (0, 0)), last, view.references.get(key[1], 0))
        for key in held.keys() | flows.keys()
        if key[1] in counted and (last := view.prices.get(key[1], 0))
    }


def floating_profits(view: View) -> dict[tuple[AccountId, Symbol], Money]:
    """Return what each position is worth above its cost; what has no known price, or none that says so, is left out."""
    counted = _counted(view, {each.symbol for each in view.positions})
    return {
        (each.account, each.symbol): floating_profit(each, last)
        for each in view.positions
        if each.quantity and each.symbol in counted and (last := view.prices.get(each.symbol, 0))
    }


def floating_profit(held: Position, last: int) -> Money:
    return Money(held.quantity * last - held.cost)


def _counted(view: View, symbols: Iterable[Symbol]) -> set[Symbol]:
    book, day = book_of(view.rules), view.day or day_of(view.at_ns)
    rules = {symbol: book.rule(symbol, day) for symbol in symbols}
    return {symbol for symbol, rule in rules.items() if rule is None or rule.kind not in NOT_PRICED}
