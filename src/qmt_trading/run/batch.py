"""What one turn of the loop carries to the disk and beyond."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from typing import Final, NamedTuple

from qmt_trading.codec.journal_record import Record
from qmt_trading.model import events as ev
from qmt_trading.model import outputs as out
from qmt_trading.model.receipt import Receipt
from qmt_trading.model.view import SignalRow
from qmt_trading.model.words import SignalStatus
from qmt_trading.ports import Closing, Reply
from qmt_trading.run.inbox import Answer

KNOWN_DAYS: Final = 70
"""Calendar days that ids are remembered: 30 trading days, the longest holidays among them."""

Decided = tuple[out.SubmitOrder, int]
"""An order, and the halts that its account had seen when it was decided."""


class Batch(NamedTuple):
    """What one turn has to put on disk, and what waits for that."""

    records: list[Record]
    submits: list[Decided]
    replies: list[tuple[Reply, bytes | Receipt]]
    answers: list[tuple[Answer, list[out.Output]]]
    requests: list[ev.Request]
    """Of people."""
    signals: list[int]
    """Whose senders may have no way back, and rely on the disk all the more."""
    closing: Closing | None = None
    """Of a turn that opens a trading day."""
    signal_seq: int = 0
    """The last signal decided when the batch was closed."""

    def is_awaited(self) -> bool:
        """Tell whether an order, a signal, a sender, a person or a new day waits for the disk."""
        return bool(self.submits or self.signals or self.replies or self.answers or self.requests or self.closing)


def closing_of(rows: Iterable[SignalRow], day: dt.date, opening: dt.date, earlier: Closing | None) -> Closing:
    """Return the index of the ids of ``day``, which closes, with what ``earlier`` days left to be indexed."""
    known = list(earlier.known) if earlier is not None else []
    for row in rows:
        key = row.id if not row.id or "/" in row.id else f"{row.sender}/{row.id}"
        if key and row.receipt.seq == row.seq and row.receipt.status is not SignalStatus.MALFORMED:
            known.append((key, day.isoformat(), ev.KnownSignal(row.seq, row.content, row.receipt)))
    return Closing(known, (opening - dt.timedelta(days=KNOWN_DAYS)).isoformat())
