"""What the audit keeps of programs: which key brought which signal, and no more lines than a disk should take."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from typing import Final

from qmt_trading.codec.view_json import Plain
from qmt_trading.panel.audit import Audit
from qmt_trading.panel.callers import Caller

LINES_A_MINUTE: Final = 60
"""Of one key; what comes beyond is counted, and the count is noted with the first line of the next minute."""
MINUTE_S: Final = 60.0


class DoorLines:
    """Notes messages of the HTTP door; the journal holds what was in them. For any thread."""

    def __init__(self, steady_s: Callable[[], float]) -> None:
        self._steady_s = steady_s
        self._lock = threading.Lock()
        self._minutes: dict[str, tuple[float, int]] = {}
        """By key, when its minute began, and how many it has brought in it."""

    def note(
        self,
        audit: Audit,
        program: Caller,
        outcome: str,
        door: str,
        receipt: Mapping[str, Plain | object] | None = None,
    ) -> None:
        """Note that ``program`` brought a message, and what it was answered."""
        more = self._counted(program.key)
        if more is None:
            return
        about = {"key": program.key, "door": door}
        about |= {name: str((receipt or {}).get(name) or "") for name in ("seq", "id")}
        audit.note(program, "signal", outcome, **{name: text for name, text in about.items() if text}, **more)

    def _counted(self, key: str) -> dict[str, str] | None:
        """Return what is to be told beside, None where the minute has had its lines."""
        now_s = self._steady_s()
        with self._lock:
            began_s, count = self._minutes.get(key, (now_s, 0))
            if now_s - began_s >= MINUTE_S:
                self._minutes[key] = now_s, 1
                beyond = count - LINES_A_MINUTE
                return {"beyond": str(beyond)} if beyond > 0 else {}
            self._minutes[key] = began_s, count + 1
            return {} if count < LINES_A_MINUTE else None
