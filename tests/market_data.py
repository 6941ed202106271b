"""Real market data for tests: the folder ``shared`` beside the checkout, or wherever QMT_SHARED says."""

from __future__ import annotations

import csv
import datetime as dt
import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

SHARED = Path(os.environ.get("QMT_SHARED") or Path(__file__).resolve().parents[2] / "shared")
_EPOCH = dt.date(1970, 1, 1).toordinal()


def shared(*parts: str) -> Path:
    """Return a path in the folder; the test that asks is skipped where the path is absent."""
    path = SHARED.joinpath(*parts)
    if not path.exists():
        pytest.skip(f"needs {'/'.join(('shared', *parts))} beside the checkout, or QMT_SHARED")
    return path


def rows(*parts: str) -> list[dict[str, str]]:
    """Return the rows of a CSV file; skips like ``shared``."""
    return list(csv.DictReader(shared(*parts).read_text(encoding="utf-8-sig").splitlines()))


def columns(*parts: str) -> dict[str, Sequence[Any]]:
    """Return the columns of a Parquet file; dates are dates, numbers as they are stored. Skips like ``shared``."""
    path = shared(*parts)
    if sys.platform == "win32":
        pytest.skip("needs Linux or macOS: there the tests have pyarrow, and figures are the same everywhere")
    parquet: Any = pytest.importorskip("pyarrow.parquet", reason="needs pyarrow, of the extra 'test'")
    table = parquet.read_table(path)
    return {name: _values(table.column(name).combine_chunks()) for name in table.column_names}


def _values(column: Any) -> Sequence[Any]:
    kind = str(column.type)
    if kind in ("double", "int64") and not column.null_count:
        _, content = column.buffers()
        return memoryview(content).cast("B").cast("d" if kind == "double" else "q")[: len(column)]
    if kind == "date32[day]":
        _, content = column.buffers()
        numbers = memoryview(content).cast("B").cast("i")[: len(column)]
        days = {number: dt.date.fromordinal(_EPOCH + number) for number in set(numbers)}
        return [days[number] for number in numbers]
    if kind in ("string", "large_string"):
        coded = column.dictionary_encode()
        words = coded.dictionary.to_pylist()
        return [words[index] for index in coded.indices.to_pylist()]
    return list(column.to_pylist())
