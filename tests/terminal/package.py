"""A folder with the real Python files of xtquant beside stand-ins for its native modules, and a terminal's folder."""

from __future__ import annotations

import importlib.util
import os
import shutil
import zipfile
from pathlib import Path
from typing import Final

import pytest

NATIVE: Final = Path(__file__).resolve().parent / "native"
LEFT_OUT: Final = (".pyd", ".dll", ".md", ".lib")


def xtquant_source() -> Path:
    """Return the wheel file or the folder of the package xtquant; skips the test where there is neither."""
    named = os.environ.get("QMT_XTQUANT")
    if named:
        return Path(named)
    spec = importlib.util.find_spec("xtquant")
    if spec is None or not spec.submodule_search_locations:
        pytest.skip("xtquant is not installed; it comes with the extra 'test', or QMT_XTQUANT names its wheel")
    return Path(next(iter(spec.submodule_search_locations)))


def make_package(folder: Path) -> Path:
    """Fill ``folder``/xtquant with the wheel's own .py files, unchanged, and the stand-ins; return ``folder``."""
    source = xtquant_source()
    if source.is_file():
        with zipfile.ZipFile(source) as wheel:
            for name in wheel.namelist():
                if name.startswith("xtquant/") and not name.endswith(LEFT_OUT):
                    wheel.extract(name, folder)
    else:
        inner = source if (source / "xttrader.py").exists() else source / "xtquant"
        ignore = shutil.ignore_patterns("__pycache__", *("*" + ending for ending in LEFT_OUT))
        shutil.copytree(inner, folder / "xtquant", ignore=ignore)
    for stand_in in NATIVE.glob("*.py"):
        shutil.copy(stand_in, folder / "xtquant")
    return folder


def make_terminal(folder: Path) -> Path:
    """Make a terminal's ``userdata_mini`` as a broker's client leaves it, and return it."""
    terminal = folder / "userdata_mini"
    terminal.mkdir(parents=True)
    (terminal / "up_queue_xtquant").write_bytes(b"")
    return terminal
