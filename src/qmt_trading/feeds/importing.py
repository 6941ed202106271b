"""Files of other programs into a store: read, settled, written; what was imported before is not imported again."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path
from typing import NamedTuple

from qmt_trading.feeds.findings import Finding, Severity, UnusableError
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
    doubts: tuple[Finding, ...] = ()
    """What was imported and is certainly wrong."""


def import_files(
    store: Store,
    paths: Iterable[Path],
    options: Options,
    told: Callable[[FileTold], None],
    *,
    replace: bool = False,
    check: Callable[[Table], Iterable[Finding]] = lambda table: (),
) -> list[FileTold]:
    """Import ``paths`` one after the other; a file that cannot be used is told and the next one follows.

    A file is written whole or, where a row of it contradicts the store, not at all for that symbol. A run that was
    killed goes on where it stood: files that are done are known by what is in them.

    Args:
        told: is called after each file, from this thread.
        check: what it finds in a table that was imported becomes a doubt of the file where it is an error.

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
                outcome = _import(store, path, options, check, replace=replace)
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


def _import(
    store: Store, path: Path, options: Options, check: Callable[[Table], Iterable[Finding]], *, replace: bool
) -> FileTold:
    tables, told = read_file(path, options)
    faults: list[Finding] = list(told.faults)
    notes = list(told.notes)
    doubts: list[Finding] = []
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
        else:
            doubts += [each for each in check(made.table) if each.severity is Severity.ERROR]
    return told._replace(added=added, notes=tuple(notes), faults=tuple(faults), doubts=tuple(doubts))
