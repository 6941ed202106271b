"""The folder that holds history: Parquet files of integers, and a manifest of what each is and where it is from."""

from __future__ import annotations

import dataclasses
import datetime as dt
import os
import time
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Final

import msgspec
import numpy as np
from msgspec import Struct

from qmt_trading.feeds.findings import Finding, UnusableError, refused
from qmt_trading.feeds.settling import joined
from qmt_trading.feeds.source_files import sha256_of
from qmt_trading.feeds.table import FREQUENCIES, Table, day_numbers
from qmt_trading.model.instant import at_time, day_of
from qmt_trading.model.instrument import Symbol

if TYPE_CHECKING:
    import polars as pl

MANIFEST: Final = "manifest.json"
MADE_UP: Final = "synthetic seed"
"""How the source of figures begins that are made up."""
VERSION: Final = 1
FLUSH_S: Final = 2.0
"""How long what was written may be missing in the manifest: what a kill loses is written again."""
ROW_GROUP: Final = 60_000
"""A year of minutes; a span is read without the years beside it."""
_DAY_NS: Final = 86_400 * 1_000_000_000


class Entry(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One file of the store."""

    symbol: str
    frequency: str
    path: str
    """Within the store, with forward slashes."""
    rows: int
    first: dt.date
    last: dt.date
    sha256: str
    """Of the file."""
    source: str
    """Where it came from, the newest last."""
    units: str = ""
    """In which units the source was, in words; the store has one unit of each."""
    adjust: str = "none"
    """Always: what is stored is as it was traded."""
    day: dt.date | None = None
    """Ticks: the day that the file holds."""
    asked: tuple[dt.date, dt.date] | None = None
    """Downloads: the span that was asked for, whole days; it may hold more days than there were bars."""

    @property
    def is_made_up(self) -> bool:
        """Whether ``qmt data synthetic`` has made its figures up."""
        return self.source.startswith(MADE_UP)


class Taken(Struct, frozen=True, kw_only=True):
    """A file that was imported whole."""

    name: str
    sha256: str
    frequency: str
    options: str
    """What was said about it: with other words it is read anew."""


class Manifest(Struct, kw_only=True):
    """What a store holds."""

    version: int = VERSION
    about: str = ""
    entries: dict[str, Entry] = {}
    """By path."""
    taken: dict[str, Taken] = {}
    """Sources, by hash, frequency and options."""


class Store:
    """A folder of history. One process writes at a time; readers see whole files only."""

    def __init__(self, folder: Path) -> None:
        """Open the folder; it need not exist yet.

        Raises:
            UnusableError: its manifest is not one.
        """
        self.folder: Final = folder
        self._changed = False
        self._flushed_s = 0.0
        path = folder / MANIFEST
        try:
            content = path.read_bytes()
        except (FileNotFoundError, NotADirectoryError):
            self.manifest = Manifest()
            return
        try:
            self.manifest = msgspec.json.decode(content, type=Manifest)
        except msgspec.MsgspecError as error:
            raise UnusableError([_no_manifest(path, str(error))]) from error
        if self.manifest.version > VERSION:
            raise UnusableError([_no_manifest(path, f"version {self.manifest.version} > {VERSION}")])

    @property
    def exists(self) -> bool:
        """Whether there is a manifest in the folder."""
        return (self.folder / MANIFEST).is_file()

    def __enter__(self) -> Store:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.flush()

    def entries(self, frequency: str = "", symbols: Sequence[str] = ()) -> list[Entry]:
        """Return what is held, by frequency, symbol and day."""
        wanted = frozenset(symbols)
        found = [
            entry
            for entry in self.manifest.entries.values()
            if frequency in ("", entry.frequency) and (not wanted or entry.symbol in wanted)
        ]
        return sorted(found, key=lambda each: (FREQUENCIES.index(each.frequency), each.symbol, each.first))

    def frame(
        self, entry: Entry, start: dt.date | None = None, end: dt.date | None = None, columns: Sequence[str] = ()
    ) -> pl.DataFrame:
        """Return the rows of one file from day ``start`` to day ``end``, both whole; years beside it are not read.

        Raises:
            UnusableError: the file is gone or broken.
        """
        import polars as pl

        path = self.folder / entry.path
        whole = (start is None or start <= entry.first) and (end is None or end >= entry.last)
        try:
            if whole:
                # Not mapped into memory: Windows replaces no file that is.
                return pl.read_parquet(
                    path, columns=list(columns) or None, glob=False, hive_partitioning=False, memory_map=False
                )
            lazy = pl.scan_parquet(path, glob=False, hive_partitioning=False)
            if start is not None:
                lazy = lazy.filter(pl.col("at_ns") >= at_time(start, 0))
            if end is not None:
                lazy = lazy.filter(pl.col("at_ns") < at_time(end, 0) + _DAY_NS)
            return (lazy.select(columns) if columns else lazy).collect()
        except (pl.exceptions.PolarsError, OSError) as error:
            said = str(error).splitlines()[0][:200]
            what = (f"文件缺失或损坏：{said}", "the file is missing or broken", "重新导入", "import it anew")
            raise UnusableError([refused("BROKEN", entry.path, *what, symbol=entry.symbol)]) from error

    def table(self, entry: Entry) -> Table:
        """Return one file as a table."""
        frame = self.frame(entry)
        return Table(
            symbol=Symbol(entry.symbol),
            frequency=entry.frequency,
            file=entry.path,
            columns={name: frame[name].to_numpy() for name in frame.columns},
            rows=np.arange(1, len(frame) + 1, dtype=np.int64),
        )

    def put(
        self,
        table: Table,
        source: str,
        *,
        units: str = "",
        replace: bool = False,
        asked: tuple[dt.date, dt.date] | None = None,
    ) -> int:
        """Write ``table``, together with what is there of its symbol already; return how many rows are new.

        Args:
            replace: rows of the same instant are replaced; otherwise they must be the same.

        Raises:
            UnusableError: a row that is there says something else; nothing of the table is written then.
            OSError: the system refuses it; what was there is still there.
        """
        added = 0
        for day, part in _parts(table):
            path = _path_of(table, day)
            before = self.manifest.entries.get(path)
            if before is None:
                entry = self._write(part, path, source, units, day, asked)
                added += len(part)
            else:
                entry = self._join(before, part, source, units, replace=replace, asked=asked)
                added += entry.rows - before.rows
            self.manifest.entries[path] = entry
            self._changed = True
        self._flush_at_times()
        return added

    def _join(
        self,
        before: Entry,
        part: Table,
        source: str,
        units: str,
        *,
        replace: bool,
        asked: tuple[dt.date, dt.date] | None,
    ) -> Entry:
        """Write what is there together with ``part``; a file to which nothing comes stays as it is."""
        older = self.table(before)
        # What is told are places in the source, not in the store.
        older = dataclasses.replace(older, rows=np.zeros_like(older.rows))
        if replace:
            older = older.taken(np.nonzero(~np.isin(older.at_ns, part.at_ns))[0])
        both = joined(older, part)
        if both.faults:
            raise UnusableError(both.faults)
        is_known = len(both.table) == len(older) and both.table.columns.keys() == older.columns.keys()
        if is_known and not replace:
            return msgspec.structs.replace(before, asked=asked or before.asked)
        names = before.source.split(" + ")
        sources = before.source if source in names else " + ".join([*names[-4:], source])
        return self._write(both.table, before.path, sources, units, before.day, asked or before.asked)

    def lay(self, tables: Iterable[Table], source: str) -> tuple[int, int]:
        """Let the store hold ``tables`` and nothing beside them; return how many rows they have, and files changed.

        A killed run leaves some files of before and some of now: once more lays them all.

        Raises:
            OSError: the system refuses it.
        """
        rows = changed = 0
        kept: set[str] = set()
        for table in tables:
            for day, part in _parts(table):
                path = _path_of(table, day)
                before = self.manifest.entries.get(path)
                entry = self._write(part, path, source, "", day, None)
                self.manifest.entries[path] = entry
                changed += before is None or before.sha256 != entry.sha256
                rows += len(part)
                kept.add(path)
        gone = self.manifest.entries.keys() - kept
        for path in gone:
            del self.manifest.entries[path]
        self._changed = True
        self.flush()  # First the manifest: a file that it names is there.
        for path in gone:
            (self.folder / path).unlink(missing_ok=True)
        return rows, changed + len(gone)

    def note_taken(self, key: str, taken: Taken) -> None:
        """Remember that a source was imported whole."""
        self.manifest.taken[key] = taken
        self._changed = True
        self._flush_at_times()

    def flush(self) -> None:
        """Write the manifest if anything has changed; it is there whole or as it was."""
        if not self._changed:
            return
        self.folder.mkdir(parents=True, exist_ok=True)
        content = msgspec.json.format(msgspec.json.encode(self.manifest), indent=1)
        part = self.folder / (MANIFEST + ".part")
        with part.open("wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        os.replace(part, self.folder / MANIFEST)
        self._changed = False
        self._flushed_s = time.monotonic()

    def verify(self) -> Iterator[Entry]:
        """Yield every entry whose file is gone or is not the one that was written."""
        for entry in self.entries():
            path = self.folder / entry.path
            if not path.is_file() or sha256_of(path) != entry.sha256:
                yield entry

    def _flush_at_times(self) -> None:
        if time.monotonic() - self._flushed_s > FLUSH_S:
            self.flush()

    def _write(
        self,
        table: Table,
        relative: str,
        source: str,
        units: str,
        day: dt.date | None,
        asked: tuple[dt.date, dt.date] | None,
    ) -> Entry:
        import polars as pl

        path = self.folder / relative
        path.parent.mkdir(parents=True, exist_ok=True)
        part = path.with_name(path.name + ".part")
        try:
            pl.DataFrame(table.columns).write_parquet(part, compression="lz4", row_group_size=ROW_GROUP)
            digest = sha256_of(part)
            os.replace(part, path)
        finally:
            part.unlink(missing_ok=True)
        return Entry(
            symbol=table.symbol,
            frequency=table.frequency,
            path=relative,
            rows=len(table),
            first=day_of(int(table.at_ns[0])),
            last=day_of(int(table.at_ns[-1])),
            sha256=digest,
            source=source,
            units=units,
            day=day,
            asked=asked,
        )


def _path_of(table: Table, day: dt.date | None) -> str:
    return f"{table.frequency}/{table.symbol}" + (f"/{day}.parquet" if day is not None else ".parquet")


def _parts(table: Table) -> Iterator[tuple[dt.date | None, Table]]:
    """Yield the files that a table becomes: one, or one a day for ticks; none for no rows."""
    if not len(table):
        return
    if table.frequency != "tick":
        yield None, table
        return
    days = day_numbers(table.at_ns)
    begins = np.nonzero(np.diff(days, prepend=-1) != 0)[0]
    for begin, end in zip(begins, np.append(begins[1:], len(table)), strict=True):
        yield day_of(int(table.at_ns[begin])), table.taken(slice(int(begin), int(end)))


def _no_manifest(path: Path, said: str) -> Finding:
    return refused(
        "NO_MANIFEST",
        str(path),
        f"清单读不出：{said[:200]}",
        "the manifest cannot be read",
        "从备份恢复，或把文件夹移走后重新导入",
        "restore it, or import anew into another folder",
    )
