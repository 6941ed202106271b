"""``qmt reconcile``: our books beside the broker's, account by account, and what differs since when."""

from __future__ import annotations

from typing import Annotated

import typer

from qmt_trading.cli import engine_access, exit_codes, show
from qmt_trading.cli.acting import AccountOption, want_why
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

_COUNTED = (("orders", "委托"), ("fills", "成交"), ("positions", "持仓"), ("cash", "资金"))


def reconcile(
    config: ConfigOption = DEFAULT_CONFIG,
    *,
    account: AccountOption = None,
    accept: Annotated[bool, typer.Option("--accept", help="已证实的差异以柜台为准 take the broker's figures")] = False,
    why: WhyOption = "",
    as_json: JsonOption = False,
) -> None:
    """向柜台对账，有差异时退出码为 1 compare with the broker."""
    if accept:
        want_why(why)
    request = wire.Reconcile(who=who(), why=why, account=account, accept=accept)
    with explained():
        try:
            rows = engine_access.ask(place_of(config).folder, request, wait_s=20.0)
        except wire.ControlError as error:
            fail(exit_codes.REFUSED, f"✗ {error}")
    if as_json:
        show.print_json(rows)
    else:
        for line, style in told_lines(rows):
            show.console().print(line, style=style, soft_wrap=True)
    raise typer.Exit(exit_code(rows))


def exit_code(rows: list[dict[str, object]]) -> int:
    """Return 3 where an account gave no answer, 1 where one differs, else 0."""
    if any(not row.get("answered") for row in rows):
        return exit_codes.NOT_RUNNING
    return exit_codes.OK if all(row.get("agrees") for row in rows) else exit_codes.REFUSED


def told_lines(rows: list[dict[str, object]]) -> list[tuple[str, str]]:
    """Return what the screen says of each account, line by line, with its style."""
    lines: list[tuple[str, str]] = []
    for row in rows:
        lines += _account_lines(row)
    return lines


def _account_lines(row: dict[str, object]) -> list[tuple[str, str]]:
    who = f"{row['account']} {row.get('name') or ''}".rstrip()
    if not row.get("answered"):
        why = "柜台没有及时给出完整列表" if row.get("connected") else "未连接柜台"
        lines = [(f"✗ {who}：{why}，以下是上一次的 / no complete list in time, the last one follows", "bold yellow")]
    elif row.get("agrees"):
        lines = [(f"✓ {who}：与柜台一致 / as the broker has it", "green")]
    else:
        lines = [(f"! {who}：与柜台不一致 / not as the broker has it", "bold yellow")]
    counted = "  ".join(f"{text} {row[key]}/{row[f'broker_{key}']}" for key, text in _COUNTED)
    lines.append((f"  本地/柜台：{counted}（外部委托 {row['foreign_orders']}）", ""))
    for each in _list(row, "differences"):
        assert isinstance(each, dict)
        lines.append((f"  差异 {each['text']}，已 {each['age_text']}，{each['state_text']}", "yellow"))
    if row.get("differences"):
        lines.append((f'  处理方式：{row["on_difference_text"]}（on_difference = "{row["on_difference"]}"）', ""))
    if row.get("unmatched_rows"):
        lines.append((f"  柜台有 {row['unmatched_rows']} 行可能是本系统的待核实委托，分不清是哪一笔", "yellow"))
    absent = _list(row, "absent_orders")
    if absent:
        lines.append((f"  本地有、柜台列表没有的委托：{'、'.join(map(str, absent))}", "yellow"))
    if row.get("absent_fills"):
        lines.append((f"  本地有、柜台列表没有的成交：{row['absent_fills']} 笔", "yellow"))
    unknown = _list(row, "unknown_orders")
    if unknown:
        lines.append((f"  待核实：{'、'.join(map(str, unknown))}", "bold yellow"))
    return lines


def _list(row: dict[str, object], key: str) -> list[object]:
    found = row.get(key)
    return found if isinstance(found, list) else []
