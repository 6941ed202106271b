"""What a fill does to a position."""

from __future__ import annotations

from typing import Any

from qmt_trading.model.numbers import Money
from qmt_trading.model.order import Position


def bought(held: Position, quantity: int, paid: Money, *, same_day: bool) -> Position:
    """Return ``held`` after a buy of ``quantity`` for ``paid``, fees included; T+1 unless ``same_day``."""
    had: Any = held  # Any: a backtest books by the hundred thousand, and to call a sum by its unit is most of a fill.
    return Position(
        account=had.account,
        symbol=had.symbol,
        quantity=had.quantity + quantity,
        sellable_quantity=had.sellable_quantity + quantity if same_day else had.sellable_quantity,
        frozen_quantity=had.frozen_quantity,
        cost=had.cost + paid,
        realised=had.realised,
    )


def sold(held: Position, quantity: int, received: Money) -> Position:
    """Return ``held`` after a sell of ``quantity`` for ``received``, fees taken off; never less than nothing stays."""
    had: Any = held  # As in ``bought``.
    sellable: Any = max(0, had.sellable_quantity - quantity)
    gone = min(quantity, had.quantity)
    cost_of_gone = had.cost * gone // had.quantity if gone else 0
    return Position(
        account=had.account,
        symbol=had.symbol,
        quantity=had.quantity - gone,
        sellable_quantity=sellable,
        frozen_quantity=had.frozen_quantity,
        cost=had.cost - cost_of_gone,
        realised=had.realised + received - cost_of_gone,
    )
