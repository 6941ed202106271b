"""``qmt reconcile``: our books beside the broker's, account by account, and what differs since when."""

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
from qmt_trading.codec.printable import in_line

_COUNTED = (("orders", "委托"), ("fills", "成交"), ("positions", "持仓"), ("cash", "资金"))


def reconcile(
    config: ConfigOption = DEFAULT_CONFIG,
    *,
    account: AccountOption = None,
    accept: Annotated[bool, typer.Option("--accept", help="已证实的差异以柜台为准 take the broker's figures")] = False,
    ignore: Annotated[
        str, typer.Option("--ignore", help="这项差异先不管（写它的名字），数字变了再提醒 leave a difference as it is")
    ] = "",
    why: WhyOption = "",
    as_json: JsonOption = False,
) -> None:
    """向柜台对账，有差异时退出码为 1 compare with the broker."""
    if ignore:
        if accept:
            fail(exit_codes.USAGE, "✗ --accept 和 --ignore 只能写一个 / one of --accept and --ignore")
        _ignore(config, ignore, account, why, as_json=as_json)
        return
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
            show.console().print(in_line(line), style=style, soft_wrap=True)
    raise typer.Exit(exit_code(rows))


def _ignore(config: Path, key: str, account: str | None, why: str, *, as_json: bool) -> None:
    """Leave one difference as it is; without an account it is the one that has it."""
    want_why(why)
    if account is None:
        with explained():
            found, _ = engine_access.read(place_of(config, quiet=True).folder, "accounts")
        having = accounts_with(found, key)
        if len(having) != 1:
            told = f"{len(having)} 个账户有" if having else "没有账户有"
            fail(exit_codes.REFUSED, f"✗ {told}差异 {key}：请看 qmt reconcile，写明 --account / name the account")
        account = having[0]
    act(config, wire.IgnoreDifference(who=who(), why=why, account=account, key=key), as_json=as_json)


def accounts_with(rows: list[dict[str, object]], key: str) -> list[str]:
    """Return the accounts that have a difference of that name."""
    return [
        str(row["account"])
        for row in rows
        if any(isinstance(each, dict) and each.get("key") == key for each in _list(row, "differences"))
    ]


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
        text, english = "与柜台一致", "as the broker has it"
        if row.get("ignored"):
            text, english = "除已忽略的差异外与柜台一致", "as the broker has it, but for what is ignored"
        lines = [(f"✓ {who}：{text} / {english}", "green")]
    else:
        lines = [(f"! {who}：与柜台不一致 / not as the broker has it", "bold yellow")]
    counted = "  ".join(f"{text} {row[key]}/{row[f'broker_{key}']}" for key, text in _COUNTED)
    lines.append((f"  本地/柜台：{counted}（外部委托 {row['foreign_orders']}）", ""))
    for each in _list(row, "differences"):
        assert isinstance(each, dict)
        judged = f"（{each['ignored_by']}：{each['ignored_why']}）" if each.get("ignored_by") else ""
        style = "" if judged else "yellow"
        lines.append((f"  差异 {each['text']}，已 {each['age_text']}，{each['state_text']}{judged}", style))
        if each["state"] == "proven":
            lines.append((f"    留着不管：qmt reconcile --ignore {each['key']} --why 原因", ""))
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
