"""``qmt panic``: cancel everything that an account has at its counter, with no engine and no journal."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from pathlib import Path
from typing import IO, Annotated, Final

import typer

from qmt_trading.cli import exit_codes, show
from qmt_trading.cli.options import DEFAULT_CONFIG, ConfigOption, JsonOption, explained, fail
from qmt_trading.model.errors import LockedError
from qmt_trading.model.instant import time_of_day_ns, to_clock_text, to_hour_text
from qmt_trading.run.dialled_talk import DialledTalk
from qmt_trading.run.find_terminal import Found, FullFound, find, find_full
from qmt_trading.run.host_talk import HostTalk, Said
from qmt_trading.run.locks import Lock, account_lock, folder_lock
from qmt_trading.run.panic import Outcome, Pace, Panic
from qmt_trading.run.pasted import secret_of
from qmt_trading.run.terminal_orders import TerminalOrder

PACE: Final = Pace()
_COLUMNS: Final = (
    show.Column("symbol", "代码"),
    show.Column("name", "名称"),
    show.Column("side", "方向"),
    show.Column("quantity", "数量", right=True),
    show.Column("filled", "成交", right=True),
    show.Column("price", "价格", right=True),
    show.Column("state", "状态"),
    show.Column("venue_order_id", "合同编号"),
    show.Column("origin", "来源"),
)


def panic(
    account: Annotated[str, typer.Option("--account", "-a", help="账号或名称 account")],
    config: ConfigOption = DEFAULT_CONFIG,
    *,
    terminal: Annotated[Path | None, typer.Option("--terminal", help="终端的 userdata_mini，没有配置时写")] = None,
    python: Annotated[str, typer.Option("--python", help="运行宿主的 Python，默认照配置")] = "",
    xtquant: Annotated[str, typer.Option("--xtquant", help="xtquant 所在文件夹，默认照配置")] = "",
    yes: Annotated[bool, typer.Option("--yes", "-y", help="不问就撤 do not ask")] = False,
    wait: Annotated[bool, typer.Option("--wait", help="不可撤时段等到开放后再撤 wait for the exchange")] = False,
    beside: Annotated[bool, typer.Option("--beside", help="引擎还在运行也照做 beside a running engine")] = False,
    as_json: JsonOption = False,
) -> None:
    """急撤：引擎死了也能撤掉账户的全部委托 cancel all, engineless."""
    if as_json and not yes:
        fail(exit_codes.USAGE, "✗ --json 不问：请和 --yes 一起写 / --json asks nothing: write --yes, too")
    say: Callable[[str], None] = (lambda text: None) if as_json else show.say
    with explained():
        full = None if terminal is not None else find_full(config, account)
        found = full or find(config, account, path=terminal, python=python, xtquant=xtquant)
        if found.trouble:
            say(f"! 配置有误，照能读到的做：{found.trouble}")
        opens = _opener(found)
        locks = _locks(found, beside=beside)
    keep = _Evidence(found)
    act = Panic(
        found.account,
        lambda: opens(keep.keep),
        say,
        phases=found.phases,
        pace=PACE,
    )
    try:
        say(f"账户 {found.account}，终端 {found.where}：正在连接、查询…")
        outcome = _run(act, say, yes=yes, wait=wait)
    finally:
        act.close()
        keep.close()
        for lock in locks:
            lock.release()
    if as_json:
        show.print_json(_rows(outcome))
    else:
        _report(outcome, say)
        say(f"  对话记录 the conversation: {keep.path}" if keep.path else "  对话没有记录下来：文件夹不可写")
    if not outcome.clean:
        raise typer.Exit(exit_codes.REFUSED)


def _opener(found: Found | FullFound) -> Callable[[Callable[[Said], None]], HostTalk]:
    """Return what begins a conversation with the terminal, each line of which goes to its argument.

    Raises:
        ConfigurationError: nothing was ever pasted into a full client.
    """
    if isinstance(found, Found):
        return lambda keep: HostTalk(found.command(), found.account, keep=keep)
    secret = secret_of(found.folder, found.terminal)
    return lambda keep: DialledTalk(found.address, secret, found.terminal.name, found.account, keep=keep)


def _run(act: Panic, say: Callable[[str], None], *, yes: bool, wait: bool) -> Outcome:
    orders = act.look()
    if not act.proven:
        say("! 没有拿到完整、证实的委托清单：下面只是看到的部分，撤单照做 / the list is not proven")
    if not orders and act.proven:
        say("没有可撤委托 / nothing works")
        return act.cancel_all(wait=False)
    if orders and not yes:
        _show(orders)
        if not typer.confirm(f"撤掉这 {len(orders)} 笔，以及撤的时候还活着的其他委托？cancel all?", default=False):
            raise typer.Abort
    elif orders:
        say(f"撤 {len(orders)} 笔：{'、'.join(f'{order.symbol} {order.side} {order.quantity}' for order in orders)}")
    return act.cancel_all(wait=wait)


def _locks(found: Found | FullFound, *, beside: bool) -> list[Lock]:
    """Take the account's lock so that no engine starts meanwhile; an engine that lives is told of, or passed by.

    Raises:
        LockedError: one lives, and ``beside`` is not said.
    """
    locks: list[Lock] = []
    try:
        if found.folder is not None and (found.folder / "engine.lock").exists():
            folder_lock(found.folder).release()
        locks.append(account_lock(found.lock_scope, found.account))
    except LockedError as error:
        if not beside:
            else_do = "加 --beside，另起宿主撤", "or --beside"
            if isinstance(found, FullFound):
                else_do = "先结束它的进程再来（策略只和一个引擎说话）", "or end its process"
            raise LockedError(
                f"引擎还在运行（{error}）：请用 qmt cancel --account {found.account} 或 qmt halt --cancel-open；"
                f"它不应答时{else_do[0]} / an engine is running: use qmt cancel or qmt halt, {else_do[1]}"
            ) from error
    except OSError:
        pass  # A lock that cannot be made, on a full disk say, must not keep anybody from cancelling.
    return locks


class _Evidence:
    """The conversation with the host, line by line in a file; where none can be written, it goes on without."""

    def __init__(self, found: Found | FullFound) -> None:
        self.path: Path | None = None
        self._file: IO[str] | None = None
        folder = found.folder if found.folder is not None else Path.cwd()
        stamp = time.strftime("%Y%m%d-%H%M%S")
        try:
            (folder / "panic").mkdir(parents=True, exist_ok=True)
            self.path = folder / "panic" / f"{stamp}-{found.account[-4:]}.jsonl"
            self._file = self.path.open("w", encoding="utf-8", newline="\n")
        except OSError:
            self.path = None

    def keep(self, said: Said) -> None:
        if self._file is None or said.line.get("t") == "beat":
            return
        line = {"at": to_clock_text(time.time_ns()), "by": "us" if said.by_us else "host", **said.line}
        try:
            self._file.write(json.dumps(line, ensure_ascii=False) + "\n")
            self._file.flush()
        except OSError:
            self._file = None

    def close(self) -> None:
        if self._file is not None:
            self._file.close()


def _row(order: TerminalOrder, outcome: str = "", why: str = "") -> dict[str, object]:
    return {
        "account": order.account,
        "symbol": order.symbol,
        "name": order.name,
        "side": order.side,
        "quantity": order.quantity,
        "filled": order.filled,
        "price": order.price,
        "state": order.state,
        "venue_order_id": order.venue_id,
        "broker_order_id": order.broker_id,
        "origin": order.origin,
        "outcome": outcome,
        "why": why,
    }


def _show(orders: tuple[TerminalOrder, ...]) -> None:
    console = show.console()
    table = show.table_of([_row(order) for order in orders], _COLUMNS, width=console.width, title="未完成的委托")
    show.print_table(table, to=console)


def _rows(outcome: Outcome) -> list[dict[str, object]]:
    rows = [_row(order, "cancelled") for order in outcome.cancelled]
    rows += [_row(order, "ended") for order in outcome.ended]
    rows += [_row(left.order, "left", left.why) for left in outcome.left]
    return [{**row, "proven": outcome.proven} for row in rows] or [{"outcome": "nothing", "proven": outcome.proven}]


def _line(order: TerminalOrder) -> str:
    number = order.venue_id or order.broker_id or "无编号"
    return f"{order.symbol} {order.name} {order.side} {order.quantity} 股 @{order.price} {order.state} 合同 {number}"


def _report(outcome: Outcome, say: Callable[[str], None]) -> None:
    for order in outcome.cancelled:
        say(f"✓ 已撤 {_line(order)}" + (f"，已成交 {order.filled}" if order.filled else ""))
    for order in outcome.ended:
        say(f"· 已了结 {_line(order)}" + (f"：柜台：{order.text}" if order.text else ""))
    for left in outcome.left:
        say(f"✗ 未撤 {_line(left.order)}：{left.why}")
    if outcome.left and outcome.wait_until_ns:
        hour = to_hour_text(time_of_day_ns(outcome.wait_until_ns))
        say(f"! 交易所 {hour} 起才收这些撤单：届时再运行一次，或现在加 --wait / run again then, or with --wait")
    if outcome.clean:
        say("✓ 该账户在柜台没有还活着的委托 / nothing works any more")
    elif not outcome.proven:
        say("✗ 没有拿到完整、证实的清单，不能说已全部撤掉：请在客户端里核对 / not proven: look at the client")
    else:
        say(f"✗ 还有 {len(outcome.left)} 笔没有撤掉：请在客户端或手机上撤，或打券商电话 / cancel the rest by hand")
