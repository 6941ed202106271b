"""Rows on the screen: tables for people, JSON for programs."""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence

from rich.console import Console
from rich.table import Table
from rich.text import Text

Rows = Sequence[dict[str, object]]
Column = tuple[str, str, str]
"""Key of the row, heading, justification."""

RED_UP = {"buy": "red", "sell": "green"}
STATUS_STYLE = {
    "FILLED": "bold",
    "REJECTED": "bold red",
    "UNKNOWN": "bold yellow",
    "NOT_SENT": "yellow",
    "EXPIRED_UNRESOLVED": "bold yellow",
    "CANCELED": "dim",
    "EXPIRED": "dim",
}
SIDES = {"buy": "买入", "sell": "卖出"}

ORDERS: Sequence[Column] = (
    ("created_at", "时间", "left"),
    ("account", "账户", "left"),
    ("symbol", "代码", "left"),
    ("side", "方向", "left"),
    ("quantity", "委托数量", "right"),
    ("price", "价格", "right"),
    ("status_text", "状态", "left"),
    ("filled_quantity", "成交数量", "right"),
    ("average_price", "成交均价", "right"),
    ("leaves_quantity", "未成交", "right"),
    ("venue_order_id", "合同编号", "left"),
    ("client_order_id", "本地编号", "left"),
)
FILLS: Sequence[Column] = (
    ("filled_at", "时间", "left"),
    ("account", "账户", "left"),
    ("symbol", "代码", "left"),
    ("side", "方向", "left"),
    ("quantity", "成交数量", "right"),
    ("price", "成交价", "right"),
    ("fee", "费用", "right"),
    ("client_order_id", "本地编号", "left"),
)
POSITIONS: Sequence[Column] = (
    ("account", "账户", "left"),
    ("symbol", "代码", "left"),
    ("quantity", "持仓", "right"),
    ("sellable_quantity", "可卖", "right"),
    ("frozen_quantity", "冻结", "right"),
    ("cost_price", "成本价", "right"),
    ("realised", "已实现盈亏", "right"),
)
ACCOUNTS: Sequence[Column] = (
    ("account", "账户", "left"),
    ("name", "名称", "left"),
    ("state_text", "状态", "left"),
    ("link", "连接", "left"),
    ("available_cash", "可用资金", "right"),
    ("frozen_cash", "冻结资金", "right"),
    ("market_value", "持仓市值", "right"),
    ("total_assets", "总资产", "right"),
    ("working_orders", "未成交笔数", "right"),
    ("unknown_orders", "待核实", "right"),
)
SIGNALS: Sequence[Column] = (
    ("seq", "序号", "right"),
    ("received_at", "时间", "left"),
    ("door", "通道", "left"),
    ("status_text", "结果", "left"),
    ("text", "内容", "left"),
    ("reasons", "原因", "left"),
)
ALERTS: Sequence[Column] = (
    ("at", "时间", "left"),
    ("importance", "程度", "left"),
    ("text", "内容", "left"),
)
TIMELINE: Sequence[Column] = (
    ("milliseconds", "毫秒", "right"),
    ("hop_text", "环节", "left"),
    ("account", "账户", "left"),
    ("detail", "详情", "left"),
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


def console() -> Console:
    """Return the console for people; what it cannot show is replaced, never an error."""
    if hasattr(sys.stdout, "reconfigure"):
        sys.stdout.reconfigure(errors="replace")
    width = None if sys.stdout.isatty() else 150
    return Console(highlight=False, width=width)


def table_of(rows: Rows, columns: Sequence[Column], title: str = "") -> Table:
    """Return ``rows`` as a table; the account stands in every row that has one."""
    table = Table(title=title or None, title_justify="left", header_style="bold", box=None, pad_edge=False)
    for _, heading, justify in columns:
        table.add_column(heading, justify="right" if justify == "right" else "left", no_wrap=heading != "内容")
    for row in rows:
        table.add_row(*(_cell(row, key) for key, _, _ in columns))
    return table


def _cell(row: dict[str, object], key: str) -> Text:
    value = row.get(key)
    if value is None or value == "":
        return Text("–", style="dim")
    if key in ("created_at", "filled_at", "received_at", "at"):
        return Text(str(value)[11:23], style="dim")
    if key == "side":
        return Text(SIDES.get(str(value), str(value)), style=RED_UP.get(str(value), ""))
    if key == "status_text":
        return Text(str(value), style=STATUS_STYLE.get(str(row.get("status")), ""))
    if key == "reasons" and isinstance(value, list):
        return Text("；".join(str(each.get("text")) for each in value) or "–")
    if key == "link":
        return Text("已连接" if value == "connected" else "断开", style="green" if value == "connected" else "red")
    if key == "milliseconds":
        return Text(f"{value:.3f}" if isinstance(value, float) else str(value))
    return Text(str(value))
