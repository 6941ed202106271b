"""Files of other programs into a store: read, settled, written; what was imported before is not imported again."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path
from typing import NamedTuple

from qmt_trading.feeds.findings import Finding, UnusableError
from qmt_trading.feeds.options import Options
from qmt_trading.feeds.reading import read_tables
from qmt_trading.feeds.settling import settled
from qmt_trading.feeds.source_files import needs_polars, read_source, sha256_of
from qmt_trading.feeds.store import Store, Taken
from qmt_trading.feeds.table import Table


class FileTold(NamedTuple):
    """How one file went."""

    path: Path
    rows: int = 0
    added: int = 0
    symbols: int = 0
    units: str = ""
    encoding: str = ""
    notes: tuple[str, ...] = ()
    faults: tuple[Finding, ...] = ()
    skipped: bool = False
    """It was imported before."""


def import_files(
    store: Store,
    paths: Iterable[Path],
    options: Options,
    told: Callable[[FileTold], None],
    *,
    replace: bool = False,
) -> list[FileTold]:
    """Import ``paths`` one after the other; a file that cannot be used is told and the next one follows.

    A file is written whole or, where a row of it contradicts the store, not at all for that symbol. A run that was
    killed goes on where it stood: files that are done are known by what is in them.

    Args:
        told: is called after each file, from this thread.

    Raises:
        ConfigurationError: an option that makes no sense, or polars is missing.
        OSError: the store cannot be written.
    """
    needs_polars()
    outcomes: list[FileTold] = []
    words = "|".join(map(str, options))
    with store:
        for path in paths:
            digest = sha256_of(path)
            key = f"{options.frequency} {digest}"
            before = store.manifest.taken.get(key)
            if before is not None and before.options == words and not replace:
                outcome = FileTold(path, skipped=True)
            else:
                outcome = _import(store, path, options, replace=replace)
                if not outcome.faults:
                    taken = Taken(name=path.name, sha256=digest, frequency=options.frequency, options=words)
                    store.note_taken(key, taken)
            outcomes.append(outcome)
            told(outcome)
    return outcomes


def read_file(path: Path, options: Options) -> tuple[list[Table], FileTold]:
    """Return the tables in one file as they stand there, and what there is to say of how they were read."""
    try:
        source = read_source(path, options.encoding)
        reading = read_tables(source, options)
    except UnusableError as error:
        return [], FileTold(path, faults=error.findings)
    rows = sum(map(len, reading.tables))
    told = FileTold(
        path,
        rows=rows,
        symbols=len(reading.tables),
        units=reading.units.text(),
        encoding=source.encoding,
        notes=reading.notes,
    )
    return list(reading.tables), told


def _import(store: Store, path: Path, options: Options, *, replace: bool) -> FileTold:
    tables, told = read_file(path, options)
    faults: list[Finding] = list(told.faults)
    notes = list(told.notes)
    added = 0
    for table in tables:
        made = settled(table, options.totals)
        notes += made.notes
        if made.faults:
            faults += made.faults
            continue
        try:
            added += store.put(made.table, path.name, units=told.units, replace=replace)
        except UnusableError as error:
            faults += error.findings
    return told._replace(added=added, notes=tuple(notes), faults=tuple(faults))
