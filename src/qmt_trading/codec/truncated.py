"""The answer to bytes that ended without a terminator or went beyond the bound."""

from __future__ import annotations

from qmt_trading.model.signal import Malformed


def truncated(length: int) -> Malformed:
    """Return why ``length`` bytes are not read as a message: half of a message can be a valid other one (A29)."""
    return Malformed(
        code="truncated",
        position=length,
        item=0,
        chinese=f"消息不完整：收到 {length} 字节后没有结束符，或超过 64 KiB，未解析",
        english=f"cut off: {length} bytes without an end, or beyond 64 KiB; not read",
    )
