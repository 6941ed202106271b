"""The form of every answer: rows, how many there are in all, as of when, from where, and how old that is."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import msgspec
from starlette.responses import Response

from qmt_trading.codec.view_json import Plain
from qmt_trading.model.instant import to_iso_text
from qmt_trading.panel.shown import Shown, age_s

JOURNAL: Final = "journal"
ENGINE: Final = "engine"
JSON: Final = "application/json"

_encode: Final = msgspec.json.Encoder().encode


def answer(value: object, status: int = 200) -> Response:
    """Return ``value`` as JSON."""
    return Response(_encode(value), status, media_type=JSON)


def table(shown: Shown, rows: Sequence[Plain], *, total: int | None = None, source: str = JOURNAL) -> Response:
    """Return ``rows`` in the form of a table; ``total`` counts all of them where these are a part.

    The age is that of the last successful look: at the journal, or at the engine where the rows are its own words.
    """
    view = shown.view
    if source == ENGINE:
        at_ns, age = shown.now_ns, age_s(shown)
        at_ns = at_ns - int(age * 1e9) if age is not None else 0
    else:
        at_ns = view.at_ns if view is not None else 0
        age = round((shown.steady_ns - shown.read_ns) / 1e9, 1) if shown.read_ns else None
    told = {
        "rows": rows,
        "total": len(rows) if total is None else total,
        "at": to_iso_text(at_ns) if at_ns else None,
        "source": source,
        "age_s": age,
        "trouble": (shown.engine.trouble if source == ENGINE else shown.trouble) or None,
    }
    return answer(told)


def source_of(shown: Shown) -> str:
    """Return where a row comes from that both have a part in."""
    return ENGINE if shown.engine.runs else JOURNAL
