"""The newest snapshot in a file of its own, so that keeping it never waits for the journal, nor the journal for it."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path
from typing import Final

from qmt_trading.model.errors import JournalError
from qmt_trading.ports import StoredSnapshot

_MAGIC: Final = b"QMTS1\n"
_NUMBER: Final = 8
_HASH: Final = 32


class SnapshotFile:
    """``snapshot.bin``: magic, turn number, seal, hash of the payload, payload. Anything else counts as no snapshot."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def load(self) -> StoredSnapshot | None:
        """Return the stored snapshot, or None when there is none or it is not whole."""
        try:
            content = self._path.read_bytes()
        except OSError:
            return None
        begin = len(_MAGIC)
        number = content[begin : begin + _NUMBER]
        seal = content[begin + _NUMBER : begin + _NUMBER + _HASH]
        digest = content[begin + _NUMBER + _HASH : begin + _NUMBER + 2 * _HASH]
        payload = content[begin + _NUMBER + 2 * _HASH :]
        if content[:begin] != _MAGIC or hashlib.sha256(payload).digest() != digest:
            return None
        return StoredSnapshot(int.from_bytes(number, "big"), seal, payload)

    def save(self, snapshot: StoredSnapshot) -> None:
        """Replace the stored snapshot in one step.

        Raises:
            JournalError: the file could not be written; the former one stands.
        """
        digest = hashlib.sha256(snapshot.payload).digest()
        head = _MAGIC + snapshot.number.to_bytes(_NUMBER, "big") + snapshot.seal + digest
        temporary = self._path.with_suffix(".tmp")
        try:
            with temporary.open("wb") as file:
                file.write(head)
                file.write(snapshot.payload)
                file.flush()
                os.fsync(file.fileno())
            os.replace(temporary, self._path)
        except OSError as error:
            raise JournalError(f"快照未能保存 / the snapshot was not kept: {error}") from error
