"""What an order must be before anybody judges it: whole shares, and a limit in ten-thousandths of a yuan."""

from __future__ import annotations

from operator import index
from typing import Final

from qmt_trading.model.numbers import to_text
from qmt_trading.research.terms import DeskError

SHARES_MAX: Final = 1 << 53
"""So many shares, and such a price, nobody asks for."""
SLIP: Final = 20
"""A limit so many times below the day's lower limit was written in another unit: in yuan it is some 10,000 times."""


def whole(symbol: str, quantity: int, limit: int) -> tuple[int, int]:
    """Return an order's ``quantity`` and ``limit`` (0: at the market) as Python's own whole numbers.

    Raises:
        DeskError: no shares, a price below 0, a figure that no account has, or no whole number: NaN, or yuan.
    """
    try:
        quantity, limit = index(quantity), index(limit)
    except TypeError:
        raise DeskError(
            f"{symbol}：数量 {quantity}、限价 {limit} 应是整数；价格的单位是 0.0001 元，"
            "10.50 元写 105000 / quantity and limit are whole numbers, prices in ten-thousandths of a yuan"
        ) from None
    if not 0 < quantity < SHARES_MAX or not 0 <= limit < SHARES_MAX:
        raise DeskError(
            f"{symbol}：不能委托 {quantity} 股、限价 {limit}：股数至少 1，限价不能是负数（0 是不限价）/ "
            f"an order of {quantity} shares at {limit} is none"
        )
    return quantity, limit


def whole_target(symbol: str, quantity: int) -> int:
    """Return how many shares a target names.

    Raises:
        DeskError: no whole number, or below 0.
    """
    if not (0 <= quantity < SHARES_MAX and quantity == int(quantity)):  # NaN is neither.
        raise DeskError(
            f"{symbol} 的目标持仓是 {quantity}：应是 0 或更多的整数股 / the target is {quantity}: shares, 0 or more"
        )
    return int(quantity)


def check_unit(symbol: str, limit: int, lower: int) -> None:
    """Refuse a limit that was written in yuan, or in fen: one that lies absurdly far below the day's lower limit.

    Args:
        lower: the day's lower limit; 0: it has none, or it is not known, and nothing is refused.

    Raises:
        DeskError: it was.
    """
    if 0 < limit * SLIP < lower:
        raise DeskError(
            f"{symbol}：限价 {limit} 是 {to_text(limit)} 元，今天的跌停价是 {to_text(lower)} 元。"
            f"价格的单位是 0.0001 元，{to_text(lower)} 元写 {lower} / "
            f"a limit of {limit} is {to_text(limit)} yuan: prices are in ten-thousandths of a yuan"
        )
