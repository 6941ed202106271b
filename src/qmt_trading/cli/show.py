"""Rows on the screen: tables for people, JSON for programs."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable, Sequence
from decimal import Decimal
from typing import Final, NamedTuple

from rich.cells import cell_len
from rich.console import Console, ConsoleOptions, RenderableType
from rich.segment import Segment
from rich.table import Table
from rich.text import Text

from qmt_trading.codec.printable import in_line, in_lines

Rows = Sequence[dict[str, object]]

PIPED_WIDTH: Final = 1000
"""Of what goes into a file or another program, where a row is a line, however long."""
_GAP: Final = 2
_ROOM_MIN: Final = 20
_FLEXIBLE_MIN: Final = 40
"""Cells that a column of sentences wants before other columns may stay beside it."""


class Column(NamedTuple):
    """One column; what does not fit is left out whole, never cut."""

    key: str
    heading: str
    right: bool = False
    drop: int = 0
    """The lower, the earlier it goes where the screen is narrow; 0: it stays."""
    flexible: bool = False
    """Takes what width is left and goes on in further lines."""


NEAR: Final = 80
"""Per cent of a limit from which on it is nearly used up."""
FULL: Final = 100
BAR_CELLS: Final = 10
RED_UP: Final = {"buy": "red", "sell": "green"}
STATUS_STYLE: Final = {
    "FILLED": "bold",
    "REJECTED": "bold red",
    "UNKNOWN": "bold yellow",
    "NOT_SENT": "yellow",
    "EXPIRED_UNRESOLVED": "bold yellow",
    "CANCELED": "dim",
    "EXPIRED": "dim",
    "accepted": "green",
    "denied": "bold red",
    "duplicate": "yellow",
}
STATE_STYLE: Final = {"ACTIVE": "green", "REDUCING": "bold yellow", "HALTED": "bold red"}
IMPORTANCE_STYLE: Final = {"warning": "yellow", "critical": "bold red"}
TIMES: Final = ("created_at", "filled_at", "received_at", "at")
MONEY: Final = ("available_cash", "frozen_cash", "market_value", "total_assets", "fee", "realised", "bought", "sold")
PROFITS: Final = ("day_profit", "floating_profit")
PRICES: Final = ("average_price", "cost_price", "last_price")
"""Computed ones, which would otherwise have any number of decimals."""
MILLISECONDS: Final = 3
"""The place of a time's milliseconds in the order in which a table gives way."""

ORDERS: Final = (
    Column("created_at", "时间"),
    Column("account", "账户"),
    Column("symbol", "代码"),
    Column("side", "方向"),
    Column("quantity", "数量", right=True),
    Column("price", "价格", right=True),
    Column("status_text", "状态"),
    Column("filled_quantity", "成交", right=True),
    Column("leaves_quantity", "未成交", right=True, drop=4),
    Column("average_price", "成交均价", right=True, drop=1),
    Column("venue_order_id", "合同编号", drop=2),
    Column("client_order_id", "本地编号", drop=5),
)
FILLS: Final = (
    Column("filled_at", "时间"),
    Column("account", "账户"),
    Column("symbol", "代码"),
    Column("side", "方向"),
    Column("quantity", "成交数量", right=True),
    Column("price", "成交价", right=True),
    Column("fee", "费用", right=True, drop=1),
    Column("client_order_id", "本地编号", drop=4),
)
POSITIONS: Final = (
    Column("account", "账户"),
    Column("symbol", "代码"),
    Column("quantity", "持仓", right=True),
    Column("sellable_quantity", "可卖", right=True),
    Column("frozen_quantity", "冻结", right=True, drop=1),
    Column("cost_price", "成本价", right=True, drop=2),
    Column("last_price", "最新价", right=True, drop=5),
    Column("floating_profit", "浮动盈亏", right=True, drop=6),
    Column("day_profit", "当日盈亏", right=True, drop=7),
    Column("realised", "已实现盈亏", right=True, drop=4),
)
ACCOUNTS: Final = (
    Column("account", "账户"),
    Column("name", "名称", drop=7),
    Column("state_text", "状态"),
    Column("link_text", "连接"),
    Column("available_cash", "可用资金", right=True),
    Column("frozen_cash", "冻结资金", right=True, drop=1),
    Column("market_value", "持仓市值", right=True, drop=2),
    Column("total_assets", "总资产", right=True, drop=5),
    Column("day_profit", "当日盈亏", right=True, drop=6),
    Column("floating_profit", "浮动盈亏", right=True, drop=3),
    Column("working_orders", "未成交", right=True, drop=4),
    Column("unknown_orders", "待核实", right=True, drop=8),
    Column("differences_text", "对账差异", drop=9),
)
SIGNALS: Final = (
    Column("seq", "序号", right=True),
    Column("received_at", "时间"),
    Column("door", "通道", drop=1),
    Column("status_text", "结果"),
    Column("content", "内容与原因", flexible=True),
)
MALFORMED: Final = (
    Column("received_at", "时间"),
    Column("door", "通道", drop=1),
    Column("position", "字节", right=True, drop=2),
    Column("told", "内容与原因", flexible=True),
)
TIMED: Final = (
    Column("name", "编号"),
    Column("due_text", "定时"),
    Column("instruction", "指令"),
    Column("accounts_text", "账户", flexible=True),
    Column("state_text", "状态"),
)
ALERTS: Final = (
    Column("id", "编号", right=True),
    Column("at", "时间"),
    Column("importance_text", "程度"),
    Column("account", "账户"),
    Column("text", "内容", flexible=True),
    Column("acknowledged_by", "确认人", drop=1),
)
LIMITS: Final = (
    Column("limit_text", "限额"),
    Column("limit", "键", drop=1),
    Column("value_text", "上限", right=True),
    Column("used_text", "已用", right=True),
    Column("used_bar", "占用"),
    Column("position", "持仓", drop=2),
    Column("source_text", "来源", drop=3),
)
LIMITS_PIPED: Final = (Column("scope_text", "范围"), *LIMITS)
SCOPES: Final = (
    Column("scope_text", "范围"),
    Column("orders", "委托", right=True),
    Column("cancels", "撤单", right=True),
    Column("working_orders", "未成交", right=True),
    Column("unknown_orders", "待核实", right=True, drop=1),
    Column("bought", "买入额", right=True, drop=3),
    Column("sold", "卖出额", right=True, drop=2),
    Column("day_profit", "当日盈亏", right=True),
    Column("day_profit_share", "占早盘资产", right=True, drop=1),
)
TIMELINE: Final = (
    Column("milliseconds", "毫秒", right=True),
    Column("hop_text", "环节"),
    Column("account", "账户"),
    Column("detail", "详情", flexible=True),
)


