"""How long each hop of an order takes, by the instants that its row keeps anyway: nothing is measured for it."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from qmt_trading.model.numbers import MILLISECOND_NS
from qmt_trading.model.view import View

ROWS: Final = 256
"""The newest so many orders and signals are looked at, whatever the day has seen."""
HOP_TEXT: Final = {
    "decided": ("收到→判定", "received to decided"),
    "on_disk": ("判定→落盘", "decided to on disk"),
    "sent": ("落盘→发出", "on disk to sent"),
    "answered": ("发出→柜台应答", "sent to the counter's answer"),
}

Plain = dict[str, object]


def hops(view: View) -> Plain:
    """Return the median and the 99th percentile of each hop in milliseconds, by its name; a hop nobody took is absent.

    Of the newest orders and signals alone. What a timed instruction waited for is no hop, and instants that a step of
    the clock has put into the wrong order tell nothing.
    """
    orders = view.orders.newest(ROWS)
    found = {
        "decided": [row.decided_ns - row.received_ns for row in view.signals.newest(ROWS)],
        "on_disk": [row.committed_ns - row.created_ns for row in orders if row.committed_ns],
        "sent": [row.handed_over_ns - row.committed_ns for row in orders if row.committed_ns and row.handed_over_ns],
        "answered": [row.answered_ns - row.handed_over_ns for row in orders if row.handed_over_ns and row.answered_ns],
    }
    told = {name: _told(HOP_TEXT[name], spans) for name, spans in found.items()}
    return {name: row for name, row in told.items() if row is not None}


def _told(text: tuple[str, str], spans_ns: Iterable[int]) -> Plain | None:
    spans = sorted(span for span in spans_ns if span >= 0)
    if not spans:
        return None
    return {
        "text": text[0],
        "text_en": text[1],
        "count": len(spans),
        "p50": _milliseconds(spans, 50),
        "p99": _milliseconds(spans, 99),
    }


def _milliseconds(spans: list[int], percent: int) -> float:
    """Return the least span that so many per cent do not exceed."""
    return round(spans[-(-len(spans) * percent // 100) - 1] / MILLISECOND_NS, 3)
