"""Reports of backtests: folders with a page and its figures, by name and never outside the reports' own folder."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Final

import msgspec

from qmt_trading.model.instant import to_iso_text

SHOWN_MAX: Final = 500
HEAD_BYTES: Final = 1 << 20
PAGE_BYTES: Final = 64 << 20
PAGE: Final = "report.html"
HEAD: Final = "report.json"
PAGE_POLICY: Final = (
    "sandbox allow-scripts; default-src 'none'; script-src 'unsafe-inline'; style-src 'unsafe-inline'; "
    "img-src data:; font-src data:; frame-ancestors 'self'; base-uri 'none'; form-action 'none'"
)
"""A report is a page of its own with scripts of its own: it may draw, and reach nothing of the panel or the network."""
_NAME: Final = re.compile(r"[\w\u4e00-\u9fff][\w\u4e00-\u9fff .+=@()（）-]{0,120}")
_decode: Final = msgspec.json.Decoder().decode


def rows(folder: Path) -> list[dict[str, object]]:
    """Return the reports, the newest first: name, when, and the head of their figures."""
    if not folder.is_dir():
        return []
    found = [(path.stat().st_mtime_ns, path) for path in folder.iterdir() if _is_report(folder, path)]
    found.sort(key=lambda each: each[0], reverse=True)
    return [
        {
            "name": path.name,
            "at": to_iso_text(at_ns),
            "has_page": (path / PAGE).is_file(),
            "head": _head(path / HEAD),
        }
        for at_ns, path in found[:SHOWN_MAX]
    ]


def figures(folder: Path, name: str) -> object | None:
    """Return the figures of one report; None: there is none of this name."""
    path = _path_of(folder, name)
    return _head(path / HEAD) if path is not None else None


def page(folder: Path, name: str) -> Path | None:
    """Return the page of one report; None: there is none of this name."""
    path = _path_of(folder, name)
    if path is None:
        return None
    found = path / PAGE
    return found if _lies_in(folder, found) and found.is_file() and found.stat().st_size <= PAGE_BYTES else None


def _path_of(folder: Path, name: str) -> Path | None:
    if not _NAME.fullmatch(name) or name.endswith((".", " ")):
        return None
    path = folder / name
    return path if _is_report(folder, path) else None


def _is_report(folder: Path, path: Path) -> bool:
    """Tell whether ``path`` is a folder with a report, in ``folder`` itself also where a link leads elsewhere."""
    try:
        has = _lies_in(folder, path) and path.is_dir() and ((path / PAGE).is_file() or (path / HEAD).is_file())
    except OSError:
        return False
    return has and _NAME.fullmatch(path.name) is not None


def _lies_in(folder: Path, path: Path) -> bool:
    return path.resolve().is_relative_to(folder.resolve())


def _head(path: Path) -> object | None:
    try:
        if path.stat().st_size > HEAD_BYTES:
            return None
        found: object = _decode(path.read_bytes())
    except (OSError, msgspec.DecodeError, UnicodeDecodeError):
        return None
    return found
