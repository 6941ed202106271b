"""Commands that read: beside a running engine, and after it has died."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated

import typer

from qmt_trading.cli import engine_access, exit_codes, show
from qmt_trading.cli.options import DEFAULT_CONFIG, ConfigOption, JsonOption, explained, fail
from qmt_trading.run.config import load

LimitOption = Annotated[int, typer.Option("--limit", "-n", help="最多行数 at most so many rows", min=1)]


def _list(
    config: ConfigOption, table: str, columns: Sequence[show.Column], title: str, *, as_json: bool, limit: int = 1000
) -> None:
    with explained():
        rows, live = engine_access.read(load(config), table, limit=limit)
    if as_json:
        show.print_json(rows)
        return
    console = show.console()
    if not live:
        console.print("引擎未运行，以下来自日志 / no engine runs; read from the journal", style="yellow")
    if not rows:
        console.print(f"{title}：无 / none")
        return
    console.print(show.table_of(rows, columns, title))


def status(config: ConfigOption = DEFAULT_CONFIG, *, as_json: JsonOption = False) -> None:
    """现在怎么样 how things stand."""
    with explained():
        rows, live = engine_access.read(load(config), "status")
    row = {**rows[0], "running": live}
    if as_json:
        show.print_json([row])
        return
    console = show.console()
    console.print("● 运行中 running" if live else "○ 未运行 not running", style="bold green" if live else "bold yellow")
    names = {
        "mode": "模式",
        "day": "交易日",
        "state_text": "状态",
        "accounts": "账户",
        "accounts_ready": "就绪账户",
        "signals": "信号",
        "orders": "委托",
        "working_orders": "未成交",
        "unknown_orders": "待核实",
        "fills": "成交",
        "malformed": "格式错误",
        "journal_closed": "日志故障",
        "submits_closed": "停单原因",
    }
    for key, name in names.items():
        if row.get(key) is not None:
            console.print(f"  {name:<6} {row[key]}")


def accounts(config: ConfigOption = DEFAULT_CONFIG, *, as_json: JsonOption = False) -> None:
    """账户资金 accounts and cash."""
    _list(config, "accounts", show.ACCOUNTS, "账户", as_json=as_json)


def positions(config: ConfigOption = DEFAULT_CONFIG, *, as_json: JsonOption = False) -> None:
    """持仓 positions."""
    _list(config, "positions", show.POSITIONS, "持仓", as_json=as_json)


def orders(config: ConfigOption = DEFAULT_CONFIG, *, as_json: JsonOption = False, limit: LimitOption = 1000) -> None:
    """委托，新的在前 orders, newest first."""
    _list(config, "orders", show.ORDERS, "委托", as_json=as_json, limit=limit)


def fills(config: ConfigOption = DEFAULT_CONFIG, *, as_json: JsonOption = False, limit: LimitOption = 1000) -> None:
    """成交，新的在前 fills, newest first."""
    _list(config, "fills", show.FILLS, "成交", as_json=as_json, limit=limit)


def signals(config: ConfigOption = DEFAULT_CONFIG, *, as_json: JsonOption = False, limit: LimitOption = 1000) -> None:
    """信号与结果，新的在前 signals and what became of them, newest first."""
    _list(config, "signals", show.SIGNALS, "信号", as_json=as_json, limit=limit)


def alerts(config: ConfigOption = DEFAULT_CONFIG, *, as_json: JsonOption = False, limit: LimitOption = 200) -> None:
    """提醒，新的在前 alerts, newest first."""
    _list(config, "alerts", show.ALERTS, "提醒", as_json=as_json, limit=limit)


def timeline(
    seq: Annotated[int, typer.Argument(help="信号序号 the signal's number", min=1)],
    config: ConfigOption = DEFAULT_CONFIG,
    *,
    as_json: JsonOption = False,
) -> None:
    """一条信号的一生，每步毫秒 the whole life of a signal, milliseconds per hop."""
    with explained():
        rows, _ = engine_access.timeline(load(config), seq)
    if as_json:
        show.print_json(rows)
    elif rows:
        show.console().print(show.table_of(rows, show.TIMELINE, f"信号 {seq}"))
    if not rows:
        fail(exit_codes.REFUSED, f"没有信号 {seq} / no such signal today")
