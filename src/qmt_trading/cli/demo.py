"""``qmt demo``: a paper engine in a temporary folder, fed through its real door, seen live."""

from __future__ import annotations

import contextlib
import shutil
import sys
import tempfile
import time
from pathlib import Path
from typing import Annotated, Final

import typer
from rich.console import Console, Group
from rich.live import Live
from rich.text import Text

from qmt_trading.cli import exit_codes, show
from qmt_trading.cli.acting import send_text
from qmt_trading.cli.options import JsonOption, explained, fail
from qmt_trading.codec import view_json
from qmt_trading.engine.transitions import TERMINAL
from qmt_trading.model.view import View
from qmt_trading.run.build import Application
from qmt_trading.run.config import Configuration, load
from qmt_trading.run.init_template import template

Rows = list[dict[str, object]]

MESSAGES: Final = (
    ("600000.SH:11031122,11031123;600036.SH:11031124", "示例消息：三个账户各按设定动作"),
    ("buy 600000.SH 1000@涨停:11031122 #demo/1", "按涨停价买 1000 股"),
    ("sell 600036.SH 500@跌停:@全部 #demo/2", "分组里每个账户卖 500 股"),
    ("buy 600000.SH 200@跌停:11031123 #demo/3", "挂在跌停价，等着被撤"),
    ("撤单 600000.SH:11031123 #demo/4", "撤掉它"),
    ("buy 600000.SH 1000@涨停:11031122 #demo/1", "同一编号再发一次：不会重复下单"),
    ("buy 600000.SH 100", "写得不完整：指出哪里不对"),
)
READY_S: Final = 10.0
SETTLE_S: Final = 20.0
PATIENCE_S: Final = 3.0
EVERYTHING_OFF: Final = "全撤 :*"
_PAUSE_S: Final = 0.7
_LOOK_S: Final = 0.1


def demo(
    *,
    once: Annotated[
        bool, typer.Option("--once", help="发完示例、全部了结即退出 leave when everything has ended")
    ] = False,
    as_json: JsonOption = False,
) -> None:
    """试跑：模拟盘，不需要 QMT，不花钱 a paper engine that shows itself."""
    folder = Path(tempfile.mkdtemp(prefix="qmt-demo-"))
    try:
        with explained():
            _play(folder, once=once or as_json, as_json=as_json)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _play(folder: Path, *, once: bool, as_json: bool) -> None:
    path = folder / "qmt.toml"
    pipe = rf"\\.\pipe\{folder.name}"
    # At the opposite side's price the example fills while one looks; at the latest it might wait for the market.
    text = template(pipe=pipe).replace('default_price = "latest"  ', 'default_price = "opposite"')
    path.write_text(text, encoding="utf-8", newline="\n")
    configuration = load(path)
    application = Application(configuration)
    application.start()
    try:
        _wait_until_ready(application)
        if as_json:
            receipts = [send_text(configuration, text) for text, _ in MESSAGES]
            settled = _settle(application, configuration)
            show.print_json({"receipts": receipts, **_tables(application.view)})
            if not settled:
                raise typer.Exit(exit_codes.REFUSED)
        elif sys.stdout.isatty():
            _show_live(application, configuration, once=once)
        else:
            _show_lines(application, configuration, once=once)
    finally:
        application.stop()
    if application.failure:
        fail(exit_codes.FAILED, f"✗ {application.failure}")


def _wait_until_ready(application: Application) -> None:
    until = time.monotonic() + READY_S
    while time.monotonic() < until:
        rows = application.view.accounts
        if rows and all(row.ready for row in rows):
            return
        time.sleep(0.01)
    fail(exit_codes.FAILED, "✗ 模拟交易所没有就绪 / the simulated exchange did not come up")


def _settle(application: Application, configuration: Configuration) -> bool:
    """Wait until every order has its end, cancelling what the market left waiting; return whether it has."""
    if _all_ended(application, PATIENCE_S):
        return True
    send_text(configuration, EVERYTHING_OFF)
    return _all_ended(application, SETTLE_S)


def _all_ended(application: Application, wait_s: float) -> bool:
    until = time.monotonic() + wait_s
    while time.monotonic() < until:
        view = application.view
        if len(view.signals) and all(order.status in TERMINAL for order in view.orders):
            return True
        time.sleep(0.05)
    return False


