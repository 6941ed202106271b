"""Write what the program says into docs/reasons.md: ``python tools/reasons.py``.

The page has a row for every reason. Its code, its order, the cause and what to do are written by hand; the sentence in
Chinese and English is the program's own, with figures as they might be, and is put there by this file. The tests hold
the page against it.
"""

from __future__ import annotations

import re
import sys
from pathlib import Path
from typing import Final

from qmt_trading.codec.sentences import sentence
from qmt_trading.model.reasons import Denial, Reason

ROOT: Final = Path(__file__).resolve().parent.parent
PAGE: Final = ROOT / "docs" / "reasons.md"
_ROW: Final = re.compile(r"^\| `([A-Z_]+)` \|([^|]*)\|([^|]*)\|([^|]*)\|$", re.MULTILINE)
_ACCOUNT: Final = "account 11031122"
EXAMPLES: Final[dict[Reason, tuple[str, ...]]] = {
    Reason.DOOR_FORBIDS: ("monitor", "cancel"),
    Reason.DOOR_ACCOUNT_FORBIDDEN: ("monitor", "11031124"),
    Reason.ACCOUNT_UNKNOWN: ("11031199",),
    Reason.ACCOUNT_NOT_READY: ("11031122", "down"),
    Reason.MORNING_RED: ("terminal,list",),
    Reason.BARE_DENIED: ("monitor",),
    Reason.BARE_PER_DAY: ("1", "1"),
    Reason.SYMBOL_UNKNOWN: ("600999.SH",),
    Reason.SYMBOL_NOT_TRADABLE: ("000001.SH", "index"),
    Reason.SYMBOL_FROZEN: ("1B15E0000000H",),
    Reason.SIZE_MISSING: ("600000.SH",),
    Reason.SIZE_ZERO: ("5%", "60", "100"),
    Reason.SIZE_SELL_ONLY: ("半仓",),
    Reason.LOT_INVALID: ("star", "100", "200", "1"),
    Reason.QUANTITY_EXCEEDED: ("60000000", "1000000"),
    Reason.TICK_INVALID: ("10.505", "0.01"),
    Reason.PRICE_MISSING: ("卖一",),
    Reason.PRICE_ABOVE_LIMIT: ("10.80", "10.78"),
    Reason.PRICE_BELOW_LIMIT: ("8.80", "8.82"),
    Reason.CASH_EXCEEDED: ("10,505.00", "8,200.00"),
    Reason.SELLABLE_EXCEEDED: ("1000", "600", "400"),
    Reason.ORDER_VALUE_EXCEEDED: ("52,000.00", "50,000.00", _ACCOUNT),
    Reason.ORDERS_PER_SIGNAL_EXCEEDED: ("2", "2", _ACCOUNT),
    Reason.AMPLIFICATION: ("600", "600"),
    Reason.DUPLICATE_SUSPECTED: ("1.8",),
    Reason.SIGNAL_STALE: ("4.2",),
    Reason.SIGNAL_FROM_FUTURE: ("7.5",),
    Reason.QUOTE_STALE: ("4.2",),
    Reason.ID_REUSED: ("ladder/17", "12"),
    Reason.NOT_SUPPORTED: ("target",),
    Reason.NOTHING_TO_CANCEL: ("600000.SH", "11031122"),
    Reason.NO_CANCEL_PHASE: ("09:20", "09:25"),
    Reason.CANCEL_PACED: ("150", "09:19:56.200"),
    Reason.WAITS: ("09:15:00",),
    Reason.WAITING_DROPPED: ("3", "09:15:00"),
    Reason.AT_PASSED: ("09:15:00", "09:31:07"),
    Reason.AT_TOO_FAR: ("30",),
    Reason.TARGET_REACHED: ("600000.SH", "1000", "1000"),
    Reason.TARGET_WORKING: ("600000.SH", "500"),
    Reason.CANCELED_BY_LATER: ("18",),
    Reason.SAME_TWICE: ("600000.SH", "11031122"),
    Reason.TOO_MANY_ORDERS: ("1200", "1000"),
    Reason.CALENDAR_ENDED: ("2026-12-31",),
    Reason.OUT_OF_SESSION: ("15:01:12",),
    Reason.OUT_OF_WINDOW: ("14:58:00", _ACCOUNT),
    Reason.SYMBOL_DENIED: ("600519.SH", "total"),
    Reason.SUSPENDED: ("600000.SH",),
    Reason.RISK_WARNING: ("600000.SH", _ACCOUNT),
    Reason.UNKNOWN_ORDERS: ("5", "5", _ACCOUNT),
    Reason.PRICE_CAGE: ("10.80", "10.71", "buy"),
    Reason.DAY_BUY_EXCEEDED: ("500100", "500000"),
    Reason.SELF_CROSS: ("11031123", "10.50"),
    Reason.ORDER_QUANTITY_EXCEEDED: ("1000", "100", _ACCOUNT),
    Reason.PRICE_DEVIATES: ("10.80", "10.50", "2%", _ACCOUNT),
    Reason.POSITION_VALUE_EXCEEDED: ("62,000.00", "50,000.00", "strategy 网格"),
    Reason.POSITION_SHARE_EXCEEDED: ("32%", "30%", _ACCOUNT),
    Reason.BUY_VALUE_EXCEEDED: ("108,000.00", "100,000.00", _ACCOUNT),
    Reason.TURNOVER_EXCEEDED: ("1,020,000.00", "1,000,000.00", "total"),
    Reason.RECENT_VALUE_EXCEEDED: ("80,000.00", "900,000.00", "5%", _ACCOUNT),
    Reason.WORKING_ORDERS_EXCEEDED: ("21", "20", _ACCOUNT),
    Reason.ORDERS_PER_DAY_EXCEEDED: ("201", "200", _ACCOUNT),
    Reason.MESSAGES_PER_DAY_EXCEEDED: ("10001", "10000", _ACCOUNT),
    Reason.ORDER_RATE_EXCEEDED: ("3", "4.0", _ACCOUNT),
    Reason.PACED: ("3", "09:30:01.400", _ACCOUNT),
}
"""Figures of a reason that has any, as they might be."""


def said(reason: Reason) -> str:
    """Return the cell with what the program says, in both languages."""
    chinese, english = sentence(Denial(reason, EXAMPLES.get(reason, ())))
    return f" {chinese}<br>{english} "


def updated(page: str) -> str:
    """Return ``page`` with the sentences as they are now; all else stays as it was written."""
    return _ROW.sub(lambda row: f"| `{row[1]}` |{said(Reason(row[1]))}|{row[3]}|{row[4]}|", page)


def shortcomings(page: str) -> list[str]:
    """Return what the page lacks: reasons without a row, or with two, and rows without a cause or advice."""
    rows = [(row[1], row[3].strip(), row[4].strip()) for row in _ROW.finditer(page)]
    found = [f"{reason}: {count} rows" for reason in Reason if (count := [row[0] for row in rows].count(reason)) != 1]
    return found + [f"{code}: an empty cell" for code, cause, advice in rows if not (cause and advice)]


def main() -> int:
    """Write the page and return 0; 1 where a person has to write something first."""
    page = PAGE.read_text(encoding="utf-8")
    PAGE.write_text(updated(page), encoding="utf-8", newline="\n")
    found = shortcomings(page)
    for each in found:
        print(each)
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