def print_json(value: object) -> None:
    """Print ``value`` as JSON on the output stream, in UTF-8 whatever the console is."""
    text = json.dumps(value, ensure_ascii=False, indent=2) + "\n"
    sys.stdout.flush()
    if hasattr(sys.stdout, "buffer"):
        sys.stdout.buffer.write(text.encode("utf-8"))
        sys.stdout.buffer.flush()
    else:
        sys.stdout.write(text)


class _Screen(Console):
    """A console that shows, and does not carry out, the terminal codes that a text holds."""

    def render(self, renderable: RenderableType, options: ConsoleOptions | None = None) -> Iterable[Segment]:
        for segment in super().render(renderable, options):
            yield segment if segment.control else Segment(in_lines(segment.text), segment.style)


def console() -> Console:
    """Return the console for people; what it cannot show is replaced, and brackets in a text are just brackets.

    Control characters in a text are shown as such, ``\\u001b``. Its line breaks stay, but for ``say`` and tables.
    """
    if hasattr(sys.stdout, "reconfigure"):
        sys.stdout.reconfigure(errors="replace")
    width = None if sys.stdout.isatty() else PIPED_WIDTH
    return _Screen(highlight=False, markup=False, emoji=False, width=width)


def hung(text: str, to: Console, *, indent: int = 0, hanging: int = 0) -> list[str]:
    """Return ``text`` as lines that fit: the first after ``indent`` blanks, the others further in by ``hanging``."""
    room = max(to.width - indent - hanging, _ROOM_MIN)
    first, *rest = Text(text).wrap(to, room, overflow="fold")
    return [" " * indent + first.plain.rstrip(), *(" " * (indent + hanging) + line.plain.rstrip() for line in rest)]


def say(text: str, *, indent: int = 0, hanging: int = 0, style: str = "") -> None:
    """Print a sentence for people; on a terminal what goes on in a further line hangs, in a file it stays one line."""
    text = in_line(text)
    to = console()
    if to.is_terminal:
        for line in hung(text, to, indent=indent, hanging=hanging):
            to.print(line, style=style, soft_wrap=True)
    else:
        to.print(" " * indent + text, style=style, soft_wrap=True)


def print_table(table: Table, *, to: Console) -> None:
    """Print ``table``; into a file or another program without the blanks that fill its lines."""
    if to.is_terminal:
        to.print(table)
        return
    with to.capture() as drawn:
        to.print(table)
    to.print("\n".join(line.rstrip() for line in drawn.get().splitlines()), soft_wrap=True)


