"""``qmt morning``: the checklist of each account as of now, with its cash and holdings to compare with the client."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from qmt_trading.cli import engine_access, exit_codes, show
from qmt_trading.cli.acting import AccountOption, act, want_why
from qmt_trading.cli.options import (
    DEFAULT_CONFIG,
    ConfigOption,
    JsonOption,
    WhyOption,
    explained,
    fail,
    place_of,
    who,
)
from qmt_trading.codec import control as wire

_STYLES = {"✓": "green", "!": "yellow", "✗": "bold red"}
AcceptOption = Annotated[
    str | None, typer.Option("--accept", help="确认红项，今天恢复该账户买入 let this account buy all the same")
]


def morning(
    config: ConfigOption = DEFAULT_CONFIG,
    *,
    account: AccountOption = None,
    accept: AcceptOption = None,
    why: WhyOption = "",
    as_json: JsonOption = False,
) -> None:
    """开盘前逐项检查每个账户 the checklist of each account."""
    if accept is not None:
        want_why(why)
        act(config, wire.AcceptMorning(who=who(), why=why, account=accept), as_json=as_json)
        return
    rows = _rows(config, account)
    if as_json:
        show.print_json(rows)
    else:
        for row in rows:
            _print(row)
    if not all(row["green"] for row in rows):
        raise typer.Exit(exit_codes.REFUSED)


def _rows(config: Path, account: str | None) -> list[dict[str, object]]:
    with explained():
        try:
            rows = engine_access.ask(place_of(config).folder, wire.Read("morning"))
        except wire.ControlError as error:
            fail(exit_codes.REFUSED, f"✗ {error}")
    found = [row for row in rows if account in (None, row["account"], row["name"])]
    if not found:
        known = "、".join(str(row["account"]) for row in rows)
        fail(exit_codes.REFUSED, f"✗ 账号未配置：{account}；已有：{known} / account not configured")
    return found


def _print(row: dict[str, object]) -> None:
    name = f"{row['account']} {row['name'] or ''}".rstrip()
    mark, told = ("✓", "通过") if row["green"] else ("✗", "未通过，暂停买入（卖出、撤单照常）")
    if not row["green"] and not row["morning_closed"]:
        told = "此刻有红项，没有拦买入（还没到重看的时候，或已由人确认，或没有开启检查）"
    show.say(f"{mark} {name} {row['condition_text']}：{told}", style=_STYLES[mark] if mark == "✗" else "bold green")
    items = row["items"]
    assert isinstance(items, list)
    for item in items:
        todo = f"；{item['todo']}" if item["todo"] else ""
        show.say(f"{item['mark']} {item['text']}{todo}", indent=2, hanging=2, style=_STYLES[item["mark"]])
    pairs = [
        ("可用资金", show.cell(row, "available_cash").plain),
        ("冻结资金", show.cell(row, "frozen_cash").plain),
        ("持仓市值", show.cell(row, "market_value").plain),
        ("总资产", show.cell(row, "total_assets").plain),
    ]
    show.say("与客户端对到分：" + "，".join(f"{key} {value}" for key, value in pairs), indent=2, hanging=2)
    positions = row["positions"]
    assert isinstance(positions, list)
    console = show.console()
    if positions:
        table = show.table_of(positions, show.POSITIONS, width=console.width)
        show.print_table(table, to=console)
    else:
        show.say("没有持仓", indent=2)
