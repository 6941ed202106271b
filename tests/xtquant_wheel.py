"""The vendor's own xtquant, as the tests find it: its files are read, never imported."""

from __future__ import annotations

import ast
import os
import sys
import zipfile
from functools import lru_cache
from pathlib import Path

import pytest

from tests.terminal.package import xtquant_source


@lru_cache(maxsize=8)
def source(name: str) -> str:
    """Return one of the package's files, such as ``xtconstant.py``; skips the test where it is absent."""
    if sys.platform == "win32" and not os.environ.get("QMT_XTQUANT"):
        pytest.skip("needs Linux or macOS: there the tests have xtquant, and its constants are the same everywhere")
    return _read(xtquant_source(), name)


def constants() -> dict[str, int | str]:
    """Return the numbers and texts that ``xtconstant.py`` defines."""
    found: dict[str, int | str] = {}
    for statement in ast.parse(source("xtconstant.py")).body:
        match statement:
            case ast.Assign(targets=[ast.Name(id=name)], value=value) if name.isupper():
                try:
                    plain = ast.literal_eval(value)
                except ValueError:
                    continue  # A table of the names above it.
                if isinstance(plain, int | str):
                    found[name] = plain
            case _:
                continue
    return found


def _read(place: Path, name: str) -> str:
    if place.is_file():
        with zipfile.ZipFile(place) as wheel:
            return wheel.read(f"xtquant/{name}").decode("utf-8")
    inner = place / "xtquant" / name
    return (inner if inner.exists() else place / name).read_text(encoding="utf-8")