def table_of(rows: Rows, columns: Sequence[Column], *, width: int, title: str = "", tells: bool = True) -> Table:
    """Return ``rows`` as a table at most ``width`` cells wide; whole columns give way in their order, no cell is cut.

    Args:
        tells: what is left out stands below the table.
    """
    kept, cells, left_out = _fitted(rows, columns, width)
    table = Table(
        title=title or None,
        title_justify="left",
        title_style="bold",
        caption=f"窄屏未显示：{'、'.join(left_out)}（加宽窗口，或用 --json）" if left_out and tells else None,
        caption_justify="left",
        caption_style="dim",
        header_style="bold",
        box=None,
        pad_edge=False,
    )
    for column in kept:
        table.add_column(
            column.heading,
            justify="right" if column.right else "left",
            no_wrap=not column.flexible,
            overflow="fold",
        )
    for row in cells:
        table.add_row(*row)
    return table


def _fitted(rows: Rows, columns: Sequence[Column], width: int) -> tuple[list[Column], list[list[Text]], list[str]]:
    """Return the columns that fit, their cells, and the headings of those left out."""
    kept, left_out, short_times = list(columns), [], False
    while True:
        cells = [[cell(row, column.key, short_time=short_times) for column in kept] for row in rows]
        if _width(kept, cells) <= width:
            break
        going = min((column for column in kept if column.drop), key=lambda column: column.drop, default=None)
        has_time = any(column.key in TIMES for column in kept)
        if has_time and not short_times and (going is None or going.drop >= MILLISECONDS):
            short_times = True
        elif going is None:
            break
        else:
            kept.remove(going)
            left_out.append(going.heading)
    return kept, cells, left_out


def _width(columns: Sequence[Column], cells: Sequence[Sequence[Text]]) -> int:
    total = _GAP * (len(columns) - 1)
    for index, column in enumerate(columns):
        widest = max([cell_len(column.heading), *(_widest_line(row[index]) for row in cells)])
        total += min(widest, _FLEXIBLE_MIN) if column.flexible else widest
    return total


def _widest_line(text: Text) -> int:
    return max(cell_len(line) for line in text.plain.split("\n"))


def cell(row: dict[str, object], key: str, *, short_time: bool = False) -> Text:
    """Return one value as a person reads it."""
    if key == "content":
        return _content(row)
    value = row.get(key)
    if value is None or value == "":
        return Text("–", style="dim")
    text = in_line(str(value))
    if text == " ":
        return Text()
    if row.get("heading"):
        return Text(text, style="bold")
    if key in TIMES:
        return Text(text[11:19] if short_time else text[11:23], style="dim")
    if key == "side":
        return Text(in_line(str(row.get("side_text", text))), style=RED_UP.get(text, ""))
    if key == "status_text":
        return Text(text, style=STATUS_STYLE.get(str(row.get("status")), ""))
    if key == "state_text":
        return Text(text, style=STATE_STYLE.get(str(row.get("state")), ""))
    if key == "importance_text":
        return Text(text, style=IMPORTANCE_STYLE.get(str(row.get("importance")), ""))
    if key == "link_text":
        return Text(text, style={"connected": "green", "down": "red"}.get(str(row.get("link")), "yellow"))
    if key in MONEY:
        return Text(f"{Decimal(text):,.2f}")
    if key in PROFITS:
        profit = Decimal(text)
        return Text(f"{profit:+,.2f}", style="red" if profit > 0 else "green" if profit < 0 else "")
    if key == "used_bar":
        return bar(value)
    if key in PRICES:
        return Text(f"{Decimal(text):.3f}")
    if key == "milliseconds":
        return Text(f"{value:.3f}" if isinstance(value, float) else text)
    return Text(text)


def bar(percent: object) -> Text:
    """Return how full a limit is as a bar with its figure: yellow when it is nearly used up, red when it is."""
    if not isinstance(percent, int):
        return Text("–", style="dim")
    filled = min(BAR_CELLS, percent * BAR_CELLS // 100)
    style = "bold red" if percent >= FULL else "bold yellow" if percent >= NEAR else "green"
    text = Text().append("█" * filled, style=style)
    text.append("·" * (BAR_CELLS - filled), style="dim")
    return text.append(f" {percent:>3}%", style=style if percent >= NEAR else "")


def _content(row: dict[str, object]) -> Text:
    """Return a message, and below it why it, or a part of it, was refused."""
    text = Text(in_line(str(row.get("text") or "–")))
    reasons = row.get("reasons")
    for each in reasons if isinstance(reasons, list) else ():
        text.append(f"\n  {in_line(str(each.get('text')))}", style="dim" if row.get("status") == "accepted" else "red")
    return text


def aligned(pairs: Sequence[tuple[str, object]]) -> list[str]:
    """Return ``pairs`` as lines with the values in one column, whatever the width of the names' characters."""
    widest = max((cell_len(name) for name, _ in pairs), default=0)
    return [f"{name}{' ' * (widest - cell_len(name))}  {in_line(str(value))}" for name, value in pairs]
