"""Where an instruction comes from, as far as deciding it goes: a message that came in now, or one that waited."""

from __future__ import annotations

from msgspec import Struct

from qmt_trading.model.instrument import Quote, Symbol
from qmt_trading.model.settings import DoorSettings
from qmt_trading.model.signal import Item


class Source(Struct, frozen=True, gc=False):
    """The same for all items of a message."""

    seq: int
    door: DoorSettings
    arrival: int
    begin_ns: int
    """From when the ttl of an order counts."""
    has_id: bool
    quotes: dict[Symbol, Quote]
    fixed_deadline_ns: int = 0
    """Of an instruction that waited: worked out when it was put on record."""
    received_ns: int = 0
    """When its message was read."""

    def deadline_ns(self, item: Item, begin_ns: int) -> int:
        """Return the last instant at which an order of ``item`` may leave, its ttl counted from ``begin_ns``."""
        return self.fixed_deadline_ns or self.end_ns(item, begin_ns)

    def end_ns(self, item: Item, begin_ns: int) -> int:
        """Return when a ttl of ``item`` that begins at ``begin_ns`` is over, at its expiry at the latest."""
        deadline_ns = begin_ns + (self.door.ttl_ns if item.ttl_ns is None else item.ttl_ns)
        return deadline_ns if item.expires_ns is None else min(deadline_ns, item.expires_ns)
