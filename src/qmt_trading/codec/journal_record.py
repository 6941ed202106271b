"""Records as bytes: one turn is one JSON array, sealed by a hash that reaches back to the first turn."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from typing import Final

import msgspec

from qmt_trading.model.errors import JournalBrokenError
from qmt_trading.model.events import At, Event
from qmt_trading.model.outputs import Output

Record = At | Event | Output

FORMAT: Final = 1
"""Of the payload; appended fields with defaults do not change it."""
GENESIS: Final = bytes(32)
"""The seal before the first turn."""

_PREFIX: Final = b"%d" % FORMAT
_encode = msgspec.json.Encoder().encode
_decode = msgspec.json.Decoder(list[Record]).decode


def encode_turn(records: Sequence[Record]) -> bytes:
    """Return the records of one turn, in deciding order, as bytes; equal records give equal bytes."""
    return _PREFIX + _encode(records)


def decode_turn(payload: bytes) -> list[Record]:
    """Return the records of one turn. Records with fewer fields than today get today's defaults.

    Raises:
        JournalBrokenError: the bytes are no turn of a known format.
    """
    if payload[:1] != _PREFIX or payload[1:2] != b"[":
        raise JournalBrokenError(f"日志记录格式未知 / unknown record format: {payload[:20]!r}")
    try:
        return _decode(memoryview(payload)[1:])
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise JournalBrokenError(f"日志记录无法读取 / unreadable records: {error}") from error


def seal(previous: bytes, number: int, payload: bytes) -> bytes:
    """Return SHA-256 over the previous seal, the turn's number and its payload."""
    digest = hashlib.sha256(previous)
    digest.update(number.to_bytes(8, "big"))
    digest.update(payload)
    return digest.digest()
