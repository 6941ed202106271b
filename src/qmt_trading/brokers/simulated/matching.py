"""What a limit order executes against a quote: pure, and repeatable by seed."""

from __future__ import annotations

from msgspec import Struct

from qmt_trading.market.seeded import mix
from qmt_trading.model.instrument import Quote
from qmt_trading.model.numbers import SECOND_NS, Price, Quantity
from qmt_trading.model.words import Side


class Liquidity(Struct, frozen=True, kw_only=True):
    """How much the other side offers; small figures make many partial fills and long queues."""

    level_lots_max: int = 200
    """A price level offers 1 to this many lots at each look."""
    queue_lots_max: int = 20_000
    """An order at a sealed limit stands behind 1 to this many lots."""
    queue_lots_per_second: int = 100
    """How fast the queue at a sealed limit is served."""


def opposite_levels(side: Side, quote: Quote) -> tuple[Price, ...]:
    return quote.asks if side is Side.BUY else quote.bids


def crosses(side: Side, price: Price, quote: Quote) -> bool:
    """Tell whether an order at ``price`` meets the best opposite level.

    An empty side, or a level of 0, is no price and meets nothing (A18).
    """
    levels = opposite_levels(side, quote)
    if not levels or levels[0] <= 0:
        return False
    return levels[0] <= price if side is Side.BUY else levels[0] >= price


def executions(
    side: Side,
    price: Price,
    leaves: Quantity,
    quote: Quote,
    *,
    lot: Quantity,
    liquidity: Liquidity,
    luck: int,
    resting: bool,
) -> list[tuple[Price, Quantity]]:
    """Return (price, quantity) of each execution against the levels within ``price``; their sum is at most ``leaves``.

    Args:
        luck: decides what each level offers; another figure for each order and look.
        resting: the order stood in the book before the market came to it: it executes at its own price, an incoming one
            at the level's.
    """
    done: list[tuple[Price, Quantity]] = []
    left = int(leaves)
    for number, level in enumerate(opposite_levels(side, quote)):
        if level <= 0 or (level > price if side is Side.BUY else level < price):
            break
        offered = lot * (1 + mix(luck, number) % liquidity.level_lots_max)
        taken = min(left, offered)
        done.append((price if resting else level, Quantity(taken)))
        left -= taken
        if not left:
            break
    return done


def is_queueing(side: Side, price: Price, quote: Quote) -> bool:
    """Tell whether an order stands at a limit that is sealed against it: at the limit, and nobody on the other side."""
    if opposite_levels(side, quote):
        return False
    limit = quote.limit_up if side is Side.BUY else quote.limit_down
    return limit > 0 and price == limit


def queue_is_served(*, liquidity: Liquidity, luck: int, queued_ns: int, now_ns: int) -> bool:
    """Tell whether what stood before an order at a sealed limit has traded since ``queued_ns``."""
    before_lots = 1 + mix(luck, 0) % liquidity.queue_lots_max
    return (now_ns - queued_ns) * liquidity.queue_lots_per_second >= before_lots * SECOND_NS
