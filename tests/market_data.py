"""Finds recorded market data, which no checkout holds, and reads it without floats getting further than the reader."""

from __future__ import annotations

import csv
import os
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest

_SIBLING = Path(__file__).resolve().parent.parent.parent / "shared"


def shared(*parts: str) -> Path:
    """Return a file of the folder ``shared`` beside the project, or of ``QMT_SHARED``; skip the test without it."""
    found = Path(os.environ.get("QMT_SHARED") or _SIBLING).joinpath(*parts)
    if not found.exists():
        pytest.skip(f"needs {'/'.join(parts)} of the folder shared (QMT_SHARED names another place)")
    return found


def csv_rows(*parts: str) -> list[dict[str, str]]:
    """Return the rows of a CSV file in ``shared``."""
    with shared(*parts).open(encoding="utf-8-sig", newline="") as file:
        return list(csv.DictReader(file))


def parquet_rows(*parts: str, columns: Sequence[str], where: Any = None) -> Iterator[tuple[Any, ...]]:
    """Yield rows of a parquet file in ``shared``, as tuples in the order of ``columns``."""
    path = shared(*parts)
    parquet = pytest.importorskip("pyarrow.parquet", reason="needs pyarrow to read parquet")
    table = parquet.read_table(path, columns=list(columns), filters=where)
    return zip(*(table.column(name).to_pylist() for name in columns), strict=True)
