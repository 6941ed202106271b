"""How an order meets a bar of history: the price, what it costs to be in a hurry, and how much there is.

Plain integers in and out, so that a compiled loop uses these functions as they stand. Prices in ten-thousandths of a
yuan; a limit, a bound of the day, or a price of 0 does not exist.
"""

from __future__ import annotations

from qmt_trading.market.lots import whole_lots
from qmt_trading.model.numbers import MILLION


def bar_price(buys: bool, limit: int, at: int, high: int, low: int, up: int, down: int, touch: bool) -> int:
    """Return the price at which an order meets a bar, 0 when it does not.

    At a sealed limit nobody sells to a buyer, and nobody buys from a seller: the whole bar lies there. A bar that opens
    from it, or trades through it, fills.

    Args:
        at: what the order gets where nothing is in its way: the open, an average, the close.
        touch: a limit that is reached is as good as one that is passed; there is a queue at it, so it is not.
    """
    if buys:
        if up and low >= up:
            return 0
        if not limit or at <= limit:
            return at
        return limit if low < limit or (touch and low == limit) else 0
    if down and high <= down:
        return 0
    if not limit or at >= limit:
        return at
    return limit if high > limit or (touch and high == limit) else 0


def slipped(
    buys: bool, price: int, ticks: int, millionths: int, spread: int, tick: int, limit: int, up: int, down: int
) -> int:
    """Return ``price`` made worse: by ticks, by a part of it, and by ``spread``, away from the trader to a whole tick.

    Never beyond the order's own limit, nor beyond the day's; and never better than it was, though history has traded
    beyond what is thought to be the day's limit.
    """
    worse, before = ticks * tick + spread, price
    if buys:
        price = -((-price * MILLION - price * millionths - worse * MILLION) // (MILLION * tick)) * tick
        if limit and price > limit:
            price = limit
        return max(up, before) if up and price > up else price
    price = (price * MILLION - price * millionths - worse * MILLION) // (MILLION * tick) * tick
    price = max(price, tick)
    if limit and price < limit:
        price = limit
    return min(down, before) if down and price < down else price


def available(wanted: int, most: int, lot: int) -> int:
    """Return how much of ``wanted`` there is where no more than ``most`` may fill: all of it, or whole lots."""
    return wanted if wanted <= most else most // lot * lot


def reachable(wanted: int, held: int, sellable: int, minimum: int, buy_step: int, sell_step: int) -> int:
    """Return the signed order that leads from ``held`` to ``wanted``: lots when buying, and what may be sold today.

    Sells are cut to whole lots, but for what goes out whole.
    """
    missing = wanted - held
    if missing > 0:
        return whole_lots(missing, minimum, buy_step)
    most = min(-missing, sellable)
    return -most if most == sellable else -whole_lots(most, minimum, sell_step)
