"""Files of history for tests, and the guard of tests that need polars."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

HEAD = "代码,日期,开盘,最高,最低,收盘,成交量(股),成交额(元),昨收"
GOOD = (
    "600000.SH,2025-01-02,10.00,10.20,9.90,10.10,100000,1005000,10.00",
    "600000.SH,2025-01-03,10.10,10.30,10.00,10.20,200000,2030000,10.10",
    "600000.SH,2025-01-06,10.20,10.40,10.10,10.30,300000,3075000,10.20",
)


def needs_polars() -> None:
    """Skip the module that asks where polars is not at hand."""
    if sys.platform == "win32":
        pytest.skip(
            "needs Linux or macOS: there the tests have polars, and figures are the same everywhere",
            allow_module_level=True,
        )
    pytest.importorskip("polars", reason="needs polars, of the extra 'test'")


def written(folder: Path, *lines: str, name: str = "bars.csv", encoding: str = "utf-8") -> Path:
    """Write a file of these lines."""
    path = folder / name
    path.write_text("\n".join(lines) + "\n", encoding=encoding, newline="")
    return path
