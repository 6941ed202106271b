"""What the engine's denials are called among a result's reasons."""

from __future__ import annotations

from typing import Final

from qmt_trading.model.order import Position
from qmt_trading.model.reasons import Denial, Reason

_PRICED_OUT: Final = frozenset(
    {Reason.PRICE_ABOVE_LIMIT, Reason.PRICE_BELOW_LIMIT, Reason.TICK_INVALID, Reason.PRICE_CAGE}
)


def reason_of(denial: Denial, held: Position | None) -> str:
    """Return the word of ``denial``, with what is held of the symbol it was of."""
    match denial.reason:
        case Reason.LOT_INVALID | Reason.SIZE_ZERO:
            return "LOT"
        case Reason.QUANTITY_EXCEEDED:
            return "QUANTITY"
        case Reason.CASH_EXCEEDED:
            return "CASH"
        case Reason.SELLABLE_EXCEEDED:
            return "T_PLUS_1" if held is not None and held.quantity > held.sellable_quantity else "NOT_HELD"
        case reason if reason in _PRICED_OUT:
            return "PRICE"
        case _:
            return "LIMITS"
