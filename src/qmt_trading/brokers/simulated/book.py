"""Where the exchange keeps its truth: an append-only file of JSON lines, apart from the engine's journal."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Final, Protocol

import msgspec

from qmt_trading.brokers.simulated.records import Record
from qmt_trading.model.errors import ConfigurationError

if sys.platform == "win32":
    _FLAGS: Final = os.O_RDWR | os.O_CREAT | os.O_APPEND | os.O_BINARY | os.O_NOINHERIT
else:
    _FLAGS: Final = os.O_RDWR | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC


class Book(Protocol):
    """Keeps records in order."""

    def load(self) -> list[Record]:
        """Return what was written, oldest first. Called once, before anything is written."""
        ...

    def write(self, records: list[Record]) -> None:
        """Keep ``records``: when this returns, the death of the process loses none of them.

        Raises:
            OSError: none of them is kept; the same records may be written again.
        """
        ...

    def restart(self, records: Iterable[Record]) -> None:
        """Replace everything by ``records``, all or nothing.

        Raises:
            OSError: everything is as it was.
        """
        ...

    def close(self) -> None: ...


class NoBook:
    """Keeps nothing: for an exchange that lives as long as the test that made it."""

    def load(self) -> list[Record]:
        return []

    def write(self, records: list[Record]) -> None:
        pass

    def restart(self, records: Iterable[Record]) -> None:
        pass

    def close(self) -> None:
        pass


class FileBook:
    """One file, written without a buffer of our own.

    A killed process loses nothing that was written. A power cut may lose the newest records unless ``sync`` is set: on
    paper the default is not to, because the exchange would then cost as much as the journal does. One process at a time
    may use the file; its folder's lock is the caller's matter.
    """

    def __init__(self, path: Path, *, sync: bool = False) -> None:
        self._path = path
        self._sync = sync
        self._file = os.open(path, _FLAGS, 0o600)
        self._encoder = msgspec.json.Encoder()
        self._size = os.fstat(self._file).st_size

    def load(self) -> list[Record]:
        """Return the records; a last line without an end was never answered and is cut off.

        Raises:
            ConfigurationError: the file is damaged; the text names the line.
        """
        content = self._path.read_bytes()
        whole = content.rfind(b"\n") + 1
        if whole < len(content):
            os.ftruncate(self._file, whole)
        self._size = whole
        decoder = msgspec.json.Decoder(Record)
        records: list[Record] = []
        for number, line in enumerate(content[:whole].splitlines(), start=1):
            try:
                records.append(decoder.decode(line))
            except msgspec.DecodeError as error:
                raise ConfigurationError(
                    f"模拟交易所账本损坏：{self._path} 第 {number} 行；请移走该文件后重新开始"
                    f" / damaged exchange book, line {number}: {error}; move the file away to start afresh"
                ) from error
        return records

    def write(self, records: list[Record]) -> None:
        if len(records) == 1:
            line = self._encoder.encode(records[0]) + b"\n"
        else:
            line = self._encoder.encode_lines(records)
        try:
            self._write_all(self._file, line)
            if self._sync:
                os.fsync(self._file)
        except OSError:
            os.ftruncate(self._file, self._size)  # Half a line would spoil the next one.
            raise
        self._size += len(line)

    def restart(self, records: Iterable[Record]) -> None:
        beside = self._path.with_suffix(self._path.suffix + ".new")
        file = os.open(beside, _FLAGS | os.O_TRUNC, 0o600)
        try:
            self._write_all(file, self._encoder.encode_lines(list(records)))
            os.fsync(file)
        finally:
            os.close(file)
        os.close(self._file)  # Windows replaces no file that is open.
        try:
            os.replace(beside, self._path)
        finally:
            self._file = os.open(self._path, _FLAGS, 0o600)
            self._size = os.fstat(self._file).st_size

    def close(self) -> None:
        os.close(self._file)

    @staticmethod
    def _write_all(file: int, content: bytes) -> None:
        written = os.write(file, content)
        while written < len(content):
            written += os.write(file, content[written:])
