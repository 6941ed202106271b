"""Commands that act: they go through the control door and on record, with who and why."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Annotated, Final

import typer

from qmt_trading.cli import engine_access, exit_codes, show
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
from qmt_trading.codec.malformed import MalformedError, malformed
from qmt_trading.codec.printable import in_line
from qmt_trading.codec.symbols import normalise
from qmt_trading.model.errors import LockedError
from qmt_trading.model.instant import to_iso_text
from qmt_trading.model.words import SideScope
from qmt_trading.run import panel_seat
from qmt_trading.run.locks import folder_lock

STOP_S: Final = 20.0
_WITHOUT_ENGINE: Final = (
    "  没有引擎，就没有新的委托。柜台还挂着委托：qmt panic --account 账号 全撤；\n"
    "  要下次启动也先停着：在数据文件夹里建一个名为 HALT 的文件，或 qmt run --safe\n"
    "  nothing is sent without an engine; `qmt panic` cancels what rests, a file HALT halts the next start"
)

AccountOption = Annotated[str | None, typer.Option("--account", "-a", help="账号或名称 account")]


def cancel(
    order_id: Annotated[str, typer.Argument(help="本地、委托或合同编号 any id of the order")] = "",
    config: ConfigOption = DEFAULT_CONFIG,
    *,
    account: AccountOption = None,
    symbol: Annotated[str | None, typer.Option("--symbol", "-s", help="代码 symbol")] = None,
    side: Annotated[SideScope, typer.Option("--side", help="方向 side")] = SideScope.ALL,
    everything: Annotated[bool, typer.Option("--all", help="全撤 everything")] = False,
    why: WhyOption = "",
    as_json: JsonOption = False,
) -> None:
    """撤单 cancel orders."""
    if not (order_id or account or symbol or everything):
        fail(exit_codes.USAGE, "✗ 请写编号、--symbol、--account 或 --all / name an id, a symbol, an account, or --all")
    if symbol is not None:
        try:
            symbol = normalise(symbol)
        except MalformedError as error:
            told = malformed(error.code, error.figures, position=0)
            fail(exit_codes.USAGE, f"✗ {told.chinese} / {told.english}")
    request = wire.Cancel(
        who=who(), why=why, account=account, symbol=symbol, side=side, order_id=order_id, everything=everything
    )
    act(config, request, as_json=as_json)


def halt(
    config: ConfigOption = DEFAULT_CONFIG,
    *,
    account: AccountOption = None,
    cancel_open: Annotated[bool, typer.Option("--cancel-open", help="并撤掉未成交委托 and cancel what works")] = False,
    reduce: Annotated[bool, typer.Option("--reduce", help="只卖不买 sell, and do not buy")] = False,
    why: WhyOption = "",
    as_json: JsonOption = False,
) -> None:
    """紧急停止，仍可撤单 emergency stop; cancels go on."""
    request = wire.Halt(who=who(), why=why, account=account, cancel_open=cancel_open, reduce=reduce)
    act(config, request, as_json=as_json)


def resume(
    config: ConfigOption = DEFAULT_CONFIG,
    *,
    account: AccountOption = None,
    why: WhyOption = "",
    as_json: JsonOption = False,
) -> None:
    """恢复交易，要写原因 release the stop, with a reason."""
    want_why(why)
    request = wire.Resume(who=who(), why=why, account=account, seen=_since(config, account))
    act(config, request, as_json=as_json)
    if account is None and not as_json:
        with explained():
            told = still_halted(engine_access.ask(place_of(config, quiet=True).folder, wire.Read("status"))[0])
        if told:
            show.console().print(told, style="bold yellow", soft_wrap=True)


def _since(config: Path, account: str | None) -> str:
    """Return since when what is to be released holds: what somebody stops after this look stays stopped."""
    looked = to_iso_text(time.time_ns())
    with explained():
        rows = engine_access.ask(place_of(config, quiet=True).folder, wire.Read("accounts" if account else "status"))
    if account is None:
        return str(rows[0].get("state_since") or looked)
    own = (row["own_state_since"] for row in rows if account in (row["account"], row["name"]))
    return str(next(own, None) or looked)


def want_why(why: str) -> None:
    """Leave unless there is a reason."""
    if not why.strip():
        fail(exit_codes.USAGE, "✗ 请写明原因：--why 原因 / say why: --why REASON")


def still_halted(status: dict[str, object]) -> str:
    """Return which accounts are stopped each by itself, and what releases them; empty: none is."""
    halted = status.get("accounts_halted")
    if not isinstance(halted, list) or not halted:
        return ""
    return "\n".join(f"! 仍单独停止：{account}（qmt resume --account {account} --why 原因）" for account in halted)


def resolve(
    client_order_id: Annotated[str, typer.Argument(help="本地编号 our id of the order")],
    status: Annotated[str, typer.Argument(help="NOT_SENT、CANCELED、REJECTED；UNKNOWN 再问柜台")],
    config: ConfigOption = DEFAULT_CONFIG,
    *,
    why: WhyOption = "",
    as_json: JsonOption = False,
) -> None:
    """人工了结待核实委托 end an unknown order by a person's word."""
    request = wire.Resolve(who=who(), why=why, client_order_id=client_order_id, status=status.upper())
    act(config, request, as_json=as_json)


