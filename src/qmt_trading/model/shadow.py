"""What shadow mode says: sentences about what would have been done, had anything been sent."""

from __future__ import annotations

from typing import Final

from qmt_trading.model.numbers import Price, Quantity, to_text
from qmt_trading.model.words import UNIT_TEXT, InstrumentKind, Side

CAUSE: Final = "shadow"
"""Why an order on record was withheld: the mode sends nothing."""
PREFIX: Final = "观察模式："
NOTHING_SENT: Final = (f"{PREFIX}只看不下，没有发出", "shadow mode: decided and recorded, nothing sent")
_SIDES: Final = {Side.BUY: ("买入", "buy"), Side.SELL: ("卖出", "sell")}


def would_order(side: Side, quantity: Quantity, price: Price, kind: InstrumentKind | None) -> tuple[str, str]:
    """Return in Chinese and English which order would have been sent; ``kind`` decides what is counted."""
    chinese, english = _SIDES[side]
    unit = UNIT_TEXT.get(kind, "股") if kind is not None else "股"
    figure = to_text(price)
    return (
        f"{PREFIX}本应{chinese} {quantity} {unit} @ {figure}",
        f"shadow mode: would {english} {quantity} at {figure}",
    )


def would_cancel(count: int) -> tuple[str, str]:
    """Return in Chinese and English how many orders would have been cancelled."""
    return f"{PREFIX}本应撤 {count} 笔", f"shadow mode: would cancel {count} orders"
