"""What a corporate action does to prices, holdings, cost and cash, in integers."""

from __future__ import annotations

from enum import StrEnum

from msgspec.structs import replace

from qmt_trading.model.corporate_action import BASIS, CorporateAction
from qmt_trading.model.enumeration import direct
from qmt_trading.model.numbers import FEN, Money, Price, Quantity, ratio_half_up
from qmt_trading.model.order import Position
from qmt_trading.model.words import Side


@direct
class Fractions(StrEnum):
    """What becomes of the part of a share that an action leaves a holder."""

    DROPPED = "dropped"
    """The least that a holder can have."""
    HALF_UP = "half_up"
    """As referees do that know one holder only."""


def reference_price(close: Price, action: CorporateAction, tick: Price) -> Price:
    """Return the ex-right reference price after ``close``, half-up to the tick and never below one tick.

    Source: the exchanges' trading rules, (close - cash + rights price x rights) / (1 + shares given + rights). The SSE
    counts the change of the float, the SZSE and the BSE that of all shares: where only a part of them takes part, the
    announced figures are not those of the exchange.
    """
    return _ex_price(close, action, tick, None)


def adjusted_price(price: Price, action: CorporateAction, tick: Price, side: Side | None = None) -> Price:
    """Return the price on the ex-day that stands for ``price`` before it; 0, which is no price, stays 0.

    Rounded to the tick: down for buys and up for sells, so that no instruction grows more eager; half-up without side.
    """
    return price if price <= 0 else _ex_price(price, action, tick, side)


def _ex_price(price: Price, action: CorporateAction, tick: Price, side: Side | None) -> Price:
    worth = price * BASIS - action.cash + action.rights_price * action.rights_shares
    step = (action.shares_after + action.rights_shares) * tick
    if side is None:
        ticks = ratio_half_up(worth, step)
    else:
        ticks = worth // step if side is Side.BUY else -(-worth // step)
    return Price(max(ticks, 1) * tick)


def adjusted_quantity(
    quantity: Quantity, action: CorporateAction, fractions: Fractions = Fractions.DROPPED
) -> Quantity:
    """Return what ``quantity`` shares are on the ex-day, in whole shares.

    The clearing house ranks all holders' fractions and gives one share each, the largest first, until the total is met:
    what one holder gets is known to it alone. Nothing is counted here that may not be there. Certainty: low.
    """
    exact = quantity * action.shares_after
    return Quantity(exact // BASIS if fractions is Fractions.DROPPED else ratio_half_up(exact, BASIS))


def cash_of(quantity: Quantity, action: CorporateAction) -> Money:
    """Return the dividend on ``quantity`` shares before tax, half-up to the fen."""
    return Money(ratio_half_up(quantity * action.cash, BASIS * FEN) * FEN)


def adjusted_cost(cost: Money, quantity: Quantity, action: CorporateAction) -> Money:
    """Return the cost of what ``quantity`` shares, bought for ``cost``, have become: less by the dividend before tax.

    This is 摊薄成本, as terminals show it: value minus cost is the same before and after the ex-day. It may fall below
    0. The tax, which is known when the shares are sold, is no part of it, nor is what rights will cost.
    """
    return Money(cost - cash_of(quantity, action))


def adjust(position: Position, action: CorporateAction, fractions: Fractions = Fractions.DROPPED) -> Position:
    """Return ``position``, held after the close before the ex-day, as it is on the ex-day.

    Shares that are given may be sold on the ex-day as those they are given for. What is frozen, and what was realised,
    stays. The cash of the dividend is booked by nobody here: it comes on the pay day. See ``cash_of``.
    """
    assert position.symbol == action.symbol, (position.symbol, action.symbol)
    return replace(
        position,
        quantity=adjusted_quantity(position.quantity, action, fractions),
        sellable_quantity=adjusted_quantity(position.sellable_quantity, action, fractions),
        cost=adjusted_cost(position.cost, position.quantity, action),
    )
