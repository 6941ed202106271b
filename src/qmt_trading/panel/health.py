"""How the system itself is doing: hops, queues, disk, clock, hosts, and the panel's own cost."""

from __future__ import annotations

import contextlib
import shutil
import time
from typing import Final

from qmt_trading.codec import latency_json
from qmt_trading.codec.view_json import Plain
from qmt_trading.model.words import LinkState
from qmt_trading.panel import shown
from qmt_trading.panel.data_parts import DataParts
from qmt_trading.panel.memory import resident_bytes

READY_S: Final = 5.0
"""An engine that has been silent for longer is not what is shown any more."""
JOURNAL_FILES: Final = ("journal.sqlite", "journal.sqlite-wal", "snapshot.bin")
_OF_THE_ENGINE: Final = (
    "queues",
    "clock_offset_ms",
    "clock_offset_source",
    "host_restarts",
    "turns",
    "journal_closed",
    "chaos",
)


def health_row(parts: DataParts) -> Plain:
    """Return the figures; those that only a running engine tells are null without it."""
    now = parts.board.shown
    told = now.engine.status if now.engine.runs else {}
    return {
        **{name: told.get(name) for name in _OF_THE_ENGINE},
        "latency": latency_json.hops(now.view) if now.view is not None else {},
        "engine": {"running": now.engine.runs, "age_s": shown.age_s(now), "trouble": now.engine.trouble or None},
        "disk_free_bytes": _free(parts),
        "journal_bytes": _journal_bytes(parts),
        "journal_trouble": now.trouble or None,
        "accounts": [
            {
                "account": row["account"],
                "name": row["name"],
                "link": row["link"],
                "link_text": row["link_text"],
                "condition": row.get("condition"),
                "condition_text": row.get("condition_text"),
            }
            for row in shown.account_rows(now)
        ],
        "quote_age_s": shown.newest_quote_age_s(now),
        "panel": {
            "memory_bytes": resident_bytes(),
            "processor_s": round(time.process_time(), 2),
            "clients": len(parts.hub.readers),
            "frames_encoded": parts.hub.encodings,
            "gaps": parts.hub.gaps,
            "dropped": parts.hub.dropped,
            "pause_ms": round(parts.hub.pause_s * 1000),
        },
    }


def is_ready(parts: DataParts) -> tuple[bool, str]:
    """Tell whether what is shown is how things stand: the journal is read, and the engine has answered of late."""
    now = parts.board.shown
    if now.trouble:
        return False, "journal"
    if not now.read_ns:
        return False, "starting"
    age_s = shown.age_s(now)
    return (True, "ok") if age_s is not None and age_s <= READY_S else (False, "engine")


def is_healthy(parts: DataParts) -> tuple[bool, str]:
    """Tell whether all of it works: the panel is ready, the engine runs and may submit, every account is connected."""
    ready, why = is_ready(parts)
    if not ready:
        return ready, why
    now = parts.board.shown
    if not now.engine.runs:
        return False, "engine"
    if now.view is not None and now.view.submits_closed:
        return False, "submits_closed"
    if now.view is not None and not all(row.link is LinkState.CONNECTED for row in now.view.accounts):
        return False, "accounts"
    return True, "ok"


def _free(parts: DataParts) -> int | None:
    with contextlib.suppress(OSError):
        return shutil.disk_usage(parts.folder).free
    return None


def _journal_bytes(parts: DataParts) -> int:
    total = 0
    for name in JOURNAL_FILES:
        with contextlib.suppress(OSError):
            total += (parts.folder / name).stat().st_size
    return total
