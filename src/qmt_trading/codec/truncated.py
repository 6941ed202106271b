"""The answer to bytes that ended without a terminator, lost their head to a silence, or went beyond the bound."""

from __future__ import annotations

from typing import Final

from qmt_trading.model.signal import Malformed

TRUNCATED: Final = "truncated"


def truncated(length: int) -> Malformed:
    """Return why ``length`` bytes are not read as a message: half of a message can be a valid other one (A29)."""
    return Malformed(
        code=TRUNCATED,
        position=length,
        item=0,
        chinese=f"消息不完整（{length} 字节）：没有结束符，或开头因停顿太久已作废，或太长；未解析",
        english=f"cut off ({length} bytes): no end, or its head was given up after a silence, or too long; not read",
    )
