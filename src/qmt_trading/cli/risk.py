"""``qmt risk``: every limit with its present use, and setting or confirming one for the day."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Final

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
from qmt_trading.cli.words import Command, Group
from qmt_trading.codec import control as wire
from qmt_trading.model.limits import ScopeKind

DoorOption = Annotated[str | None, typer.Option("--door", help="通道 door")]
StrategyOption = Annotated[str | None, typer.Option("--strategy", help="策略 strategy")]
TotalOption = Annotated[bool, typer.Option("--total", help="所有账户合计 all accounts together")]
Scoped = tuple[ScopeKind, str]
_ONE_SCOPE: Final = "--account、--door、--strategy、--total"

app = typer.Typer(
    help="限额与占用；改一条、确认 limits and their use",
    cls=Group,
    invoke_without_command=True,
    no_args_is_help=False,
)


@app.callback()
def risk(
    context: typer.Context,
    config: ConfigOption = DEFAULT_CONFIG,
    *,
    account: AccountOption = None,
    door: DoorOption = None,
    strategy: StrategyOption = None,
    total: TotalOption = False,
    as_json: JsonOption = False,
) -> None:
    """Show every limit, unless a command follows."""
    if context.invoked_subcommand is None:
        _show(config, _scope_of(account, door, strategy, total=total), as_json=as_json)
    elif config != DEFAULT_CONFIG or account or door or strategy or total or as_json:
        name = context.invoked_subcommand
        fail(exit_codes.USAGE, f"✗ 选项请写在 {name} 后面 / options belong behind {name}")


@app.command("show", cls=Command)
def show_(
    config: ConfigOption = DEFAULT_CONFIG,
    *,
    account: AccountOption = None,
    door: DoorOption = None,
    strategy: StrategyOption = None,
    total: TotalOption = False,
    as_json: JsonOption = False,
) -> None:
    """每条限额与占用 each limit with its present use."""
    _show(config, _scope_of(account, door, strategy, total=total), as_json=as_json)


@app.command("set", cls=Command)
def set_(
    limit: Annotated[str, typer.Argument(help="限额的键或中文名 its key or Chinese name")],
    value: Annotated[str, typer.Argument(help="元、整数或百分数；none 不限 yuan, number, per cent, none")],
    config: ConfigOption = DEFAULT_CONFIG,
    *,
    account: AccountOption = None,
    door: DoorOption = None,
    strategy: StrategyOption = None,
    total: TotalOption = False,
    why: WhyOption = "",
    as_json: JsonOption = False,
) -> None:
    """改一条限额，今日有效 set one limit for the day."""
    scope = _scope_of(account, door, strategy, total=total)
    if scope is None:
        fail(exit_codes.USAGE, f"✗ 请写明哪个范围：{_ONE_SCOPE} / name a scope")
    kind, name = scope
    act(config, wire.SetLimit(who=who(), why=why, scope=kind, name=name, limit=limit, value=value), as_json=as_json)


@app.command("confirm", cls=Command)
def confirm(config: ConfigOption = DEFAULT_CONFIG, *, why: WhyOption = "", as_json: JsonOption = False) -> None:
    """重启后仍按今天设的限额 let today's limits hold after a restart."""
    want_why(why)
    act(config, wire.ConfirmLimits(who=who(), why=why), as_json=as_json)


def _scope_of(account: str | None, door: str | None, strategy: str | None, *, total: bool) -> Scoped | None:
    named = [
        *([(ScopeKind.ACCOUNT, account)] if account is not None else []),
        *([(ScopeKind.DOOR, door)] if door is not None else []),
        *([(ScopeKind.STRATEGY, strategy)] if strategy is not None else []),
        *([(ScopeKind.TOTAL, "")] if total else []),
    ]
    if len(named) > 1:
        fail(exit_codes.USAGE, f"✗ 只写一个：{_ONE_SCOPE} / name one scope")
    return named[0] if named else None


def _show(config: Path, scope: Scoped | None, *, as_json: bool) -> None:
    with explained():
        rows, from_journal = engine_access.read(place_of(config).folder, "risk")
    chosen = [row for row in rows if scope is None or _is(row, scope)]
    if scope is not None and not chosen:
        fail(exit_codes.REFUSED, f"✗ 没有限额也没有用量：{scope[1] or '合计'} / neither limits nor use")
    if as_json:
        show.print_json(chosen)
        return
    console = show.console()
    if from_journal:
        console.print(from_journal, style="yellow")
    limits = limit_rows(chosen, headed=console.is_terminal)
    if limits:
        columns = show.LIMITS if console.is_terminal else show.LIMITS_PIPED
        show.print_table(show.table_of(limits, columns, width=console.width, title="限额"), to=console)
    for line in asked_lines(chosen):
        show.say(line, indent=2, hanging=2, style="cyan")
    console.print()
    show.print_table(show.table_of(chosen, show.SCOPES, width=console.width, title="今日"), to=console)
    for row in chosen:
        for text in _texts(row.get("brakes_tripped")):
            console.print(f"! 今日触发：{text}", style="bold yellow")


def _is(row: dict[str, object], scope: Scoped) -> bool:
    kind, name = scope
    return row["scope"] == kind.value and name in (row["name"], row["title"])


def limit_rows(scopes: Sequence[dict[str, object]], *, headed: bool) -> list[dict[str, object]]:
    """Return the limits of all scopes as rows of one table.

    Args:
        headed: a row with the scope's name stands before its limits; else each row names it.
    """
    found: list[dict[str, object]] = []
    for scope in scopes:
        limits = _rows(scope["limits"])
        if headed and limits:
            blank = dict.fromkeys((column.key for column in show.LIMITS), " ")
            found.append({**blank, "heading": True, "limit_text": scope["scope_text"]})
        for limit in limits:
            shown = {"scope_text": scope["scope_text"], "used_bar": limit["fullness_percent"]}
            found.append({**limit, **shown, "position": limit["symbol"] or " "})
            if headed:
                found[-1]["limit_text"] = f"  {limit['limit_text']}"
    return found


def asked_lines(scopes: Sequence[dict[str, object]]) -> list[str]:
    """Return a line for each limit that a person has set today: to what, who, why, and what the file says."""
    return [
        f"{scope['scope_text']} {limit['limit_text']}{limit['asked_text']}"
        for scope in scopes
        for limit in _rows(scope["limits"])
        if "asked_text" in limit
    ]


def _rows(value: object) -> list[dict[str, object]]:
    return value if isinstance(value, list) else []


def _texts(value: object) -> list[str]:
    return [str(each) for each in value] if isinstance(value, list) else []