def stop(config: ConfigOption = DEFAULT_CONFIG, *, why: WhyOption = "", as_json: JsonOption = False) -> None:
    """让引擎退出，委托不受影响 stop the engine; orders stay."""
    with explained():
        folder = place_of(config).folder
        try:
            engine_access.ask(folder, wire.Stop(who=who(), why=why))
        except wire.ControlError as error:
            fail(exit_codes.REFUSED, f"✗ {error}")
        except engine_access.NotRunningError as error:
            if not panel_seat.send_away(folder):
                raise
            fail(exit_codes.NOT_RUNNING, f"✗ {error}\n  它留下的面板已结束 / the panel that it had left has ended")
        ended = _has_ended(folder)
    if as_json:
        show.print_json([{"stopping": True, "ended": ended}])
    elif ended:
        show.console().print("✓ 引擎已退出；柜台的委托不受影响 / the engine has ended; orders at the counter stay")
    else:
        show.console().print(
            f"! 已请求退出，{STOP_S:.0f} 秒内没有完成：看 qmt status / asked to stop, not ended yet", style="yellow"
        )
    if not ended:
        raise typer.Exit(exit_codes.REFUSED)


def _has_ended(folder: Path) -> bool:
    """Wait until the engine has let go of its folder, so that the next ``qmt run`` finds it free."""
    until = time.monotonic() + STOP_S
    while time.monotonic() < until:
        try:
            folder_lock(folder).release()
        except LockedError:
            time.sleep(0.05)
        else:
            return True
    return False


def act(config: Path, request: wire.ControlRequest, *, as_json: bool) -> None:
    """Ask the running engine to do it, and print what was done."""
    with explained():
        try:
            rows = engine_access.ask(place_of(config).folder, request)
        except wire.ControlError as error:
            fail(exit_codes.REFUSED, f"✗ {error}")
        except engine_access.NotRunningError as error:
            if isinstance(request, wire.Halt | wire.Cancel):
                fail(exit_codes.NOT_RUNNING, f"✗ {error}\n{_WITHOUT_ENGINE}")
            raise
    if as_json:
        show.print_json(rows)
        return
    console = show.console()
    for row in rows:
        console.print(_told(row), style="bold" if row.get("done") == "state" else "")
    if any(row.get("durable") is False for row in rows):
        console.print(
            "! 已执行，但日志不可写，未落盘 / done, but not on record: the journal is closed", style="bold red"
        )


def _told(row: dict[str, object]) -> str:
    match row.get("done"):
        case "cancel":
            number = row.get("broker_order_id") or row.get("client_order_id")
            if row.get("not_before"):
                return f"· 已登记撤单 {row['account']} {row['symbol']} {number}，{str(row['not_before'])[11:23]} 发出"
            if row.get("observed"):
                return f"○ 观察模式：本应撤单 {row['account']} {row['symbol']} {number}，没有发出"
            return f"✓ 已发出撤单 {row['account']} {row['symbol']} {number}"
        case "dropped":
            return f"✓ 已取消定时指令 {row['instruction']} {row['account']}"
        case "state":
            return f"✓ {row['account'] or '全局'}：{row.get('state_text') or row['state']}"
        case "ended":
            return f"✓ {row['client_order_id']}：{row.get('status_text') or row['status']}"
        case "query":
            return f"✓ 已向柜台核实 {row['account']}，结果看 qmt orders"
        case "alert":
            return f"✓ {row['account']}：{in_line(str(row['text']))}"
        case "limit":
            return f"✓ {row['scope_text']} {row['limit_text']}：{row['before_text']} → {row['value_text']}，今日有效"
        case "ignored":
            return f"✓ 已忽略 {row['account']} {row['text']}：本地不变，数字变了再提醒"
        case "acknowledged":
            numbers = row["alerts"]
            assert isinstance(numbers, list)
            return f"✓ 已确认提醒 {'、'.join(map(str, numbers))}"
        case "confirmed":
            return f"✓ 已确认 {row['scope_text']} {row['limit_text']}：{row['value_text']}，今日有效"
        case "nothing":
            return f"没有需要做的：{row.get('text') or '已经是这样'} / nothing to do"
        case _:
            return f"· {row.get('done')}"