def _tables(view: View) -> dict[str, Rows]:
    return {table: list(reversed(view_json.rows_of(view, table, 1000))) for table in ("orders", "fills")} | {
        "positions": view_json.rows_of(view, "positions", 1000)
    }


def _show_lines(application: Application, configuration: Configuration, *, once: bool) -> None:
    console = show.console()
    for text, meaning in MESSAGES:
        receipt = send_text(configuration, text)
        console.print(f"→ {text}    {meaning}")
        console.print(f"  {_told(receipt)}")
    _settle(application, configuration)
    console.print(_picture(application.view, [], configuration))
    if once:
        return
    _how_to_send(console, configuration)
    with contextlib.suppress(KeyboardInterrupt):
        application.wait()


def _show_live(application: Application, configuration: Configuration, *, once: bool) -> None:
    console = show.console()
    said: list[Text] = []
    pending = list(MESSAGES)
    next_at = time.monotonic() + _PAUSE_S
    with (
        contextlib.suppress(KeyboardInterrupt),
        Live(console=console, auto_refresh=False, screen=False, vertical_overflow="visible") as live,
    ):
        while not application.wait(_LOOK_S):
            if pending and time.monotonic() >= next_at:
                text, meaning = pending.pop(0)
                told = _told(send_text(configuration, text))
                said.append(Text.assemble(("→ ", "bold cyan"), (text, "cyan"), f"   {meaning}\n", ("  " + told, "dim")))
                next_at = time.monotonic() + _PAUSE_S
            live.update(_picture(application.view, said, configuration, waiting=not pending and not once), refresh=True)
            if once and not pending and _settle(application, configuration):
                live.update(_picture(application.view, said, configuration), refresh=True)
                return


def _told(receipt: dict[str, object]) -> str:
    words = {"accepted": "已受理", "denied": "已拦截", "duplicate": "重复信号，未再下单", "malformed": "格式错误"}
    status = words.get(str(receipt.get("status")), str(receipt.get("status")))
    lines = [line for key in ("orders", "cancels") for line in _lines(receipt.get(key))]
    reasons = list(dict.fromkeys(str(line["text"]) for line in lines if line.get("text")))
    if receipt.get("text"):
        reasons.append(str(receipt["text"]))
    count = sum(line.get("status") == "accepted" for line in lines)
    return f"{status}，{count} 笔" + (f"：{'；'.join(reasons)}" if reasons else "")


def _lines(value: object) -> Rows:
    return value if isinstance(value, list) else []


def _picture(view: View, said: list[Text], configuration: Configuration, *, waiting: bool = False) -> Group:
    head = Text.assemble(
        ("  模拟 PAPER  ", "bold white on blue"),
        f"  {view.day}  ",
        (view_json.STATE_TEXT[view.trading_state], "bold green"),
        f"   信号 {len(view.signals)}  委托 {len(view.orders)}  成交 {len(view.fills)}",
    )
    orders = show.table_of(view_json.rows_of(view, "orders", 12), show.ORDERS[:10])
    accounts = show.table_of(view_json.rows_of(view, "accounts", 10), show.ACCOUNTS[:8])
    parts: list[object] = [head, Text(), *said[-4:], Text(), orders, Text(), accounts]
    if waiting:
        parts += [Text(), *_hints(configuration)]
    return Group(*parts)  # type: ignore[arg-type]


def _hints(configuration: Configuration) -> list[Text]:
    lines = [Text("自己发一条试试（Ctrl-C 结束） send one yourself, Ctrl-C ends:", style="bold")]
    fifo = next((door.address for door in configuration.doors if door.kind == "fifo"), None)
    if fifo is not None:
        lines.append(Text(f"  echo 'buy 600036.SH 100@涨停:11031124' > {fifo}", style="cyan"))
    program = sys.argv[0] if Path(sys.argv[0]).stem == "qmt" else "qmt"
    lines.append(
        Text(f"  {program} send --config {configuration.path} 'buy 600036.SH 100@涨停:11031124'", style="cyan")
    )
    return lines


def _how_to_send(console: Console, configuration: Configuration) -> None:
    for line in _hints(configuration):
        console.print(line, soft_wrap=True)
