"""The signals of a replay and what became of each: a table of the page, and a whole one for a spreadsheet."""

from __future__ import annotations

import csv
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from msgspec import Struct

from qmt_trading.model.instant import to_iso_text
from qmt_trading.model.numbers import to_text
from qmt_trading.research.report.tables import table
from qmt_trading.research.report.texts import NOTHING, Pair, both, escaped, number, price

LINES_MAX: Final = 400
"""Lines that the page shows; all of them are in the file."""
TEXT_MAX: Final = 120
STATUSES: Final[dict[str, Pair]] = {
    "accepted": ("已受理", "accepted"),
    "denied": ("已拦截", "denied"),
    "duplicate": ("重复", "duplicate"),
    "malformed": ("格式错误", "malformed"),
    "busy": ("繁忙", "busy"),
    "heartbeat": ("心跳", "heartbeat"),
    "outside": ("不在行情的日子里", "no history of its day"),
}
OUTCOMES: Final[dict[str, Pair]] = {
    "filled": ("全部成交", "filled"),
    "partly": ("部分成交", "partly filled"),
    "unfilled": ("没有成交", "not filled"),
    "denied": ("已拦截", "denied"),
    "not_sent": ("没有报出", "not sent"),
    "rejected": ("废单", "rejected"),
    "working": ("仍在场", "still working"),
    "canceling": ("撤单", "cancels"),
    "nothing": ("不需要做什么", "nothing to do"),
    "registered": ("已登记", "registered"),
}
SIDES: Final[dict[str, Pair]] = {"buy": ("买入", "buy"), "sell": ("卖出", "sell")}


class SignalLine(Struct, frozen=True, kw_only=True):
    """One message, and one order, cancel or refusal that came of it. Money in ten-thousandths of a yuan."""

    place: int
    """The line of the file, counted from 1."""
    at_ns: int
    text: str
    """The message as it came."""
    status: str
    """One of ``STATUSES``."""
    account: str = ""
    symbol: str = ""
    side: str = ""
    """``buy``, ``sell`` or empty."""
    quantity: int = 0
    price: int = 0
    """The limit; 0: there is none."""
    outcome: str = ""
    """One of ``OUTCOMES``, or empty."""
    filled: int = 0
    value: int = 0
    """Of what has filled."""
    ended_ns: int = 0
    reason: str = ""
    """A code; empty: there is nothing to explain."""
    chinese: str = ""
    english: str = ""

    @property
    def average(self) -> float | None:
        """The average price, in ten-thousandths of a yuan; None: nothing has filled."""
        return self.value / self.filled if self.filled else None


def section(lines: Sequence[SignalLine]) -> str:
    """Return the table of the page."""
    if not lines:
        return f'<p class="none">{both(("没有信号", "No signal"))}</p>'
    rows: list[str] = []
    before = 0
    for line in lines[:LINES_MAX]:
        rows.append(_row(line, is_first=line.place != before))
        before = line.place
    head = [
        f"={both(('行', 'Line'))}",
        f"={both(('时间', 'Time'))}",
        f"={both(('信号', 'Signal'))}",
        f"={both(('账户', 'Account'))}",
        f"={both(('代码', 'Symbol'))}",
        f"={both(('方向', 'Side'))}",
        both(("委托", "Shares")),
        both(("限价", "Limit")),
        both(("成交", "Filled")),
        both(("均价", "Average")),
        f"={both(('结果', 'Outcome'))}",
        f"={both(('原因', 'Why'))}",
    ]
    more = len(lines) - LINES_MAX
    words = (
        f"全部 {len(lines):,} 行在 signals.csv{f'，这里是前 {LINES_MAX} 行' if more > 0 else ''}。",
        f"All {len(lines):,} lines are in signals.csv{f'; these are the first {LINES_MAX}' if more > 0 else ''}.",
    )
    return table(head, rows, "signals", flows=True) + f'<p class="note">{both(words)}</p>'


def _row(line: SignalLine, *, is_first: bool) -> str:
    text = line.text if len(line.text) <= TEXT_MAX else line.text[:TEXT_MAX] + "…"
    message = ("", "", "")
    if is_first:
        when = to_iso_text(line.at_ns)[:23].replace("T", " ")
        message = str(line.place), when, f"<code>{escaped(text)}</code>"
    side = both(SIDES[line.side]) if line.side else ""
    tone = {"buy": "up", "sell": "down"}.get(line.side, "")
    words = OUTCOMES.get(line.outcome) or STATUSES[line.status]
    why = both((line.chinese, line.english)) if line.chinese else ""
    code = f"<code>{escaped(line.reason)}</code> " if line.reason else ""
    return (
        f'<tr><td class="left quiet">{message[0]}</td><td class="left">{message[1]}</td>'
        f'<td class="left say">{message[2]}</td><td class="left">{escaped(line.account)}</td>'
        f'<td class="left">{escaped(line.symbol)}</td><td class="left {tone}">{side}</td>'
        f"<td>{number(line.quantity, 0) if line.quantity else NOTHING}</td>"
        f"<td>{price(line.price) if line.price else NOTHING}</td>"
        f"<td>{number(line.filled, 0) if line.quantity else NOTHING}</td><td>{price(line.average)}</td>"
        f'<td class="left">{both(words)}</td><td class="left say">{code}{why}</td></tr>'
    )


def write_lines(lines: Sequence[SignalLine], path: Path) -> Path:
    """Write all lines, prices in yuan, UTF-8 with a mark."""
    with path.open("w", encoding="utf-8-sig", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(
            (
                *("line", "at", "message", "status", "account", "symbol", "side", "quantity", "price", "outcome"),
                *("filled", "average", "ended", "reason", "text", "text_en"),
            )
        )
        for line in lines:
            writer.writerow(
                (
                    line.place,
                    to_iso_text(line.at_ns),
                    line.text,
                    line.status,
                    line.account,
                    line.symbol,
                    line.side,
                    line.quantity or "",
                    to_text(line.price) if line.price else "",
                    line.outcome,
                    line.filled,
                    "" if line.average is None else to_text(round(line.average)),
                    to_iso_text(line.ended_ns) if line.ended_ns else "",
                    line.reason,
                    line.chinese,
                    line.english,
                )
            )
    return path
