"""``qmt send``: a signal through the real door, and its receipt in a trader's words."""

from __future__ import annotations

import sys
from typing import Annotated, Final

import msgspec
import typer

from qmt_trading.cli import engine_access, exit_codes, show
from qmt_trading.cli.options import DEFAULT_CONFIG, ConfigOption, JsonOption, explained, fail, who
from qmt_trading.codec import control as wire
from qmt_trading.codec.signal import parse
from qmt_trading.link.dial import DialError, dial
from qmt_trading.model.signal import Heartbeat
from qmt_trading.run.config import Configuration, load

Receipt = dict[str, object]

RECEIPT_S: Final = 10.0
EXITS: Final = {
    "accepted": exit_codes.OK,
    "duplicate": exit_codes.OK,
    "denied": exit_codes.REFUSED,
    "malformed": exit_codes.MALFORMED,
    "busy": exit_codes.BUSY,
}
WORDS: Final = {
    "accepted": "已受理",
    "denied": "已拦截",
    "duplicate": "重复信号，未再下单",
    "malformed": "格式错误",
    "busy": "繁忙，未接收，请重发",
}
_STYLES: Final = {"accepted": "bold green", "duplicate": "yellow"}
_SIDES: Final = {"buy": "买入", "sell": "卖出"}


def send(
    text: Annotated[str, typer.Argument(help="信号，如 'buy 600000.SH 100@10.50:11031122'")],
    config: ConfigOption = DEFAULT_CONFIG,
    *,
    as_json: JsonOption = False,
) -> None:
    """发一条信号，打印回执 send a signal, print its receipt."""
    if not answers_of(text):
        empty = not text.strip()
        why = "内容是空的" if empty else "这是心跳，不是信号，没有回执"
        english = "it is empty" if empty else "a heartbeat gets no receipt"
        fail(exit_codes.MALFORMED, f"✗ 格式错误：{why} / malformed: {english}")
    with explained():
        receipts = send_text(load(config), text)
    if as_json:
        show.print_json(receipts)
    else:
        for receipt in receipts:
            print_receipt(receipt)
    raise typer.Exit(max(EXITS.get(str(receipt.get("status")), exit_codes.REFUSED) for receipt in receipts))


def answers_of(text: str) -> int:
    """Return how many receipts ``text`` will get; a heartbeat, and nothing at all, get none."""
    results = [parsed for line in text.splitlines() for parsed in parse(line.encode("utf-8"))]
    return sum(not isinstance(parsed, Heartbeat) for parsed in results)


def send_text(configuration: Configuration, text: str) -> list[Receipt]:
    """Send ``text`` through the first door that can be dialled, else the control door; return its receipts.

    Raises:
        DialError: no engine can be reached, or it does not answer.
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
            return [msgspec.json.decode(line.receive_line(RECEIPT_S)) for _ in range(max(answers_of(text), 1))]
    rows = engine_access.ask(configuration.folder, wire.Send(text=text, who=who()))
    return rows or [{"status": "busy"}]


def print_receipt(receipt: Receipt) -> None:
    """Print a receipt for people."""
    console = show.console()
    console.print(headline(receipt), style=_STYLES.get(str(receipt.get("status")), "bold red"))
    for line in details(receipt):
        console.print(f"  {line}")


def headline(receipt: Receipt) -> str:
    """Return the first line: what became of the message, its number, its id; how much of it went wrong, if any did."""
    status = str(receipt.get("status"))
    words = WORDS.get(status, status)
    good, bad = counts(receipt)
    if status == "accepted" and bad:
        words += f"（{good} ✓ {bad} ✗）"
    if receipt.get("seq"):
        words += f"  信号 {receipt['seq']}"
    if receipt.get("id"):
        words += f"  #{receipt['id']}"
    return words


def counts(receipt: Receipt) -> tuple[int, int]:
    """Return how many lines were accepted, and how many denied; a cancel that found nothing is neither."""
    statuses = [line.get("status") for line in lines(receipt, "orders") + lines(receipt, "cancels")]
    return statuses.count("accepted"), statuses.count("denied")


def details(receipt: Receipt) -> list[str]:
    """Return a line for each order and cancel, and the reason of a message refused as a whole."""
    told: list[str] = []
    if receipt.get("text"):
        told.append(str(receipt["text"]))
        if receipt.get("text_en"):
            told.append(str(receipt["text_en"]))
    for line in lines(receipt, "orders"):
        what = f"{line['account']} {line['symbol']}"
        if line.get("side"):
            what += f" {_SIDES.get(str(line['side']), line['side'])}"
        if line.get("quantity"):
            what += f" {line['quantity']} 股"
        if line.get("price"):
            what += f" @{line['price']}"
        if line.get("status") == "accepted":
            told.append(f"✓ {what}，本地编号 {line.get('client_order_id')}")
        elif line.get("status") in ("queued", "nothing"):
            told.append(f"· {what}：{line.get('text', '')}")
        else:
            told.append(f"✗ {what}：{line.get('text', '')}")
    for line in lines(receipt, "cancels"):
        what = f"{line['account']} {line['symbol']}"
        if line.get("status") == "accepted":
            number = line.get("broker_order_id") or line.get("venue_order_id") or line.get("client_order_id")
            told.append(f"✓ {what} 撤单，委托 {number}")
        elif line.get("status") == "registered":
            number = line.get("broker_order_id") or line.get("venue_order_id") or line.get("client_order_id")
            told.append(f"· {what} 撤单，委托 {number}：{line.get('text', '')}")
        elif line.get("status") in ("nothing", "queued", "dropped"):
            told.append(f"· {what} {line.get('text', '')}")
        else:
            told.append(f"✗ {what} 撤单：{line.get('text', '')}")
    if receipt.get("durable") is False:
        told.append("! 日志不可写，以上未落盘 / the journal is closed: not on record")
    return told


def lines(receipt: Receipt, key: str) -> list[Receipt]:
    """Return the lines under ``orders`` or ``cancels``."""
    found = receipt.get(key)
    return found if isinstance(found, list) else []
