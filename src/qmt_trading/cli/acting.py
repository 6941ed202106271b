"""Commands that act: they go through the control door and on record, with who and why."""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Annotated

import msgspec
import typer

from qmt_trading.cli import engine_access, exit_codes, show
from qmt_trading.cli.options import DEFAULT_CONFIG, ConfigOption, JsonOption, WhyOption, explained, fail, who
from qmt_trading.codec import control as wire
from qmt_trading.link.dial import DialError, dial
from qmt_trading.model.words import SideScope
from qmt_trading.run.config import Configuration, load

RECEIPT_S = 10.0
_EXITS = {
    "accepted": exit_codes.OK,
    "duplicate": exit_codes.OK,
    "denied": exit_codes.REFUSED,
    "malformed": exit_codes.MALFORMED,
    "busy": exit_codes.BUSY,
}
_WORDS = {
    "accepted": "已受理",
    "denied": "已拦截",
    "duplicate": "重复信号，未再下单",
    "malformed": "格式错误",
    "busy": "繁忙，未接收，请重发",
}

AccountOption = Annotated[str | None, typer.Option("--account", "-a", help="账号或名称 account")]


def send(
    text: Annotated[str, typer.Argument(help="信号，例如 'buy 600000.SH 100@10.50:11031122'")],
    config: ConfigOption = DEFAULT_CONFIG,
    *,
    as_json: JsonOption = False,
) -> None:
    """发一条信号，打印回执 send a signal and print its receipt."""
    with explained():
        receipt = send_text(load(config), text)
    if as_json:
        show.print_json([receipt])
    else:
        print_receipt(receipt)
    raise typer.Exit(_EXITS.get(str(receipt.get("status")), exit_codes.REFUSED))


def send_text(configuration: Configuration, text: str) -> dict[str, object]:
    """Send ``text`` through the first door that can be dialled, else through the control door; return the receipt.

    Raises:
        DialError: no engine can be reached.
    """
    duplex = "named_pipe" if sys.platform == "win32" else "unix_socket"
    for door in configuration.doors:
        if door.kind != duplex or door.mode != "listen":
            continue
        try:
            line = dial(door.address)
        except DialError:
            continue
        with line:
            line.send(text.encode("utf-8") + b"\n")
            receipt = msgspec.json.decode(line.receive_line(RECEIPT_S))
            if isinstance(receipt, dict):
                return receipt
    rows = engine_access.ask(configuration, wire.Send(text=text, who=who()))
    return rows[0] if rows else {"status": "busy"}


def print_receipt(receipt: dict[str, object]) -> None:
    """Print a receipt for people."""
    console = show.console()
    status = str(receipt.get("status"))
    style = {"accepted": "bold green", "duplicate": "yellow"}.get(status, "bold red")
    console.print(
        f"{_WORDS.get(status, status)}  信号 {receipt.get('seq') or '–'} {receipt.get('id') or ''}", style=style
    )
    if receipt.get("text"):
        console.print(f"  {receipt['text']}\n  {receipt.get('text_en', '')}")
    for key, verb in (("orders", ""), ("cancels", "撤单 ")):
        lines = receipt.get(key)
        for line in lines if isinstance(lines, list) else []:
            if line.get("status") == "accepted":
                what = " ".join(
                    str(line[name]) for name in ("side", "quantity", "price", "client_order_id") if line.get(name)
                )
                console.print(f"  ✓ {line['account']} {line['symbol']} {verb}{what}")
            else:
                mark = "·" if line.get("status") == "nothing" else "✗"
                console.print(f"  {mark} {line['account']} {line['symbol']} {line.get('text', '')}")


def cancel(
    order_id: Annotated[str, typer.Argument(help="本地编号、委托编号或合同编号 any id of the order")] = "",
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
        fail(exit_codes.USAGE, "请写编号、--symbol、--account 或 --all / name an order, a symbol, an account, or --all")
    request = wire.Cancel(
        who=who(), why=why, account=account, symbol=symbol, side=side, order_id=order_id, everything=everything
    )
    _act(config, lambda: request, as_json=as_json)


def halt(
    config: ConfigOption = DEFAULT_CONFIG,
    *,
    account: AccountOption = None,
    cancel_open: Annotated[bool, typer.Option("--cancel-open", help="并撤掉未成交委托 and cancel what works")] = False,
    why: WhyOption = "",
    as_json: JsonOption = False,
) -> None:
    """紧急停止：不再下单，仍可撤单 emergency stop: no more orders, cancels go on."""
    request = wire.Halt(who=who(), why=why, account=account, cancel_open=cancel_open)
    _act(config, lambda: request, as_json=as_json)


def resume(
    config: ConfigOption = DEFAULT_CONFIG,
    *,
    account: AccountOption = None,
    why: WhyOption = "",
    as_json: JsonOption = False,
) -> None:
    """恢复交易 release the stop."""
    request = wire.Resume(who=who(), why=why, account=account)
    _act(config, lambda: request, as_json=as_json)


def resolve(
    client_order_id: Annotated[str, typer.Argument(help="本地编号 our id of the order")],
    status: Annotated[str, typer.Argument(help="NOT_SENT | CANCELED | REJECTED，或 UNKNOWN 再问一次柜台")],
    config: ConfigOption = DEFAULT_CONFIG,
    *,
    why: WhyOption = "",
    as_json: JsonOption = False,
) -> None:
    """人工了结一笔待核实委托 end an unknown order by a person's word."""
    request = wire.Resolve(who=who(), why=why, client_order_id=client_order_id, status=status.upper())
    _act(config, lambda: request, as_json=as_json)


def stop(config: ConfigOption = DEFAULT_CONFIG, *, why: WhyOption = "", as_json: JsonOption = False) -> None:
    """让引擎退出；柜台的委托不受影响 stop the engine; orders at the broker stay."""
    _act(config, lambda: wire.Stop(who=who(), why=why), as_json=as_json)


def _act(config: ConfigOption, request: Callable[[], wire.ControlRequest], *, as_json: bool) -> None:
    with explained():
        configuration = load(config)
        try:
            rows = engine_access.ask(configuration, request())
        except wire.ControlError as error:
            fail(exit_codes.REFUSED, f"✗ {error}")
    if as_json:
        show.print_json(rows)
        return
    console = show.console()
    for row in rows:
        match row.get("done"):
            case "cancel":
                console.print(
                    f"撤单 {row['account']} {row['symbol']} {row['broker_order_id'] or row['client_order_id']}"
                )
            case "state":
                console.print(f"{row['account'] or '全局'} → {row['state']}", style="bold")
            case "ended":
                console.print(f"{row['client_order_id']} → {row['status']}")
            case "nothing":
                console.print("没有需要做的 / nothing to do")
            case _:
                pass
    if any(row.get("durable") is False for row in rows):
        console.print("已执行，但日志不可写，未落盘 / done, but not on record: the journal is closed", style="bold red")
