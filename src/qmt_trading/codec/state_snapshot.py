"""Snapshots as bytes: a line for the small parts, then lines of at most 512 rows each, made one at a time."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final, Protocol, TypeVar

import msgspec

from qmt_trading.model.errors import JournalBrokenError
from qmt_trading.model.order import Fill, Order
from qmt_trading.model.snapshot import Image, Snapshot
from qmt_trading.model.view import Rows, SignalRow

FORMAT: Final = 4
LINE_ROWS: Final = 512

Row = TypeVar("Row")
Kind = TypeVar("Kind", Order, Fill, SignalRow)


class Taken(Protocol):
    """What becomes of rows as they are read, some hundreds at a time."""

    def __call__(self, rows: Sequence[Kind], /) -> Sequence[Kind]:
        """Return ``rows``, or others that are equal to them."""
        ...


_encode = msgspec.json.Encoder().encode
_head = msgspec.json.Decoder(tuple[int, int, int, int, Image])
_orders = msgspec.json.Decoder(list[Order])
_fills = msgspec.json.Decoder(list[Fill])
_signals = msgspec.json.Decoder(list[SignalRow])


def _lines(rows: Rows[Row]) -> Iterator[bytes]:
    line: list[Row] = []
    for row in rows:
        line.append(row)
        if len(line) == LINE_ROWS:
            yield _encode(line)
            line = []
    if line:
        yield _encode(line)


def encode_parts(snapshot: Snapshot) -> Iterator[bytes]:
    """Yield the lines of ``snapshot``, each made in under a millisecond; joined with newlines they are its payload."""
    orders, fills, signals = snapshot.orders, snapshot.fills, snapshot.signals
    yield _encode((FORMAT, len(orders), len(fills), len(signals), snapshot.image))
    yield from _lines(orders)
    yield from _lines(fills)
    yield from _lines(signals)


def decode(payload: bytes, taken: Taken | None = None) -> Snapshot:
    """Return the snapshot of ``payload``.

    Raises:
        JournalBrokenError: it is not a whole snapshot of this format.
    """
    lines = _lines_of(payload)
    try:
        form, order_count, fill_count, signal_count, image = _head.decode(next(lines))
        if form != FORMAT:
            raise JournalBrokenError(f"快照格式 {form} 未知 / unknown snapshot format {form}")
        return Snapshot(
            image,
            _read(lines, _orders, order_count, taken),
            _read(lines, _fills, fill_count, taken),
            _read(lines, _signals, signal_count, taken),
        )
    except (msgspec.DecodeError, StopIteration) as error:
        raise JournalBrokenError(f"快照损坏 / broken snapshot: {error}") from error


def _lines_of(payload: bytes) -> Iterator[memoryview]:
    """Yield the lines one by one: all of them at once would be the payload a second time."""
    whole, begins = memoryview(payload), 0
    while (ends := payload.find(b"\n", begins)) >= 0:
        yield whole[begins:ends]
        begins = ends + 1
    yield whole[begins:]


def _read(
    lines: Iterator[memoryview], decoder: msgspec.json.Decoder[list[Kind]], count: int, taken: Taken | None
) -> Rows[Kind]:
    rows: list[Kind] = []
    while len(rows) < count:
        line = decoder.decode(next(lines))
        rows.extend(line if taken is None else taken(line))
    if len(rows) != count:
        raise JournalBrokenError("快照行数不符 / snapshot has another number of rows")
    return Rows.of(rows)
